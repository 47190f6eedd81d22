"""Run an application on a listening socket until it is cancelled; takes the signals of a server process.

Independent of what is served: web/server.py runs a server of media with it, gateway/server.py a gateway.
"""

import asyncio
import functools
import logging
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from facestream.errors import ConfigError
from facestream.web.auth.gateways import GATEWAYS
from facestream.web.http.connections import Connections
from facestream.web.http.descriptors import ConnectionLimits
from facestream.web.http.headers import reject_before_routes
from facestream.web.http.listener import BACKLOG, Listener
from facestream.web.keys import ACCESS, SUPERVISOR
from facestream.web.signals import take_signals
from facestream.web.supervision import Work
from facestream.workers.shortage import freeze_loaded_objects

logger = logging.getLogger(__name__)

STOP_DEADLINE_S = 14
"""From the signal to the end of the process: sessions have 8 s, connections and workers 2 s each.

Docker and systemd allow 15 s and 20 s.
"""
END_DEADLINE_S = 7
"""For what remains after the shutdown: a tunnel, threads, the interpreter."""
CONNECTIONS_S = 2.0
"""For responses that are still being sent at the shutdown."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a started server can be reached."""

    urls: tuple[str, ...]
    """http or https, with the port; the URL for this machine comes first, if there is one."""
    local_token: str = ""
    """`Access.local_token`: for clients on this machine; empty: none is made. Show it to the user, never log it."""

    @property
    def local_url(self) -> str:
        """The address that opens the page on this machine as localhost; empty: there is none."""
        return next((url for url in self.urls if "//localhost:" in url), "")


@contextmanager
def signals_taken(reloaders: Iterable[Callable[[], None]], *, stop_at_eof: bool = False) -> Iterator[None]:
    """Cancel this task at SIGINT and SIGTERM, and call `reloaders` at SIGHUP, for as long as the process lives.

    `stop_at_eof`: cancel it at the end of standard input, too; raises ConfigError if that is no pipe. The main thread
    only. SIGALRM ends the process if a shutdown takes longer than STOP_DEADLINE_S, and what comes after this context
    longer than END_DEADLINE_S.
    """
    task = asyncio.current_task()
    if task is not None:
        take_signals(
            functools.partial(_stop, task), functools.partial(_reload, reloaders), stop_at_eof=stop_at_eof
        )
    try:
        yield
    finally:
        if left_s := signal.alarm(0):  # a stop was requested
            signal.alarm(min(left_s, END_DEADLINE_S))


def _stop(task: asyncio.Task[None]) -> None:
    """Shut the server down, and force its end if that does not complete in time."""
    # The kernel ends the process, because Python might be unable to run. The workers see their pipes close.
    signal.alarm(STOP_DEADLINE_S)
    task.cancel()


def _reload(reloaders: Iterable[Callable[[], None]]) -> None:
    for read in reloaders:
        try:
            read()
        except Exception:
            # The boundary of one reloader: its fault must not prevent the others.
            logger.exception("fault in the server: a file was not reloaded")


async def _nothing() -> None:
    """Do nothing."""


async def run_app(
    app: web.Application,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    limits: ConnectionLimits,
    *,
    critical: Mapping[str, Work],
    auxiliary: Mapping[str, Work],
    announce: Callable[[], None],
    before: Callable[[], Awaitable[None]] = _nothing,
    drain: Callable[[], Awaitable[None]] = _nothing,
) -> None:
    """Serve until cancelled, with tasks by their name beside; `announce` is called once connections are accepted.

    `before` is awaited before that, while the tasks run; `drain` at the end, before connections are closed. The end of
    a `critical` task ends the server; it can do without the `auxiliary` ones, so a fault in one must end no session.
    """
    supervisor = app[SUPERVISOR]
    connections = Connections(limits)
    runner = web.AppRunner(app, shutdown_timeout=CONNECTIONS_S)
    async with asyncio.TaskGroup() as tasks:
        running = [
            *(tasks.create_task(supervisor.run_critical(name, work), name=name) for name, work in critical.items()),
            *(tasks.create_task(supervisor.run_auxiliary(name, work), name=name) for name, work in auxiliary.items()),
        ]  # fmt: skip
        accepting: asyncio.Task[None] | None = None
        try:
            await runner.setup()
            assert runner.server is not None
            reject_before_routes(runner.server)
            await before()
            proxies, gateways = app[ACCESS].proxies, app[GATEWAYS]

            def is_shared(address: str) -> bool:
                return proxies.trusts(address) or gateways.knows(address)

            accept = Listener(listener, runner.server, connections, is_shared, context).run
            accepting = tasks.create_task(supervisor.run_critical("accept", accept), name="http/accept")
            freeze_loaded_objects()
            announce()
            await asyncio.Event().wait()
        finally:
            await drain()
            if accepting is not None:
                accepting.cancel()
            await runner.cleanup()
            for task in running:
                task.cancel()


def listening_socket(host: str, port: int) -> socket.socket:
    """Create a listening socket before anything slow is loaded, so that a port in use is reported at once.

    Raises ConfigError. SO_REUSEADDR lets two servers bind the same port while none listens on it; only one of them can
    listen.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, ValueError) as error:
        raise ConfigError(
            f"host: got {host!r}, no such address; expected one of this machine's", "host"
        ) from error
    listener = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Clients that connect now are served when the server is ready.
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port, or stop what runs there",
            "port",
        ) from error
    return listener
