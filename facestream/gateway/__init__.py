"""The gateway of a cluster: serves the page, and passes requests on to the nodes; no media, no sessions of its own."""
