"""Choose the STUN and the TURN server for sessions: the first one that works, checked from time to time.

aiortc 1.16 uses the first server of each kind and waits 5 s for a dead one, in every session (rtcicetransport.py:111).
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from aiortc import RTCIceServer

from facestream.ice.probe import DEADLINE_S, IceOutcome, try_server
from facestream.ice.servers import CredentialSource, IceServer, IceUrl

logger = logging.getLogger(__name__)

CHECK_AGAIN_S = 300.0
"""Longest time before a failed server is dropped or a recovered one is used again."""
CHECK_SOON_S = 30.0  # while no TURN server works


class IceServerChoice:
    """Checks the servers in their order; `current` returns those that work, with new credentials for each session."""

    def __init__(
        self,
        urls: Sequence[IceUrl],
        credentials: CredentialSource,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._stun = [url for url in urls if not url.is_turn]
        self._turn = [url for url in urls if url.is_turn]
        self._credentials = credentials
        self._deadline_s = deadline_s
        self._chosen: list[IceUrl] | None = None
        self._failures: dict[str, str] = {}
        self._checking = asyncio.Lock()
        self._check_wanted = asyncio.Event()

    @property
    def has_turn(self) -> bool:
        """Whether a TURN server is configured at all."""
        return bool(self._turn)

    @property
    def failures(self) -> str:
        """Why servers do not work, one sentence for each; empty: all servers that were checked work."""
        return "; ".join(f"{name}: {failure}" for name, failure in self._failures.items() if failure)

    async def current(self) -> list[IceServer]:
        """At most one STUN and one TURN server; waits only for the first check."""
        if self._chosen is None:
            async with self._checking:
                # Another caller may have checked meanwhile.
                if self._chosen is None:
                    await self._check()
        return [IceServer(url, self._credentials.make()) for url in self._chosen or ()]

    def check_again(self) -> None:
        """Check the servers again soon; called when a session got no relay."""
        self._check_wanted.set()

    async def run(self) -> None:
        """Check at the start and from time to time, so that no session has to wait; returns if no server is set."""
        if not self._stun and not self._turn:
            return
        while True:
            async with self._checking:
                began_s = time.monotonic()
                self._check_wanted.clear()
                await self._check()
            turn_missing = bool(self._turn) and not any(url.is_turn for url in self._chosen or ())
            wait_s = CHECK_SOON_S if turn_missing else CHECK_AGAIN_S
            try:
                await asyncio.wait_for(self._check_wanted.wait(), wait_s)
            except TimeoutError:
                continue
            # Sessions that fail one after the other must not cause a flood of checks.
            await asyncio.sleep(max(0.0, began_s + self._deadline_s - time.monotonic()))

    async def _check(self) -> None:
        found = [await self._first_that_works(urls) for urls in (self._stun, self._turn)]
        self._chosen = [url for url in found if url is not None]

    async def _first_that_works(self, urls: Sequence[IceUrl]) -> IceUrl | None:
        for url in urls:
            outcome = await try_server(IceServer(url, self._credentials.make()), self._deadline_s)
            self._log_change(outcome)
            if outcome.works:
                return url
        return None

    def _log_change(self, outcome: IceOutcome) -> None:
        """Log an outcome that differs from the last one of the same server."""
        if self._failures.get(outcome.url.text) == outcome.failure:
            return
        self._failures[outcome.url.text] = outcome.failure
        level = logging.INFO if outcome.works else logging.WARNING
        logger.log(level, "ICE server %s", outcome.as_text())


def as_rtc(servers: Sequence[IceServer]) -> list[RTCIceServer]:
    """The servers for a peer connection of aiortc; a list, because None makes aiortc ask a public STUN server."""
    return [
        RTCIceServer(
            urls=server.url.text,
            username=server.credentials.username or None,
            credential=server.credentials.password or None,
        )
        for server in servers
    ]
