"""`facestream doctor`: looks at a server from its own side and from a peer's, and says what is wrong and what to do."""
