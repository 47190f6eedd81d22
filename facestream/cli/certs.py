"""`facestream certs`: create a development certificate for the names of this machine; starts no server."""

import argparse
import sys
from pathlib import Path

from facestream.cli.arguments import add_settings, config_from
from facestream.credentials.certificates import checked_name, make_certificate, names_of_this_machine
from facestream.ice.addresses import machine_addresses
from facestream.resources import RELOAD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--name", action="append", default=[], metavar="NAME", dest="names",
        help="another name or address of this machine (repeatable)",
    )  # fmt: skip
    add_settings(parser, ["certs_dir"])


def run(args: argparse.Namespace) -> int:
    """Create the certificate and print how to make clients trust it."""
    names = names_of_this_machine([*machine_addresses(), *map(checked_name, args.names)])
    made = make_certificate(Path(config_from(args).certs_dir), names)
    sys.stdout.write(
        f"{made.cert} and {made.key}: for {', '.join(names)}, valid until {made.ends:%Y-%m-%d}\n"
        f"{made.authority}: install it on the devices that open the page, or accept the browser's warning\n"
        f"{RELOAD} to use the new certificate\n"
    )
    return 0
