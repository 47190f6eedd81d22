"""A cluster of real nodes and gateways on loopback, each a process of its own."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from facestream.credentials.tokens import Purpose, issue, make_key
from facestream.messages.cluster import DrainBody
from tests.conftest import RunningServer, running_server
from tests.media.gateways import SECRET, Gateway
from tests.times import seconds

GATEWAY_PROGRAM = (sys.executable, "-m", "facestream", "gateway")
DEADLINE_S = seconds(20)


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """Nodes by their ids, gateways, and a token of an admin of all of them."""

    nodes: dict[str, RunningServer]
    gateways: list[RunningServer]
    admin_token: str
    peer_token: str

    @property
    def url(self) -> str:
        """Of the first gateway."""
        return self.gateways[0].url

    @property
    def other_url(self) -> str:
        """Of the second gateway."""
        return self.gateways[1].url


@contextlib.contextmanager
def running_cluster(
    folder: Path,
    *,
    nodes: Sequence[str] = ("n1", "n2"),
    gateways: int = 1,
    workers: int = 1,
    node_options: Sequence[str] = (),
    gateway_options: Sequence[str] = (),
) -> Iterator[RunningCluster]:
    """Run a cluster until the end of the context."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret").write_text(SECRET)
    key_file = folder / "token.key"
    key = make_key(key_file)
    common = "--cluster-secret-file", str(folder / "secret"), "--token-key-file", str(key_file)
    with contextlib.ExitStack() as stack:
        started = {
            name: stack.enter_context(
                running_server(
                    folder / f"{name}.log", *common, "--node-id", name, "--analysis-processes", str(workers),
                    *node_options,
                )
            )
            for name in nodes
        }  # fmt: skip
        urls = [node.url for node in started.values()]
        passing = [
            stack.enter_context(
                running_gateway(folder / f"gateway{number}.log", urls, *common, *gateway_options)
            )
            for number in range(gateways)
        ]
        yield RunningCluster(
            started,
            passing,
            issue(key, Purpose.ADMIN, "an-admin", 1),
            issue(key, Purpose.PEER, "a-client", 1),
        )


@contextlib.contextmanager
def running_gateway(log: Path, nodes: Sequence[str], *arguments: str) -> Iterator[RunningServer]:
    """Run `facestream gateway` in front of the nodes of these addresses."""
    named = [part for url in nodes for part in ("--nodes", url)]
    with running_server(log, *named, *arguments, program=GATEWAY_PROGRAM, steady=("--tls", "off")) as running:
        yield running


async def fetch_json(url: str, status: int = 200, **options: Any) -> Any:
    """What a GET answers."""
    async with aiohttp.ClientSession() as http, http.get(url, **options) as response:
        assert response.status == status, await response.text()
        return await response.json(content_type=None)


async def wait_for_text(log: Path, text: str) -> str:
    """The log, once this text is in it."""
    deadline_s = time.monotonic() + DEADLINE_S
    while text not in (said := log.read_text()):
        assert time.monotonic() < deadline_s, said
        await asyncio.sleep(0.05)
    return said


async def drain(node: RunningServer, deadline_s: float = 60) -> None:
    """Ask a node to admit no more sessions and to let its peers move, as `facestream cluster drain` does."""
    body = DrainBody(deadline_s=deadline_s).to_json().encode()
    answer = await Gateway(node.url).ask("POST", "/node/drain", body)
    assert answer.status == 202, answer.body
