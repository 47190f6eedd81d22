import pickle
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice, pairwise

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.degradation import DegradationLevel
from facestream.analysis.detection.detector import without_duplicates
from facestream.analysis.faces import EMOTIONS, Emotion, FrameReport, GrayImage
from facestream.analysis.tracking.tracks import Tracks

Frames = Callable[[str], Iterator[tuple[GrayImage, float]]]


def follow(analyzer: Analyzer, frames: Iterable[tuple[GrayImage, float]]) -> list[FrameReport]:
    tracks, reports = Tracks(), []
    for gray, time_s in frames:
        report, tracks = analyzer.analyze(gray, tracks, time_s)
        reports.append(report)
    return reports


@pytest.mark.parametrize("name", ["single_face.mp4", "WolfgangLanger_Pexels.mp4"])
def test_a_face_is_followed_through_the_whole_clip_under_one_id(
    analyzer: Analyzer, clip_frames: Frames, name: str
):
    reports = follow(analyzer, clip_frames(name))

    assert [len(report.faces) for report in reports] == [1] * len(reports)
    assert {report.faces[0].id for report in reports} == {1}


def test_no_face_is_seen_where_there_is_none(analyzer: Analyzer, clip_frames: Frames):
    reports = follow(analyzer, clip_frames("no_face.mp4"))

    assert not any(report.faces for report in reports)


def test_the_second_detector_sees_no_face_where_there_is_none(dlib_analyzer: Analyzer, clip_frames: Frames):
    reports = follow(dlib_analyzer, clip_frames("no_face.mp4"))

    assert not any(report.faces for report in reports)


def test_the_second_detector_follows_the_face_under_one_id(dlib_analyzer: Analyzer, clip_frames: Frames):
    reports = follow(dlib_analyzer, clip_frames("single_face.mp4"))

    assert [{face.id for face in report.faces} for report in reports] == [{1}] * len(reports)


@pytest.mark.parametrize("choice", ["analyzer", "dlib_analyzer"])
def test_a_face_is_followed_while_it_tilts_by_80_degrees(
    analyzer: Analyzer, dlib_analyzer: Analyzer, clip_frames: Frames, choice: str
):
    analyzer = {"analyzer": analyzer, "dlib_analyzer": dlib_analyzer}[choice]
    face, _ = next(clip_frames("single_face.mp4"))
    height, width = face.shape

    def frames() -> Iterator[tuple[GrayImage, float]]:
        for number in range(60):
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), -min(80.0, 2.0 * number), 0.8)
            yield np.asarray(cv2.warpAffine(face, turn, (width, height)), np.uint8), number / 30

    reports = follow(analyzer, frames())

    assert [{face.id for face in report.faces} for report in reports] == [{1}] * 60
    pose = reports[-1].faces[0].pose
    assert pose is not None
    assert 65 < pose.roll_deg < 95


def test_the_face_is_neutral_then_happy_from_about_frame_18(analyzer: Analyzer, clip_frames: Frames):
    reports = follow(analyzer, clip_frames("single_face.mp4"))

    labels = [report.faces[0].label for report in reports]
    assert labels[:16].count("neutral") >= 14
    assert labels[30:].count("happy") >= 40


def test_every_face_that_the_detector_finds_in_a_still_is_followed_in_a_stream(
    analyzer: Analyzer, group_gray: GrayImage
):
    still = analyzer.analyze_still(group_gray)

    stream = follow(analyzer, ((group_gray, frame / 30) for frame in range(60)))[-1]

    assert len(still.faces) >= 4
    assert len(stream.faces) == len(still.faces)
    assert sorted(face.id for face in stream.faces) == list(range(1, len(stream.faces) + 1))


def test_followed_landmarks_stay_near_those_of_a_fresh_detection(analyzer: Analyzer, clip_frames: Frames):
    tracks, errors = Tracks(), []
    for number, (gray, time_s) in enumerate(clip_frames("single_face.mp4")):
        _, tracks = analyzer.analyze(gray, tracks, time_s)
        if number % 8 == 0:
            fresh = analyzer.analyze_still(gray).faces[0].landmarks_xy
            followed = tracks.followed[0].landmarks_xy
            eyes = np.linalg.norm(fresh[36] - fresh[45])
            errors.append(float(np.linalg.norm(followed - fresh, axis=1).mean() / eyes))

    assert np.median(errors) <= 0.015


def test_a_face_that_left_is_not_reported_and_a_later_one_gets_a_new_id(
    analyzer: Analyzer, clip_frames: Frames
):
    face, _ = next(clip_frames("single_face.mp4"))
    empty = np.full_like(face, 110)
    frames = [face] * 10 + [empty] * 90 + [face] * 30

    reports = follow(analyzer, ((gray, number / 30) for number, gray in enumerate(frames)))

    assert reports[9].faces[0].id == 1
    assert not reports[60].faces
    assert reports[-1].faces[0].id == 2


def test_a_second_of_occlusion_keeps_the_id(analyzer: Analyzer, clip_frames: Frames):
    face, _ = next(clip_frames("single_face.mp4"))
    box = analyzer.analyze_still(face).faces[0].box
    hidden = face.copy()
    left, top = int(box.left - box.width / 2), max(0, int(box.top - box.height / 2))
    hidden[top : int(box.top + 1.6 * box.height), left : int(box.left + 1.5 * box.width)] = 110
    frames = [face] * 15 + [hidden] * 30 + [face] * 25

    reports = follow(analyzer, ((gray, number / 30) for number, gray in enumerate(frames)))

    assert reports[-1].faces[0].id == 1


@pytest.mark.parametrize("seconds", [2.0, 3.0, 5.0])
@pytest.mark.parametrize("choice", ["analyzer", "dlib_analyzer"])
def test_ids_survive_two_faces_that_cross(
    analyzer: Analyzer, dlib_analyzer: Analyzer, group_gray: GrayImage, choice: str, seconds: float
):
    """Two real faces cut out of the image; one passes in front of the other."""
    analyzer = {"analyzer": analyzer, "dlib_analyzer": dlib_analyzer}[choice]
    count = round(30 * seconds)
    faces = sorted(analyzer.analyze_still(group_gray).faces, key=lambda face: -face.box.width)[:2]
    cuts = []
    for face in faces:
        x, y = face.box.center_xy
        half = 0.8 * face.box.width
        cut = group_gray[int(y - half) : int(y + half), int(x - half) : int(x + half)]
        cuts.append(cv2.resize(cut, (150, 150), interpolation=cv2.INTER_CUBIC))

    def frames() -> Iterator[tuple[GrayImage, float]]:
        for number in range(count):
            share = min(1.0, max(0.0, (number - 15) / (count - 30)))
            image = np.full((360, 640), 100, np.uint8)
            for cut, start, end, top in ((cuts[0], 60, 430, 105), (cuts[1], 430, 60, 95)):
                left = round(start + (end - start) * share)
                image[top : top + 150, left : left + 150] = cut
            yield image, number / 30

    reports = follow(analyzer, frames())

    before = {face.id: face.box.center_xy[0] for face in reports[12].faces}
    after = {face.id: face.box.center_xy[0] for face in reports[-1].faces}
    assert len(before) == len(after) == 2
    assert set(before) == set(after)
    for number, x in before.items():
        assert (x < 320) != (after[number] < 320)


def test_a_cut_to_another_scene_resets_the_ids(analyzer: Analyzer, clip_frames: Frames):
    face, _ = next(clip_frames("single_face.mp4"))
    other = 255 - face[:, ::-1]
    tracks = Tracks()
    _, tracks = analyzer.analyze(face, tracks, 0.0)

    report, _ = analyzer.analyze(np.ascontiguousarray(other), tracks, 1 / 30)

    # The detector also finds a face in the negative; what matters is that it gets no earlier id.
    assert 1 not in {face.id for face in report.faces}


def with_small_group(group_gray: GrayImage) -> GrayImage:
    """Five faces, side by side, of 1/12 to 1/15 of the height."""
    frame = np.full((480, 640), 100, np.uint8)
    frame[100:340, 200:560] = cv2.resize(group_gray, (360, 240), interpolation=cv2.INTER_AREA)
    return frame


def test_faces_smaller_than_the_plan_finds_are_followed_within_three_seconds(
    analyzer: Analyzer, group_gray: GrayImage
):
    frame = with_small_group(group_gray)
    many = analyzer.with_options(max_faces=20)

    reports = follow(many, ((frame, number / 10) for number in range(30)))

    assert len(reports[-1].faces) >= 4
    assert all(face.box.width < 480 / 8 for face in reports[-1].faces)


def test_a_photograph_is_searched_for_faces_of_half_the_smallest_size(
    analyzer: Analyzer, group_gray: GrayImage
):
    frame = with_small_group(group_gray)
    plan = analyzer.detector.plan(640, 480, 1 / 8)

    report = analyzer.analyze_still(frame)

    assert (
        len(without_duplicates(face for step in plan for face in analyzer.detector.search(frame, step))) < 4
    )
    assert len(report.faces) >= 4


def test_a_turned_phone_keeps_ids_apart(analyzer: Analyzer, clip_frames: Frames):
    face, _ = next(clip_frames("single_face.mp4"))
    upright = np.ascontiguousarray(face[:, 140:500])

    reports = follow(analyzer, iter([(face, 0.0), (face, 0.03), (upright, 0.07), (upright, 0.1)]))

    assert reports[1].faces[0].id == 1
    assert reports[-1].faces[0].id == 2


@pytest.mark.parametrize("share", [0.5, 0.75, 1.5])
def test_another_size_of_the_same_scene_keeps_the_ids(
    analyzer: Analyzer, group_gray: GrayImage, share: float
):
    large = np.asarray(cv2.resize(group_gray, (640, 480)), np.uint8)
    small = np.asarray(cv2.resize(group_gray, (round(640 * share), round(480 * share))), np.uint8)
    frames = [large] * 20 + [small] * 20 + [large] * 20

    reports = follow(analyzer, ((gray, number / 30) for number, gray in enumerate(frames)))

    before, between, after = (
        {face.id: face.box.center_xy[0] for face in reports[number].faces} for number in (19, 39, 59)
    )
    assert len(before) > 1
    assert set(before) == set(between) == set(after)
    for number, x in before.items():
        assert between[number] == pytest.approx(x * share, abs=6)
        assert after[number] == pytest.approx(x, abs=6)


def test_still_faces_keep_their_ids_at_two_frames_per_second(analyzer: Analyzer, group_gray: GrayImage):
    frames = [np.asarray(cv2.resize(group_gray, (640, 480)), np.uint8)] * 30

    reports = follow(analyzer, ((gray, number * 0.45) for number, gray in enumerate(frames)))

    settled = {face.id: face.box.center_xy for face in reports[8].faces}
    assert len(settled) > 1
    for report in reports[9:]:
        assert {face.id for face in report.faces} == set(settled)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (16, 16), (3, 900), (720, 16)])
def test_unusual_shapes_are_analysed_without_an_error(analyzer: Analyzer, shape: tuple[int, int]):
    gray = np.random.default_rng(1).integers(0, 255, shape, np.uint8)

    report, tracks = analyzer.analyze(gray, Tracks(), 0.0)
    report, _ = analyzer.analyze(gray, tracks, 0.03)

    assert report.faces == ()


def test_more_faces_than_allowed_are_not_followed(analyzer: Analyzer, group_gray: GrayImage):
    few = analyzer.with_options(max_faces=2)

    reports = follow(few, ((group_gray, frame / 30) for frame in range(40)))

    assert max(len(report.faces) for report in reports) == 2


def test_frames_over_their_budget_raise_the_degradation_level_step_by_step(
    analyzer: Analyzer, group_gray: GrayImage
):
    reports = follow(analyzer.with_options(budget_ms=0.01), ((group_gray, frame / 30) for frame in range(80)))

    steps = [report.degradation for report in reports]
    assert sorted(set(steps)) == list(DegradationLevel)
    assert steps == sorted(steps)
    assert len(reports[-1].faces) == 2


def test_landmarks_are_not_smoothed_if_smoothing_is_switched_off(analyzer: Analyzer, clip_frames: Frames):
    raw, tracks = analyzer.with_options(steady_landmarks=False), Tracks()

    for gray, time_s in islice(clip_frames("single_face.mp4"), 10):
        report, tracks = raw.analyze(gray, tracks, time_s)

        assert report.faces[0].landmarks_xy is tracks.followed[0].landmarks_xy


def test_tracks_can_be_pickled_between_frames(analyzer: Analyzer, clip_frames: Frames):
    kept, sent = Tracks(), Tracks()
    for gray, time_s in islice(clip_frames("single_face.mp4"), 8):
        one, kept = analyzer.analyze(gray, kept, time_s)
        other, sent = analyzer.analyze(gray, pickle.loads(pickle.dumps(sent)), time_s)

        assert np.array_equal(one.faces[0].landmarks_xy, other.faces[0].landmarks_xy)
        assert one.faces[0].probabilities == other.faces[0].probabilities


def test_a_mirrored_face_has_the_opposite_yaw(analyzer: Analyzer, clip_frames: Frames):
    frames = [gray for gray, _ in clip_frames("WolfgangLanger_Pexels.mp4")]
    gray = frames[130]

    pose = analyzer.analyze_still(gray).faces[0].pose
    mirrored = analyzer.analyze_still(np.ascontiguousarray(gray[:, ::-1])).faces[0].pose

    assert pose is not None
    assert mirrored is not None
    assert abs(pose.yaw_deg) > 8
    assert abs(pose.yaw_deg + mirrored.yaw_deg) < 8
    assert abs(pose.pitch_deg - mirrored.pitch_deg) < 8


@pytest.mark.parametrize(("smoothing_s", "read_in_each_frame"), [(0.3, False), (0.0, True)])
def test_an_emotion_is_read_again_only_when_it_can_change_the_average(
    analyzer: Analyzer, clip_frames: Frames, smoothing_s: float, *, read_in_each_frame: bool
):
    # The clip has 24 FPS; here it is analysed at 30.
    frames = (
        (gray, number / 30) for number, (gray, _) in enumerate(islice(clip_frames("single_face.mp4"), 20))
    )

    reports = follow(analyzer.with_options(smoothing_s=smoothing_s), frames)

    shown = [report.faces[0].probabilities for report in reports]
    changed = [now != last for last, now in pairwise(shown)]
    assert all(changed) == read_in_each_frame
    assert sum(changed) >= len(changed) // 3


def test_a_real_smile_is_shown_within_half_a_second_and_at_once(analyzer: Analyzer, clip_frames: Frames):
    frames = list(islice(clip_frames("single_face.mp4"), 60))
    happy = EMOTIONS.index(Emotion.HAPPY)

    read = [
        report.faces[0].probabilities[happy]
        for report in follow(analyzer.with_options(smoothing_s=0), frames)
    ]
    labels = [report.faces[0].label for report in follow(analyzer, frames)]

    half_way_s = next(time_s for (_, time_s), share in zip(frames, read, strict=True) if share > 0.5)
    shown_s = next(
        time_s for (_, time_s), label in zip(frames, labels, strict=True) if label == Emotion.HAPPY
    )
    assert [label for label, _ in groupby(labels)] == [Emotion.NEUTRAL, Emotion.HAPPY]
    assert shown_s - half_way_s <= 0.5
