"""What the parts of facestream call each other in a Ray cluster, and how they make Ray behave. Imports no Ray."""

from enum import StrEnum
from typing import TypedDict

NAMESPACE = "facestream"
RESOURCE = "facestream_media"
"""A Ray node that has it gets a server."""
NAME_PREFIX = "facestream-node-"
_NAME_CHARS = 8
RAY_ENVIRONMENT = {
    # Ray would report the size of the cluster to its makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # One event loop for all of facestream: that of asyncio.
    "RAY_USE_UVLOOP": "0",
}
"""For every process of facestream that imports Ray."""
MAX_LOCAL_NODES = 8
"""Of one machine, to try it out."""
INSTALL_COMMAND = 'pip install "facestream[ray]"'
RAY_VERSION = "2.60.0"
"""The same on every machine of a cluster, as Ray demands."""


class ServerState(StrEnum):
    """How far the server of a node has come, as its actor knows."""

    STARTING = "starting"  # the process runs and accepts no offers yet
    RUNNING = "running"  # it accepts offers
    DRAINING = "draining"  # its peers are moving away; then it stops
    PAUSED = "paused"  # it has ended by itself, and starts again after a pause
    EMPTY = "empty"  # stopped on purpose, until `facestream cluster up`


class ServerReport(TypedDict):
    """What an actor says about its server. Plain values, because the gateway may run another patch version."""

    state: str
    """A ServerState."""
    url: str
    """Where gateways reach the server; empty: it is not reachable."""
    pid: int
    """Of the server; 0: none runs."""
    starts: int
    """How often this actor has started it."""
    error: str
    """Why it ended the last time, in one line; empty: it has never ended by itself."""
    sessions_left: int
    """While it drains: sessions and sessions that may be resumed, as counted last."""


def actor_name(ray_node_id: str) -> str:
    """The name of the actor on a Ray node."""
    return NAME_PREFIX + short_id(ray_node_id)


def short_id(ray_node_id: str) -> str:
    """What the command line calls a Ray node."""
    return ray_node_id[:_NAME_CHARS]
