"""Judge a replay by criteria: what was wanted, what was measured, passed or failed.

Pure: no connection, no file, no clock. A criterion that could not be measured is failed, with the reason.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

from facestream.analysis.faces import EMOTIONS
from facestream.replay.summary import Latency, Tally, latency_of

if TYPE_CHECKING:
    from facestream.replay.agreement import Agreement

LABELS: Final = (*map(str, EMOTIONS), "unsure")


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a replay must reach; None: not asked for."""

    min_fps: float | None = None
    """Analysed frames per second of the slowest peer."""
    max_p95_ms: float | None = None
    """95th percentile of the latency of the first peer."""
    max_drop_percent: float | None = None
    """Frames that were sent and have not returned, 0..100."""
    min_faces_percent: float | None = None
    """Analysed frames with at least one face, 0..100."""
    expect_labels: tuple[tuple[str, float], ...] = ()
    """Labels and the least share, 0..1, that each has among all faces of all frames."""
    min_agreement_percent: float | None = None
    """Faces that are found live and offline with the same label, of all faces of both, 0..100; needs an `Agreement`."""
    max_landmarks_percent: float | None = None
    """Mean distance of the landmarks, live and offline, in percent of the width of the face; needs an `Agreement`."""

    def __bool__(self) -> bool:
        return self != Criteria()


@dataclass(frozen=True, slots=True)
class Check:
    """One criterion and what was measured."""

    name: str
    wanted: str
    got: str
    """Empty: it could not be measured."""
    passed: bool
    reason: str = ""
    """Why it could not be measured."""

    def as_json(self) -> dict[str, object]:
        """An entry of `verdict` in the summary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one replay that the criteria are about, over all its peers."""

    sent: int
    received: int
    analysed: int
    with_faces: int
    fps_analysed: float
    latency_ms: Latency
    labels: Counter[str]

    @classmethod
    def of(cls, tallies: Sequence[Tally]) -> Self:
        """The figures of these peers; the latency is that of the first, the only one that decodes."""
        return cls(
            sent=sum(tally.sent for tally in tallies),
            received=sum(min(tally.received, tally.sent) for tally in tallies),
            analysed=sum(tally.analysed for tally in tallies),
            with_faces=sum(tally.with_faces for tally in tallies),
            fps_analysed=min((tally.fps_analysed for tally in tallies), default=0.0),
            latency_ms=latency_of(tallies[0].latencies_ms) if tallies else Latency(),
            labels=sum((tally.labels for tally in tallies), Counter()),
        )


def judge(
    criteria: Criteria, measured: Measured, agreement: "Agreement | None" = None, *, ended_early: str = ""
) -> tuple[Check, ...]:
    """One check for each criterion, after one for the replay itself: `ended_early` says why it was not whole."""
    checks = [
        Check(
            "replay", "to the end of the clip", "" if ended_early else "whole", not ended_early, ended_early
        )
    ]
    checks += _limits(criteria, measured)
    faces = measured.labels.total()
    for label, least in criteria.expect_labels:
        wanted = f"at least {_limit(100 * least)} %"
        if faces:
            share = measured.labels[label] / faces
            got = f"{_beside(100 * share, 100 * least)} %"
            checks.append(Check(f"label {label}", wanted, got, share >= least))
        else:
            checks.append(Check(f"label {label}", wanted, "", False, "no face was found"))
    if agreement is not None:
        checks += _agreements(criteria, agreement)
    return tuple(checks)


def _limits(criteria: Criteria, measured: Measured) -> Iterable[Check]:
    nothing = "no frame was analysed" if measured.received else "no frame has returned"
    if (least := criteria.min_fps) is not None:
        got = measured.fps_analysed
        too_few = "a peer had fewer than two analysed frames" if measured.analysed else nothing
        why = "" if got else too_few
        yield Check(
            "frame rate",
            f"at least {least:g} FPS",
            "" if why else f"{_beside(got, least)} FPS",
            not why and got >= least,
            why,
        )
    if (most := criteria.max_p95_ms) is not None:
        p95 = measured.latency_ms.p95
        why = "" if p95 is not None else "no received frame has a readable number"
        got_text = "" if p95 is None else f"{_beside(p95, most)} ms"
        yield Check("latency p95", f"at most {most:g} ms", got_text, p95 is not None and p95 <= most, why)
    if (most := criteria.max_drop_percent) is not None:
        wanted = f"at most {_limit(most)} %"
        if measured.sent:
            dropped = 100 * (measured.sent - measured.received) / measured.sent
            yield Check("frames not returned", wanted, f"{_beside(dropped, most)} %", dropped <= most)
        else:
            yield Check("frames not returned", wanted, "", False, "no frame was sent")
    if (least := criteria.min_faces_percent) is not None:
        wanted = f"at least {_limit(least)} %"
        if measured.analysed:
            share = 100 * measured.with_faces / measured.analysed
            yield Check("frames with a face", wanted, f"{_beside(share, least)} %", share >= least)
        else:
            yield Check("frames with a face", wanted, "", False, nothing)


def _agreements(criteria: Criteria, agreement: "Agreement") -> Iterable[Check]:
    nothing = "" if agreement.frames else "no live frame has the time of a frame in the file of --compare"
    if (least := criteria.min_agreement_percent) is not None:
        share, wanted = agreement.agreement, f"at least {_limit(least)} %"
        if share is None:
            yield Check("same labels", wanted, "", False, nothing or "no face was found live or offline")
        else:
            yield Check("same labels", wanted, f"{_beside(100 * share, least)} %", 100 * share >= least)
    if (most := criteria.max_landmarks_percent) is not None:
        apart, wanted = agreement.landmarks_percent, f"at most {_limit(most)} %"
        if apart is None:
            reason = nothing or "no face has landmarks both live and in the file of --compare"
            yield Check("landmarks apart", wanted, "", False, reason)
        else:
            yield Check("landmarks apart", wanted, f"{_beside(apart, most)} %", apart <= most)


def as_table(checks: Sequence[Check]) -> str:
    """The checks as lines of text with aligned columns, and a last line with the verdict."""
    rows = [("criterion", "wanted", "got", "verdict")]
    rows += [
        (check.name, check.wanted, check.got or "not measured", "passed" if check.passed else _failed(check))
        for check in checks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join((*map(str.ljust, row[:3], widths), row[3])) for row in rows]
    failed = sum(not check.passed for check in checks)
    return "\n".join(
        [*lines, f"FAILED: {failed} of {len(checks)}" if failed else f"passed: all {len(checks)}"]
    )


def _failed(check: Check) -> str:
    return f"FAILED: {check.reason}" if check.reason else "FAILED"


def _limit(value: float) -> str:
    """A limit with one decimal, or with all that it was given with."""
    short = f"{value:.1f}"
    return short if abs(float(short) - value) < 1e-9 else f"{value:.10g}"


def _beside(got: float, limit: float) -> str:
    """A figure with one decimal, or with as many as show on which side of the limit it is."""
    texts = (f"{got:.{decimals}f}" for decimals in range(1, 12))
    same_side = (text for text in texts if _side(float(text), limit) == _side(got, limit))
    return next(same_side, repr(got))


def _side(got: float, limit: float) -> int:
    return (got > limit) - (got < limit)
