"""Nodes that answer as a test says, behind the interface of `NodeClient`."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from multidict import CIMultiDict, CIMultiDictProxy

from facestream import __version__
from facestream.cluster.placement import Fleet
from facestream.gateway.cluster import Cluster
from facestream.gateway.node_client import Answer, NodeClient, NodeFailedError
from facestream.gateway.polling import Polling
from facestream.messages.cluster import NodeInfo

NOW_S = 0.0


def info_of(node: str, places: int = 4, **other: Any) -> NodeInfo:
    given = {"version": __version__, "sessions": 0, "max_sessions": 8, "frame_ms": 20, "fps": 0, "cores": 2}
    return NodeInfo.model_validate({**given, "node": node, "places": places, **other})


def answer(status: int, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        status,
        CIMultiDictProxy(CIMultiDict(headers or {})),
        body.encode() if isinstance(body, str) else body,
    )


@dataclass
class FakeClient:
    """Answers in the order of the test; an exception is raised."""

    answers: dict[str, deque[Answer | NodeFailedError]] = field(default_factory=dict)
    """By `METHOD URL+target`."""
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def ask(self, url: str, method: str, target: str, body: bytes = b"", **_: object) -> Answer:
        said = f"{method} {url}{target}"
        self.asked.append(said)
        self.bodies.append(body)
        waiting = self.answers.get(said)
        given = (waiting.popleft() if len(waiting) > 1 else waiting[0]) if waiting else answer(404)
        if isinstance(given, NodeFailedError):
            raise given
        return given


def cluster_of(client: FakeClient, *infos: NodeInfo, at_s: float) -> Cluster:
    """A cluster whose nodes have said this; the URL of node n1 is `http://n1`."""
    fleet = Fleet(__version__)
    fleet.set_members([f"http://{info.node}" for info in infos])
    for info in infos:
        fleet.note_info(f"http://{info.node}", info, at_s)
    real = cast(NodeClient, client)
    return Cluster(fleet, real, Polling([], fleet, real))
