from dataclasses import replace

import av
import numpy as np
import pytest

from facestream.analysis.drawing.canvas import BLACK, Canvas, fixed, from_rgb
from facestream.analysis.drawing.overlay import (
    DEFAULT_LAYERS,
    HULLS,
    STAMP_CORNER_WH,
    Layer,
    draw,
    label_text,
)
from facestream.analysis.drawing.pills import LABEL_FREE_CORNER_WH
from facestream.analysis.drawing.words import Language
from facestream.analysis.faces import BoundingBox, Face, FrameReport, HeadPose, UnsureReason
from facestream.analysis.shapes import shapes_of
from facestream.media.planes import planes_of
from facestream.replay.stamp import read_stamp, write_stamp

Planes = tuple[np.ndarray, np.ndarray, np.ndarray]


def gray_planes(width: int, height: int, luma: int = 100) -> Planes:
    chroma = (height + 1) // 2, (width + 1) // 2
    return (
        np.full((height, width), luma, np.uint8),
        np.full(chroma, 128, np.uint8),
        np.full(chroma, 128, np.uint8),
    )


def face_at(left: float, top: float, side: float, **given: object) -> Face:
    angles = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    points = np.stack(
        [left + side / 2 + side / 3 * np.cos(angles), top + side / 2 + side / 3 * np.sin(angles)], 1
    )
    values: dict[str, object] = {
        "id": 1,
        "box": BoundingBox(left, top, side, side),
        "landmarks_xy": points.astype(np.float32),
        "probabilities": (0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.1),
        "label": "happy",
        "pose": HeadPose(10, 5, 2),
    }
    return Face(**{**values, **given})  # type: ignore[arg-type]


def changed(before: Planes, after: Planes) -> list[bool]:
    return [bool((a != b).any()) for a, b in zip(before, after, strict=True)]


@pytest.mark.parametrize("layer", list(Layer))
def test_each_layer_can_be_drawn_alone(layer: Layer):
    planes = gray_planes(640, 480)

    draw(planes, FrameReport((face_at(200, 150, 180),)), {layer}, "#1 30 FPS")

    assert changed(gray_planes(640, 480), planes)[0]


def test_without_layers_the_frame_is_unchanged():
    planes = gray_planes(640, 480)

    draw(planes, FrameReport((face_at(200, 150, 180),)), set(), "#1 30 FPS")

    assert not any(changed(gray_planes(640, 480), planes))


def test_on_a_frame_without_a_face_only_the_corner_is_drawn():
    planes = gray_planes(640, 480)

    draw(planes, FrameReport(()), DEFAULT_LAYERS, "#1 30 FPS")

    assert not (planes[0][60:] != 100).any()
    assert (planes[0][:60, :200] != 100).any()


@pytest.mark.parametrize(
    ("faces_in_frame", "unsure", "text"),
    [
        (1, None, "Happy 90%"),
        (2, None, "3: Happy 90%"),
        (1, UnsureReason.CLOSE, "Happy (two possible)"),
        (2, UnsureReason.TURNED, "3: Happy (turned away)"),
    ],
)
def test_the_label_has_the_number_of_its_face_if_there_are_several(
    faces_in_frame: int, unsure: UnsureReason | None, text: str
):
    assert label_text(face_at(0, 0, 50, id=3, unsure=unsure), faces_in_frame) == text


def test_the_number_beside_a_label_is_that_of_the_label_which_need_not_be_the_largest():
    face = face_at(0, 0, 50, probabilities=(0.0, 0.0, 0.0, 0.3, 0.0, 0.0, 0.7))

    assert label_text(face, 1) == "Happy 30%"


def test_the_label_is_in_the_chosen_language():
    face = face_at(0, 0, 50, id=3)

    assert label_text(face, 2, Language.GERMAN) == "3: Fröhlich 90 %"
    assert (
        label_text(replace(face, label="unsure", unsure=UnsureReason.CLOSE), 1, Language.GERMAN)
        == "Unklar (zwei möglich)"
    )


def test_the_drawn_label_is_in_the_chosen_language():
    english, german = gray_planes(640, 480), gray_planes(640, 480)
    report = FrameReport((face_at(200, 150, 180),))

    draw(english, report, {Layer.LABEL}, "")
    draw(german, report, {Layer.LABEL}, "", Language.GERMAN)

    assert any(changed(english, german))


@pytest.mark.parametrize("height", [240, 480, 720])
@pytest.mark.parametrize(("letter", "base"), ["ÄA", "ÖO", "ÜU", "äa", "öo", "üu"])
def test_an_umlaut_is_its_letter_with_dots_above(letter: str, base: str, height: int):
    with_dots, without = gray_planes(320, height, 235), gray_planes(320, height, 235)

    Canvas(with_dots).text(letter, 100, 100, BLACK)
    Canvas(without).text(base, 100, 100, BLACK)

    def inked(planes: Planes) -> np.ndarray:
        return planes[0] < 150

    top = int(np.flatnonzero(inked(without).any(axis=1)).min())
    assert inked(with_dots)[:top].any()
    assert not inked(without)[:top].any()
    # Below the dots, the letters are the same up to a row.
    assert (inked(with_dots)[top + 1 :] != inked(without)[top + 1 :]).mean() < 0.001


def test_the_number_is_drawn_if_there_are_several_faces():
    alone, with_another = gray_planes(640, 480), gray_planes(640, 480)
    face = face_at(50, 150, 180)

    draw(alone, FrameReport((face,)), {Layer.LABEL}, "")
    draw(with_another, FrameReport((face, face_at(400, 150, 180, id=2))), {Layer.LABEL}, "")

    def right_end(planes: Planes) -> int:
        return int(np.flatnonzero((planes[0][:, :320] != 100).any(axis=0)).max())

    assert right_end(with_another) > right_end(alone)


def test_a_label_that_is_no_emotion_is_drawn_with_the_largest_probability():
    assert label_text(face_at(0, 0, 50, label="bored"), 1) == "bored 90%"
    assert label_text(face_at(0, 0, 50, label="unsure"), 1) == "Unsure 90%"


def test_the_colour_of_a_line_lies_on_its_luma():
    planes = gray_planes(640, 480)
    corners_xy = np.array([(100.0, 80.0), (300.0, 80.0), (300.0, 240.0), (100.0, 240.0)])

    Canvas(planes).lines([fixed(corners_xy)], from_rgb(255, 0, 0), 2)

    luma, *chroma = (
        np.argwhere(plane != level).mean(axis=0) for plane, level in zip(planes, (100, 128, 128), strict=True)
    )
    for center in chroma:
        # The center of a chroma pixel lies between those of two luma pixels.
        assert np.allclose(2 * center + 0.5, luma, atol=0.5)


@pytest.mark.parametrize("luma", [16, 128, 235])
def test_the_label_is_visible_on_any_background(luma: int):
    planes = gray_planes(640, 480, luma)

    draw(planes, FrameReport((face_at(200, 150, 180),)), {Layer.LABEL}, "")

    drawn = planes[0][planes[0] != luma].astype(int)
    assert drawn.max() - drawn.min() > 100


@pytest.mark.parametrize(
    ("left", "top", "side"),
    [(-100, -100, 150), (600, 440, 200), (-5000, 300, 100), (0, 0, 1), (-10, -10, 4000)],
)
@pytest.mark.parametrize("size_wh", [(640, 480), (641, 479), (16, 16), (1, 1)])
def test_faces_outside_the_frame_and_tiny_frames_are_accepted(
    left: float, top: float, side: float, size_wh: tuple[int, int]
):
    draw(gray_planes(*size_wh), FrameReport((face_at(left, top, side),)), set(Layer), "#1")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_invalid_landmarks_are_not_drawn(value: float):
    points = np.full((68, 2), value, np.float32)

    draw(gray_planes(320, 240), FrameReport((face_at(50, 50, 80, landmarks_xy=points),)), set(Layer), "#1")


@pytest.mark.parametrize("left", [np.nan, np.inf, -np.inf])
def test_a_box_that_is_not_finite_is_not_drawn(left: float):
    planes = gray_planes(320, 240)

    draw(planes, FrameReport((face_at(50, 50, 80, box=BoundingBox(left, 50, 80, 80)),)), set(Layer), "")

    assert not any(changed(gray_planes(320, 240), planes))


def test_a_face_outside_the_frame_gets_no_label():
    planes = gray_planes(320, 240)

    draw(planes, FrameReport((face_at(-300, 50, 80),)), {Layer.LABEL}, "")

    assert not any(changed(gray_planes(320, 240), planes))


@pytest.mark.parametrize("size_wh", [(320, 240), (640, 480), (641, 479), (1280, 720), (175, 79)])
def test_the_stamp_of_a_replay_survives_a_face_drawn_over_it(size_wh: tuple[int, int]):
    width, height = size_wh
    planes = gray_planes(*size_wh)
    write_stamp(planes, 12345)
    corner_width, corner_height = STAMP_CORNER_WH
    before = planes[0][-corner_height:, -corner_width:].copy()

    draw(planes, FrameReport((face_at(width - 80, height - 60, 70),)), set(Layer), "#1 30 FPS")

    assert read_stamp(planes[0]) == 12345
    assert (planes[0][-corner_height:, -corner_width:] == before).all()


def test_the_stamp_of_a_replay_survives_a_shape_of_your_own_over_it():
    planes = gray_planes(640, 480)
    write_stamp(planes, 12345)

    draw(planes, FrameReport((), drawing=shapes_of([{"box": (500, 440, 130, 35)}])), set(), "")

    assert read_stamp(planes[0]) == 12345


@pytest.mark.parametrize("layer", [Layer.HULLS, Layer.POINTS])
def test_the_stamp_of_a_replay_survives_lines_beyond_the_box_of_a_face(layer: Layer):
    face = face_at(440, 320, 120)
    points = face.landmarks_xy + 50
    planes = gray_planes(640, 480)
    write_stamp(planes, 12345)
    before = planes[0][-16:, -96:].copy()

    draw(planes, FrameReport((replace(face, landmarks_xy=points),)), {layer}, "")

    assert (planes[0][-16:, -96:] == before).all()


@pytest.mark.parametrize("luma", [16, 100, 235])
def test_a_corner_without_a_stamp_is_drawn_on_like_the_rest(luma: int):
    planes = gray_planes(640, 480, luma)

    draw(planes, FrameReport((face_at(460, 340, 138),)), {Layer.BOX}, "")

    assert (planes[0][-32:, -112:] != luma).any()


@pytest.mark.parametrize("size_wh", [(320, 240), (641, 479), (1280, 720)])
def test_labels_stay_out_of_the_lower_right_corner(size_wh: tuple[int, int]):
    width, height = size_wh
    planes = gray_planes(*size_wh)
    corner_width, corner_height = LABEL_FREE_CORNER_WH

    draw(planes, FrameReport((face_at(width - 60, height - 20, 40),)), {Layer.LABEL}, "")

    assert (planes[0][-corner_height:, -corner_width:] == 100).all()
    assert changed(gray_planes(*size_wh), planes)[0]


def test_labels_of_neighbours_do_not_hide_each_other():
    apart, together = gray_planes(640, 480), gray_planes(640, 480)
    first = face_at(200, 150, 60, id=1)

    draw(apart, FrameReport((first, face_at(500, 400, 60, id=2))), {Layer.LABEL}, "")
    draw(together, FrameReport((first, face_at(230, 150, 60, id=2))), {Layer.LABEL}, "")

    label_of_first = apart[0][:300] != 100
    assert label_of_first.any()
    assert (together[0][:300][label_of_first] == apart[0][:300][label_of_first]).all()


def test_letters_outside_ascii_are_drawn_as_question_marks():
    given, expected = gray_planes(640, 480), gray_planes(640, 480)

    draw(given, FrameReport(()), {Layer.STATS}, "é\n☺ 30")
    draw(expected, FrameReport(()), {Layer.STATS}, "??? 30")

    assert not any(changed(given, expected))


def test_blue_axis_points_where_the_head_is_turned():
    right, left = gray_planes(640, 480), gray_planes(640, 480)

    draw(right, FrameReport((face_at(200, 150, 180, pose=HeadPose(60, 0, 0)),)), {Layer.POSE}, "")
    draw(left, FrameReport((face_at(200, 150, 180, pose=HeadPose(-60, 0, 0)),)), {Layer.POSE}, "")

    def blue_x(planes: Planes) -> float:
        return float(np.nonzero(planes[1] > 170)[1].mean())

    assert blue_x(right) > blue_x(left) + 20


def test_two_faces_have_two_colours():
    first, second = gray_planes(640, 480), gray_planes(640, 480)

    draw(first, FrameReport((face_at(200, 150, 180, id=1),)), {Layer.BOX}, "")
    draw(second, FrameReport((face_at(200, 150, 180, id=2),)), {Layer.BOX}, "")

    assert (first[1] != second[1]).any()


@pytest.mark.parametrize("reason", list(UnsureReason))
def test_an_unsure_face_is_drawn_with_its_reason(reason: UnsureReason):
    sure, unsure = gray_planes(640, 480), gray_planes(640, 480)
    unexplained = gray_planes(640, 480)

    draw(sure, FrameReport((face_at(200, 150, 180),)), {Layer.LABEL}, "")
    draw(
        unsure,
        FrameReport((face_at(200, 150, 180, label="unsure", unsure=reason),)),
        {Layer.LABEL},
        "",
    )
    draw(unexplained, FrameReport((face_at(200, 150, 180, label="unsure"),)), {Layer.LABEL}, "")

    assert any(changed(sure, unsure))
    assert any(changed(unexplained, unsure))


def test_padded_planes_of_a_real_frame_are_drawn_on():
    frame = av.VideoFrame(642, 362, "yuv420p")
    planes = planes_of(frame)
    for plane in planes:
        plane[:] = 100

    draw(planes, FrameReport((face_at(100, 100, 150),)), DEFAULT_LAYERS, "#1")

    assert (planes[0] != 100).any()


def test_the_hulls_cover_eyebrows_eyes_and_both_mouths():
    assert len(HULLS) == 6
    assert sorted(point for part in HULLS for point in part) == [*range(17, 27), *range(36, 68)]
