"""From one face to seven emotion probabilities, and a label or the reason why there is no label."""
