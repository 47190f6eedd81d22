"""The options of a replay as one value; starts nothing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from facestream.config.server import DEFAULT_PORT
from facestream.config.text_files import lines_of, read_text
from facestream.errors import ConfigError
from facestream.ice.servers import CredentialSource, IceUrl

Codec = Literal["vp8", "h264"]

DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
MAX_PEERS = 200


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What a headless peer sends to which server, and what it saves."""

    clip: Path
    """A video or image file that PyAV can read."""
    url: str = DEFAULT_URL
    """Address of the server, http or https."""
    out: Path | None = None
    """File for the annotated video: .mp4, .mkv or .mov; None: not saved."""
    telemetry: Path | None = None
    """File for the telemetry as JSON lines; None: not saved."""
    summary: Path | None = None
    """File for the summary as JSON, written by the command line only; None: not saved."""
    loop: bool = False
    """Start the clip again when it ends."""
    duration_s: float | None = None
    """Seconds, above 0; None: to the end of the clip, without end if it loops."""
    codec: Codec | None = None
    """None: offer VP8 and H264 and let the server choose."""
    peers: int = 1
    """Peers of a load test, 1..MAX_PEERS; `replay_clip` sends as one peer in any case."""
    ice_servers: tuple[IceUrl, ...] = ()
    """STUN and TURN servers of this peer; empty: those that the server gives its page."""
    ice_credentials: CredentialSource = field(default_factory=CredentialSource)
    """For `ice_servers`."""
    ice_policy: Literal["all", "relay"] = "all"
    """`relay`: send media only through a TURN server."""
    landmarks_every_s: float = 0.0
    """Ask the server for the landmarks of a face this often, 0.1 to 60 seconds; 0: never."""
    record: bool = True
    """Let a server that records sessions keep the results of this one."""
    token: str = ""
    """Access token, if the server needs one."""
    cafile: Path | None = None
    """Certificates (PEM) to trust besides the system's."""

    def __post_init__(self) -> None:
        # In an interpreter, a path is usually a text.
        for name in ("clip", "out", "telemetry", "summary", "cafile"):
            if isinstance(given := getattr(self, name), str):
                object.__setattr__(self, name, Path(given))


def read_token(path: Path, option: str = "token-file") -> str:
    """The first token of the file of an option, without empty lines and lines that begin with #; raises ConfigError."""
    # From a file, because other programs on the machine can read command lines.
    lines = lines_of(read_text(path, option, "a text file with a token as its first line"))
    if not lines or not lines[0].isascii() or not lines[0].isprintable():
        got = "has a first line that is not ASCII" if lines else "has no token"
        raise ConfigError(f"{option}: {path} {got}; expected a token as its first line", option)
    return lines[0]
