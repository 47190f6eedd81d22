"""Start everything in order, serve until a signal to stop, and shut down in the reverse order."""

import asyncio
import functools
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from facestream import aiortc_patches
from facestream.analysis.model_files import named_models
from facestream.analysis.plugins import find_plugin
from facestream.config import Config
from facestream.errors import ConfigError
from facestream.ice.addresses import (
    check_own_addresses,
    offer_addresses,
    offer_own_addresses,
)
from facestream.recording.recorder import Recorder, check_record
from facestream.resources import MODELS_DIR
from facestream.session_ids import new_node_id
from facestream.sessions.registry import SessionRegistry
from facestream.web.app import make_app
from facestream.web.auth.gateways import GATEWAYS, Gateways
from facestream.web.auth.policy import Access
from facestream.web.http.connections import Connections
from facestream.web.http.descriptors import ConnectionLimits, descriptors_for_connections, raise_limit
from facestream.web.http.headers import reject_before_routes
from facestream.web.http.listener import BACKLOG, Listener
from facestream.web.keys import ACCESS, CONFIG, POOL, REGISTRY, SUPERVISOR
from facestream.web.reach import Reach
from facestream.web.routes.metrics import watch_loop
from facestream.web.signals import take_signals
from facestream.web.tls import find_certificate
from facestream.workers.pool import AnalysisPool
from facestream.workers.shortage import freeze_loaded_objects, started_threads

logger = logging.getLogger(__name__)

STOP_DEADLINE_S = 14
"""From the signal to the end of the process: sessions have 8 s, connections and workers 2 s each.

Docker and systemd allow 15 s and 20 s.
"""
END_DEADLINE_S = 7
"""For what remains after the shutdown: a tunnel, threads, the interpreter."""
CODING_THREADS = 6  # used by aiortc to encode, and for name lookups


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


async def serve(
    config: Config,
    models_dir: Path = MODELS_DIR,
    announce: Callable[[Listening], None] = lambda _: None,
    *,
    stop_at_eof: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, which cancel this task; `announce` is called once offers are accepted.

    SIGHUP reloads the certificate and tokens, or ends a server whose terminal has been closed. Runs in the main thread
    only, because it takes these signals; SIGALRM ends the process if a shutdown takes longer than STOP_DEADLINE_S.
    `stop_at_eof`: the end of standard input, which must be a pipe, is a signal to stop, too. Raises ConfigError if it
    cannot listen on the address, cannot send media from this machine, or no client could open a session, and
    ModelFileError if a model file is missing or wrong: `facestream models` fetches them.
    """
    task = asyncio.current_task()
    reloaders: list[Callable[[], None]] = []

    if task is not None:
        take_signals(
            functools.partial(_stop, task), functools.partial(_reload, reloaders), stop_at_eof=stop_at_eof
        )
    # Starts the threads now: if one could not start later, aiortc would end a peer's video permanently.
    asyncio.get_running_loop().set_default_executor(started_threads(CODING_THREADS, "coding"))
    if config.analyzer and config.analysis_processes:
        # Before anything is opened; the workers make it later.
        find_plugin(config.analyzer)
    check_record(config)
    certificate = find_certificate(config)
    context = certificate.context() if certificate else None
    check_own_addresses(config.ice_address)
    # Read once and before the models load: the file may be a pipe, and a wrong file is reported at once.
    credentials = config.credential_source()
    gateways = Gateways(config.shared_secret())
    node = (config.node_id or new_node_id()) if gateways else ""
    listener = _listener(config.host, config.port)
    try:
        host, port = listener.getsockname()[:2]
        access = Access(config, host)
        reloaders.append(access.reload)
        if certificate and context:
            reloaders.append(functools.partial(certificate.renew, context))
        if config.ice_address:
            offer_addresses(config.ice_address)
        else:
            offer_own_addresses(loopback="offered" if ip_address(host).is_loopback else "hidden")
        aiortc_patches.apply(
            aiortc_patches.Bitrates(
                start_bps=1000 * config.bitrate_start_kbps,
                min_bps=1000 * config.bitrate_min_kbps,
                max_bps=1000 * config.bitrate_max_kbps,
            ),
            _frame_limits(config),
            config.udp_port_range,
            config.max_channel_bytes,
        )
        pool = AnalysisPool(
            models_dir,
            config.analysis_options(),
            config.analysis_processes,
            config.max_frame_width_px * config.max_frame_height_px,
        )
        try:
            await pool.start()
            reach = Reach("https" if context else "http", host, port)
            models = named_models(models_dir, config.analysis_options()) if pool.size else ()
            recorder = Recorder.of(config, models_dir)
            registry = SessionRegistry(config, pool, credentials, recorder, node)
            try:
                app = make_app(config, registry, pool, access, reach, models, gateways)
                await _serve_with(
                    app, listener, context, lambda: announce(Listening(reach.urls(), access.local_token()))
                )
            finally:
                if recorder is not None:
                    recorder.close()
        finally:
            await pool.close()
    finally:
        listener.close()
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


async def _serve_with(
    app: web.Application,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    announce: Callable[[], None],
) -> None:
    config, registry, supervisor = app[CONFIG], app[REGISTRY], app[SUPERVISOR]
    connections = Connections(ConnectionLimits.of(config, descriptors_for_connections(config, raise_limit())))
    runner = web.AppRunner(app, shutdown_timeout=2.0)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(supervisor.run_critical("pool", app[POOL].run), name="pool/run")]
        # The server can do without these tasks: a fault in one of them must not end the sessions.
        for name, work in (
            ("metrics/lag", functools.partial(watch_loop, registry.measures.loop_lag_ms)),
            ("ice/relays", registry.relays.run),
            ("sessions/cost", registry.measure_cost),
            *([("record/care", registry.recorder.care)] if registry.recorder else ()),
        ):
            running.append(tasks.create_task(supervisor.run_auxiliary(name, work), name=name))
        accepting: asyncio.Task[None] | None = None
        try:
            await runner.setup()
            assert runner.server is not None
            reject_before_routes(runner.server)
            proxies, gateways = app[ACCESS].proxies, app[GATEWAYS]

            def is_shared(address: str) -> bool:
                return proxies.trusts(address) or gateways.knows(address)

            accept = Listener(listener, runner.server, connections, is_shared, context).run
            accepting = tasks.create_task(supervisor.run_critical("accept", accept), name="http/accept")
            freeze_loaded_objects()
            announce()
            await asyncio.Event().wait()
        finally:
            await _drain(registry)
            if accepting is not None:
                accepting.cancel()
            await runner.cleanup()
            for task in running:
                task.cancel()


async def _drain(registry: SessionRegistry) -> None:
    """Close the sessions, even if a fault or a signal to stop cancels this task meanwhile."""
    try:
        await registry.close()
    except asyncio.CancelledError:
        # There is no third cause: each of the two cancels this task once, and one of them began the shutdown.
        await registry.close()
        raise


def _frame_limits(config: Config) -> aiortc_patches.FrameLimits:
    return aiortc_patches.FrameLimits(config.max_frame_width_px, config.max_frame_height_px)


def _listener(host: str, port: int) -> socket.socket:
    """Create a listening socket before the models load, so that a port in use is reported at once.

    SO_REUSEADDR lets two servers bind the same port while none listens on it; only one of them can listen.
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
        # Clients that connect now are served after the models have loaded.
        listener.listen(BACKLOG)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port, or stop what runs there",
            "port",
        ) from error
    return listener
