"""The tables of Py-Feat and OpenFace, and frames.jsonl: columns, signs and units, on turned heads."""

import io
import math
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.geometry import head_fit, pose_of, rotation_of
from facestream.messages.telemetry import decode_telemetry, landmarks_of
from facestream.results.formats import FORMATS, format_named
from facestream.results.record import FrameResult, result_of
from facestream.results.tables import TableOptions
from tests.unit.results.samples import POINTS, face, frame

Frames = Callable[[str], Iterator[tuple[GrayImage, float]]]
XY = [f"{axis}_{point}" for axis in "xy" for point in range(68)]
BOX = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore"]
EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
PLACE = ["pose_Tx", "pose_Ty", "pose_Tz"]
TURN = ["pose_Rx", "pose_Ry", "pose_Rz"]


def written(name: str, *results: FrameResult, options: TableOptions | None = None) -> str:
    file = io.StringIO(newline="")
    writer = format_named(name).make_writer(file, options or TableOptions())
    for result in results:
        writer.write(result)
    writer.close()
    return file.getvalue()


def table(name: str, *results: FrameResult, options: TableOptions | None = None) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(written(name, *results, options=options)))


def analysed(analyzer: Analyzer, gray: GrayImage) -> FrameResult:
    """The largest face of an image."""
    result = result_of(analyzer.analyze_still(gray), 0, 0.0, (gray.shape[1], gray.shape[0]))
    largest = max(result.faces, key=lambda one: one.box[2])
    return frame(0, largest, size_wh=result.size_wh)


def offset_of_nose(result: FrameResult) -> NDArray[np.float64]:
    """From the middle between the eyes to the tip of the nose, in distances between the eyes: right, down."""
    points = result.faces[0].landmarks_xy
    assert points is not None
    left, right = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    return np.asarray((points[30] - (left + right) / 2) / math.dist(left, right), np.float64)


def test_the_columns_of_py_feat_are_those_of_its_class_fex():
    assert list(table("pyfeat").columns) == [
        *BOX, *XY, "Pitch", "Roll", "Yaw", *EMOTIONS, "input", "frame", "approx_time", "Identity",
    ]  # fmt: skip


def test_a_face_of_py_feats_table_has_radians_and_its_signs():
    options = TableOptions(source="a.mp4")
    rows = table("pyfeat", frame(2190, face(3, pose_deg=(90.0, 45.0, -18.0))), frame(2191), options=options)

    assert list(rows.loc[0, ["Pitch", "Roll", "Yaw"]]) == pytest.approx([0.785, 0.314, -1.571])
    assert list(rows.loc[0, ["input", "frame", "approx_time", "Identity"]]) == [
        "a.mp4", 2190, "01:13", "Person_2",
    ]  # fmt: skip
    assert list(rows.loc[0, EMOTIONS]) == [0.01, 0.02, 0.03, 0.8, 0.04, 0.05, 0.05]
    assert rows.loc[1, [*BOX, *XY, "Pitch", *EMOTIONS, "Identity"]].isna().all()
    assert rows.loc[1, "frame"] == 2191


@pytest.mark.parametrize(
    "name", ['a "b", c\nd 🙂.mp4', "über, alles.mov", "=1+1;x.mp4", "tab\tand space .mp4"]
)
def test_any_name_of_a_file_is_read_back(name: str):
    text = written("pyfeat", frame(0, face(1)), options=TableOptions(source=name))

    assert pd.read_csv(io.StringIO(text))["input"].tolist() == [name]


def test_a_name_that_is_not_utf_8_can_be_written():
    text = written(
        "pyfeat", frame(0), options=TableOptions(source=b"a\xe9.mp4".decode("utf-8", "surrogateescape"))
    )

    assert "a\ufffd.mp4".encode() in text.encode("utf-8")


def test_a_turned_head_has_the_yaw_of_both_tables(analyzer: Analyzer, clip_frames: Frames):
    # A person who looks past the camera to their own right, and the same image mirrored; the nose shows it.
    gray, _ = next(islice(clip_frames("WolfgangLanger_Pexels.mp4"), 168, None))
    right, left = analysed(analyzer, gray), analysed(analyzer, np.ascontiguousarray(gray[:, ::-1]))

    assert offset_of_nose(right)[0] < -0.1 < 0.1 < offset_of_nose(left)[0]
    yaw = table("pyfeat", right, left)["Yaw"]
    assert yaw[1] < -0.2 < 0.2 < yaw[0]
    turn = table("openface", right, left)["pose_Ry"]
    assert turn[1] < -0.2 < 0.2 < turn[0]


def test_a_head_that_looks_up_has_the_pitch_of_both_tables(analyzer: Analyzer, group_gray: GrayImage):
    # An image that is squeezed from above shows a shorter nose, as of a head that looks up.
    height, width = group_gray.shape
    plain = analysed(analyzer, group_gray)
    squeezed = analysed(analyzer, np.asarray(cv2.resize(group_gray, (width, int(height * 0.8))), np.uint8))

    up, level = (table("pyfeat", result)["Pitch"][0] for result in (squeezed, plain))
    assert up - level > 0.05
    up, level = (table("openface", result)["pose_Rx"][0] for result in (squeezed, plain))
    assert up - level < -0.05


def test_an_image_turned_clockwise_has_the_roll_of_both_tables(analyzer: Analyzer, group_gray: GrayImage):
    height, width = group_gray.shape
    # OpenCV's angles are counterclockwise.
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -15.0, 1.0)
    turned = np.asarray(cv2.warpAffine(group_gray, turn, (width, height)), np.uint8)
    plain, rolled = analysed(analyzer, group_gray), analysed(analyzer, turned)

    by = math.radians(15)
    # Clockwise in the image: to the left shoulder, which Py-Feat counts as negative.
    pyfeat = table("pyfeat", plain, rolled)["Roll"]
    assert pyfeat[1] - pyfeat[0] == pytest.approx(-by, abs=0.06)
    openface = table("openface", plain, rolled)["pose_Rz"]
    assert openface[1] - openface[0] == pytest.approx(by, abs=0.08)


def test_the_columns_of_openface_have_no_action_units():
    assert list(table("openface").columns) == [
        "frame", "face_id", "timestamp", "confidence", "success", *PLACE, *TURN, *XY,
    ]  # fmt: skip


def test_what_openface_itself_found_in_a_clip_has_the_same_signs_and_units_here(media_dir: Path):
    theirs = pd.read_csv(media_dir / "OpenFace_Test.csv", skipinitialspace=True)
    # Their camera, found from their own points: x = f * X / Z + center.
    focal, center = np.polyfit((theirs["X_0"] / theirs["Z_0"]).to_numpy(), theirs["x_0"].to_numpy(), 1)
    assert (focal, center) == (pytest.approx(437.5, abs=0.5), pytest.approx(320, abs=0.5))
    results = []
    for number, row in theirs.iterrows():
        points = row[XY].to_numpy(np.float32).reshape(2, 68).T
        fit = head_fit(points, (640, 360))
        assert fit is not None
        pose = pose_of(fit[0])
        degrees = pose.yaw_deg, pose.pitch_deg, pose.roll_deg
        results.append(
            frame(int(str(number)), face(1, landmarks_xy=points, pose_deg=degrees), size_wh=(640, 360))
        )

    ours = table("openface", *results)

    # We assume a focal length of 640 pixels, so the same head is farther away.
    assert (ours["pose_Tz"] * focal / 640).mean() == pytest.approx(theirs["pose_Tz"].mean(), rel=0.1)
    assert ours["pose_Tx"].mean() == pytest.approx(theirs["pose_Tx"].mean(), abs=5)
    # Our place of a head is the middle between its eyes.
    eyes = theirs[[f"Y_{point}" for point in range(36, 48)]].to_numpy().mean()
    assert ours["pose_Ty"].mean() == pytest.approx(eyes, abs=5)
    assert np.corrcoef(ours["pose_Ry"], theirs["pose_Ry"])[0, 1] > 0.95
    assert np.corrcoef(ours["pose_Rz"], theirs["pose_Rz"])[0, 1] > 0.7
    assert ours["pose_Ry"].mean() == pytest.approx(theirs["pose_Ry"].mean(), abs=0.15)
    assert ours["pose_Rz"].mean() == pytest.approx(theirs["pose_Rz"].mean(), abs=0.05)


def test_openfaces_angles_are_those_of_its_product_of_rotations():
    angles = 0.3, -0.5, 0.2
    about_x, about_y, about_z = (
        cv2.Rodrigues(np.eye(3)[axis] * angle)[0] for axis, angle in enumerate(angles)
    )
    pose = pose_of((about_x @ about_y @ about_z).tolist())

    rows = table("openface", frame(0, face(1, pose_deg=(pose.yaw_deg, pose.pitch_deg, pose.roll_deg))))

    assert list(rows.loc[0, TURN]) == pytest.approx(angles, abs=0.001)
    again = rotation_of(pose)
    assert np.abs(again - about_x @ about_y @ about_z).max() < 1e-9


def test_what_openface_cannot_know_here_is_empty():
    unknown = face(2, pose_deg=None, landmarks_xy=None)
    rows = table(
        "openface",
        frame(0, face(1), unknown),
        frame(1),
        frame(2, unanalysed="fault"),
        options=TableOptions(detector="dlib"),
    )

    assert rows["frame"].tolist() == [0, 0, 1]
    assert rows["success"].tolist() == [1, 1, 0]
    assert rows["confidence"].isna().all()
    assert rows.loc[0, PLACE].notna().all()
    assert rows.loc[1, [*PLACE, *TURN, *XY]].isna().all()
    assert rows.loc[2, ["face_id", *PLACE, *TURN, *XY]].isna().all()
    assert (
        table("openface", frame(0, face(1)), options=TableOptions(detector="blazeface"))["confidence"][0]
        == 0.875
    )


def test_each_line_of_frames_jsonl_is_a_telemetry_message():
    lines = written("jsonl", frame(0, face(1), face(2)), frame(1, unanalysed="fault"), frame(2)).splitlines()

    messages = [decode_telemetry(line) for line in lines]
    assert [message.seq for message in messages] == [0, 1, 2]
    assert [message.unanalysed for message in messages] == ["", "fault", ""]
    points = landmarks_of(messages[0].faces[1])
    assert points is not None
    assert np.abs(points - POINTS).max() < 0.6


def test_frames_jsonl_can_leave_the_landmarks_out():
    options = TableOptions(landmarks=False)

    assert "landmarks" not in written("jsonl", frame(0, face(1)), options=options).replace(
        '"landmarks":0.0', ""
    )
    assert list(table("openface", options=options).columns)[-1] == "pose_Rz"
    assert "x_0" not in table("pyfeat", options=options).columns


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_column_has_a_name_twice(name: str):
    names = [column.name for column in FORMATS[name].columns(TableOptions(extra_names=("smiles",)))]

    assert len(set(names)) == len(names)
