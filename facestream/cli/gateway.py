"""`facestream gateway`: pass clients on to the nodes of a cluster until it is stopped, and serve the page."""

import argparse

from facestream import __version__
from facestream.cli.arguments import add_settings
from facestream.cli.serve import add_process_options, logging_config, serve_until_stopped
from facestream.config.limits import LimitSettings
from facestream.config.server import AccessSettings, HttpSettings, OperationSettings

SETTINGS = (
    "nodes",
    "cluster_secret",
    "cluster_secret_file",
    "nodes_ca",
    *HttpSettings.model_fields,
    *AccessSettings.model_fields,
    "websocket_fallback",
    "max_jpeg_bytes",
    *(
        name
        for name in LimitSettings.model_fields
        if name.startswith(
            ("max_connections", "new_sessions", "request_", "keep_alive", "max_offer", "setup_")
        )
    ),
    *OperationSettings.model_fields,
)
"""Those that concern a gateway; the others are settings of its nodes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option for each setting of a gateway."""
    parser.add_argument("--version", action="version", version=f"facestream {__version__}")
    add_process_options(parser)
    add_settings(parser, SETTINGS)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; raises the errors of `facestream.gateway.server.serve`."""
    config = logging_config(args)
    from facestream.gateway.server import serve

    return serve_until_stopped(
        config, args, lambda announce: serve(config, announce, stop_at_eof=args.stop_at_eof)
    )
