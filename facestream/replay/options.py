"""What a replay is told to do, and the command line that tells it; starts nothing."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from facestream.config.text_files import lines_of, read_text
from facestream.errors import ConfigError
from facestream.ice.servers import CredentialSource, IceUrl, parse_ice_url

Codec = Literal["vp8", "h264"]

DEFAULT_URL = "http://127.0.0.1:8080"
MAX_PEERS = 200


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """One replay: what is sent where, and what is kept."""

    clip: Path
    url: str = DEFAULT_URL
    out: Path | None = None
    telemetry: Path | None = None
    summary: Path | None = None
    loop: bool = False
    duration_s: float | None = None
    """None: to the end of the clip; a looping clip then ends with Ctrl-C only."""
    codec: Codec | None = None
    """None: VP8 and H264 are offered, the server chooses."""
    peers: int = 1
    ice_servers: tuple[IceUrl, ...] = ()
    """Empty: those that the server tells."""
    ice_credentials: CredentialSource = field(default_factory=CredentialSource)
    """For `ice_servers`."""
    ice_policy: Literal["all", "relay"] = "all"
    token: str = ""
    """Where the server asks who comes in."""
    cafile: Path | None = None
    """Certificates of an authority that the system does not know."""


def add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `facestream replay`; `options_from` reads them."""
    parser.add_argument("clip", type=Path, metavar="CLIP", help="video or picture that PyAV reads")
    parser.add_argument("--url", default=DEFAULT_URL, help="address of the server (default: %(default)s)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write the annotated video here (.mp4, .mkv)"
    )
    parser.add_argument(
        "--telemetry", type=Path, metavar="FILE", help="write the telemetry here (JSON lines)"
    )
    parser.add_argument("--summary", type=Path, metavar="FILE", help="write the summary here (JSON)")
    parser.add_argument("--loop", action="store_true", help="start the clip again when it ends")
    parser.add_argument(
        "--duration", type=_seconds, metavar="S", dest="duration_s",
        help="end after so many seconds (default: with the clip; a picture is shown for 5)",
    )  # fmt: skip
    parser.add_argument("--codec", choices=("vp8", "h264"), help="offer this codec only (default: both)")
    parser.add_argument(
        "--peers", type=_peers, default=1, metavar="N",
        help="load generator: so many peers send the clip, encoded once (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--ice-server", type=_ice_server, action="append", default=[], metavar="URL", dest="ice_servers",
        help="STUN or TURN server of this peer (repeatable; default: those that the server tells its page)",
    )  # fmt: skip
    parser.add_argument("--ice-username", default="", metavar="NAME", help="name at those TURN servers")
    parser.add_argument("--ice-credential", default="", metavar="WORD", help="password at those TURN servers")
    parser.add_argument(
        "--ice-policy", choices=("all", "relay"), default="all",
        help="relay: media go through a TURN server only (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file of the token, where the server asks who comes in",
    )
    parser.add_argument(
        "--cafile", type=Path, metavar="FILE", help="trust these certificates, too: certs/ca.pem (PEM)"
    )


def options_from(args: argparse.Namespace) -> ReplayOptions:
    """The options that the parsed arguments say."""
    return ReplayOptions(
        clip=args.clip,
        url=args.url,
        out=args.out,
        telemetry=args.telemetry,
        summary=args.summary,
        loop=args.loop,
        duration_s=args.duration_s,
        codec=cast(Codec | None, args.codec),
        peers=args.peers,
        ice_servers=tuple(args.ice_servers),
        ice_credentials=CredentialSource(args.ice_username, args.ice_credential),
        ice_policy=args.ice_policy,
        token=read_token(args.token_file) if args.token_file else "",
        cafile=args.cafile,
    )


def read_token(path: Path) -> str:
    """The first token of a file; raises ConfigError. Empty lines and lines that begin with # are ignored."""
    # From a file, because every program of the machine may read a command line.
    lines = lines_of(read_text(path, "token-file", "a text file with a token as its first line"))
    if not lines or not lines[0].isascii() or not lines[0].isprintable():
        got = "has a first line that is not ASCII" if lines else "has no token"
        raise ConfigError(f"token-file: {path} {got}; expected a token as its first line")
    return lines[0]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}; expected seconds above 0")
    return seconds


def _ice_server(text: str) -> IceUrl:
    try:
        return parse_ice_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _peers(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_PEERS:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected 1 to {MAX_PEERS} peers")
    return number
