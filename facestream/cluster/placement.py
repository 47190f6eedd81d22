"""Which node gets a new session. Pure: no clock, no network, no event loop.

Every gateway decides by itself from what the nodes said lately. The admission of the node decides in the end, so a
gateway that knows too little costs a peer a second try, and never a session.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from facestream.messages.cluster import PROTOCOL, NodeInfo

TRIES = 3
"""Nodes that are asked to admit one peer, at most."""
SUSPECT_AFTER_S = 6.0
"""A node that has not answered for this long gets no new sessions, even if no connection to it has failed."""


class NodeState(StrEnum):
    """What a gateway makes of a node."""

    UNKNOWN = "unknown"  # it has not answered yet
    READY = "ready"  # it gets new sessions
    FULL = "full"  # it has no place left, as far as is known
    DRAINING = "draining"  # its peers are moving away
    UNREADY = "unready"  # it cannot analyse at the moment
    SUSPECT = "suspect"  # a connection to it has failed, or it is silent
    OTHER_VERSION = "other_version"  # it runs another version; its own sessions are still served
    SAME_ID = "same_id"  # another node has the same id


@dataclass(slots=True)
class Node:
    """One node, as a gateway knows it."""

    url: str
    info: NodeInfo | None = None
    """What it said last; None: it has never answered."""
    heard_s: float = float("-inf")
    """When that was asked for, on the monotonic clock of the gateway."""
    failed: bool = False
    """Whether a connection to it has failed since."""
    reserved_s: list[float] = field(default_factory=list)
    """When places were reserved that `info` does not count yet."""

    @property
    def free(self) -> int:
        """Places that are left, less those that are reserved."""
        return max(0, self.info.places - len(self.reserved_s)) if self.info is not None else 0


class Fleet:
    """The nodes of a cluster and their places, as one gateway sees them."""

    def __init__(self, version: str, chance: random.Random | None = None) -> None:
        """`version` is that of this gateway."""
        self._version = version
        self._chance = chance or random.Random()  # noqa: S311 - it only spreads sessions
        self._nodes: dict[str, Node] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def set_members(self, urls: Iterable[str]) -> None:
        """Know these nodes and no others."""
        self._nodes = {url: self._nodes.get(url) or Node(url) for url in urls}

    def note_info(self, url: str, info: NodeInfo, asked_s: float) -> None:
        """Take what a node has answered to a question of `asked_s`."""
        if (node := self._nodes.get(url)) is None or asked_s < node.heard_s:
            return
        node.info, node.heard_s, node.failed = info, asked_s, False
        # A place that was reserved before the question is counted by the node, or was not used.
        node.reserved_s = [at_s for at_s in node.reserved_s if at_s >= asked_s]

    def note_failure(self, url: str) -> None:
        """A connection to this node was refused or timed out."""
        if (node := self._nodes.get(url)) is not None:
            node.failed = True

    def reserve(self, url: str, now_s: float) -> None:
        """Count one place of this node as taken, until the node counts it itself."""
        if (node := self._nodes.get(url)) is not None:
            node.reserved_s.append(now_s)

    def release(self, url: str) -> None:
        """Give the newest reserved place back: the node has not admitted the peer."""
        if (node := self._nodes.get(url)) is not None and node.reserved_s:
            node.reserved_s.pop()

    def named(self, node_id: str) -> Node | None:
        """The node of that id, whatever its state; None: there is none."""
        found = (node for node in self._nodes.values() if node.info is not None and node.info.node == node_id)
        return next(found, None) if node_id else None

    def state(self, node: Node, now_s: float) -> NodeState:
        """What is made of this node now."""
        info = node.info
        if info is None:
            return NodeState.SUSPECT if node.failed else NodeState.UNKNOWN
        if node.failed or now_s - node.heard_s > SUSPECT_AFTER_S:
            return NodeState.SUSPECT
        if info.protocol != PROTOCOL or _minor(info.version) != _minor(self._version):
            return NodeState.OTHER_VERSION
        if self.named(info.node) is not node:
            return NodeState.SAME_ID
        if info.draining:
            return NodeState.DRAINING
        if not info.ready:
            return NodeState.UNREADY
        return NodeState.READY if node.free else NodeState.FULL

    def to_try(self, now_s: float, first: Node | None = None) -> list[Node]:
        """The nodes to ask for a new session, the best first; TRIES at most.

        Those with the most free places come first; among equals chance decides, so that several gateways do not all
        choose the same one. Full ones are asked last: a place may just have become free. `first` is asked before all.
        """
        open_nodes = [
            (node is not first, -node.free, self._chance.random(), node)
            for node in self._nodes.values()
            if self.state(node, now_s) in {NodeState.READY, NodeState.FULL}
        ]
        return [node for *_, node in sorted(open_nodes, key=lambda ranked: ranked[:3])[:TRIES]]


def _minor(version: str) -> list[str]:
    """What two versions must have in common: 0.3 of 0.3.1."""
    return version.split(".")[:2]
