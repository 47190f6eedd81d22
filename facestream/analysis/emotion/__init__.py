"""From one face to seven emotion probabilities, a label, or a reason for none."""
