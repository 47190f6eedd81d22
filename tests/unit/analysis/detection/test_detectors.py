import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.detection.blazeface import FACE_PX, INPUT_PX, BlazeFaceDetector
from facestream.analysis.detection.detector import (
    MAX_ENLARGEMENT,
    FaceDetector,
    FoundFace,
    without_duplicates,
)
from facestream.analysis.detection.hog import HOG_FACE_PX, STEP_PIXELS, HogDetector
from facestream.analysis.emotion.label import POINTS_OFF_FROM
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.models import load_analyzer, self_test_image
from facestream.analysis.options import AnalysisOptions, DetectorName
from facestream.analysis.tracking.tracks import Tracks
from facestream.resources import MODELS_DIR

SIZES_WH = [(320, 240), (640, 480), (1280, 720), (720, 1280), (1920, 1080), (97, 1000)]


@pytest.fixture(scope="module", params=["dlib", "blazeface"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    if request.param == "dlib":
        return HogDetector()
    return BlazeFaceDetector(MODELS_DIR / "cache" / "blazeface.tflite")


@pytest.mark.parametrize("size_wh", SIZES_WH)
@pytest.mark.parametrize("share", [1 / 8, 1 / 4, 1 / 20])
def test_a_plan_covers_the_smallest_face_everywhere(
    detector: FaceDetector, size_wh: tuple[int, int], share: float
):
    width, height = size_wh
    plan = detector.plan(width, height, share)
    face = share * height
    smallest_px = min(HOG_FACE_PX if isinstance(detector, HogDetector) else FACE_PX, MAX_ENLARGEMENT * face)

    for x in range(0, max(1, int(width - face)), 40):
        for y in range(0, max(1, int(height - face)), 40):
            assert any(
                step.left <= x
                and step.top <= y
                and step.left + step.width >= min(width, x + face)
                and step.top + step.height >= min(height, y + face)
                and step.scale * face >= smallest_px - 1
                for step in plan
            ), (x, y)


@pytest.mark.parametrize("size_wh", [*SIZES_WH, (1, 3000), (8000, 20)])
def test_no_step_is_costlier_than_allowed(detector: FaceDetector, size_wh: tuple[int, int]):
    for step in detector.plan(*size_wh, 1 / 8):
        if isinstance(detector, HogDetector):
            assert step.width * step.height * step.scale**2 <= 1.05 * STEP_PIXELS
        else:
            assert max(step.width, step.height) * step.scale <= INPUT_PX + 1


def test_the_first_step_covers_the_whole_image(detector: FaceDetector):
    first = detector.plan(1280, 720, 1 / 8)[0]

    assert (first.left, first.top, first.width, first.height) == (0, 0, 1280, 720)


def test_a_drawn_face_is_found_where_it_was_drawn(detector: FaceDetector):
    gray, box = self_test_image()

    (found,) = detector.search_whole(gray, 0.3)

    assert found.box.center_xy == pytest.approx(box.center_xy, abs=12)
    assert found.box.width == pytest.approx(box.width, rel=0.25)


@pytest.mark.parametrize("share", [1 / 20, 1 / 6])
def test_a_face_found_in_two_tiles_is_one_face(detector: FaceDetector, group_gray: GrayImage, share: float):
    found = detector.search_whole(group_gray, share)

    assert 4 <= len(found) <= 5


def test_a_strip_is_searched_in_pieces(detector: FaceDetector):
    assert detector.search_whole(np.full((1, 9000), 90, np.uint8), 1 / 8) == []


def test_a_face_that_fills_an_image_is_found_with_a_border(group_gray: GrayImage):
    detector = BlazeFaceDetector(MODELS_DIR / "cache" / "blazeface.tflite")
    analyzer = load_analyzer(MODELS_DIR)
    boxes = [face.box for face in analyzer.analyze_still(group_gray).faces]
    cropped = [
        group_gray[
            round(box.top + 0.1 * box.height) : round(box.top + 0.9 * box.height),
            round(box.left + 0.1 * box.width) : round(box.left + 0.9 * box.width),
        ]
        for box in boxes[:3]
    ]

    found = [detector.search_whole(gray, 1 / 8) for gray in cropped]
    plans = [detector.plan(gray.shape[1], gray.shape[0], 1 / 8) for gray in cropped]

    assert not all(
        any(detector.search(gray, step) for step in plan) for gray, plan in zip(cropped, plans, strict=True)
    )
    assert [len(faces) for faces in found] == [1] * 3
    for gray, (face,) in zip(cropped, found, strict=True):
        assert face.box.center_xy == pytest.approx((gray.shape[1] / 2, gray.shape[0] / 2), abs=12)


@pytest.mark.parametrize(("size_wh", "share"), [((640, 480), 1 / 8), ((1280, 720), 1 / 4)])
def test_finer_tiles_cover_the_frame_at_twice_the_scale(
    detector: FaceDetector, size_wh: tuple[int, int], share: float
):
    plan, finer = detector.plan(*size_wh, share), detector.finer(*size_wh, share)

    covered = np.zeros(size_wh[::-1], np.bool_)
    for step in finer:
        covered[step.top : step.top + step.height, step.left : step.left + step.width] = True
    assert covered.all()
    assert [step.scale for step in finer] == pytest.approx([2 * plan[-1].scale] * len(finer))
    assert all(step.surer for step in finer)


def test_a_face_too_small_for_a_step_leaves_a_hint_at_its_place(group_gray: GrayImage):
    detector = BlazeFaceDetector(MODELS_DIR / "cache" / "blazeface.tflite")
    scale = 0.34
    small = np.asarray(
        cv2.resize(group_gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    frame = np.full((480, 640), 100, np.uint8)
    frame[100 : 100 + small.shape[0], 200 : 200 + small.shape[1]] = small
    places = [
        (200 + scale * face.box.center_xy[0], 100 + scale * face.box.center_xy[1])
        for face in load_analyzer(MODELS_DIR).analyze_still(group_gray).faces
    ]

    seen = [detector.search_with_hints(frame, step) for step in detector.plan(640, 480, 1 / 8)]

    assert not any(found for found, _ in seen)
    hints = [hint.xy for _, hints in seen for hint in hints]
    assert sum(any(np.hypot(x - a, y - b) < 12 for a, b in hints) for x, y in places) >= 3


def test_small_faces_side_by_side_are_not_taken_for_one(group_gray: GrayImage):
    analyzer = load_analyzer(MODELS_DIR)
    faces = sorted(analyzer.analyze_still(group_gray).faces, key=lambda face: face.box.center_xy[0])
    frame = np.full((480, 640), 100, np.uint8)
    frame[100:340, 200:560] = cv2.resize(group_gray, (360, 240), interpolation=cv2.INTER_AREA)

    found = analyzer.detector.search_whole(frame, 1 / 8)

    places = sorted(face.box.center_xy for face in found)
    assert len(places) == len(faces) == 5
    for (x, y), face in zip(places, faces, strict=True):
        expected = np.array([200, 100]) + 0.36 * np.array(face.box.center_xy)
        assert (x, y) == pytest.approx(expected, abs=5)


def test_hints_change_nothing_about_the_faces_that_are_found(detector: FaceDetector, group_gray: GrayImage):
    for step in detector.plan(group_gray.shape[1], group_gray.shape[0], 1 / 8):
        assert detector.search(group_gray, step) == detector.search_with_hints(group_gray, step)[0]


def test_a_frame_that_cannot_be_enlarged_further_has_no_finer_tiles(detector: FaceDetector):
    assert detector.finer(97, 60, 1 / 20) == ()


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (4000, 3000)])
def test_a_bordered_search_of_an_image_without_a_face_finds_none(
    detector: FaceDetector, shape: tuple[int, int]
):
    gray = np.full(shape, 120, np.uint8)

    assert detector.search(gray, detector.bordered(shape[1], shape[0])) == []


def test_the_second_detector_finds_tilted_faces_and_their_tilt(group_gray: GrayImage):
    detector = BlazeFaceDetector(MODELS_DIR / "cache" / "blazeface.tflite")
    height, width = group_gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -50, 0.9)
    tilted = np.asarray(cv2.warpAffine(group_gray, turn, (width, height)), np.uint8)

    found = detector.search_whole(tilted, 1 / 10)

    assert len(found) >= 4
    assert np.median([face.tilt_deg for face in found]) == pytest.approx(50, abs=12)


def test_of_two_boxes_on_one_face_the_larger_is_kept():
    small, large = FoundFace(BoundingBox(10, 10, 40, 40)), FoundFace(BoundingBox(8, 8, 50, 50))
    other = FoundFace(BoundingBox(80, 10, 40, 40))

    assert without_duplicates([small, other, large]) == [large, other]


def test_of_two_boxes_on_one_face_a_known_one_is_kept():
    known, larger = FoundFace(BoundingBox(10, 10, 40, 40)), FoundFace(BoundingBox(8, 8, 50, 50))
    other = FoundFace(BoundingBox(80, 10, 40, 40))

    assert without_duplicates([larger, other], [known]) == [known, other]


def test_an_eye_that_is_taken_for_a_face_is_part_of_the_larger_face():
    face, eye = FoundFace(BoundingBox(300, 100, 240, 240)), FoundFace(BoundingBox(332, 160, 74, 74))
    beside = FoundFace(BoundingBox(200, 160, 74, 74))

    assert without_duplicates([eye, face, beside]) == [face, beside]


def test_a_face_is_confirmed_only_at_its_position_and_size(detector: FaceDetector, group_gray: GrayImage):
    analyzer = load_analyzer(MODELS_DIR)
    face = max(analyzer.analyze_still(group_gray).faces, key=lambda face: face.box.width)
    aside = face.landmarks_xy + np.array([0.5 * face.box.width, 0], np.float32)
    smaller = (face.landmarks_xy - face.landmarks_xy.mean(axis=0)) * 0.5 + face.landmarks_xy.mean(axis=0)

    check = detector.check(group_gray, face.landmarks_xy)

    assert check is not None
    assert check.score > 0
    assert detector.check(group_gray, aside) is None
    assert detector.check(group_gray, smaller.astype(np.float32)) is None


def test_a_check_says_how_far_the_landmarks_are_from_eyes_nose_and_mouth(
    analyzer: Analyzer, group_gray: GrayImage
):
    # The fifth has sunglasses and looks away.
    faces = [face for face in analyzer.analyze_still(group_gray).faces if face.unsure is None]
    assert len(faces) >= 3
    for face in faces:
        clean = analyzer.detector.points_off(group_gray, face.landmarks_xy)
        assert clean is not None
        assert clean < 0.15
        for aside in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2), (0.0, -0.2)):
            moved = face.landmarks_xy + np.float32(face.box.width) * np.array(aside, np.float32)

            check = analyzer.detector.check(group_gray, moved)

            assert check is not None
            assert check.points_off is not None
            assert check.points_off > POINTS_OFF_FROM


def test_a_detector_without_points_says_nothing_about_the_landmarks(
    dlib_analyzer: Analyzer, group_gray: GrayImage
):
    face = dlib_analyzer.analyze_still(group_gray).faces[0]
    check = dlib_analyzer.detector.check(group_gray, face.landmarks_xy)

    assert check is not None
    assert check.points_off is None
    assert dlib_analyzer.detector.points_off(group_gray, face.landmarks_xy) is None


@pytest.mark.parametrize(("name", "low", "high"), [("blazeface", 0.5, 1.0), ("dlib", 0.0, 4.0)])
def test_the_score_of_a_face_is_in_the_range_that_is_documented(
    group_gray: GrayImage, name: DetectorName, low: float, high: float
):
    analyzer = load_analyzer(MODELS_DIR, AnalysisOptions(detector=name))

    still = analyzer.analyze_still(group_gray)
    followed, _ = analyzer.analyze(group_gray, Tracks(), 0.0)

    scores = [face.score for face in (*still.faces, *followed.faces)]
    assert len(scores) > 2
    assert all(score is not None and low <= score <= high for score in scores)
    assert len(set(scores)) > 2
