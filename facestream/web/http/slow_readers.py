"""Send a response without an end as fast as its client reads, and stop when the client reads nothing for a while."""

import array
import asyncio
import contextlib
import fcntl
import socket
import termios
from collections.abc import Callable

from aiohttp import web

STUCK_S = 30.0
"""A connection is closed if its client reads nothing for this long."""
LINGER_S = 120.0
"""After the end of what is sent, a client has this long to read what waits."""
KERNEL_BUFFER_BYTES = 64 * 1024
"""Linux would let the buffer of a client that does not read grow to 4 MB."""


class SlowReader:
    """Writes to one client, however slowly it reads."""

    def __init__(self, request: web.Request, is_ending: Callable[[], bool]) -> None:
        """`is_ending` says whether nothing more will come than what waits."""
        self._transport = request.transport
        self._is_ending = is_ending
        self._loop = asyncio.get_running_loop()
        self._last_s = float("inf")
        """Until when the client may read; known when the end is."""

    async def write(self, response: web.StreamResponse, content: bytes) -> None:
        """Send; raises TimeoutError if the client reads nothing for STUCK_S, or too long after the end."""
        async with asyncio.timeout(STUCK_S) as deadline:
            self._watching = self._loop.call_later(STUCK_S / 10, self._look, deadline, self._unread_bytes())
            try:
                await response.write(content)
            finally:
                self._watching.cancel()

    def _look(self, deadline: asyncio.Timeout, before_bytes: int) -> None:
        """Give the client more time if it has read something."""
        unread_bytes, now_s = self._unread_bytes(), self._loop.time()
        if self._is_ending():
            self._last_s = min(self._last_s, now_s + LINGER_S)
        if unread_bytes < before_bytes and not deadline.expired():
            deadline.reschedule(min(now_s + STUCK_S, self._last_s))
        self._watching = self._loop.call_later(STUCK_S / 10, self._look, deadline, unread_bytes)

    def _unread_bytes(self) -> int:
        """What has been sent and not been taken by the other side: in this process and in the kernel."""
        if self._transport is None or self._transport.is_closing():
            return 0
        connected = self._transport.get_extra_info("socket")
        waiting = array.array("i", [0])
        with contextlib.suppress(OSError, AttributeError, ValueError):
            fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, waiting)
        return self._transport.get_write_buffer_size() + waiting[0]


def limit_kernel_buffer(request: web.Request) -> None:
    """Let the kernel keep KERNEL_BUFFER_BYTES for this client at most."""
    connected = request.get_extra_info("socket")
    if connected is not None:
        with contextlib.suppress(OSError):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
