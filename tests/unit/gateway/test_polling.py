"""What a gateway makes of the answers of its nodes, and what it logs about them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import pytest

from facestream import __version__
from facestream.cluster import placement
from facestream.cluster.placement import Fleet
from facestream.gateway.node_client import Answer, NodeClient, NodeFailedError
from facestream.gateway.polling import Polling
from tests.times import seconds
from tests.unit.gateway.fake_nodes import FakeClient, answer, info_of

URL = "http://n1"
DEADLINE_S = seconds(5)


class Listed:
    """A source whose nodes are known."""

    def __init__(self, *urls: str) -> None:
        self._urls = frozenset(urls)

    async def watch(self) -> AsyncIterator[frozenset[str]]:
        yield self._urls
        await asyncio.Event().wait()


async def logged_after(
    client: FakeClient, count: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The log once the node has been asked so often."""
    monkeypatch.setattr(placement, "ASK_EVERY_S", 0.0)
    monkeypatch.setattr(placement, "NODES_A_SECOND", 1e9)
    caplog.set_level("INFO")
    watching = Polling([Listed(URL)], Fleet(__version__), cast(NodeClient, client))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watching.run())
        async with asyncio.timeout(DEADLINE_S):
            await watching.wait_first()
            while len(client.asked) < count:  # noqa: ASYNC110 - nothing tells of an answer
                await asyncio.sleep(0)
        running.cancel()
    return [record.getMessage() for record in caplog.records]


def nodes(*said: Answer | NodeFailedError) -> FakeClient:
    return FakeClient({f"GET {URL}/node": deque(said)})


def info(**other: object) -> Answer:
    return answer(200, info_of("n1", **other).to_json())  # type: ignore[arg-type]


async def test_a_change_is_logged_once_and_full_nodes_are_no_change(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    gone = NodeFailedError("connection refused")
    client = nodes(info(), info(), info(places=0), info(), gone, gone, info(draining=True))

    log = await logged_after(client, 10, caplog, monkeypatch)

    assert log == [
        "node n1 (http://n1): ready, before unknown",
        "node n1 (http://n1): suspect, before ready: connection refused",
        "node n1 (http://n1): draining, before suspect",
    ]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(404), "it is no node of a cluster; expected a server with the cluster_secret"),
        (answer(500), "it answers with HTTP 500; expected a node of a cluster"),
        (answer(200, b"hello"), "what it answers is not that of a facestream node"),
        (answer(200, info_of("n1").to_json().replace('"n1"', '"N 1"')), "what it answers is not"),
    ],
)
async def test_a_server_that_is_no_node_is_named_with_the_reason(
    said: Answer, why: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    log = await logged_after(nodes(said), 3, caplog, monkeypatch)

    assert len(log) == 1
    assert log[0].startswith(f"node {URL}: suspect, before unknown: {why}")


async def test_another_version_gets_no_sessions_and_says_which(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    log = await logged_after(nodes(info(version="9.9.1")), 3, caplog, monkeypatch)

    assert log == [
        "node n1 (http://n1): other_version, before unknown: it runs 9.9.1; it gets no new sessions until both run "
        "the same version"
    ]
