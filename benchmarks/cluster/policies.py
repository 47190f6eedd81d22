"""Ways to choose the nodes for a new session, to be compared with `Fleet.to_try`. Each returns the nodes in order."""

import random
from collections.abc import Callable
from typing import Protocol

from facestream.cluster.placement import TRIES, Fleet, Node, NodeState

OPEN = {NodeState.READY, NodeState.FULL}


class Chooser(Protocol):
    """What a policy may use of a gateway."""

    fleet: Fleet
    chance: random.Random
    turn: int


Policy = Callable[[Chooser, float], list[Node]]


def product(gateway: Chooser, now_s: float) -> list[Node]:
    """What gateways do."""
    return gateway.fleet.to_try(now_s)


def round_robin(gateway: Chooser, now_s: float) -> list[Node]:
    """One after the other, from a place of this gateway's own."""
    nodes, found = list(gateway.fleet), list[Node]()
    for _ in nodes:
        node = nodes[gateway.turn % len(nodes)]
        gateway.turn += 1
        if gateway.fleet.state(node, now_s) in OPEN:
            found.append(node)
        if len(found) == TRIES:
            break
    # The next offer starts behind the first one of this offer.
    gateway.turn -= max(0, len(found) - 1)
    return found


def uniform(gateway: Chooser, now_s: float) -> list[Node]:
    """By chance alone."""
    return _drawn(gateway, now_s, TRIES)


def least_loaded(gateway: Chooser, now_s: float) -> list[Node]:
    """Of all nodes those with the most free places, less the reserved ones."""
    nodes = [node for node in gateway.fleet if gateway.fleet.state(node, now_s) in OPEN]
    return sorted(nodes, key=lambda node: (-node.free, gateway.chance.random()))[:TRIES]


def best_of(drawn: int, *, reserved: str = "counted") -> Policy:
    """Draw so many nodes by chance, the one with most free places first; reserved places `counted` or `ignored`."""

    def free(node: Node) -> int:
        if reserved == "counted":
            return node.free
        return node.info.places if node.info is not None else 0

    def choose(gateway: Chooser, now_s: float) -> list[Node]:
        found = list[Node]()
        # Each further try draws again.
        nodes = _drawn(gateway, now_s, drawn * TRIES)
        for start in range(0, len(nodes), drawn):
            found.append(max(nodes[start : start + drawn], key=free))
        return found[:TRIES]

    return choose


def _drawn(gateway: Chooser, now_s: float, count: int) -> list[Node]:
    """Up to so many different nodes by chance, ready ones first."""
    fleet, nodes = gateway.fleet, list(gateway.fleet)
    ready, full = list[Node](), list[Node]()
    for node in gateway.chance.sample(nodes, min(len(nodes), 4 * count)):
        state = fleet.state(node, now_s)
        if state is NodeState.READY:
            ready.append(node)
        elif state is NodeState.FULL:
            full.append(node)
        if len(ready) == count:
            break
    return (ready + full)[:count]
