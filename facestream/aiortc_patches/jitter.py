"""Put the packets of one video stream in order, cut them into frames, and ask again for lost packets.

aiortc 1.16 completes a frame with the first packet of the next one (F8), waits for 512 packets when a packet is
missing, asks for a lost packet once (F7), and takes a timestamp that steps back for a wrap. Here a frame is complete
with its last packet; a lost packet is asked for every 30 ms and given up after 200 ms. Pure: the time comes with each
packet. Obsolete when the jitter buffer of aiortc does the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket

GIVE_UP_S = 0.2  # a retransmission takes one or two round trips; later, the frame is too old to be shown
MAX_SPAN = 512  # packets; as in aiortc
MAX_LATE_RUN = 50  # packets in a row that are older than the last frame: the sender has started again
SEQUENCE_MODULO = 1 << 16
UINT32_MAX = (1 << 32) - 1
REPEAT_S = 0.03  # a round trip on a good path; on a slow path a packet arrives twice, which is harmless
MAX_ASKED_AT_ONCE = 128  # the sender keeps no more (RTP_HISTORY_SIZE of aiortc)


@dataclass(slots=True)
class Assembled:
    """The result of one packet, or of the passing of time."""

    frames: list[JitterFrame] = field(default_factory=list)
    lost: bool = False
    """Packets were given up: the next frames predict from a missing frame."""


class FrameAssembler:
    """The packets of one SSRC, by sequence number extended beyond 16 bits."""

    def __init__(self) -> None:
        self._packets: dict[int, tuple[RtpPacket, float]] = {}
        """Packets with their time of arrival; every number is in _next.._highest."""
        self._next = self._highest = -1
        self._last_arrival_s = 0.0
        self._late_run = 0
        self._last_timestamp = -1
        """Of the packet with the highest number."""
        self._skipping = False
        """True: the current frame has lost its beginning."""

    def missing(self) -> list[int]:
        """The 16-bit sequence numbers of missing packets, oldest first."""
        if not self._has_hole():
            return []
        awaited = (number for number in range(self._next, self._highest) if number not in self._packets)
        return [number % SEQUENCE_MODULO for number in awaited]

    def add(self, packet: RtpPacket, now_s: float) -> Assembled:
        """Add one packet, whose depayloaded data is in `_data`."""
        if self._continues_frame(packet):
            self._highest += 1
            self._packets[self._highest] = packet, now_s
            self._last_arrival_s, self._late_run = now_s, 0
            return Assembled()
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
            # Packets missing before this one cannot arrive in time.
            number = self._restart(number)
            self._skipping = result.lost = True
        self._late_run = 0
        self._last_arrival_s = now_s
        kept, _ = self._packets.setdefault(number, (packet, now_s))
        if number >= self._highest:
            self._highest, self._last_timestamp = number, kept.timestamp
        self._take_frames(result)
        return self.give_up(now_s, result)

    def give_up(self, now_s: float, result: Assembled | None = None) -> Assembled:
        """Skip each hole that is older than GIVE_UP_S."""
        result = result or Assembled()
        while self._has_hole():
            hole = next(number for number in range(self._next, self._highest) if number not in self._packets)
            noticed_s = min(arrived_s for number, (_, arrived_s) in self._packets.items() if number > hole)
            if now_s - noticed_s <= GIVE_UP_S:
                break
            result.lost = True
            self._skip(hole)
            self._take_frames(result)
        return result

    def _continues_frame(self, packet: RtpPacket) -> bool:
        """Whether a packet is the next one of the frame whose beginning waits, and not its last: most packets are."""
        return (
            not packet.marker
            and packet.timestamp == self._last_timestamp
            and packet.sequence_number == (self._highest + 1) % SEQUENCE_MODULO
            and 0 < len(self._packets) == self._highest - self._next + 1 < MAX_SPAN
        )

    def _has_hole(self) -> bool:
        return len(self._packets) < self._highest - self._next + 1

    def _extend(self, sequence_number: int) -> int:
        """The extended number nearest to the highest seen."""
        delta = (sequence_number - self._highest) % SEQUENCE_MODULO
        return self._highest + (delta - SEQUENCE_MODULO if delta >= SEQUENCE_MODULO // 2 else delta)

    def _restart(self, number: int) -> int:
        # Far above zero, so that a packet just before the first one gets no negative number.
        number += SEQUENCE_MODULO if number < SEQUENCE_MODULO else 0
        self._packets.clear()
        self._next = self._highest = number
        return number

    def _take_frames(self, result: Assembled) -> None:
        """Move complete frames from the front of the buffer to the result."""
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
            if payload:  # empty padding packets, which measure the path, are no frame
                result.frames.append(JitterFrame(payload, parts[0].timestamp))

    def _ends_frame(self, number: int) -> bool:
        packet = self._packets[number][0]
        following = self._packets.get(number + 1)
        return bool(packet.marker) or (following is not None and following[0].timestamp != packet.timestamp)

    def _skip(self, hole: int) -> None:
        """Continue after the hole, with the first frame that certainly begins there."""
        behind = min(number for number in self._packets if number > hole)
        for number in [number for number in self._packets if number < behind]:
            del self._packets[number]
        self._next = behind
        # The missing packets may include the first ones of the frame after the hole.
        self._skipping = True


class LossRepair:
    """Decides which missing packets to ask for again, and when."""

    def __init__(self) -> None:
        self._asked_s: dict[int, float] = {}

    def due(self, missing: Iterable[int], now_s: float) -> list[int]:
        """The missing packets to ask for at `now_s`."""
        awaited = list(missing)[-MAX_ASKED_AT_ONCE:]
        self._asked_s = {number: self._asked_s[number] for number in awaited if number in self._asked_s}
        due = [number for number in awaited if now_s - self._asked_s.get(number, -REPEAT_S) >= REPEAT_S]
        self._asked_s.update(dict.fromkeys(due, now_s))
        return due


class TimestampUnwrapper:
    """Extends 32-bit RTP timestamps to a line from 0 that may step back by less than 2^31."""

    def __init__(self) -> None:
        self._last = 0
        self._unwrapped: int | None = None
        self._rebased = False

    def rebase(self) -> None:
        """Treat the next timestamp as that of another stream: one frame of 30 FPS after the last."""
        self._rebased = True

    def unwrap(self, timestamp: int) -> int:
        """The extended timestamp, in units of 1/90000 s."""
        if self._unwrapped is None or self._rebased:
            self._unwrapped = 0 if self._unwrapped is None else self._unwrapped + 3000
            self._rebased = False
        else:
            delta = (timestamp - self._last) & UINT32_MAX
            self._unwrapped += delta - (1 << 32) if delta >= 1 << 31 else delta
        self._last = timestamp
        return self._unwrapped
