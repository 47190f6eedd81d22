"""Predict landmarks with dlib's model: the same points, in about half of the time, without Python's lock."""
