"""Accept connections and count each before TLS and HTTP; wait, with little logging, if no descriptor is free."""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from facestream.resources import COMMAND
from facestream.sessions.admission import address_key
from facestream.web.http.connections import Connection, Connections
from facestream.web.http.descriptors import NO_RESOURCES
from facestream.web.http.protocol import HttpProtocol

logger = logging.getLogger(__name__)

BACKLOG = 1024  # if it is full, a client retries after a second
ACCEPTED_AT_ONCE = 64  # media run between two batches
EXPIRE_EVERY_S = 0.5
RETRY_S = 0.1
REPORT_EVERY_S = 60.0
TLS_SHUTDOWN_S = 2.0


class Listener:
    """Accepts for one server; asyncio's own code would log a line for each connection without a descriptor."""

    def __init__(
        self,
        listening: socket.socket,
        server: web.Server,
        connections: Connections,
        is_shared: Callable[[str], bool],
        context: ssl.SSLContext | None,
    ) -> None:
        """Listen; `run` accepts the connections. `is_shared`: whether many clients use an address."""
        listening.setblocking(False)
        listening.listen(BACKLOG)
        self._socket = listening
        self._server = server
        self._connections = connections
        self._is_shared = is_shared
        self._tls: dict[str, Any] = {}
        if context is not None:
            # The deadline of the request head also ends a slow handshake.
            self._tls = {"ssl": context, "ssl_shutdown_timeout": TLS_SHUTDOWN_S}
        self._reported_s = float("-inf")

    async def run(self) -> None:
        """Accept connections and end those over their deadline, until cancelled; raises what fails in a callback."""
        loop = asyncio.get_running_loop()
        fault: asyncio.Future[None] = loop.create_future()
        async with asyncio.TaskGroup() as tasks:
            retry: asyncio.TimerHandle | None = None

            def accept() -> None:
                nonlocal retry
                try:
                    accepted = self._accept(tasks)
                except Exception as error:  # noqa: BLE001 - `run` raises it
                    # A callback of the loop: the loop would log the fault and call again.
                    loop.remove_reader(self._socket)
                    fault.set_exception(error)
                    return
                if not accepted:
                    loop.remove_reader(self._socket)
                    retry = loop.call_later(RETRY_S, loop.add_reader, self._socket, accept)

            loop.add_reader(self._socket, accept)
            try:
                while True:
                    await asyncio.wait([fault], timeout=EXPIRE_EVERY_S)
                    if fault.done():
                        fault.result()
                    self._connections.expire()
            finally:
                if retry is not None:
                    retry.cancel()
                loop.remove_reader(self._socket)

    def _accept(self, tasks: asyncio.TaskGroup) -> bool:
        """Accept waiting connections; False: no descriptor is free, so try again a little later."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return True
            except OSError as error:
                # Any other error of accept(2) belongs to that connection, such as a client that has disconnected.
                if error.errno not in NO_RESOURCES:
                    continue
                self._report(error)
                self._connections.make_room()
                return False
            try:
                accepted.setblocking(False)
                self._admit(accepted, address[0], tasks)
            except BaseException:
                accepted.close()
                raise
        return True

    def _admit(self, accepted: socket.socket, remote: str, tasks: asyncio.TaskGroup) -> None:
        key = address_key(remote)
        shared = not key or self._is_shared(remote)
        connection = self._connections.admit(accepted, key, shared=shared)
        if connection is None:
            accepted.close()
            return
        tasks.create_task(self._serve(connection, accepted), name="http/accept")

    async def _serve(self, connection: Connection, accepted: socket.socket) -> None:
        """Pass a connection to aiohttp, after TLS if there is a certificate."""
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: HttpProtocol(self._server, connection, loop),
                accepted,
                **self._tls,
            )
        except OSError as error:
            # No TLS, no common version, or a timeout. asyncio closes the socket.
            logger.debug("connection not set up: %s", error)
            connection.closed()
        except Exception:
            # The boundary of one connection: an error in one connection must not end the server.
            logger.exception("fault in the server: a connection could not be accepted")
            connection.closed()

    def _report(self, error: OSError) -> None:
        now_s = time.monotonic()
        if now_s - self._reported_s >= REPORT_EVERY_S:
            self._reported_s = now_s
            logger.warning(
                "new connections wait: %s, with %d open; raise the limit of open files (see `%s doctor`)",
                error.strerror,
                len(self._connections),
                COMMAND,
            )
