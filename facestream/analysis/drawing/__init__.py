"""Draw a report on the planes of a frame."""
