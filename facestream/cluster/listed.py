"""What an operator does with nodes that the setting `nodes` names: look, and drain. Never starts or ends one."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

from facestream.cluster.asking import NodeUnreachableError, fetch_info, left_on, start_drain
from facestream.cluster.membership import Nodes
from facestream.cluster.rows import DRAINED, SILENT, UNREADY, NodeRow
from facestream.errors import ConfigError
from facestream.messages.cluster import NodeInfo

AT_ONCE = 32
LOOK_EVERY_S = 0.5
STOP_LIMIT_S = 10.0
"""A node ends the sessions that are left at its deadline; this long after it, nobody waits any more."""


def find_urls(sources: Sequence[Nodes]) -> list[str]:
    """The addresses of all nodes, now. Raises ConfigError if there is none."""

    async def first(source: Nodes) -> frozenset[str]:
        async with contextlib.aclosing(source.watch()) as changes:  # type: ignore[type-var]
            return await anext(changes)

    async def all_of_them() -> list[frozenset[str]]:
        return await asyncio.gather(*map(first, sources))

    found = sorted(frozenset().union(*asyncio.run(all_of_them())))
    if not found:
        raise ConfigError("nodes: the names stand for no address; expected the addresses of nodes", "nodes")
    return found


def look(urls: Sequence[str], secret: str, tls: ssl.SSLContext) -> list[NodeRow]:
    """How these nodes are."""

    def one(url: str) -> NodeRow:
        try:
            return _row(url, fetch_info(url, secret, tls))
        except NodeUnreachableError as error:
            return _row(url, None, str(error))

    with ThreadPoolExecutor(min(AT_ONCE, len(urls))) as threads:
        return list(threads.map(one, urls))


def address_of(wanted: str, found: Sequence[NodeRow]) -> str:
    """The address of the node that a person means: by its id, its host or its address. Raises ConfigError."""
    fitting = [row.url for row in found if wanted in {row.name, row.host, row.url}]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(row.name for row in found)
    got = "several nodes" if fitting else "no node"
    raise ConfigError(f"NODE: {wanted!r} names {got}; expected one of {names}, or an address", "NODE")


def drain(
    url: str, secret: str, tls: ssl.SSLContext, deadline_s: float, progress: Callable[[str], None]
) -> NodeRow:
    """Move the peers of one node away, and wait until nobody is left. The node goes on running, without sessions.

    Raises NodeUnreachableError if it does not answer at first.
    """
    info = start_drain(url, secret, tls, deadline_s)
    ends_s = time.monotonic() + deadline_s + STOP_LIMIT_S
    shown = ""
    while left_on(info) and time.monotonic() < ends_s:
        text = f"sessions left: {left_on(info)}"
        if text != shown:
            progress(text)
            shown = text
        time.sleep(LOOK_EVERY_S)
        try:
            info = fetch_info(url, secret, tls)
        except NodeUnreachableError:
            # It has ended meanwhile, and its sessions with it.
            return replace(_row(url, None), state=DRAINED)
    return _row(url, info)


def _row(url: str, info: NodeInfo | None, error: str = "") -> NodeRow:
    host = urlsplit(url).hostname or ""
    return NodeRow(
        id=url,
        name=info.node if info is not None else url,
        host=host,
        machine="",
        state=_state(info),
        url=url,
        version=info.version if info is not None else "",
        secret="",
        pid=0,
        sessions_left=left_on(info) if info is not None else 0,
        error=error,
        node=info,
    )


def _state(info: NodeInfo | None) -> str:
    if info is None:
        return SILENT
    if info.draining:
        return "draining" if left_on(info) else DRAINED
    return "running" if info.ready else UNREADY
