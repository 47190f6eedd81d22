"""Telemetry on its way to the peer: dropped and counted when the channel is slow; never waits, never raises."""

from typing import Protocol

from aiortc.exceptions import InvalidStateError

# aiortc's send() queues without bound (1.16); four messages of 1,100 bytes is over 100 ms at 30 FPS.
MAX_BUFFERED_BYTES = 4 * 1100


class TelemetryChannel(Protocol):
    """What of an RTCDataChannel is used."""

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

    def attach(self, channel: TelemetryChannel) -> None:
        """Send on this channel from now on."""
        self._channel = channel

    def send(self, message: str) -> None:
        """Send one message, or count it as dropped where the channel is not open or is behind."""
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > MAX_BUFFERED_BYTES:
            self.dropped += 1
            return
        try:
            channel.send(message)
        except (InvalidStateError, ConnectionError, ValueError):
            self.dropped += 1
