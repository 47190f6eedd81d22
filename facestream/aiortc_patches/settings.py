"""What a server sets about the media path: bitrates, frame limits, ports, the size of messages, and threads.

There is one value for the process, because aiortc has one encoder factory. `apply` sets it; a stream reads it when it
begins, never later.
"""

from dataclasses import dataclass, field
from typing import Final

from facestream.config.limits import MAX_CHANNEL_BYTES, MAX_FRAME_PX
from facestream.config.media import LEAST_KBPS, MAX_KBPS, MIN_KBPS, START_KBPS
from facestream.errors import ConfigError
from facestream.media.threads import MediaThreads

MAX_RECEIVED_BPS: Final = 4_000_000
"""Most bits per second that a peer is asked to send (REMB): enough for faces at 1080p."""


@dataclass(frozen=True, slots=True)
class Bitrates:
    """Bitrates of the video that is sent to one peer, in bits per second; raises ConfigError if out of order."""

    start_bps: int = 1000 * START_KBPS
    min_bps: int = 1000 * MIN_KBPS
    """1000 * LEAST_KBPS or more."""
    max_bps: int = 1000 * MAX_KBPS

    def __post_init__(self) -> None:
        # The settings are checked in the same way, but `apply` also takes values that do not come from settings.
        least_bps = 1000 * LEAST_KBPS
        if not least_bps <= self.min_bps <= self.start_bps <= self.max_bps:
            raise ConfigError(
                f"bitrates: got start {self.start_bps}, minimum {self.min_bps}, maximum {self.max_bps}; "
                f"expected {least_bps} <= minimum <= start <= maximum"
            )


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """The largest frame that is decoded, in pixels."""

    max_width_px: int = MAX_FRAME_PX
    max_height_px: int = MAX_FRAME_PX

    def allow(self, width: int, height: int) -> bool:
        """Whether a frame of this coded size is decoded; codecs write whole blocks of 16 pixels and crop the rest."""
        return width <= _whole_blocks(self.max_width_px) and height <= _whole_blocks(self.max_height_px)

    @property
    def max_pixels(self) -> int:
        """Pixels of the largest coded frame."""
        return _whole_blocks(self.max_width_px) * _whole_blocks(self.max_height_px)

    def __str__(self) -> str:
        return f"{self.max_width_px}x{self.max_height_px}"


@dataclass(slots=True)
class MediaSettings:
    """The settings in use."""

    bitrates: Bitrates = field(default_factory=Bitrates)
    frame_limits: FrameLimits = field(default_factory=FrameLimits)
    udp_ports: range | None = None
    """Ports for host candidates; None: any."""
    max_channel_bytes: int = MAX_CHANNEL_BYTES
    """Most bytes of incomplete data channel messages; aiortc announces that it takes one message of this size."""
    encoding: MediaThreads | None = None
    """The threads that encode; None: those of the event loop."""


settings = MediaSettings()


def _whole_blocks(length_px: int) -> int:
    return (length_px + 15) // 16 * 16
