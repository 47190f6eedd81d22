"""The command line `facestream COMMAND`: parses the arguments and runs one command.

Imports the module of the chosen command only, and that one imports its libraries when it runs: `--version` and
`--help` need none.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from facestream import __version__
from facestream.cli.exit_codes import exit_code

COMMANDS = {
    "serve": "run the server: page, signaling and media",
    "gateway": "pass clients on to the nodes of a cluster, and serve the page",
    "replay": "send a video file to a server and save what it sends back",
    "analyze": "analyse videos, photographs and cameras into tables",
    "forward": "pass the numbers of a running session on to Lab Streaming Layer or OSC",
    "cluster": "look at and drain the nodes of a cluster; with Ray, also start and end them",
    "doctor": "check this machine or a running server, and say how to fix what is wrong",
    "token": "create an access token, and a link that opens the page with it",
    "certs": "create a development certificate for the names of this machine",
    "models": "fetch missing model files and check all of them",
}
"""Help by command. Module facestream.cli.COMMAND has `add_arguments(parser)` and `run(args)`, which returns the exit
code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command inside this process; returns its exit code. An error is one sentence on stderr."""
    return exit_code(lambda: run(arguments))


def run(arguments: Sequence[str] | None) -> int:
    """Run one command; raises the exception that ends it early."""
    args = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """A parser with all commands, but only with the arguments of the chosen command."""
    parser = argparse.ArgumentParser(
        prog="facestream", description="WebRTC media server that analyses faces in live video."
    )
    parser.add_argument("--version", action="version", version=f"facestream {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    chosen = next((argument for argument in arguments if argument in COMMANDS), None)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == chosen:
            module = import_module(f"facestream.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
