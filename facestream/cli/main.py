"""The command line: `python -m facestream COMMAND`; reads arguments and starts one thing."""

import argparse
import asyncio
import contextlib
import functools
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from facestream import __version__, logs
from facestream.analysis.options import AnalysisOptions, options_from
from facestream.cli.credentials import (
    add_certs_arguments,
    add_token_arguments,
    make_certs,
    make_token,
    show_address,
)
from facestream.cli.exit_codes import exit_code
from facestream.cli.tunnel import Tunnel
from facestream.config import Config, load_config
from facestream.errors import ConfigError
from facestream.resources import MODELS_DIR

VERSION = f"facestream {__version__}"
logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command inside this process; returns its exit code. An error is one sentence on stderr."""
    return exit_code(lambda: run(arguments))


def run(arguments: Sequence[str] | None) -> int:
    """Run one command; raises whatever ends it early."""
    args = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="facestream", description="WebRTC media server that reads faces.")
    parser.add_argument("--version", action="version", version=VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the page and its peers")
    serve.add_argument("--version", action="version", version=VERSION)
    serve.add_argument("--qr", action="store_true", help="show the address as a QR code, for a phone")
    _add_settings(serve, Config.model_fields)
    serve.set_defaults(run=_serve)
    replay = commands.add_parser("replay", help="send a clip to a server and keep what comes back")
    _add_replay_arguments(replay)
    replay.set_defaults(run=_replay)
    analyze = commands.add_parser("analyze", help="describe the faces in photographs")
    analyze.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="JPEG, PNG, WebP, BMP, GIF or TIFF"
    )
    analyze.add_argument(
        "--jsonl", default="-", metavar="FILE", help="where the reports go, one a line; - is stdout"
    )
    analyze.add_argument("--landmarks", action="store_true", help="write the 68 landmarks of each face, too")
    _add_settings(analyze, [field.name for field in fields(AnalysisOptions)])
    analyze.set_defaults(run=_analyze)
    doctor = commands.add_parser("doctor", help="look at this machine or a server, and say what is wrong")
    _add_doctor_arguments(doctor)
    doctor.set_defaults(run=_doctor)
    token = commands.add_parser("token", help="make a token that lets somebody in, and the link to the page")
    add_token_arguments(token)
    _add_settings(token, ["token_key_file"])
    token.set_defaults(run=lambda args: make_token(args, _config(args)))
    certs = commands.add_parser("certs", help="make a development certificate for this machine's names")
    add_certs_arguments(certs)
    _add_settings(certs, ["certs_dir"])
    certs.set_defaults(run=lambda args: make_certs(args, _config(args)))
    models = commands.add_parser("models", help="fetch what the models need and check every file")
    models.set_defaults(run=_models)
    return parser


def _add_settings(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """One option for each setting, so that the table and the command line cannot drift."""
    for name in names:
        field = Config.model_fields[name]
        repeatable = isinstance(field.default, tuple)
        default = "" if repeatable else f" (default: {field.default})"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            default=argparse.SUPPRESS,
            action="append" if repeatable else "store",
            metavar=name.rpartition("_")[2].upper(),
            help=f"{field.description}{default}".replace("%", "%%"),
        )


def _serve(args: argparse.Namespace) -> int:
    config = _config(args)
    logs.set_up(config.log_level, config.log_format)
    if config.analysis_processes:
        from facestream.analysis.model_files import fetch_missing

        fetch_missing(MODELS_DIR, options_from(config))
    from facestream.web.server import serve  # the other commands start without the web stack

    try:
        with contextlib.ExitStack() as beside:
            announce = _announce_with_qr if args.qr else _announce
            if config.tunnel == "ngrok":
                tunnel = beside.enter_context(contextlib.closing(Tunnel(config, _say)))
                announce = functools.partial(_announce_through, tunnel, announce)
            asyncio.run(serve(config, MODELS_DIR, announce))
    except asyncio.CancelledError:
        # SIGINT, SIGTERM or a closed terminal; the shutdown is complete.
        return 0
    return 0


def _announce_with_qr(address: str) -> None:
    _announce(address)
    with _telling():
        show_address(address)


def _announce_through(tunnel: Tunnel, announce: Callable[[str], None], address: str) -> None:
    announce(address)
    local = re.search(r"https?://localhost:\d+", address)
    if local is not None:
        tunnel.open_to(local[0])


def _say(sentence: str) -> None:
    with _telling():
        sys.stdout.write(sentence + "\n")
        sys.stdout.flush()


def _announce(address: str) -> None:
    _say(f"facestream serves {address} (Ctrl-C stops it)")


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Print, or log a warning: the server keeps running without standard output."""
    try:
        yield
    except OSError as error:
        logger.warning("standard output cannot be written to: %s", error.strerror)


def _add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    from facestream.replay import add_replay_arguments

    add_replay_arguments(parser)


def _replay(args: argparse.Namespace) -> int:
    from facestream.cli.replay import run_replay
    from facestream.replay import options_from

    return run_replay(options_from(args))


def _analyze(args: argparse.Namespace) -> int:
    from facestream.analysis.model_files import fetch_missing
    from facestream.analysis.models import load_analyzer
    from facestream.cli.photos import describe_photos

    options = options_from(_config(args))
    fetch_missing(MODELS_DIR, options)
    analyzer = load_analyzer(MODELS_DIR, options)
    with contextlib.ExitStack() as files:
        out = sys.stdout if args.jsonl == "-" else files.enter_context(_writable(Path(args.jsonl)))
        refused = describe_photos(analyzer, args.images, out, landmarks=args.landmarks)
    return 1 if refused else 0


def _writable(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"jsonl: {path} cannot be written ({error.strerror}); expected a folder that is there"
        ) from error


def _config(args: argparse.Namespace) -> Config:
    return load_config(**{name: value for name, value in vars(args).items() if name in Config.model_fields})


def _add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    from facestream.doctor.options import add_doctor_arguments

    add_doctor_arguments(parser)


def _doctor(args: argparse.Namespace) -> int:
    from facestream.cli.doctor import run_doctor
    from facestream.doctor.options import DoctorOptions

    options = DoctorOptions(args.url, args.as_json, args.token_file, args.cafile)
    return run_doctor(load_config(), options)


def _models(_args: argparse.Namespace) -> int:
    from facestream.analysis.model_files import fetch_all
    from facestream.analysis.models import try_every_model

    fetch_all(MODELS_DIR)
    try_every_model(MODELS_DIR)
    return 0
