"""How far the emotion of a face can be trusted: what is hidden, where the landmarks lie, and one number for all."""
