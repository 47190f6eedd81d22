"""Serve peers: admission, life and end of each session; knows no HTTP."""
