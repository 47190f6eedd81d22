"""Send telemetry to the peer; drop and count messages while its channel is slow. Never waits and never raises.

`LandmarkTurns` keeps the messages small.
"""

from collections.abc import Collection
from typing import Protocol

from aiortc.exceptions import InvalidStateError

# aiortc 1.16 queues without a bound in send(); four messages of 1,100 bytes are over 100 ms at 30 FPS.
MAX_BUFFERED_BYTES = 4 * 1100
SEND_ERRORS = (InvalidStateError, ConnectionError, ValueError)
"""What RTCDataChannel.send of aiortc 1.16 raises: it is closed, or the message is longer than the peer accepts."""


class TelemetryChannel(Protocol):
    """The part of an RTCDataChannel that is used."""

    @property
    def readyState(self) -> str:  # noqa: N802 - the names are RTCDataChannel's
        ...

    @property
    def bufferedAmount(self) -> int:  # noqa: N802
        ...

    def send(self, data: str, /) -> None: ...


class TelemetryOutbox:
    """Sends one message per frame while the channel keeps up."""

    def __init__(self) -> None:
        self._channel: TelemetryChannel | None = None
        self.dropped = 0
        """Messages that were not sent."""

    def attach(self, channel: TelemetryChannel) -> None:
        """Use this channel from now on."""
        self._channel = channel

    def send(self, message: str) -> None:
        """Send one message, or drop it if the channel is not open or more than MAX_BUFFERED_BYTES wait in it."""
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > MAX_BUFFERED_BYTES:
            self.dropped += 1
            return
        try:
            channel.send(message)
        except SEND_ERRORS:
            self.dropped += 1


class LandmarkTurns:
    """Decides whose landmarks a message has: at most one face's, the one that was sent longest ago, if it is due."""

    def __init__(self) -> None:
        self.every_s = 0.0
        """Seconds of the video between two landmarks of one face; 0: none are sent."""
        self._sent_s: dict[int, float] = {}

    def next_id(self, ids: Collection[int], pts_s: float) -> int | None:
        """The id of the face whose landmarks go into the message of the frame at `pts_s`; None: no face is due.

        `ids` are the faces of this frame. A face that was not in the frame before is due at once.
        """
        # Faces that have left are forgotten; ids are not used again, so this bounds the table.
        self._sent_s = {face: sent_s for face, sent_s in self._sent_s.items() if face in ids}
        if not self.every_s or not ids:
            return None
        never_s = float("-inf")
        face = min(ids, key=lambda face: self._sent_s.get(face, never_s))
        if pts_s - self._sent_s.get(face, never_s) < self.every_s:
            return None
        self._sent_s[face] = pts_s
        return face
