"""Start everything in order, serve until a signal to stop, and shut down in the reverse order."""

import asyncio
import functools
import logging
import socket
import ssl
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from facestream import aiortc_patches
from facestream.aiortc_patches.settings import settings
from facestream.analysis.model_files import named_models
from facestream.analysis.plugins import find_plugin
from facestream.config import Config
from facestream.ice.addresses import (
    check_own_addresses,
    offer_addresses,
    offer_own_addresses,
)
from facestream.media.threads import MediaThreads
from facestream.recording.recorder import Recorder, check_record
from facestream.resources import MODELS_DIR
from facestream.session_ids import new_node_id
from facestream.sessions.registry import SessionRegistry
from facestream.web.app import make_app
from facestream.web.auth.gateways import Gateways
from facestream.web.auth.policy import Access
from facestream.web.http.descriptors import ConnectionLimits, descriptors_for_connections, raise_limit
from facestream.web.keys import CONFIG, POOL, REGISTRY
from facestream.web.reach import Reach
from facestream.web.routes.metrics import watch_loop
from facestream.web.running import Listening, listening_socket, run_app, signals_taken
from facestream.web.supervision import Work
from facestream.web.tls import find_certificate
from facestream.workers.pool import AnalysisPool
from facestream.workers.shortage import started_threads

logger = logging.getLogger(__name__)

ENCODING_THREADS = 6
OTHER_THREADS = 4  # of the event loop: for name lookups, and to find the programs on this machine that ask


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
    reloaders: list[Callable[[], None]] = []
    with (
        signals_taken(reloaders, stop_at_eof=stop_at_eof),
        MediaThreads(ENCODING_THREADS, "encode") as encoding,
    ):
        await _serve(config, models_dir, announce, reloaders, encoding)


async def _serve(
    config: Config,
    models_dir: Path,
    announce: Callable[[Listening], None],
    reloaders: list[Callable[[], None]],
    encoding: MediaThreads,
) -> None:
    # Starts the threads now: if one could not start later, aiortc would end a peer's video permanently.
    asyncio.get_running_loop().set_default_executor(started_threads(OTHER_THREADS, "loop"))
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
    if node:
        logger.info("this server is node %s of a cluster", node)
    listener = listening_socket(config.host, config.port)
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
            encoding,
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
        settings.encoding = None
        listener.close()


async def _serve_with(
    app: web.Application,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    announce: Callable[[], None],
) -> None:
    config, registry = app[CONFIG], app[REGISTRY]
    auxiliary: dict[str, Work] = {
        "metrics/lag": functools.partial(watch_loop, registry.measures.loop_lag_ms),
        "ice/relays": registry.relays.run,
        "sessions/cost": registry.measure_cost,
    }
    if registry.node:
        auxiliary["sessions/drain"] = registry.drain.run
    if registry.recorder is not None:
        auxiliary["record/care"] = registry.recorder.care
    await run_app(
        app,
        listener,
        context,
        ConnectionLimits.of(config, descriptors_for_connections(config, raise_limit())),
        critical={"pool": app[POOL].run},
        auxiliary=auxiliary,
        announce=announce,
        drain=functools.partial(_drain, registry),
    )


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
