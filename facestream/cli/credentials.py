"""`facestream token` and `facestream certs`: what an operator hands out and shows; starts no server."""

import argparse
import math
import re
import sys
from pathlib import Path

import segno

from facestream.cli.streams import can_write
from facestream.config import Config
from facestream.credentials.certificates import checked_name, make_certificate, names_of_this_machine
from facestream.credentials.tokens import Purpose, issue, make_key
from facestream.errors import ConfigError
from facestream.ice.addresses import machine_addresses

DEFAULT_URL = "http://localhost:8080"
MAX_LIFETIME_H = 24 * 366
ADDRESS = re.compile(r"https?://[^\s,]+")
HALF_BLOCKS = "\u2580\u2584\u2588"


def add_token_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `facestream token`, beside its settings."""
    parser.add_argument(
        "--subject", default="guest", metavar="NAME", help="for whom it is (default: %(default)s)"
    )
    parser.add_argument(
        "--expires-h", type=_hours, default=24.0, metavar="H", help="hours until it ends (default: 24)"
    )
    parser.add_argument("--admin", action="store_true", help="for GET /sessions instead of for a peer")
    parser.add_argument(
        "--url", default=DEFAULT_URL, help="address of the server, for the link (default: %(default)s)"
    )
    parser.add_argument("--qr", action="store_true", help="show the link as a QR code, too")


def make_token(args: argparse.Namespace, config: Config) -> int:
    """Print a token, and the link that opens the page with it."""
    key = make_key(Path(config.token_key_file))
    purpose = Purpose.ADMIN if args.admin else Purpose.PEER
    token = issue(key, purpose, args.subject, args.expires_h)
    sys.stdout.write(token + "\n")
    if not args.admin:
        # In the fragment, which browsers send to nobody and no server logs.
        link = f"{args.url.rstrip('/')}/#token={token}"
        sys.stdout.write(link + "\n")
        if args.qr:
            show_qr(link)
    return 0


def add_certs_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `facestream certs`, beside its settings."""
    parser.add_argument(
        "--name", action="append", default=[], metavar="NAME", dest="names",
        help="name or address of this machine beside those it knows itself (repeatable)",
    )  # fmt: skip


def make_certs(args: argparse.Namespace, config: Config) -> int:
    """Make a development certificate and say how others come to trust it."""
    names = names_of_this_machine([*machine_addresses(), *map(checked_name, args.names)])
    made = make_certificate(Path(config.certs_dir), names)
    sys.stdout.write(
        f"{made.cert} and {made.key}: for {', '.join(names)}, until {made.ends:%Y-%m-%d}\n"
        f"{made.authority}: install it where the page is opened, or go past the browser's warning\n"
        "a running server shows it after SIGHUP; one that starts finds it by itself\n"
    )
    return 0


def show_address(said: str) -> None:
    """The address of what the server says that another device can open, as a QR code; else the only one."""
    addresses = ADDRESS.findall(said)
    others = [address for address in addresses if "//localhost" not in address]
    if addresses:
        show_qr([*others, *addresses][0])


def show_qr(text: str) -> None:
    """Print a QR code, larger if the terminal has no half-block characters; raises ConfigError."""
    try:
        code = segno.make(text, error="l", micro=False)
    except ValueError as error:
        raise ConfigError(
            f"qr: {len(text)} characters do not fit into a QR code ({error}); expected a shorter url"
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
