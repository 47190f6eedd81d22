"""Start a gateway, serve until a signal to stop, and end; sessions go on at their nodes without it."""

import functools
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable

from aiohttp import web

from facestream import __version__
from facestream.cluster.placement import Fleet
from facestream.cluster.static import sources_of
from facestream.config import Config
from facestream.errors import ConfigError
from facestream.gateway import events, jpeg_socket, metrics, operation, sessions
from facestream.gateway.cluster import CLUSTER, Cluster
from facestream.gateway.node_client import NodeClient, tls_context
from facestream.gateway.polling import Polling
from facestream.sessions.address_rate import AddressRate
from facestream.sessions.admission import address_key, count_request
from facestream.web.auth.gateways import Gateways
from facestream.web.auth.policy import Access
from facestream.web.http.descriptors import FILES_OF_SERVER, LEAST_CONNECTIONS, ConnectionLimits, raise_limit
from facestream.web.keys import METRICS
from facestream.web.page_app import make_page_app
from facestream.web.reach import Reach
from facestream.web.running import Listening, listening_socket, run_app, signals_taken
from facestream.web.tls import find_certificate

FILES_PER_CONNECTION = 2  # a client's, and the one to its node


async def serve(
    config: Config, announce: Callable[[Listening], None] = lambda _: None, *, stop_at_eof: bool = False
) -> None:
    """Serve until SIGINT or SIGTERM, which cancel this task; `announce` is called once clients are served.

    The main thread only, because it takes these signals; SIGHUP and `stop_at_eof` are as for a server of media. Raises
    ConfigError: without nodes or the secret of the cluster, too. Nodes that do not answer yet are no error.
    """
    reloaders: list[Callable[[], None]] = []
    with signals_taken(reloaders, stop_at_eof=stop_at_eof):
        sources = sources_of(config)
        secret = config.shared_secret()
        if not secret:
            raise ConfigError(
                "cluster_secret: got none; expected the secret that the nodes have, so that they believe this gateway: "
                "--cluster-secret-file FILE",
                "cluster_secret",
            )
        certificate = find_certificate(config)
        context = certificate.context() if certificate else None
        trusted = tls_context(config.nodes_ca)
        listener = listening_socket(config.host, config.port)
        try:
            host, port = listener.getsockname()[:2]
            access = Access(config, host)
            reloaders.append(access.reload)
            if certificate and context:
                reloaders.append(functools.partial(certificate.renew, context))
            fleet = Fleet(__version__)
            client = NodeClient(secret, fleet, trusted)
            try:
                polling = Polling(sources, fleet, client)
                reach = Reach("https" if context else "http", host, port)
                app = make_app(config, access, reach, Cluster(fleet, client, polling))
                listening = functools.partial(_listening, reach, access)
                await _serve_with(app, config, listener, context, polling, lambda: announce(listening()))
            finally:
                await client.close()
        finally:
            listener.close()


def _listening(reach: Reach, access: Access) -> Listening:
    return Listening(reach.urls(), access.local_token())


def make_app(config: Config, access: Access, reach: Reach, cluster: Cluster) -> web.Application:
    """The application of a gateway; the caller closes what is in `cluster`."""
    # It believes no other gateway, and checks no signatures. The nodes limit requests of an address, too.
    requests = AddressRate(config.new_sessions_per_minute)

    def count(address: str) -> None:
        count_request(requests, address_key(address), time.monotonic())

    app = make_page_app(config, access, reach, count, Counter(), Gateways())
    app[CLUSTER] = cluster
    app[METRICS] = metrics.make_metrics(app)
    for part in (sessions, events, jpeg_socket, operation, metrics):
        app.add_routes(part.routes)
    return app


async def _serve_with(
    app: web.Application,
    config: Config,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    polling: Polling,
    announce: Callable[[], None],
) -> None:
    descriptors = max(LEAST_CONNECTIONS, (raise_limit() - FILES_OF_SERVER) // FILES_PER_CONNECTION)
    await run_app(
        app,
        listener,
        context,
        ConnectionLimits.of(config, descriptors),
        critical={},
        # With a fault there, the nodes that are known still serve.
        auxiliary={"nodes": polling.run},
        announce=announce,
        before=polling.wait_first,
    )
