"""Access control: client addresses, origins, tokens, and which clients are local."""
