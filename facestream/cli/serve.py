"""`facestream serve`: run the server until it is stopped, and print its address."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING

from facestream import __version__, logs
from facestream.cli.arguments import add_settings, config_from
from facestream.cli.tunnel import Tunnel
from facestream.config import Config, unknown_variables
from facestream.resources import MODELS_DIR

if TYPE_CHECKING:
    from facestream.web.running import Listening

Serve = Callable[[Callable[["Listening"], None]], Coroutine[None, None, None]]
logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one option for each setting, and those of this command only."""
    parser.add_argument("--version", action="version", version=f"facestream {__version__}")
    add_process_options(parser)
    add_settings(parser, Config.model_fields)


def add_process_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a server that are no settings."""
    parser.add_argument("--qr", action="store_true", help="show the address as a QR code for a phone")
    parser.add_argument(
        "--stop-at-eof",
        action="store_true",
        help="stop when standard input, a pipe, ends: with the program that started the server",
    )
    parser.add_argument(
        "--ready-fd",
        type=int,
        metavar="FD",
        help="write a line of JSON with the addresses into this descriptor when offers are accepted, and close it",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; raises the errors of `facestream.web.server.serve`."""
    config = logging_config(args)
    if config.analysis_processes:
        from facestream.analysis.model_files import fetch_missing

        fetch_missing(MODELS_DIR, config.analysis_options())
    from facestream.web.server import serve

    return serve_until_stopped(
        config, args, lambda announce: serve(config, MODELS_DIR, announce, stop_at_eof=args.stop_at_eof)
    )


def logging_config(args: argparse.Namespace) -> Config:
    """The settings of a server, whose log is set up with them; raises ConfigError."""
    config = config_from(args)
    logs.set_up(config.log_level, config.log_format)
    if unknown := unknown_variables(os.environ):
        logger.warning("environment variables that are no settings are ignored: %s", ", ".join(unknown))
    return config


def serve_until_stopped(config: Config, args: argparse.Namespace, serve: Serve) -> int:
    """Run a server until it is stopped; it is given what to call when it listens. Returns the exit code."""
    try:
        with contextlib.ExitStack() as stack:
            tunnel: Tunnel | None = None
            if config.tunnel == "ngrok":
                tunnel = stack.enter_context(contextlib.closing(Tunnel(config, say)))

            def announce(listening: "Listening") -> None:
                show_listening(listening)
                if args.ready_fd is not None:
                    _tell_ready(args.ready_fd, listening.urls)
                if args.qr:
                    with _warn_if_unwritable():
                        show_address(listening.urls)
                if tunnel is not None and listening.local_url:
                    tunnel.open_to(listening.local_url)

            asyncio.run(serve(announce))
    except asyncio.CancelledError:
        # SIGINT, SIGTERM or a closed terminal; the shutdown is complete.
        return 0
    return 0


def show_listening(listening: "Listening") -> None:
    """Print the addresses; on a terminal also the link with a token that clients on this machine need."""
    say(f"facestream serves {' and '.join(listening.urls)} (Ctrl-C stops it)")
    # Output that is not a terminal is kept as a log, where a token must not be.
    if listening.local_token and listening.local_url and sys.stdout.isatty():
        say(f"on this machine, open {listening.local_url}/#token={listening.local_token}")


def show_address(urls: Sequence[str]) -> None:
    """Show a QR code of the first address that other devices can open, or of the only address."""
    from facestream.cli.token import show_qr

    others = [url for url in urls if "//localhost" not in url]
    if urls:
        show_qr([*others, *urls][0])


def say(sentence: str) -> None:
    """Print a line, or log a warning if standard output cannot be written to."""
    with _warn_if_unwritable():
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()


def _tell_ready(descriptor: int, urls: Sequence[str]) -> None:
    """Tell the program that started this one where it serves."""
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as reader:
            reader.write(json.dumps({"urls": urls}) + "\n")
    except OSError as error:
        logger.warning("--ready-fd: descriptor %d cannot be written to: %s", descriptor, error.strerror)


@contextlib.contextmanager
def _warn_if_unwritable() -> Iterator[None]:
    # The server runs without standard output too.
    try:
        yield
    except OSError as error:
        logger.warning("standard output cannot be written to: %s", error.strerror)
