"""The state of a stream: which face is which, smoothed over time."""
