"""Drain a node of a cluster: ask its peers to move, a few at a time, and end the sessions that are left at a deadline.

The sessions go on until their peers have moved. What becomes of the process is not decided here.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection
from typing import Final

from facestream.sessions.base import Session
from facestream.sessions.ending import Ending

logger = logging.getLogger(__name__)

ASK_EVERY_S: Final = 0.25
"""Between two peers: each sets up a new connection on another node, which takes a processor there for a moment."""
ASKED_WITHIN = 0.5
"""All peers are asked within this share of the time, however many there are."""
WHY_MOVE: Final = "this server will stop; connect again soon, and the session goes on at another one"
WHY_END: Final = "the server is being drained, and this peer has not moved in time"


class Drain:
    """Whether a node is being drained, and by when; `run` does it."""

    def __init__(self, sessions: Callable[[], Collection[Session]]) -> None:
        """`sessions` returns those that run now."""
        self._sessions = sessions
        self._by_s = self._asked_by_s = math.inf
        """When sessions are ended, and by when all peers are asked; on the monotonic clock."""
        self._begun = asyncio.Event()
        self._sooner = asyncio.Event()

    @property
    def is_active(self) -> bool:
        """Whether no new session is admitted any more."""
        return self._begun.is_set()

    def begin(self, deadline_s: float) -> None:
        """Drain within so many seconds from now; a later call can only make it sooner."""
        now_s = time.monotonic()
        by_s = now_s + deadline_s
        if by_s >= self._by_s:
            return
        self._by_s, self._asked_by_s = by_s, now_s + ASKED_WITHIN * deadline_s
        logger.info("draining: %d sessions have %.0f s to move", len(self._sessions()), deadline_s)
        self._begun.set()
        self._sooner.set()

    async def run(self) -> None:
        """Wait until the drain begins, ask the peers and end what is left; runs until cancelled."""
        await self._begun.wait()
        asked: set[str] = set()
        while True:
            self._sooner.clear()
            left = [session for session in self._sessions() if not session.is_ending]
            waiting = [session for session in left if session.id not in asked]
            now_s = time.monotonic()
            if now_s >= self._by_s:
                for session in left:
                    session.request_end(Ending.SERVER_STOPPING, WHY_END)
                # A peer whose offer was accepted at the moment of the deadline gets the same.
                await self._wait(ASK_EVERY_S)
                continue
            pause_s = min(ASK_EVERY_S, self._by_s - now_s)
            if waiting:
                asked.add(waiting[0].id)
                waiting[0].ask_to_move(WHY_MOVE)
                pause_s = min(pause_s, max(0.0, self._asked_by_s - now_s) / len(waiting))
            await self._wait(pause_s)

    async def _wait(self, most_s: float) -> None:
        """Until then, or until the deadline has changed."""
        try:
            async with asyncio.timeout(most_s):
                await self._sooner.wait()
        except TimeoutError:
            return
