"""Write the RTP packets of one video stream, and keep the last of them for retransmission.

aiortc 1.16 makes several objects for each packet, and converts the clock twice; here the packets of a frame share what
is the same in all of them. Sends nothing. Obsolete when aiortc writes packets from a template.
"""

import struct
from collections.abc import Iterator, Sequence

from aiortc.clock import current_ntp_time
from aiortc.rtcrtpsender import random_sequence_number
from aiortc.rtp import RTP_HISTORY_SIZE, HeaderExtensions, HeaderExtensionsMap, RtpPacket
from aiortc.utils import random32, uint16_add, uint32_add

HEADER, EXTENSION_HEADER = struct.Struct("!BBHLL"), struct.Struct("!HH")
VERSION, WITH_EXTENSION, MARKER = 2 << 6, 1 << 4, 1 << 7


class RtpWriter:
    """Numbers and writes the packets of one stream."""

    def __init__(
        self, payload_type: int, ssrc: int, mid: str | None, extensions: HeaderExtensionsMap
    ) -> None:
        self._payload_type, self._ssrc, self._mid, self._extensions = payload_type, ssrc, mid, extensions
        self._next_number = random_sequence_number()
        self._origin = random32()
        self._kept: dict[int, bytes] = {}
        """The last packets, by the rest of their number."""
        self.timestamp = 0
        """RTP time of the last frame."""
        self.ntp_time = 0
        """When the last frame was sent, as a 64-bit NTP timestamp."""

    def packets(self, payloads: Sequence[bytes], timestamp: int) -> Iterator[bytes]:
        """The packets of one frame, in order; `timestamp` in units of 1/90000 s from the first frame."""
        self.timestamp = uint32_add(self._origin, timestamp)
        self.ntp_time = current_ntp_time()
        # The packets of a frame leave within a millisecond.
        send_time = (self.ntp_time >> 14) & 0x00FFFFFF
        profile, extension = self._extensions.set(HeaderExtensions(abs_send_time=send_time, mid=self._mid))
        first_byte = VERSION
        if extension:
            first_byte |= WITH_EXTENSION
            extension = EXTENSION_HEADER.pack(profile, len(extension) >> 2) + extension
        last = len(payloads) - 1
        for index, payload in enumerate(payloads):
            second_byte = self._payload_type | (MARKER if index == last else 0)
            number = self._next_number
            header = HEADER.pack(first_byte, second_byte, number, self.timestamp, self._ssrc)
            packet = header + extension + payload
            self._kept[number % RTP_HISTORY_SIZE] = packet
            self._next_number = uint16_add(number, 1)
            yield packet

    def sent(self, number: int) -> RtpPacket | None:
        """The packet with this sequence number; None: it was not sent, or is too old."""
        kept = self._kept.get(number % RTP_HISTORY_SIZE)
        packet = RtpPacket.parse(kept, self._extensions) if kept is not None else None
        return packet if packet is not None and packet.sequence_number == number else None
