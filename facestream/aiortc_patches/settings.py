"""What an operator may set about the media path; one value for the process, because aiortc has one encoder factory.

Set by `apply`; read where a stream begins, never in the middle of it.
"""

from dataclasses import dataclass, field

from facestream.aiortc_patches.sizes import FrameLimits
from facestream.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Bitrates:
    """Of the video that is sent to one peer, in bits per second."""

    start_bps: int = 1_000_000
    min_bps: int = 150_000
    max_bps: int = 2_500_000

    def __post_init__(self) -> None:
        if not 10_000 <= self.min_bps <= self.start_bps <= self.max_bps:
            raise ConfigError(
                f"bitrates: got start {self.start_bps}, minimum {self.min_bps}, maximum {self.max_bps}; "
                f"expected 10000 <= minimum <= start <= maximum"
            )


@dataclass(slots=True)
class MediaSettings:
    """The values in force."""

    bitrates: Bitrates = field(default_factory=Bitrates)
    frame_limits: FrameLimits = field(default_factory=FrameLimits)
    udp_ports: range | None = None
    """Ports that host candidates are bound to; None: any."""
    max_channel_bytes: int = 256 * 1024
    """Of data channel messages that are not yet whole: one of the size that aiortc announces it takes."""
    max_received_bps: int = 4_000_000
    """What a browser is told (REMB) that it may send: enough for 1080p faces, and decoding more costs more."""


settings = MediaSettings()
