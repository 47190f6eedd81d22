"""Which STUN and TURN server a session of this process uses: the first that serves, found once and kept.

aiortc 1.16 takes the first of each kind and waits 5 s for a dead one, in every session (rtcicetransport.py:111).
"""

import asyncio
import logging
import time
from collections.abc import Sequence

from aiortc import RTCIceServer

from facestream.ice.probe import DEADLINE_S, IceOutcome, try_server
from facestream.ice.servers import CredentialSource, IceServer, IceUrl

logger = logging.getLogger(__name__)

LOOK_AGAIN_S = (
    300.0  # a better server that came back is used again, a dead one is left, after so long at most
)
LOOK_SOON_S = 30.0  # while none serves, or after a session got no relay


class IceRelays:
    """Tries the servers in their order; `current` gives the ones that serve, with credentials of their own."""

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
        self._complaints: dict[str, str] = {}
        self._looking = asyncio.Lock()
        self._check_wanted = asyncio.Event()

    @property
    def has_turn(self) -> bool:
        """Whether a TURN server is configured at all."""
        return bool(self._turn)

    @property
    def complaints(self) -> str:
        """Why the servers that do not serve do not, as one sentence each."""
        return "; ".join(f"{name}: {failure}" for name, failure in self._complaints.items() if failure)

    async def current(self) -> list[IceServer]:
        """At most one STUN and one TURN server; waits only while none has been looked for yet."""
        if self._chosen is None:
            async with self._looking:
                # Found while this one waited for its turn.
                if self._chosen is None:
                    await self._look()
        return [IceServer(url, self._credentials.make()) for url in self._chosen or ()]

    def check_again(self) -> None:
        """A session got no relay: look again, before the next one needs it."""
        self._check_wanted.set()

    async def run(self) -> None:
        """Look at the start and from time to time, so that no session has to wait; returns where there is none."""
        if not self._stun and not self._turn:
            return
        while True:
            async with self._looking:
                began_s = time.monotonic()
                self._check_wanted.clear()
                await self._look()
            wanting = bool(self._turn) and not any(url.is_turn for url in self._chosen or ())
            wait_s = LOOK_SOON_S if wanting else LOOK_AGAIN_S
            try:
                await asyncio.wait_for(self._check_wanted.wait(), wait_s)
            except TimeoutError:
                continue
            # Sessions that fail one after the other must not make this a flood.
            await asyncio.sleep(max(0.0, began_s + self._deadline_s - time.monotonic()))

    async def _look(self) -> None:
        found = [await self._first_that_serves(urls) for urls in (self._stun, self._turn)]
        self._chosen = [url for url in found if url is not None]

    async def _first_that_serves(self, urls: Sequence[IceUrl]) -> IceUrl | None:
        for url in urls:
            outcome = await try_server(IceServer(url, self._credentials.make()), self._deadline_s)
            self._tell(outcome)
            if outcome.serves:
                return url
        return None

    def _tell(self, outcome: IceOutcome) -> None:
        """Log what changed, once."""
        if self._complaints.get(outcome.url.text) == outcome.failure:
            return
        self._complaints[outcome.url.text] = outcome.failure
        level = logging.INFO if outcome.serves else logging.WARNING
        logger.log(level, "ICE server %s", outcome.as_text())


def as_rtc(servers: Sequence[IceServer]) -> list[RTCIceServer]:
    """What a peer connection of aiortc takes; never None, which would ask a public STUN server."""
    return [
        RTCIceServer(
            urls=server.url.text,
            username=server.credentials.username or None,
            credential=server.credentials.password or None,
        )
        for server in servers
    ]
