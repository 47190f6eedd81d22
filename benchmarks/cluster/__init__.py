"""A cluster without media: clocks, nodes, gateways and peers as discrete events."""
