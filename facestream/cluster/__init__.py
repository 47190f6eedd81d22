"""Several nodes behind gateways: which nodes there are, how they are, and which one gets a new session."""
