"""Nodes that the settings name: by their addresses, or by a name in DNS that stands for all of them.

Never asks a node anything. A headless service of Kubernetes is such a name.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from facestream.cluster.membership import Nodes
from facestream.config import Config
from facestream.errors import ConfigError, FacestreamError

logger = logging.getLogger(__name__)

LOOKUP_EVERY_S = 5.0
LOOKUP_S = 4.0
"""A lookup that takes longer has failed."""
DNS = "dns+"
RAY = "ray"

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name, as text; raises OSError if it cannot be looked up."""


def sources_of(config: Config) -> list[Nodes]:
    """Whatever knows the nodes of the setting `nodes`; raises ConfigError if nothing does, or it cannot be asked."""
    if not config.nodes:
        raise ConfigError(
            "nodes: got none; expected where the gateway finds its nodes, such as --nodes http://10.0.0.5:8080 or "
            "--nodes dns+http://NAME:PORT (repeatable)",
            "nodes",
        )
    fixed = frozenset(name for name in config.nodes if name != RAY and not name.startswith(DNS))
    sources: list[Nodes] = [Fixed(fixed)] if fixed else []
    sources += [Named(name) for name in config.nodes if name.startswith(DNS)]
    if RAY in config.nodes:
        sources.append(_ray())
    return sources


def _ray() -> Nodes:
    """The nodes of the Ray cluster; raises ConfigError if Ray is not installed, at the start and not in a task."""
    # Imported only where it is asked for, because it needs an extra.
    from facestream.cluster.ray.connection import check_installed
    from facestream.cluster.ray.source import RayNodes

    try:
        check_installed()
    except FacestreamError as error:
        raise ConfigError(str(error), "nodes") from error
    return RayNodes()


class Fixed:
    """Nodes whose addresses are in the settings."""

    def __init__(self, urls: frozenset[str]) -> None:
        self._urls = urls

    async def watch(self) -> AsyncIterator[frozenset[str]]:
        yield self._urls
        await asyncio.Event().wait()


async def addresses_of(name: str, port: int) -> list[str]:
    """All IPv4 and IPv6 addresses of a name; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Named:
    """Nodes that share a name in DNS, one for each address of the name."""

    def __init__(self, name: str, lookup: Lookup = addresses_of, every_s: float = LOOKUP_EVERY_S) -> None:
        """`name` is `dns+http://NAME:PORT` or `dns+https://NAME:PORT`."""
        parts = urlsplit(name.removeprefix(DNS))
        self._scheme, self._name = parts.scheme, parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._lookup = lookup
        self._every_s = every_s
        self._failed = False

    async def watch(self) -> AsyncIterator[frozenset[str]]:
        known: frozenset[str] | None = None
        while True:
            found = await self._urls()
            if found is None and known is None:
                found = frozenset()  # there may be other sources: nobody needs to wait for this one
            if found is not None and found != known:
                known = found
                yield known
            await asyncio.sleep(self._every_s)

    async def _urls(self) -> frozenset[str] | None:
        """What the name stands for now; None: the lookup has failed, which says nothing about the nodes."""
        try:
            async with asyncio.timeout(LOOKUP_S):
                addresses = await self._lookup(self._name, self._port)
        except (OSError, UnicodeError) as error:
            if not self._failed:
                logger.warning(
                    "nodes: %s cannot be looked up (%s); the nodes that are known go on, and the lookup is repeated",
                    self._name,
                    getattr(error, "strerror", None) or type(error).__name__,
                )
            self._failed = True
            return None
        if self._failed:
            logger.info("nodes: %s can be looked up again", self._name)
        self._failed = False
        return frozenset(map(self._url, addresses))

    def _url(self, address: str) -> str:
        return f"{self._scheme}://{f'[{address}]' if ':' in address else address}:{self._port}"
