"""Draw QR codes for requests: one at a time, with rests, so that the event loop serves the sessions between two."""

import asyncio

from facestream.credentials.links import qr_svg
from facestream.sessions.admission import RateLimitedError, RejectionReason

REST_S = 0.05
"""Before each code, for the sessions: a code takes 5 to 25 ms of the event loop, by its length."""
MAX_WAITING = 8
RETRY_S = 1.0


class QrCodes:
    """The only place that draws QR codes for requests of one server."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def draw(self, text: str) -> str:
        """A QR code as SVG; raises RateLimitedError if too many are waited for, from all addresses together."""
        if self._waiting >= MAX_WAITING:
            raise RateLimitedError(
                f"{MAX_WAITING} QR codes are being drawn; try again in {RETRY_S:g} s",
                RejectionReason.REQUEST_RATE,
                RETRY_S,
            )
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                await asyncio.sleep(REST_S)
                return qr_svg(text)
        finally:
            self._waiting -= 1
