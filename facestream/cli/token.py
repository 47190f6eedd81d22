"""`facestream token`: create an access token and a link to the page; starts no server."""

import argparse
import math
import os
import sys
from pathlib import Path

from facestream.cli.arguments import add_settings, config_from
from facestream.cli.streams import can_write, write_error
from facestream.config.server import DEFAULT_PORT
from facestream.credentials.links import link_of, qr_of
from facestream.credentials.tokens import Purpose, issue, make_key
from facestream.errors import ConfigError
from facestream.resources import RELOAD

DEFAULT_URL = f"http://localhost:{DEFAULT_PORT}"
MAX_LIFETIME_H = 24 * 366
HALF_BLOCKS = "\u2580\u2584\u2588"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--subject", default="guest", metavar="NAME", help="who will use it (default: %(default)s)"
    )
    parser.add_argument(
        "--expires-h", type=_hours, default=24.0, metavar="H", help="hours until it expires (default: 24)"
    )
    parser.add_argument(
        "--admin",
        action="store_true",
        help="for an admin (sessions and their numbers, metrics, tokens of peers) instead of for a peer",
    )
    parser.add_argument(
        "--url", default=DEFAULT_URL, help="address of the server, for the link (default: %(default)s)"
    )
    parser.add_argument("--qr", action="store_true", help="show the link as a QR code too")
    add_settings(parser, ["token_key_file"])


def run(args: argparse.Namespace) -> int:
    """Print a token and the link that opens the page with it; creates the key if it is missing."""
    path = Path(config_from(args).token_key_file)
    is_new = not os.path.lexists(path)
    key = make_key(path)
    purpose = Purpose.ADMIN if args.admin else Purpose.PEER
    token = issue(key, purpose, args.subject, args.expires_h)
    sys.stdout.write(token + "\n")
    if not args.admin:
        link = link_of(args.url, token)
        sys.stdout.write(link + "\n")
        if args.qr:
            show_qr(link)
    if is_new:
        # Not on standard output, which a script reads.
        write_error(f"created {path}: {RELOAD} to use it\n")
    return 0


def show_qr(text: str) -> None:
    """Print a QR code, larger if the terminal has no half-block characters; raises ConfigError."""
    try:
        code = qr_of(text)
    except ValueError as error:
        raise ConfigError(
            f"qr: {len(text)} characters do not fit into a QR code ({error}); expected a shorter url", "qr"
        ) from error
    code.terminal(sys.stdout, compact=can_write(sys.stdout, HALF_BLOCKS))
    sys.stdout.flush()


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = math.nan
    if not 0 < hours <= MAX_LIFETIME_H:
        raise argparse.ArgumentTypeError(
            f"got {text!r}; expected hours, more than 0 and at most {MAX_LIFETIME_H}"
        )
    return hours
