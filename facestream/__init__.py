"""facestream: a WebRTC media server that annotates faces and their emotions, frame by frame."""

__version__ = "0.1.0"
