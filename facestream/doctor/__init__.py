"""`facestream doctor`: checks this machine and a server from a client's side; each finding has a remedy."""
