"""Estimate what an analysed frame costs, per stream and for an ordinary frame, from the server's own counters.

Pure: no clock, no event loop; the caller passes the counters.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from facestream.metrics import StreamUse

SMOOTHING_S = 5.0
MIN_SAMPLE_FRAMES = 5
# The page sends no larger frames by default; larger ones do not predict the next peer.
ORDINARY_PIXELS = 1280 * 720
COSTLY = 2.0  # times an ordinary frame: more than several faces or one slow second cause


@dataclass(frozen=True, slots=True)
class _Cost:
    """Core seconds per frame."""

    media_s: float
    analysis_s: float

    @property
    def frame_s(self) -> float:
        return self.media_s + self.analysis_s

    def blended(self, before: Self | None, share: float) -> Self:
        """The weighted mean of `before` and this cost, which counts with `share`."""
        if before is None:
            return self
        return type(self)(
            before.media_s + share * (self.media_s - before.media_s),
            before.analysis_s + share * (self.analysis_s - before.analysis_s),
        )


# Before the first measurement: twice what benchmarks/cpu.py measured.
PRESUMED = _Cost(0.010, 0.010)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a stream used between two measurements."""

    frames: int
    pixels: int
    analysis_s: float

    @classmethod
    def between(cls, before: StreamUse, now: StreamUse) -> Self:
        return cls(now.frames - before.frames, now.pixels - before.pixels, now.analysis_s - before.analysis_s)


class FrameCost:
    """Cost of frames, from the server's own counters, as exponential means over some seconds.

    The analysis is measured per stream. The time of the media process is divided among the streams by pixels, because
    decoding, drawing and encoding are most of it.
    """

    def __init__(self) -> None:
        self._before: tuple[float, float, Mapping[str, StreamUse]] | None = None
        self._streams: dict[str, _Cost] = {}
        self._ordinary: _Cost | None = None

    def measure(self, now_s: float, media_cpu_s: float, uses: Mapping[str, StreamUse]) -> None:
        """Take the counters, which only grow; call about once a second.

        `media_cpu_s` is the processor time of this process, `uses` what each stream has used, by session id.
        """
        before, self._before = self._before, (now_s, media_cpu_s, uses)
        self._streams = {name: cost for name, cost in self._streams.items() if name in uses}
        if before is None:
            return
        share = 1 - math.exp(-(now_s - before[0]) / SMOOTHING_S)
        taken = {name: _Taken.between(before[2].get(name, StreamUse()), use) for name, use in uses.items()}
        pixels = sum(each.pixels for each in taken.values())
        if sum(each.frames for each in taken.values()) < MIN_SAMPLE_FRAMES or not pixels:
            return
        pixel_s = (media_cpu_s - before[1]) / pixels
        ordinary: list[_Cost] = []
        for name, each in taken.items():
            if not each.frames:
                continue
            now = _Cost(pixel_s * each.pixels / each.frames, each.analysis_s / each.frames)
            self._streams[name] = now.blended(self._streams.get(name), share)
            if each.pixels / each.frames <= ORDINARY_PIXELS:
                ordinary.append(now)
        if ordinary:
            # The median, because one stream with many faces does not predict the next peer.
            typical = sorted(ordinary, key=lambda cost: cost.frame_s)[(len(ordinary) - 1) // 2]
            self._ordinary = typical.blended(self._ordinary, share)

    def of(self, session_id: str) -> float:
        """Core seconds per frame of a session; 0: not measured yet."""
        cost = self._streams.get(session_id)
        return cost.frame_s if cost else 0.0

    @property
    def ordinary_s(self) -> float:
        """Core seconds of an ordinary frame; before the first measurement, as presumed."""
        return (self._ordinary or PRESUMED).frame_s

    def is_costly(self, frame_s: float) -> bool:
        """Whether a frame costs clearly more than an ordinary one."""
        return frame_s > COSTLY * self.ordinary_s

    def carried_fps(self, cores: float, processes: int) -> float:
        """Ordinary frames a second that the cores and the workers can handle, for all peers together."""
        cost = self._ordinary or PRESUMED
        return min(cores / cost.frame_s, processes / cost.analysis_s)
