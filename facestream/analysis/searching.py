"""Search the frames of a stream for faces that are not followed: which step comes next, never whose face it is.

A search takes the steps of the plan in whose regions something has changed since they were searched, one in a frame,
and one more in turn, because a detector may miss a face once.
"""

from collections.abc import Sequence
from dataclasses import replace

from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.detection.detector import (
    FaceDetector,
    FoundFace,
    SearchStep,
    is_part_of_larger,
)
from facestream.analysis.detection.hints import (
    REACH_SHARE,
    best_hint,
    closer_step,
    is_at_one,
    with_hints,
    with_visit,
)
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.tracking.aside import at_new_search
from facestream.analysis.tracking.changes import (
    is_unvisited,
    luma_of,
    next_searched,
    touches,
    with_unsure,
    with_visited,
)
from facestream.analysis.tracking.cuts import is_briefly_blank
from facestream.analysis.tracking.tracks import Tracks

SEARCH_EVERY_S = 1.0
SEARCH_FOR_LOST_EVERY_S = 0.25
COMPARE_EVERY_S = 0.25
"""How often a frame is compared with what was searched, if the last second brought no change. While no face is
followed, each frame is compared: there is nothing else to do."""
FINER_SHARE = 0.3
"""How many finer tiles follow the steps of a search, as a share of the plan: around hints first, then others."""
FINER_ROUND_S = 15.0
"""How long one round through the finer tiles takes at least."""
UNSURE_FROM = 0.5
"""Least score of a place that is nearly a face: it is searched each time, changed or not."""


class Searcher:
    """Takes the steps of the searches of streams; keeps no state of a stream itself."""

    def __init__(self, detector: FaceDetector, min_face_share: float) -> None:
        self._detector = detector
        self._min_face_share = min_face_share

    def next(
        self, gray: GrayImage, tracks: Tracks, time_s: float, *, has_room: bool
    ) -> tuple[Tracks, list[FoundFace]]:
        """Take the next step of a search, if one is under way or due. `has_room`: more faces may be followed."""
        if is_briefly_blank(tracks, time_s):
            return tracks, []
        all_followed = bool(tracks.followed and not tracks.lost and not (tracks.aside and has_room))
        if not tracks.steps_due:
            every_s = SEARCH_EVERY_S if all_followed else SEARCH_FOR_LOST_EVERY_S
            if tracks.degradation.level >= DegradationLevel.RARE_SEARCH:
                every_s *= 2
            tracks = self._begun(gray, tracks, time_s, every_s, has_room=has_room)
        elif all_followed and time_s - tracks.stepped_s < self._detector.step_every_s:
            return tracks, []
        if not tracks.steps_due:
            return tracks, []
        number, *later = tracks.steps_due
        tracks, found = self._step(gray, replace(tracks, steps_due=tuple(later)), number, time_s)
        return replace(tracks, stepped_s=time_s), found

    def _begun(
        self, gray: GrayImage, tracks: Tracks, time_s: float, every_s: float, *, has_room: bool
    ) -> Tracks:
        """The tracks with the steps of a new search, if one is due."""
        everywhere = bool(tracks.searched is None or tracks.lost or tracks.aside)
        compared_lately = bool(tracks.followed) and time_s - tracks.compared_s < COMPARE_EVERY_S
        if tracks.searched is not None and (
            time_s - tracks.searched_s < every_s or (compared_lately and not everywhere)
        ):
            return tracks
        size_wh = (gray.shape[1], gray.shape[0])
        plan = self._detector.plan(*size_wh, self._min_face_share)
        searched, changed = next_searched(tracks.searched, luma_of(gray), _known(tracks), size_wh)
        due = [number for number, step in enumerate(plan) if everywhere or touches(changed, step, size_wh)]
        tracks = replace(tracks, searched=searched, compared_s=time_s)
        if due:
            tracks = replace(tracks, searched_s=time_s, aside=at_new_search(tracks.aside, time_s))
        elif time_s - tracks.stepped_s < every_s:
            return tracks
        # A face that fills the frame is looked for only while there is no other.
        bordered = [] if tracks.followed else [len(plan)]
        turn = tracks.turn % (len(plan) + len(bordered))
        steps = sorted({*due, turn, *(bordered if due else ())})
        if has_room and not tracks.degradation.level:
            steps += int(FINER_SHARE * len(plan)) * [len(plan) + 1]
        return replace(tracks, steps_due=tuple(steps), turn=turn + 1)

    def _step(
        self, gray: GrayImage, tracks: Tracks, number: int, time_s: float
    ) -> tuple[Tracks, list[FoundFace]]:
        """Take one step: of the plan, then the frame with a border, then a finer tile."""
        size_wh = (gray.shape[1], gray.shape[0])
        plan, known = self._detector.plan(*size_wh, self._min_face_share), _known(tracks)
        if number < len(plan):
            found, hints = self._detector.search_with_hints(gray, plan[number])
            reach_px = REACH_SHARE * plan[-1].width / 2
            seen = [*known, *(face.box for face in found)]
            unsure = [hint.xy for hint in hints if hint.score >= UNSURE_FROM and not is_at_one(hint, seen)]
            searched = tracks.searched and with_unsure(tracks.searched, unsure, size_wh)
            return replace(
                tracks, hints=with_hints(tracks.hints, hints, known, reach_px), searched=searched
            ), found
        if number == len(plan):
            return tracks, self._detector.search(gray, self._detector.bordered(*size_wh))
        finer = self._detector.finer(*size_wh, self._min_face_share)
        if not finer or tracks.degradation.level:
            return tracks, []
        tracks, step = _finer_step(finer, tracks, known, size_wh, time_s)
        if step is None:
            return tracks, []
        found = self._detector.search(gray, step)
        return tracks, [face for face in found if not is_part_of_larger(face.box, known)]


def _known(tracks: Tracks) -> list[BoundingBox]:
    return [box_of_landmarks(track.landmarks_xy) for track in tracks.followed]


def _finer_step(
    finer: Sequence[SearchStep],
    tracks: Tracks,
    known: list[BoundingBox],
    size_wh: tuple[int, int],
    time_s: float,
) -> tuple[Tracks, SearchStep | None]:
    """The tile around the best hint that is at no `known` face; else the next of the `finer` tiles with a change."""
    reach_px = REACH_SHARE * finer[0].width
    hint = best_hint(tracks.hints, tracks.visits, known, reach_px, time_s)
    if hint is not None:
        visits = with_visit(tracks.visits, hint, reach_px, time_s)
        return replace(tracks, visits=visits), closer_step(finer[0], hint.xy, size_wh)
    searched = tracks.searched
    if searched is None:
        return tracks, None
    if tracks.finer_step >= len(finer):
        if time_s - tracks.finer_began_s < FINER_ROUND_S:
            return tracks, None
        tracks = replace(tracks, finer_step=0)
    if tracks.finer_step == 0:
        tracks = replace(tracks, finer_began_s=time_s)
    for number in range(tracks.finer_step, len(finer)):
        if is_unvisited(searched, finer[number], size_wh):
            searched = with_visited(searched, finer[number], size_wh)
            return replace(tracks, finer_step=number + 1, searched=searched), finer[number]
    return replace(tracks, finer_step=len(finer)), None
