"""Synchronous face analysis: numpy, cv2, dlib and TFLite; never asyncio, av or aiortc."""
