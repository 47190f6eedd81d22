"""How a peer takes what comes back: decoded pictures, or only counted; sends nothing."""

import time
from collections.abc import Callable

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtpPacket

ReceivedCallback = Callable[[int | None, float], None]


def count_without_decoding(receiver: RTCRtpReceiver, on_received: ReceivedCallback) -> None:
    """Count the pictures that come back by their last packets, and decode none: many peers on one machine.

    Such a peer asks for nothing again and reports no loss, so the server's encoder stays at its first bitrate.
    aiortc 1.16 has no public way: every receiver decodes, whether anybody reads its track or not.
    """

    async def count(packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG001 - the library's signature
        if packet.marker:
            on_received(None, time.monotonic())

    if not hasattr(receiver, "_handle_rtp_packet"):
        msg = "this version of aiortc hands packets to its receivers in another way; expected 1.16"
        raise NotImplementedError(msg)
    receiver._handle_rtp_packet = count  # type: ignore[method-assign]  # noqa: SLF001 - see above
