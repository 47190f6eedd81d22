"""Keep the numbers of faces that are in the frame but not followed, because the stream may follow only a few. Pure.

The landmarks of such a face are not predicted. Only searches see it, so its place is known to the last search.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from facestream.analysis.faces import BoundingBox
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.tracking import matching
from facestream.analysis.tracking.tracks import Track

KEEP_ASIDE_S = 12.0
"""A whole search of nine steps takes nine seconds at one frame per second."""
MAX_MISSED_SEARCHES = 2
"""A face that this many whole searches in a row have not found has left."""
SAME_PLACE_SHARE = 0.5
"""How far, in sides of the box, a face may be from where the last search saw it."""
CLEARLY_NEARER_SHARE = 0.3
"""If two faces could be meant, one must be nearer than the other by this much, in sides of the box."""
LARGER = 1.25
"""How much wider than the smallest followed face another must be to take its place: two of one size take no turns."""


def known_again(
    lost: Sequence[Track], aside: Sequence[Track], box: BoundingBox, time_s: float
) -> Track | None:
    """The lost face or the one set aside that was detected in `box`; None: neither, or one of two.

    If unclear, it is a new face: two people must not have one number.
    """
    near = [(matching.off_sides(track, box, time_s), track, False) for track in lost]
    near = [item for item in near if item[0] < matching.REAPPEAR_SHARE]
    for track in aside:
        off = matching.off_sides(track, box, time_s, matching.SIZE_RATIO)
        # A search that began before a long time without frames may find a face after it.
        if off < SAME_PLACE_SHARE and time_s - track.seen_s <= KEEP_ASIDE_S:
            near.append((off, track, True))
    near.sort(key=lambda item: item[0])
    if not near:
        return None
    if len(near) > 1 and (near[0][2] or near[1][2]) and near[1][0] - near[0][0] < CLEARLY_NEARER_SHARE:
        return None
    return near[0][1]


def placed(track: Track, box: BoundingBox, time_s: float) -> Track:
    """The track where a search has seen its face; its landmarks are moved and scaled, not predicted."""
    last = box_of_landmarks(track.landmarks_xy)
    moved = (track.landmarks_xy - last.center_xy) * (box.width / last.width) + box.center_xy
    return replace(
        track,
        landmarks_xy=np.asarray(moved, np.float32),
        seen_s=time_s,
        velocity_xy=(0.0, 0.0),
        missed_searches=0,
    )


def set_aside(aside: Iterable[Track], these: Iterable[Track], most: int) -> tuple[Track, ...]:
    """The faces set aside together with `these`; of more than `most`, those seen last."""
    stopped = (replace(track, velocity_xy=(0.0, 0.0), missed_searches=0) for track in these)
    newest = sorted((*aside, *stopped), key=lambda track: -track.seen_s)[:most]
    return tuple(sorted(newest, key=lambda track: track.id))


def at_new_search(aside: Iterable[Track], time_s: float) -> tuple[Track, ...]:
    """The faces set aside that are still remembered when a whole search begins."""
    return tuple(
        replace(track, missed_searches=track.missed_searches + 1)
        for track in aside
        if track.missed_searches < MAX_MISSED_SEARCHES and time_s - track.seen_s <= KEEP_ASIDE_S
    )
