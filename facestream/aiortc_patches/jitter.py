"""Puts the packets of one video stream in order and cuts them into frames; gives a frame out with its last packet.

aiortc's own waits for the next frame's first packet (F8), and for 512 packets when one is missing (F7). Pure: no clock,
no event loop; the time comes with each packet.
"""

from dataclasses import dataclass, field

from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

GIVE_UP_S = 0.2  # a retransmission takes one or two round trips; later than this the picture is history
MAX_SPAN = 512  # packets; as in aiortc
MAX_LATE_RUN = 50  # packets older than what was given out, one after another: the sender has started anew
SEQUENCE_MODULO = 1 << 16


@dataclass(slots=True)
class Assembled:
    """What one packet, or the passing of time, led to."""

    frames: list[JitterFrame] = field(default_factory=list)
    lost: bool = False
    """Packets were given up: the next pictures predict from something that never came."""


class FrameAssembler:
    """The packets of one SSRC, by sequence number extended beyond 16 bits."""

    def __init__(self) -> None:
        self._packets: dict[int, tuple[RtpPacket, float]] = {}
        """With the time of arrival; every number is in _next.._highest."""
        self._next = self._highest = -1
        self._last_arrival_s = 0.0
        self._late_run = 0
        self._skipping = False
        """In the middle of a frame whose beginning is lost."""

    def missing(self) -> list[int]:
        """16-bit sequence numbers awaited, oldest first."""
        if not self._has_hole():
            return []
        awaited = (number for number in range(self._next, self._highest) if number not in self._packets)
        return [number % SEQUENCE_MODULO for number in awaited]

    def add(self, packet: RtpPacket, now_s: float) -> Assembled:
        """Take one packet whose payload stands in `_data`."""
        result = Assembled()
        number = (
            self._restart(packet.sequence_number) if self._next < 0 else self._extend(packet.sequence_number)
        )
        if number < self._next:
            self._late_run += 1
            if self._late_run < MAX_LATE_RUN:
                return result
        outage = number > self._highest + 1 and now_s - self._last_arrival_s > GIVE_UP_S
        if outage or number < self._next or number - self._next >= MAX_SPAN:
            # Nothing from before can be mended in time.
            number = self._restart(number)
            self._skipping = result.lost = True
        self._late_run = 0
        self._last_arrival_s = now_s
        self._highest = max(self._highest, number)
        self._packets.setdefault(number, (packet, now_s))
        self._take_frames(result)
        return self.give_up(now_s, result)

    def give_up(self, now_s: float, result: Assembled | None = None) -> Assembled:
        """Pass over each hole that has been waited for long enough."""
        result = result or Assembled()
        while self._has_hole():
            hole = next(number for number in range(self._next, self._highest) if number not in self._packets)
            noticed_s = min(arrived_s for number, (_, arrived_s) in self._packets.items() if number > hole)
            if now_s - noticed_s <= GIVE_UP_S:
                break
            result.lost = True
            self._pass(hole)
            self._take_frames(result)
        return result

    def _has_hole(self) -> bool:
        return len(self._packets) < self._highest - self._next + 1

    def _extend(self, sequence_number: int) -> int:
        """The extended number nearest to the highest seen."""
        delta = (sequence_number - self._highest) % SEQUENCE_MODULO
        return self._highest + (delta - SEQUENCE_MODULO if delta >= SEQUENCE_MODULO // 2 else delta)

    def _restart(self, number: int) -> int:
        # Far from zero, so that a packet just before the first does not become negative.
        number += SEQUENCE_MODULO if number < SEQUENCE_MODULO else 0
        self._packets.clear()
        self._next = self._highest = number
        return number

    def _take_frames(self, result: Assembled) -> None:
        """Move whole frames from the front of the buffer to the result."""
        while self._skipping and self._next in self._packets:
            self._skipping = not self._ends_frame(self._next)
            del self._packets[self._next]
            self._next += 1
        if self._skipping:
            return
        end = self._next
        while end in self._packets:
            end += 1
            if not self._ends_frame(end - 1):
                continue
            parts = [self._packets.pop(number)[0] for number in range(self._next, end)]
            self._next = end
            payload = b"".join(part._data for part in parts)  # type: ignore[attr-defined]
            if payload:  # what a sender pads with, to measure the path, is no frame
                result.frames.append(JitterFrame(payload, parts[0].timestamp))

    def _ends_frame(self, number: int) -> bool:
        packet = self._packets[number][0]
        following = self._packets.get(number + 1)
        return bool(packet.marker) or (following is not None and following[0].timestamp != packet.timestamp)

    def _pass(self, hole: int) -> None:
        """Go on behind the hole, at the first frame that begins there for certain."""
        behind = min(number for number in self._packets if number > hole)
        for number in [number for number in self._packets if number < behind]:
            del self._packets[number]
        self._next = behind
        # The first packets of the frame found there may be what is missing.
        self._skipping = True
