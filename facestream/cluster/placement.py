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
SAMPLE = 8
"""Nodes that are compared for one peer. With all of a hundred, several gateways would send their peers to the same few
nodes until they hear from them again; with two, a new empty node fills too slowly (docs/scale.md)."""
ASK_EVERY_S = 1.0
NODES_A_SECOND = 200
"""Of hundreds of nodes, a gateway asks each less often: a question costs it half a millisecond (docs/scale.md)."""
SUSPECT_AFTER_S = 6.0
"""A node that has not answered for this long gets no new sessions, even if no connection to it has failed."""
SUSPECT_AFTER_QUESTIONS = 3
"""If so many questions take longer than that, this counts: a gateway that asks late must not suspect all nodes."""


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


_OPEN = frozenset({NodeState.READY, NodeState.FULL})


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
        self._minor = _minor(version)
        self._chance = chance or random.Random()  # noqa: S311 - it only spreads sessions
        self._nodes: dict[str, Node] = {}
        self._ids: dict[str, Node] | None = None

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def ask_every_s(self) -> float:
        """How often to ask each node how it is."""
        return max(ASK_EVERY_S, len(self._nodes) / NODES_A_SECOND)

    def set_members(self, urls: Iterable[str]) -> None:
        """Know these nodes and no others."""
        self._nodes = {url: self._nodes.get(url) or Node(url) for url in urls}
        self._ids = None

    def note_info(self, url: str, info: NodeInfo, asked_s: float) -> None:
        """Take what a node has answered to a question of `asked_s`."""
        if (node := self._nodes.get(url)) is None or asked_s < node.heard_s:
            return
        if node.info is None or node.info.node != info.node:
            self._ids = None
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

    def of(self, url: str) -> Node | None:
        """The node of that address; None: it is not known."""
        return self._nodes.get(url)

    def named(self, node_id: str) -> Node | None:
        """The node of that id, whatever its state; None: there is none."""
        if self._ids is None:
            # Of several nodes with one id the first one counts, so it is entered last.
            known = reversed(self._nodes.values())
            self._ids = {node.info.node: node for node in known if node.info is not None}
        return self._ids.get(node_id)

    def state(self, node: Node, now_s: float) -> NodeState:
        """What is made of this node now."""
        info = node.info
        if info is None:
            return NodeState.SUSPECT if node.failed else NodeState.UNKNOWN
        silent_s = max(SUSPECT_AFTER_S, SUSPECT_AFTER_QUESTIONS * self.ask_every_s)
        if node.failed or now_s - node.heard_s > silent_s:
            return NodeState.SUSPECT
        if info.protocol != PROTOCOL or _minor(info.version) != self._minor:
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

        Of SAMPLE nodes with free places, drawn by chance, those with the most come first. Full ones are asked last: a
        place may just have become free. `first` is asked before all.
        """
        ready, full = list[Node](), list[Node]()
        for node in self._shuffled():
            if node is first:
                continue
            state = self.state(node, now_s)
            if state is NodeState.READY:
                ready.append(node)
                if len(ready) == SAMPLE:
                    break
            elif state is NodeState.FULL and len(full) < TRIES:
                full.append(node)
        # Equal ones stay in the order in which they were drawn.
        ready.sort(key=lambda node: -node.free)
        named = [first] if first is not None and self.state(first, now_s) in _OPEN else []
        return [*named, *ready, *full][:TRIES]

    def _shuffled(self) -> Iterator[Node]:
        """All nodes in an order of chance; the first few of a thousand cost no more than those of ten."""
        nodes = list(self._nodes.values())
        while nodes:
            drawn = self._chance.randrange(len(nodes))
            nodes[drawn], nodes[-1] = nodes[-1], nodes[drawn]
            yield nodes.pop()


def _minor(version: str) -> list[str]:
    """What two versions must have in common: 0.3 of 0.3.1."""
    return version.split(".")[:2]
