"""Follow the faces of a stream and find new ones: where faces are in a frame, never what they show.

`Follower.next` is the order of the stages: follow, confirm, search, add.
"""

import math
from dataclasses import replace

import numpy as np

from facestream.analysis.contrast import raised_face
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.detection.detector import FaceDetector, FoundFace
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.geometry import placement_of
from facestream.analysis.landmarks import DEROLL_FROM_DEG, LandmarkPredictor, box_at, box_of_landmarks
from facestream.analysis.searching import Searcher
from facestream.analysis.stage_clock import StageClock
from facestream.analysis.tracking import matching
from facestream.analysis.tracking.aside import LARGER, known_again, placed, set_aside
from facestream.analysis.tracking.cuts import notice_cut
from facestream.analysis.tracking.tracks import Track, Tracks

CONFIRM_EVERY_S = 0.3
CONFIRM_AGAIN_EVERY_S = 0.1
CONFIRM_SETTLED_EVERY_S = 1.0
MAX_FAILED_LOOKS = 3
FEW_FACES = 2
"""Most faces that are followed at level FEWER_FACES."""
POOR_START_SHARE = 0.15
"""The landmarks are predicted again if the box was off by more than this share of its side."""


class Follower:
    """Finds the faces of a frame from those of the frame before; keeps no state of a stream itself."""

    def __init__(
        self, detector: FaceDetector, predictor: LandmarkPredictor, max_faces: int, min_face_share: float
    ) -> None:
        self._detector = detector
        self._predictor = predictor
        self._searcher = Searcher(detector, min_face_share)
        self._max_faces = max_faces
        self._min_face_share = min_face_share

    def next(self, gray: GrayImage, tracks: Tracks, time_s: float, clock: StageClock) -> Tracks:
        """The tracks in the frame at `time_s`: positions and ids only. Adds its time to `clock`."""
        tracks = notice_cut(gray, tracks, time_s)
        before = tracks.followed
        tracks = self._follow(gray, tracks, time_s)
        clock.stop("landmarks")
        tracks = self._confirm(gray, tracks, time_s)
        clock.stop("detect")
        tracks = self._drop_duplicates(before, tracks, time_s)
        has_room = len(tracks.followed) < self._most_faces(tracks)
        tracks, found = self._searcher.next(gray, tracks, time_s, has_room=has_room)
        clock.stop("detect")
        tracks = self._add(gray, tracks, found, time_s)
        clock.stop("landmarks")
        return tracks

    def in_still(self, gray: GrayImage, clock: StageClock) -> list[Track]:
        """The faces of one image, all of which is searched at full scale; the largest first."""
        found = self._detector.search_whole(gray, self._min_face_share)
        found = sorted(found, key=lambda face: -face.box.width)[: self._max_faces]
        clock.stop("detect")
        tracks = []
        for number, face in enumerate(found, start=1):
            landmarks, shows_face = self._landmarks_of(gray, face)
            tracks.append(Track(number, landmarks, 0.0, score=face.score, shows_face=shows_face))
        clock.stop("landmarks")
        tracks = [self._with_points_off(gray, track) for track in tracks]
        clock.stop("detect")
        return tracks

    def _with_points_off(self, gray: GrayImage, track: Track) -> Track:
        return replace(track, points_off=self._detector.points_off(gray, track.landmarks_xy))

    def _landmarks_of(self, gray: GrayImage, found: FoundFace) -> tuple[LandmarksXY, bool]:
        """As `predict_and_judge` for a detected face; predicted again if its box or tilt was a poor start."""
        first, shows_face = predict_with_contrast(self._predictor, gray, found.box, found.tilt_deg)
        placement = placement_of(first)
        box, tilt = box_at(placement), placement.tilt_deg
        off = math.dist(box.center_xy, found.box.center_xy) + abs(box.width - found.box.width)
        if off < POOR_START_SHARE * box.width and abs(tilt - found.tilt_deg) < DEROLL_FROM_DEG:
            return first, shows_face
        return predict_with_contrast(self._predictor, gray, box, tilt)

    def _follow(self, gray: GrayImage, tracks: Tracks, time_s: float) -> Tracks:
        size_wh = (gray.shape[1], gray.shape[0])
        kept, lost = [], []
        for track in tracks.followed:
            last = placement_of(track.landmarks_xy)
            box = matching.start_box(track, last, time_s)
            landmarks, shows_face = predict_with_contrast(self._predictor, gray, box, last.tilt_deg)
            now = placement_of(landmarks)
            if matching.is_plausible(last, now, size_wh):
                kept.append(matching.moved(track, landmarks, last, now, time_s, shows_face=shows_face))
            else:
                lost.append(track)
        return matching.lose(replace(tracks, followed=tuple(kept), size_wh=size_wh), lost, time_s)

    def _confirm(self, gray: GrayImage, tracks: Tracks, time_s: float) -> Tracks:
        """Check the most overdue face with the detector: one face per frame, so that the cost stays even."""

        def due_s(track: Track) -> float:
            if track.failed_looks or not track.shows_face:
                return track.looked_s + CONFIRM_AGAIN_EVERY_S
            due = track.looked_s + CONFIRM_EVERY_S
            if due > time_s or not matching.is_settled(track, self._detector.settled_from):
                return due
            return track.looked_s + CONFIRM_SETTLED_EVERY_S

        oldest = min(tracks.followed, key=due_s, default=None)
        if oldest is None or due_s(oldest) > time_s:
            return tracks
        check = self._detector.check(gray, oldest.landmarks_xy)
        if check is not None:
            looked = replace(matching.confirmed(oldest, time_s, check.score), points_off=check.points_off)
        else:
            looked = replace(oldest, looked_s=time_s, failed_looks=oldest.failed_looks + 1)
        others = [track for track in tracks.followed if track.id != looked.id]
        if looked.failed_looks < MAX_FAILED_LOOKS:
            return replace(tracks, followed=tuple(sorted([*others, looked], key=lambda track: track.id)))
        return matching.lose(
            replace(tracks, followed=tuple(others)), [matching.as_last_confirmed(looked)], time_s
        )

    @staticmethod
    def _drop_duplicates(before: tuple[Track, ...], tracks: Tracks, time_s: float) -> Tracks:
        duplicates = matching.duplicate_ids(before, tracks.followed, time_s)
        if not duplicates:
            return tracks
        # Keep these tracks as they were one frame earlier, so that they reappear at their own face and not at another.
        lost = [track for track in before if track.id in duplicates]
        followed = tuple(track for track in tracks.followed if track.id not in duplicates)
        return matching.lose(replace(tracks, followed=followed), lost, time_s)

    def _add(self, gray: GrayImage, tracks: Tracks, found: list[FoundFace], time_s: float) -> Tracks:
        """Follow the detected faces that are not followed yet, the largest if there are too many; the others wait.

        A face that was lost near by or waits at this place keeps its id.
        """
        most = self._most_faces(tracks)
        if not found and len(tracks.followed) <= most:
            return tracks
        followed = sorted(tracks.followed, key=_width, reverse=True)
        lost, aside, next_id = list(tracks.lost), list(tracks.aside), tracks.next_id
        # The level has risen.
        aside.extend(set_aside((), followed[most:], len(followed)))
        del followed[most:]
        for face in sorted(found, key=lambda face: -face.box.width):
            box = face.box
            known = matching.nearest(followed, box, time_s, matching.SAME_FACE_SHARE)
            if known is not None:
                followed[followed.index(known)] = matching.confirmed(known, time_s, face.score)
                continue
            before = known_again(lost, aside, box, time_s)
            if len(followed) >= most:
                smallest = min(followed, key=_width)
                if box.width < LARGER * _width(smallest):
                    if before is not None:
                        lost, aside = _without(lost, before), _without(aside, before)
                        aside.append(placed(before, box, time_s))
                    continue
                followed.remove(smallest)
                aside.extend(set_aside((), [smallest], 1))
            landmarks, shows_face = self._landmarks_of(gray, face)
            if before is None:
                before = Track(next_id, landmarks, time_s)
                next_id += 1
            lost, aside = _without(lost, before), _without(aside, before)
            last, now = placement_of(before.landmarks_xy), placement_of(landmarks)
            moved = matching.moved(before, landmarks, last, now, time_s, shows_face=shows_face)
            found_again = matching.confirmed(moved, time_s, face.score)
            followed.append(self._with_points_off(gray, found_again))
        followed.sort(key=lambda track: track.id)
        kept = set_aside(aside, (), self._max_faces)
        return replace(tracks, followed=tuple(followed), lost=tuple(lost), aside=kept, next_id=next_id)

    def _most_faces(self, tracks: Tracks) -> int:
        few = tracks.degradation.level >= DegradationLevel.FEWER_FACES
        return min(FEW_FACES, self._max_faces) if few else self._max_faces


def predict_with_contrast(
    predictor: LandmarkPredictor, gray: GrayImage, box: BoundingBox, tilt: float
) -> tuple[LandmarksXY, bool]:
    """As `predict_and_judge` for the face in `box`, tilted by so many degrees; a dark one gets contrast first."""
    raised, (left, top) = raised_face(gray, box)
    if raised is gray:
        return predictor.predict_and_judge(gray, box, tilt)
    box = replace(box, left=box.left - left, top=box.top - top)
    landmarks, shows_face = predictor.predict_and_judge(raised, box, tilt)
    return landmarks + np.array([left, top], np.float32), shows_face


def _width(track: Track) -> float:
    return box_of_landmarks(track.landmarks_xy).width


def _without(tracks: list[Track], one: Track) -> list[Track]:
    return [track for track in tracks if track.id != one.id]
