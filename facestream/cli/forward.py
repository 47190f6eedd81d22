"""`facestream forward`: pass the numbers of a running session on to Lab Streaming Layer or OSC; Ctrl-C ends it."""

import argparse
import asyncio
import re
import socket
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from facestream.cli.arguments import add_server_access, token_of
from facestream.cli.streams import say
from facestream.errors import ConfigError
from facestream.replay.options import DEFAULT_URL, read_token

if TYPE_CHECKING:
    from facestream.live.follow import FollowOptions
    from facestream.live.sinks import Sink

NEWEST = "newest"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--url", default=DEFAULT_URL, help="address of the server (default: %(default)s)")
    parser.add_argument(
        "--session", default=NEWEST, metavar="ID",
        help="id of the session; newest: the one that was opened last, and then the next one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--lsl", action="store_true", help="offer the numbers and markers as streams of LSL")
    parser.add_argument(
        "--osc", type=_address, metavar="HOST:PORT", help="send the numbers and markers there as OSC over UDP"
    )
    parser.add_argument(
        "--name", type=_name, default="facestream",
        help="name of the LSL streams, and first part of the OSC addresses (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--secret-file", type=Path, metavar="FILE",
        help="file with the secret of the session, instead of an admin token",
    )  # fmt: skip
    add_server_access(parser)


def run(args: argparse.Namespace) -> int:
    """Forward until the session ends or the user stops it; raises ConfigError, ServerUnreachableError."""
    from facestream.live.follow import FollowOptions

    if not args.lsl and args.osc is None:
        raise ConfigError("forward: nothing to forward to; expected --lsl, --osc HOST:PORT, or both")
    secret = read_token(args.secret_file, "secret-file") if args.secret_file else ""
    options = FollowOptions(args.url, args.session, secret, token_of(args), args.cafile)
    if not secret and not options.token:
        raise ConfigError(
            "forward: no access to the session; expected --token-file with an admin token of `facestream token "
            "--admin`, or --session ID and --secret-file",
            "token-file",
        )
    with ExitStack() as opened:
        sinks = [opened.enter_context(closing(sink)) for sink in _sinks(args)]
        asyncio.run(_forward(options, sinks))
    return 0


def _sinks(args: argparse.Namespace) -> "list[Sink]":
    from facestream.live.lsl import LslSink
    from facestream.live.osc import OscSink
    from facestream.replay.http import server_url, shown

    sinks: list[Sink] = []
    if args.lsl:
        # The name of this machine, because 127.0.0.1 is another server on each.
        source = f"{socket.gethostname()}/{shown(server_url(args.url))}"
        sinks.append(LslSink(args.name, source, say))
    if args.osc is not None:
        host, port = args.osc
        sinks.append(OscSink(host, port, args.name, say))
    return sinks


async def _forward(options: "FollowOptions", sinks: "list[Sink]") -> None:
    from facestream.live.follow import Follower
    from facestream.messages.events import Lost

    async for event in Follower(options, say).events():
        if isinstance(event, Lost):
            say(f"{event.messages} messages were lost: this machine or the network is too slow")
        for sink in sinks:
            sink.send(event)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= 65535:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected HOST:PORT, such as 127.0.0.1:9000")
    return host, int(port)


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", text):
        raise argparse.ArgumentTypeError(
            f"got {text!r}; expected 1 to 40 letters, digits, dots, hyphens, underscores"
        )
    return text
