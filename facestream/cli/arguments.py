"""Arguments that several commands share: settings of the server, access to a server, and numbers."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from facestream.config import Config, load_config
from facestream.replay.options import read_token


def add_settings(parser: argparse._ActionsContainer, names: Iterable[str]) -> None:
    """Add one option for each of these settings, with its description and default from the table of settings."""
    for name in names:
        field = Config.model_fields[name]
        repeatable = isinstance(field.default, tuple)
        default = "" if field.default in ("", None) or repeatable else f" (default: {field.default})"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            default=argparse.SUPPRESS,
            action="append" if repeatable else "store",
            metavar=name.rpartition("_")[2].upper(),
            help=f"{field.description}{default}".replace("%", "%%"),
        )


def config_from(args: argparse.Namespace) -> Config:
    """The settings, with those that the command line sets; raises ConfigError."""
    return load_config(**{name: value for name, value in vars(args).items() if name in Config.model_fields})


def add_server_access(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that is a client of a server: its token and the certificates it trusts."""
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with the access token, if the server needs one"
    )
    parser.add_argument(
        "--cafile", type=Path, metavar="FILE",
        help="trust these certificates too (PEM), such as certs/ca.pem",
    )  # fmt: skip


def token_of(args: argparse.Namespace) -> str:
    """The access token that `--token-file` names, or none; raises ConfigError if the file cannot be read."""
    return read_token(args.token_file) if args.token_file else ""


def number_of(text: str) -> float:
    """The number that an argument says; NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def positive_number(text: str) -> float:
    """The `type` of an argument that is a finite number above 0."""
    number = number_of(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}; expected a number above 0")
    return number
