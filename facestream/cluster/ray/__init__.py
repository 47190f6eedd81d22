"""The nodes of a Ray cluster: an actor on each machine keeps its server running. The only place that imports Ray."""
