"""Open a session at one of the nodes: try the best ones in order, and let their admission decide."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from facestream.cluster.placement import Node
from facestream.gateway.cluster import Cluster, no_node
from facestream.gateway.moving import Move
from facestream.gateway.node_client import NodeFailedError

T = TypeVar("T")
UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What one node has said to a peer."""

    status: int
    """HTTP status; of a socket, the one that an offer would have got."""
    session_id: str
    """Empty: the node has rejected the peer."""
    retry_after_s: int
    """0: not given."""
    response: T


async def place(
    cluster: Cluster, route: str, resume_token: str, ask: Callable[[Node], Awaitable[Outcome[T]]]
) -> Outcome[T]:
    """What the node says that serves the peer, or the one that lets it try again soonest.

    A peer that resumes goes back to its node. If that takes no more sessions, its state goes with it to another one.
    Any other rejection than 503 concerns the peer, so no other node is asked. Raises RejectedError if none answers.
    """
    fleet, move = cluster.fleet, Move(cluster, resume_token)
    full: list[Outcome[T]] = []
    for node in fleet.to_try(time.monotonic(), first=move.owner):
        await move.carry_to(node)
        began_s = time.monotonic()
        fleet.reserve(node.url, began_s)
        taken = False
        try:
            outcome = await ask(node)
            taken = bool(outcome.session_id)
        except NodeFailedError:
            cluster.count(route, 0, began_s)
            continue
        finally:
            if not taken:
                fleet.release(node.url)
        cluster.count(route, outcome.status, began_s)
        if taken:
            await move.finish(node, outcome.session_id)
            return outcome
        if outcome.status != UNAVAILABLE:
            return outcome
        full.append(outcome)
    if not full:
        raise no_node(cluster)
    return min(full, key=lambda outcome: outcome.retry_after_s or float("inf"))
