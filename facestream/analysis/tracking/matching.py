"""Match the faces of a frame with those of the frames before, by geometry only.

Pure: runs no model and reads no image.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2

from facestream.analysis.faces import BoundingBox, LandmarksXY
from facestream.analysis.geometry import Placement, bounded
from facestream.analysis.landmarks import box_at, box_of_landmarks
from facestream.analysis.tracking.tracks import Track, Tracks

KEEP_LOST_S = 1.5
SAME_FACE_SHARE = 0.5
"""A detection belongs to a followed face if their centers are closer than this share of the side of the box."""
DUPLICATE_SHARE = 0.35
"""Two tracks follow the same face if their centers are closer than this share of the side of the box."""
REAPPEAR_SHARE = 1.2
"""How far, in sides of the box, a lost face may reappear from where its motion would have taken it."""
VELOCITY_SHARE = 0.4
"""Weight of the newest step in the velocity."""
MIN_EYE_DISTANCE_PX = 5.0
SIZE_RATIO = 1.5
"""Largest change of size from one frame to the next."""
SETTLED_SHARE = 0.025
"""How far the landmarks of a settled face have moved since the last check at most: the mean along an axis, in widths of
the box. After a face has vanished they move farther within 0.1 s, whatever is there instead; those of a face at rest
mostly move half as far in a second."""
SETTLED_POINTS_OFF = 0.15
"""`points_off` of a settled face at most: 99 % of the checks of clear faces have less."""
FARTHEST_START_SHARE = 0.25
"""How far, in widths of the box, a face is expected to move between two frames. A gap of half a second would carry a
track that has slipped onto a neighbour's face."""


def expected_box(track: Track, time_s: float) -> BoundingBox:
    """Where the face should be at `time_s`: its last box, moved by its velocity."""
    box, (x, y) = box_of_landmarks(track.landmarks_xy), _way_xy(track, time_s)
    return BoundingBox(box.left + x, box.top + y, box.width, box.height)


def start_box(track: Track, last: Placement, time_s: float) -> BoundingBox:
    """Where the landmarks of the frame at `time_s` are looked for: the expected box, but near the last one.

    `last`: the placement of the track's landmarks.
    """
    box, (x, y) = box_at(last), _way_xy(track, time_s)
    limit = FARTHEST_START_SHARE * box.width
    return BoundingBox(box.left + bounded(x, limit), box.top + bounded(y, limit), box.width, box.height)


def _way_xy(track: Track, time_s: float) -> tuple[float, float]:
    """How far the face should have moved since it was last seen, in pixels."""
    step_s = min(max(0.0, time_s - track.seen_s), KEEP_LOST_S)
    return track.velocity_xy[0] * step_s, track.velocity_xy[1] * step_s


def scaled(track: Track, ratio: float) -> Track:
    """The track in a frame of another size, whose sides are `ratio` times those of the frame before."""
    steady = track.steady and replace(
        track.steady, points_xy=track.steady.points_xy * ratio, speed_xy=track.steady.speed_xy * ratio
    )
    return replace(
        track,
        landmarks_xy=track.landmarks_xy * ratio,
        velocity_xy=(track.velocity_xy[0] * ratio, track.velocity_xy[1] * ratio),
        confirmed_xy=None if track.confirmed_xy is None else track.confirmed_xy * ratio,
        confirmed_velocity_xy=(
            track.confirmed_velocity_xy[0] * ratio,
            track.confirmed_velocity_xy[1] * ratio,
        ),
        steady=steady,
    )


def is_plausible(last: Placement, now: Placement, size_wh: tuple[int, int]) -> bool:
    """False if the landmarks have collapsed, jumped in size or left the frame: the face is lost."""
    (x, y), spread, eye_distance, _ = now
    ratio = spread / last.spread_px
    return (
        eye_distance >= MIN_EYE_DISTANCE_PX
        and 1 / SIZE_RATIO < ratio < SIZE_RATIO
        and 0 <= x < size_wh[0]
        and 0 <= y < size_wh[1]
    )


def moved(
    track: Track,
    landmarks_xy: LandmarksXY,
    last: Placement,
    now: Placement,
    time_s: float,
    *,
    shows_face: bool,
) -> Track:
    """The track with the landmarks of the frame at `time_s`; `shows_face` as in `Track`.

    `last` and `now`: the placement of its landmarks before, and of these.
    """
    step_s = time_s - track.seen_s
    velocity = track.velocity_xy
    if 0 < step_s < KEEP_LOST_S:
        (x, y), (last_x, last_y) = now.middle_xy, last.middle_xy
        velocity = (
            velocity[0] + VELOCITY_SHARE * ((x - last_x) / step_s - velocity[0]),
            velocity[1] + VELOCITY_SHARE * ((y - last_y) / step_s - velocity[1]),
        )
    return replace(
        track, landmarks_xy=landmarks_xy, seen_s=time_s, velocity_xy=velocity, shows_face=shows_face
    )


def confirmed(track: Track, time_s: float, score: float) -> Track:
    """The track after a detector has found a face there at `time_s`, with this score."""
    return replace(
        track,
        looked_s=time_s,
        confirmed_s=time_s,
        confirmed_xy=track.landmarks_xy,
        confirmed_velocity_xy=track.velocity_xy,
        failed_looks=0,
        score=score,
    )


def is_settled(track: Track, settled_from: float) -> bool:
    """Whether the last check was clear, by a score of `settled_from` or more, and little has moved since."""
    if track.confirmed_xy is None or track.score is None or track.score < settled_from:
        return False
    if track.points_off is not None and track.points_off > SETTLED_POINTS_OFF:
        return False
    moved_px = cv2.norm(track.landmarks_xy, track.confirmed_xy, cv2.NORM_L1) / track.landmarks_xy.size
    return bool(moved_px <= SETTLED_SHARE * box_of_landmarks(track.landmarks_xy).width)


def as_last_confirmed(track: Track) -> Track:
    """The track as it was when a detector last found a face there; since then it may have followed something else."""
    if track.confirmed_xy is None:
        return track
    return replace(
        track,
        landmarks_xy=track.confirmed_xy,
        seen_s=track.confirmed_s,
        velocity_xy=track.confirmed_velocity_xy,
    )


def off_sides(track: Track, box: BoundingBox, time_s: float, size_ratio: float = SIZE_RATIO**2) -> float:
    """How far `box` is from where the face of the track is expected, in sides of the larger box.

    Infinite if their sizes differ by `size_ratio` or more.
    """
    expected = expected_box(track, time_s)
    if not 1 / size_ratio < box.width / expected.width < size_ratio:
        return math.inf
    return math.dist(expected.center_xy, box.center_xy) / max(expected.width, box.width)


def nearest(tracks: Sequence[Track], box: BoundingBox, time_s: float, within_sides: float) -> Track | None:
    """The track whose expected box is nearest, if it is within `within_sides` box sides and of similar size."""
    best = min(tracks, key=lambda track: off_sides(track, box, time_s), default=None)
    return best if best is not None and off_sides(best, box, time_s) < within_sides else None


def duplicate_ids(before: Sequence[Track], now: Sequence[Track], time_s: float) -> set[int]:
    """Ids of tracks that follow the same face as another track: of each pair, the track that jumped farther."""
    if len(now) < 2:
        return set()
    expected = {track.id: expected_box(track, time_s) for track in before}
    boxes = {track.id: box_of_landmarks(track.landmarks_xy) for track in now}

    def jump(number: int) -> float:
        if number not in expected:
            return math.inf
        return math.dist(expected[number].center_xy, boxes[number].center_xy) / boxes[number].width + abs(
            math.log(boxes[number].width / expected[number].width)
        )

    duplicates: set[int] = set()
    ids = [track.id for track in now]
    for i, first in enumerate(ids):
        for second in ids[i + 1 :]:
            if first in duplicates or second in duplicates:
                continue
            a, b = boxes[first], boxes[second]
            if math.dist(a.center_xy, b.center_xy) < DUPLICATE_SHARE * max(a.width, b.width):
                duplicates.add(first if jump(first) > jump(second) else second)
    return duplicates


def lose(tracks: Tracks, lost: Sequence[Track], time_s: float) -> Tracks:
    """Keep the tracks that were just lost; forget those lost for more than KEEP_LOST_S."""
    if not (lost or tracks.lost):
        return tracks
    kept = [track for track in (*tracks.lost, *lost) if time_s - track.seen_s <= KEEP_LOST_S]
    return replace(tracks, lost=tuple(kept))
