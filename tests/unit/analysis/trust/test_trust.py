"""The visibility about a real face that is covered, turned dark or met by landmarks that do not lie on it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.emotion.label import choose_label
from facestream.analysis.emotion.steadying import EmotionState
from facestream.analysis.faces import (
    EMOTIONS,
    BoundingBox,
    Emotion,
    Face,
    GrayImage,
    HeadPose,
    LandmarksXY,
    UnsureReason,
)
from facestream.analysis.landmarks import LandmarkPredictor, box_of_landmarks
from facestream.analysis.model_files import checked_path
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.quality import Measures
from facestream.analysis.tracking.tracks import Tracks
from facestream.analysis.trust.calibration import calibration_of, features_of, trust_of
from facestream.analysis.trust.reader import TrustNet
from facestream.resources import MODELS_DIR

CLEAR = Measures(
    luma=120.0, around=110.0, eyes_px=60.0, sharpness=1.0, contrast=40.0, outside=0.0,
    eyes_hidden=0.0, mouth_hidden=0.0, misplaced=0.0,
)  # fmt: skip
FRONTAL = HeadPose(0.0, 0.0, 0.0)
DETAIL = 1.0
EYES_PX = CLEAR.eyes_px
HAPPY = EmotionState((0.02, 0.01, 0.01, 0.9, 0.02, 0.02, 0.02), Emotion.HAPPY, 0.0)


def changed(**values: float) -> Measures:
    return Measures(**{**{name: getattr(CLEAR, name) for name in CLEAR.__slots__}, **values})


def trust(state: EmotionState = HAPPY, measures: Measures = CLEAR, pose: HeadPose | None = FRONTAL) -> float:
    return trust_of(calibration_of("emotion"), state, measures, pose)


@pytest.fixture(scope="module")
def faces(analyzer: Analyzer, group_gray: GrayImage) -> tuple[Face, ...]:
    return analyzer.analyze_still(group_gray).faces


def over_the_mouth(gray: GrayImage, points: LandmarksXY) -> GrayImage:
    """A gray mask from the nose to below the chin."""
    covered = gray.copy()
    outline = np.vstack([points[2:15], points[29:30]]).astype(np.int32)
    cv2.fillPoly(covered, [outline], 200)
    return covered


def over_the_eyes(gray: GrayImage, points: LandmarksXY) -> GrayImage:
    covered = gray.copy()
    unit = float(np.linalg.norm(points[36:42].mean(0) - points[42:48].mean(0)))
    for eye in (slice(36, 42), slice(42, 48)):
        x, y = points[eye].mean(0)
        cv2.circle(covered, (round(float(x)), round(float(y))), round(0.42 * unit), 25, -1, cv2.LINE_AA)
    return covered


def test_only_the_face_with_sunglasses_is_not_clear(faces: tuple[Face, ...]):
    not_clear = [face for face in faces if face.unsure in {"hidden", "misplaced", "dark"}]

    assert len(faces) == 5
    assert len(not_clear) <= 1


@pytest.mark.parametrize("cover", [over_the_mouth, over_the_eyes])
def test_a_cover_lowers_the_trust_of_every_clear_face(
    analyzer: Analyzer,
    group_gray: GrayImage,
    faces: tuple[Face, ...],
    cover: Callable[[GrayImage, LandmarksXY], GrayImage],
):
    net = TrustNet(checked_path(MODELS_DIR, "trust"))
    which = 1 if cover is over_the_mouth else 0
    for face in faces:
        if face.unsure:
            continue
        points = analyzer.predictor.predict(
            cover(group_gray, face.landmarks_xy), box_of_landmarks(face.landmarks_xy)
        )
        clear = net.read(group_gray, face.landmarks_xy)
        hidden = net.read(cover(group_gray, face.landmarks_xy), points)

        assert clear.max() < 0.5
        assert hidden[which] > 0.8


def test_a_covered_mouth_is_hidden(analyzer: Analyzer, group_gray: GrayImage, faces: tuple[Face, ...]):
    clear = [face for face in faces if not face.unsure]
    covered = group_gray
    for face in clear:
        covered = over_the_mouth(covered, face.landmarks_xy)

    # The detector does not find each of them any more.
    found = analyzer.analyze_still(covered).faces

    known = {round(face.box.center_xy[0], -2) for face in clear}
    reasons = [face.unsure for face in found if round(face.box.center_xy[0], -2) in known]
    assert len(reasons) >= 2
    assert set(reasons) == {UnsureReason.HIDDEN}


def test_landmarks_that_have_left_the_face_are_misplaced(group_gray: GrayImage, faces: tuple[Face, ...]):
    net = TrustNet(checked_path(MODELS_DIR, "trust"))
    for face in faces:
        moved = face.landmarks_xy + np.array((0.35 * face.box.width, 0.0), np.float32)

        assert net.read(group_gray, moved)[2] > 0.8


def test_a_face_in_the_dark_is_dark(analyzer: Analyzer, group_gray: GrayImage):
    noise = np.random.default_rng(0).normal(0, 1, group_gray.shape)
    dark = np.asarray((16 + 0.05 * group_gray + noise).clip(0, 255).round(), np.uint8)
    tracks = analyzer.analyze(group_gray, Tracks(), 0.0)[1]

    for number in range(60):
        report, tracks = analyzer.analyze(dark, tracks, 1.0 + number / 30)

    assert report.faces
    assert {face.unsure for face in report.faces} == {UnsureReason.DARK}


@pytest.mark.parametrize(
    ("measures", "reason"),
    [
        (CLEAR, None),
        (changed(mouth_hidden=0.9), UnsureReason.HIDDEN),
        (changed(misplaced=0.9), UnsureReason.MISPLACED),
        (changed(mouth_hidden=0.9, misplaced=0.9), UnsureReason.HIDDEN),
        (changed(luma=22.0, contrast=1.5, mouth_hidden=0.9), UnsureReason.DARK),
        # Fog, or a bright wall: flat, but not dark.
        (changed(luma=150.0, contrast=1.5), None),
    ],
)
def test_of_several_reasons_the_one_that_a_person_can_change_is_given(
    measures: Measures, reason: UnsureReason | None
):
    label, unsure = choose_label(HAPPY, DETAIL, EYES_PX, FRONTAL, measures, 0.3, None)

    assert unsure == reason
    assert label == ("unsure" if reason else Emotion.HAPPY)


@pytest.mark.parametrize(
    ("points_off", "net", "previous", "reason"),
    [
        (None, 0.3, None, None),
        (0.14, 0.3, None, None),
        (0.25, 0.3, None, UnsureReason.MISPLACED),
        # The trust net is sure that they are in place.
        (0.25, 0.05, None, None),
        # It ends clear of the limit.
        (0.18, 0.3, None, None),
        (0.18, 0.3, UnsureReason.MISPLACED, UnsureReason.MISPLACED),
        (0.14, 0.3, UnsureReason.MISPLACED, None),
    ],
)
def test_landmarks_far_from_eyes_nose_and_mouth_are_misplaced(
    points_off: float | None,
    net: float,
    previous: UnsureReason | None,
    reason: UnsureReason | None,
):
    measures = changed(misplaced=net)

    _, unsure = choose_label(
        HAPPY,
        DETAIL,
        EYES_PX,
        FRONTAL,
        measures,
        0.9,
        previous,
        points_off=points_off,
    )

    assert unsure == reason


def test_a_place_where_the_landmark_model_sees_no_face_has_no_word():
    label, unsure = choose_label(HAPPY, DETAIL, EYES_PX, FRONTAL, CLEAR, 0.9, None, shows_face=False)

    assert (label, unsure) == ("unsure", UnsureReason.MISPLACED)


class Beside:
    """A landmark model whose points are a fifth of the face's box beside it."""

    slow_because = ""

    def __init__(self, predictor: LandmarkPredictor) -> None:
        self._predictor = predictor

    def predict(self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0) -> LandmarksXY:
        points = self._predictor.predict(gray, box, tilt_deg)
        return points + np.array((0.2 * box_of_landmarks(points).width, 0.0), np.float32)

    def predict_and_judge(
        self, gray: GrayImage, box: BoundingBox, tilt_deg: float = 0.0
    ) -> tuple[LandmarksXY, bool]:
        return self.predict(gray, box, tilt_deg), True


class Undecided:
    """A trust net that finds no face covered, and says little about landmarks."""

    def read(self, gray: GrayImage, landmarks_xy: LandmarksXY) -> NDArray[np.float32]:
        return np.array([0, 0, 0.3], np.float32)


@pytest.mark.parametrize(("misses", "reason"), [(False, None), (True, UnsureReason.MISPLACED)])
def test_landmarks_beside_the_face_are_noticed_by_the_detector(
    analyzer: Analyzer, group_gray: GrayImage, *, misses: bool, reason: UnsureReason | None
):
    predictor = Beside(analyzer.predictor) if misses else analyzer.predictor
    seeing = Analyzer(
        analyzer.detector, predictor, analyzer._emotions, Undecided(), AnalysisOptions(budget_ms=1e6)
    )

    reports, tracks = [seeing.analyze_still(group_gray)], Tracks()
    for number in range(60):
        report, tracks = seeing.analyze(group_gray, tracks, number / 30)
        reports.append(report)

    # In a photograph, in the first frame of a face, and while it is followed. The largest face looks at the camera.
    largest = [max(report.faces, key=lambda face: face.box.width) for report in reports if report.faces]
    assert len(largest) > 40
    reasons = Counter(face.unsure for face in largest)
    # Points that lie beside the face can also look like those of a turned one, which is said first.
    assert set(reasons) <= ({reason, UnsureReason.TURNED} if misses else {reason})
    assert reasons[reason] > 0.9 * len(largest)


def test_a_search_that_finds_a_followed_face_says_nothing_about_its_landmarks(
    analyzer: Analyzer, clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]]
):
    gray, _ = next(clip_frames("single_face.mp4"))
    _, tracks = analyzer.analyze(gray, Tracks(), 0.0)
    (known,) = tracks.followed
    tracks = replace(tracks, followed=(replace(known, points_off=0.5),), steps_due=(), searched=None)

    _, tracks = analyzer.analyze(gray, tracks, 0.1)

    (seen,) = tracks.followed
    assert (seen.looked_s, seen.points_off) == (0.1, 0.5)


def test_with_covered_eyes_a_word_that_can_be_trusted_is_said():
    eyes = changed(eyes_hidden=0.9)

    def unsure(trust: float, before: UnsureReason | None = None) -> UnsureReason | None:
        return choose_label(HAPPY, DETAIL, EYES_PX, FRONTAL, eyes, trust, before)[1]

    assert unsure(0.85) == UnsureReason.HIDDEN
    assert unsure(0.91) is None
    # It must be clear of the limit to end, and it can end.
    assert unsure(0.91, before=UnsureReason.HIDDEN) == UnsureReason.HIDDEN
    assert unsure(0.94, before=UnsureReason.HIDDEN) is None


def test_a_measure_near_its_limit_does_not_flicker():
    previous, reasons = None, []
    for step in range(40):
        measures = changed(mouth_hidden=0.55 if step % 2 else 0.45)
        _, previous = choose_label(HAPPY, DETAIL, EYES_PX, FRONTAL, measures, 0.5, previous)
        reasons.append(previous)

    assert len(set(reasons[2:])) == 1


@pytest.mark.parametrize(
    "worse",
    [
        {"mouth_hidden": 0.9},
        {"eyes_hidden": 0.9},
        {"sharpness": 0.05},
        {"contrast": 3.0},
    ],
)
def test_what_makes_a_face_hard_to_read_lowers_its_trust(worse: dict[str, float]):
    assert trust(measures=changed(**worse)) < trust()


def test_a_word_that_is_hardly_more_probable_than_another_has_less_trust():
    torn = EmotionState((0.02, 0.01, 0.01, 0.48, 0.02, 0.02, 0.44), Emotion.HAPPY, 0.0)

    assert trust(torn) < trust() - 0.2


def test_trust_is_that_of_the_word_on_show_not_of_the_most_probable_one():
    lagging = EmotionState(HAPPY.probabilities, Emotion.NEUTRAL, 0.0)

    assert trust(lagging) < 0.3


@pytest.mark.parametrize("pose", [None, FRONTAL, HeadPose(89.0, -80.0, 10.0)])
@pytest.mark.parametrize(
    "probabilities", [(1.0, *(0.0,) * 6), (1 / 7,) * 7, (0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0)]
)
def test_trust_is_a_share_whatever_was_measured(pose: HeadPose | None, probabilities: tuple[float, ...]):
    state = EmotionState(probabilities, EMOTIONS[probabilities.index(max(probabilities))], 0.0)
    nothing = Measures(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0)

    assert all(np.isfinite(features_of(state, nothing, pose)))
    assert 0 <= trust(state, nothing, pose) <= 1


def test_mini_xception_has_a_trust_too(group_gray: GrayImage):
    other = load_analyzer(MODELS_DIR, AnalysisOptions(emotion_model="mini_xception"))

    assert all(face.trust is not None for face in other.analyze_still(group_gray).faces)
