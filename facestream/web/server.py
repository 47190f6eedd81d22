"""Start everything in order, serve until told to stop, and take it down in the opposite order."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from facestream.analysis.options import options_from
from facestream.config import Config
from facestream.errors import ConfigError
from facestream.media import hardening
from facestream.media.ice import machine_addresses, offer_addresses
from facestream.media.memory import keep_what_is_loaded
from facestream.media.pool import AnalysisPool
from facestream.media.shortage import started_threads
from facestream.registry import SessionRegistry
from facestream.web.app import make_app
from facestream.web.entry import Access
from facestream.web.metrics import watch_loop
from facestream.web.tls import find_certificate

logger = logging.getLogger(__name__)

STOP_DEADLINE_S = 14
"""From the signal to the end of the process. Drain, web and workers have 12 s; Docker and systemd give 15."""
END_DEADLINE_S = 7
"""For what is left when everything has been taken down: a tunnel, threads, the interpreter."""
CODING_THREADS = 6  # aiortc encodes in them, and names are looked up


async def serve(config: Config, models_dir: Path, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, which cancel this task; `announce` gets the addresses once offers are accepted.

    SIGHUP reads certificate and tokens again. Raises ConfigError where the address cannot be listened on or nobody
    could come in, ModelFileError where the models are not right.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, task)
    # Their threads run from now on: without one, aiortc would end a peer's video for ever.
    loop.set_default_executor(started_threads(CODING_THREADS, "coding"))
    certificate = find_certificate(config)
    context = certificate.context() if certificate else None
    listener = _listener(config.host, config.port)
    try:
        host, port = listener.getsockname()[:2]
        local = ip_address(host).is_loopback
        access = Access(config, host)

        def read_again() -> None:
            access.reload()
            if certificate and context:
                certificate.renew(context)

        if task is not None:
            loop.add_signal_handler(signal.SIGHUP, read_again)
        offer_addresses(config.ice_address or [*machine_addresses(), *(["127.0.0.1"] if local else [])])
        hardening.apply(
            hardening.Bitrates(
                start_bps=1000 * config.bitrate_start_kbps,
                min_bps=1000 * config.bitrate_min_kbps,
                max_bps=1000 * config.bitrate_max_kbps,
            ),
            _picture_limits(config),
            config.udp_port_range,
            config.max_channel_bytes,
        )
        pool = AnalysisPool(
            models_dir,
            options_from(config),
            config.analysis_processes,
            config.max_frame_width_px * config.max_frame_height_px,
        )
        try:
            await pool.start()
            scheme = "https" if context else "http"
            await _serve_with(
                make_app(config, registry := SessionRegistry(config, pool), pool, access),
                registry, pool, listener, context, lambda: announce(_urls(scheme, host, port)),
            )  # fmt: skip
        finally:
            await pool.close()
    finally:
        listener.close()
        if left_s := signal.alarm(0):  # told to stop
            signal.alarm(min(left_s, END_DEADLINE_S))


def _stop(task: asyncio.Task[None]) -> None:
    """End the server in order, and by force where that does not succeed in time."""
    # The kernel ends the process then; without memory, no Python could be relied on. The workers see their pipes close.
    signal.alarm(STOP_DEADLINE_S)
    task.cancel()


async def _serve_with(
    app: web.Application,
    registry: SessionRegistry,
    pool: AnalysisPool,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    announce: Callable[[], None],
) -> None:
    # No access log: it would put every visitor's address on disk.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    async with asyncio.TaskGroup() as tasks:
        replacing = tasks.create_task(pool.run(), name="pool/run")
        lagging = tasks.create_task(watch_loop(registry.measures.loop_lag), name="metrics/lag")
        relaying = tasks.create_task(registry.relays.run(), name="ice/relays")
        try:
            await runner.setup()
            await web.SockSite(runner, listener, ssl_context=context).start()
            keep_what_is_loaded()
            announce()
            await asyncio.Event().wait()
        finally:
            await registry.close()
            await runner.cleanup()
            replacing.cancel()
            relaying.cancel()
            lagging.cancel()


def _picture_limits(config: Config) -> hardening.PictureLimits:
    """Twice each side of what is analysed: a picture a little too large gets a notice, a bomb is never decoded."""
    width, height = 2 * config.max_frame_width_px, 2 * config.max_frame_height_px
    return hardening.PictureLimits(max_side_px=max(width, height), max_pixels=width * height)


def _listener(host: str, port: int) -> socket.socket:
    """A bound socket; bound before the models load, so that a taken port is said at once."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ConfigError(f"host: got {host!r}, no such address; expected one of this machine's") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port, or stop what runs there"
        ) from error
    return listener


def _urls(scheme: str, host: str, port: int) -> str:
    """The addresses for people, the one for this machine first."""
    address = ip_address(host)
    if address.is_loopback:
        return f"{scheme}://localhost:{port}"
    if not address.is_unspecified:
        return f"{scheme}://{_in_url(host)}:{port}"
    # Browsers open the camera on localhost or over https only.
    others = [f"{scheme}://{_in_url(other)}:{port}" for other in machine_addresses()]
    return " and ".join([f"{scheme}://localhost:{port}", *others])


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
