"""Measure how each face of a clip looks at rest: the mean of its readings in a span of the clip's time. Pure."""

from collections import deque
from collections.abc import Sequence

from facestream.analysis.faces import EMOTIONS
from facestream.results.frame_clock import FrameClock
from facestream.results.record import FrameResult
from facestream.results.session_file import Baseline

LEAST_S = 1.0
"""A face has a baseline if it was measured for so long; the page asks for the same."""
MOST_NAMED = 8
"""Faces without a baseline that are named."""
_DECIMALS = 3
"""Of a baseline, as on the page: a difference in a table is exactly the one to the number in session.json."""
_LITTLE_S = 1e-6


class _Readings:
    """The sums of one face. A frame in which it is unsure is none of its readings."""

    def __init__(self) -> None:
        self.sums = [0.0] * len(EMOTIONS)
        self.frames = 0
        self.measured_s = 0.0

    def add(self, probabilities: Sequence[float], length_s: float) -> None:
        self.sums = [total + p for total, p in zip(self.sums, probabilities, strict=True)]
        self.frames += 1
        self.measured_s += length_s


class NeutralSpan:
    """Takes the frames of a clip in order, and knows the baseline of each face when the span is over.

    Memory grows with the number of faces only.
    """

    def __init__(self, from_s: float, to_s: float) -> None:
        """Seconds of the clip's time, the second one excluded."""
        self._from_s, self._to_s = from_s, to_s
        self._clock = FrameClock()
        self._waiting = deque[FrameResult]()
        """The last two frames: how long one counts depends on the two after it."""
        self._readings = dict[int, _Readings]()
        self._seen = set[int]()
        self._last_s = 0.0
        self.is_over = False
        """Whether the baselines are known."""

    def add(self, result: FrameResult) -> None:
        """Add a frame, also one outside of the span."""
        self._seen.update(face.id for face in result.faces)
        self._last_s = result.time_s
        if self.is_over:
            return
        if result.time_s >= self._to_s:
            self.end()
            return
        self._waiting.append(result)
        if len(self._waiting) > 2:
            self._settle()

    def end(self) -> None:
        """There are no more frames of the span; may be called twice."""
        while self._waiting:
            self._settle()
        self.is_over = True

    @property
    def baselines(self) -> dict[int, Baseline]:
        """By face id, of the faces that were measured for LEAST_S; they count for the whole clip."""
        return {
            face: Baseline(
                tuple(round(total / readings.frames, _DECIMALS) for total in readings.sums),
                from_time_s=0.0,
                span_s=(self._from_s, self._to_s),
                measured_s=readings.measured_s,
                frames=readings.frames,
            )
            for face, readings in self._readings.items()
            if readings.measured_s >= LEAST_S - _LITTLE_S
        }

    @property
    def shortfall(self) -> str:
        """A sentence about the faces of the clip that have no baseline; empty: each has one."""
        missing = sorted(self._seen - self.baselines.keys())
        if not missing:
            return ""
        if self._last_s < self._from_s:
            return (
                f"no face has a baseline: the video ends at {self._last_s:.1f} s, before {self._from_s:g} s, where "
                "--neutral begins"
            )
        span = f"between {self._from_s:g} and {self._to_s:g} s"
        if len(missing) == len(self._seen):
            return f"no face has a baseline: none was measured for {LEAST_S:g} s {span} without being unsure"
        named = ", ".join(map(str, missing[:MOST_NAMED]))
        others = f" and {len(missing) - MOST_NAMED} others" if len(missing) > MOST_NAMED else ""
        faces, verb = ("face", "has") if len(missing) == 1 else ("faces", "have")
        return (
            f"{faces} {named}{others} {verb} no baseline, so the differences are empty: not measured for {LEAST_S:g} s "
            f"{span} without being unsure"
        )

    @property
    def is_missed(self) -> bool:
        """Whether there are faces, and none has a baseline."""
        return bool(self._seen) and not self.baselines

    def _settle(self) -> None:
        result = self._waiting.popleft()
        next_s, after_s = [*(waiting.time_s for waiting in self._waiting), None, None][:2]
        length_s, _ = self._clock.length_of(result.time_s, next_s, after_s)
        if result.time_s < self._from_s:
            return
        for face in result.faces:
            if not face.unsure:
                self._readings.setdefault(face.id, _Readings()).add(face.probabilities, length_s)
