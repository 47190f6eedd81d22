"""What one `facestream analyze --out` does to each source, as one value that processes and journals share."""

import math
from dataclasses import asdict, dataclass, field, replace

from facestream import __version__
from facestream.analysis.drawing.words import Language
from facestream.analysis.options import AnalysisOptions
from facestream.results.neutral_span import LEAST_S


@dataclass(frozen=True, slots=True)
class OfflineOptions:
    """Which frames are analysed, and what is written; raises ValueError for a value out of range."""

    formats: tuple[str, ...] = ("csv",)
    """Names of formats of `results`; each is written to a file of its own."""
    every: int = 1
    """Analyse every N-th frame: 1 or more."""
    fps: float | None = None
    """Analyse at most this many frames per second of the clip's time, above 0; None: no limit."""
    start_s: float = 0.0
    """Leave out frames before this time of the clip, in seconds from its first frame."""
    end_s: float | None = None
    """Leave out frames from this time on; None: to the end."""
    neutral_s: tuple[float, float] | None = None
    """From when to when in the clip faces look neutral, LEAST_S or longer; None: not known."""
    duration_s: float | None = None
    """Seconds of the source that are read, from its start or `start_s`; None: all, which a camera does not have."""
    with_landmarks: bool = True
    """Write the 68 landmarks of each face."""
    with_video: bool = False
    """Write the annotated video."""
    language: Language = Language.ENGLISH
    """Of the report."""
    with_images: bool = False
    """Show images of the faces in the report."""
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"every is {self.every}; expected 1 or more")
        for name in ("fps", "duration_s"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} is {value}; expected a number above 0")
        if not 0 <= self.start_s < math.inf:
            raise ValueError(f"start is {self.start_s} s; expected 0 or more")
        if self.end_s is not None and not self.start_s < self.end_s:
            raise ValueError(f"end is {self.end_s} s; expected more than the start, {self.start_s} s")
        if self.neutral_s is not None:
            self._check_neutral(*self.neutral_s)

    @property
    def exact_analysis(self) -> AnalysisOptions:
        """The options of the analysis without a time budget.

        A live stream lowers its degradation level on a slow machine. The results of a file must not depend on the
        machine.
        """
        return replace(self.analysis, budget_ms=math.inf)

    def _check_neutral(self, from_s: float, to_s: float) -> None:
        if not (0 <= from_s < math.inf and from_s + LEAST_S <= to_s < math.inf):
            raise ValueError(
                f"neutral is {from_s:g} to {to_s:g} s; expected {LEAST_S:g} s or more, because a face needs that to be "
                "measured"
            )
        end_s = min(
            math.inf if self.end_s is None else self.end_s,
            math.inf if self.duration_s is None else self.start_s + self.duration_s,
        )
        if from_s < self.start_s or to_s > end_s:
            until = f" to {end_s:g} s" if end_s < math.inf else " s to the end"
            raise ValueError(
                f"neutral is {from_s:g} to {to_s:g} s, which is not in the part that is analysed, "
                f"{self.start_s:g}{until}; expected a part of it"
            )

    def settings(self) -> dict[str, object]:
        """Everything that the results depend on besides the source, in JSON's types."""
        values = asdict(self)
        analysis = values.pop("analysis")
        del analysis["budget_ms"]
        neutral_s = self.neutral_s and list(self.neutral_s)
        changed = {"formats": sorted(self.formats), "neutral_s": neutral_s, "analysis": analysis}
        return {"version": __version__, **values, **changed}
