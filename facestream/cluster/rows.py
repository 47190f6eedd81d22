"""One node as an operator sees it. Asks nothing."""

from dataclasses import dataclass
from typing import Any

from facestream.messages.cluster import NodeInfo

MISSING, SILENT, UNREADY, DRAINED = "missing", "silent", "unready", "drained"
"""No actor; no answer; cannot analyse; draining, and nobody is left. The other states are `ServerState`."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node and its machine. Without Ray, what only an actor knows is empty."""

    id: str
    """Of the Ray node; without Ray, the address of the server."""
    name: str
    """What the command line calls it."""
    host: str
    """Address at which the others reach it."""
    machine: str
    """Its host name; empty: unknown."""
    state: str
    """A ServerState, or one of the words above."""
    url: str
    version: str
    """Of facestream there."""
    secret: str
    """A fingerprint of its cluster_secret."""
    pid: int
    """Of the server; 0: none."""
    sessions_left: int
    """While it drains."""
    error: str
    """Why it has no server, or why that ended the last time; empty: for no reason."""
    node: NodeInfo | None
    """What the server says; None: it does not answer."""

    def to_json(self) -> dict[str, Any]:
        """All values in JSON's types."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "node"}
        return {**values, "node": self.node.model_dump() if self.node is not None else None}
