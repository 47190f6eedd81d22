"""ICE, STUN and TURN: servers, relays, candidates and addresses."""
