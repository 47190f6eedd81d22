"""Know which nodes there are and how they are: follow the sources, and ask each node every second or so.

Logs one line when a node changes, not one for each question.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence

from pydantic import ValidationError

from facestream.cluster.membership import Nodes
from facestream.cluster.placement import Fleet, Node, NodeState
from facestream.gateway.node_client import NodeClient, NodeFailedError
from facestream.messages.cluster import NodeInfo

logger = logging.getLogger(__name__)

ASK_S = 2.0
AT_ONCE = 32
FAILED_AT_ONCE = 8
"""Of nodes that have not answered lately: a machine room that is gone must not delay the questions to the others."""
START_S = 2.0
"""A gateway that has just started waits this long for the first answers, at most."""
_SERVING = {NodeState.READY, NodeState.FULL}


class Polling:
    """Asks the nodes of one gateway; `run` it."""

    def __init__(self, sources: Sequence[Nodes], fleet: Fleet, client: NodeClient) -> None:
        self._fleet = fleet
        self._client = client
        self._sources = sources
        self._named: list[frozenset[str]] = [frozenset() for _ in sources]
        self._named_once: set[int] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._at_once, self._failed_at_once = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(FAILED_AT_ONCE)
        self._first = asyncio.Event()
        self._answered: set[str] = set()
        self._logged: dict[str, NodeState] = {}
        self._reasons: dict[str, str] = {}

    def reason(self, node: Node) -> str:
        """Why the last question to a node has failed; empty: it has not."""
        return self._reasons.get(node.url, "")

    async def wait_first(self) -> None:
        """Wait until every node has answered or failed once, and START_S at most."""
        try:
            async with asyncio.timeout(START_S):
                await self._first.wait()
        except TimeoutError:
            pass

    async def run(self) -> None:
        """Follow the sources and ask the nodes, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for number, source in enumerate(self._sources):
                    tasks.create_task(self._follow(number, source, tasks), name=f"nodes/source/{number}")
        finally:
            # A new run begins with new tasks.
            self._asking.clear()

    async def _follow(self, number: int, source: Nodes, tasks: asyncio.TaskGroup) -> None:
        async for urls in source.watch():
            self._named[number] = urls
            self._named_once.add(number)
            members = frozenset().union(*self._named)
            self._fleet.set_members(members)
            for url in self._asking.keys() - members:
                self._asking.pop(url).cancel()
                self._reasons.pop(url, None)
                logger.info("node %s: no longer named", url)
            for url in members - self._asking.keys():
                self._asking[url] = tasks.create_task(self._keep_asking(url), name=f"nodes/{url}")
            self._note_answered()

    async def _keep_asking(self, url: str) -> None:
        share = random.random()  # noqa: S311 - the questions to many nodes shall not come in one burst
        while True:
            async with self._failed_at_once if url in self._reasons else self._at_once:
                await self._ask(url)
            self._answered.add(url)
            self._note_answered()
            await asyncio.sleep(share * self._fleet.ask_every_s)
            share = 1.0

    def _note_answered(self) -> None:
        if len(self._named_once) == len(self._sources) and self._asking.keys() <= self._answered:
            self._first.set()

    async def _ask(self, url: str) -> None:
        asked_s = time.monotonic()
        try:
            info = await self._info(url)
        except NodeFailedError as error:
            self._fleet.note_failure(url)
            self._reasons[url] = str(error)
        else:
            self._fleet.note_info(url, info, asked_s)
            self._reasons.pop(url, None)
        if (node := self._fleet.of(url)) is not None:
            self._log_change(node)

    async def _info(self, url: str) -> NodeInfo:
        answer = await self._client.ask(url, "GET", "/node", deadline_s=ASK_S)
        if answer.status == 404:
            raise NodeFailedError("it is no node of a cluster; expected a server with the cluster_secret")
        try:
            if answer.status != 200:
                raise NodeFailedError(f"it answers with HTTP {answer.status}; expected a node of a cluster")
            return NodeInfo.model_validate_json(answer.body)
        except ValidationError as error:
            raise NodeFailedError("what it answers is not that of a facestream node") from error

    def _log_change(self, node: Node) -> None:
        """Log the state of a node if it is another one than before; whether it is full changes too often."""
        state = self._fleet.state(node, time.monotonic())
        before = self._logged.get(node.url, NodeState.UNKNOWN)
        if state is before or {state, before} <= _SERVING:
            return
        self._logged[node.url] = state
        named = f"{node.info.node} ({node.url})" if node.info else node.url
        why = f": {self.reason(node)}" if self.reason(node) else ""
        if state is NodeState.OTHER_VERSION and node.info is not None:
            why = f": it runs {node.info.version}; it gets no new sessions until both run the same version"
        level = logging.INFO if state in _SERVING or state is NodeState.DRAINING else logging.WARNING
        logger.log(level, "node %s: %s, before %s%s", named, state, before, why)
