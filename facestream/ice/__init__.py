"""All that is known of ICE, STUN and TURN: servers, candidates, addresses."""
