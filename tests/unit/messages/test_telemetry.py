"""Telemetry messages of version 1: their format, their size, and which are rejected."""

import json
from pathlib import Path

import numpy as np
import pytest

from facestream.analysis.faces import (
    EMOTIONS,
    UNSURE,
    BoundingBox,
    Face,
    FrameReport,
    QualityHint,
    UnsureReason,
)
from facestream.messages.telemetry import (
    LANDMARKS_CHARS,
    VERSION,
    FaceMessage,
    StageTimes,
    Telemetry,
    decode_telemetry,
    encode_telemetry,
    face_messages,
    landmarks_of,
)

MAX_BYTES_FOR_TWO_FACES = 1200  # one SCTP chunk


def face(number: int, **changed: object) -> Face:
    values: dict[str, object] = {
        "id": number,
        "box": BoundingBox(10.4, 20.6, 99.5, 100.2),
        "landmarks_xy": np.zeros((68, 2), np.float32),
        "probabilities": (0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05),
        "label": "angry",
    }
    return Face(**{**values, **changed})  # type: ignore[arg-type]


def telemetry(*faces: FaceMessage, **changed: object) -> Telemetry:
    values: dict[str, object] = {
        "seq": 7,
        "pts": 0.233,
        "fps_in": 30.0,
        "fps_out": 29.9,
        "dropped": 1,
        "ms": StageTimes(wait=0.4, detect=1.2, landmarks=2.0, emotion=0.6, draw=0.9),
        "faces": faces,
    }
    return Telemetry(**{**values, **changed})  # type: ignore[arg-type]


def test_a_message_is_decoded_to_what_was_encoded():
    message = telemetry(*face_messages(FrameReport((face(1), face(2)))))

    assert decode_telemetry(encode_telemetry(message)) == message


def test_a_message_says_its_version():
    assert json.loads(encode_telemetry(telemetry()))["v"] == VERSION == 1


def test_a_frame_without_a_face_says_so():
    assert json.loads(encode_telemetry(telemetry()))["faces"] == []


def test_the_largest_message_for_two_faces_without_hints_fits_one_chunk():
    long = FaceMessage(
        id=99_999,
        box=(-1000, -1000, 1920, 1920),
        label=max((*EMOTIONS, UNSURE), key=len),
        unsure=max(UnsureReason, key=len),
        probabilities=(0.123, 0.123, 0.123, 0.123, 0.123, 0.123, 0.262),
        pose_deg=(-179.9, -179.9, -179.9),
        eyes=0.99,
        mouth=9.99,
        blinks=99_999,
        valence=-0.123,
        arousal=-0.123,
        smile=-0.99,
        brows=-0.99,
        eyes_closed_s=9999.9,
        eye_closures=99_999,
        yawns=9999,
        gaze="camera",
        landmarks="/" * (LANDMARKS_CHARS - 2) + "==",
    )
    times = StageTimes(wait=99999.9, detect=99999.9, landmarks=99999.9, emotion=99999.9, draw=99999.9)

    # LandmarkTurns gives them to one face of a message.
    other = long.model_copy(update={"landmarks": None})
    message = telemetry(
        long, other, seq=10**9, pts=1e6 + 0.123, fps_in=199.9, fps_out=199.9, dropped=10**9, ms=times
    )

    assert len(encode_telemetry(message).encode()) < MAX_BYTES_FOR_TWO_FACES


def test_a_face_is_encoded_in_whole_pixels():
    (message,) = face_messages(FrameReport((face(1),)))

    assert message.box == (10, 21, 100, 100)


def test_a_face_is_encoded_with_all_seven_probabilities_in_order():
    probabilities = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.79)

    (message,) = face_messages(FrameReport((face(1, probabilities=probabilities),)))

    assert dict(zip(map(str, EMOTIONS), message.probabilities, strict=True))["neutral"] == 0.79
    assert message.probabilities == probabilities


def test_landmarks_are_read_back_where_they_were():
    points = np.random.default_rng(1).uniform((-10, 0), (125, 140), (68, 2)).astype(np.float32)

    other, message = face_messages(FrameReport((face(1), face(2, landmarks_xy=points))), with_landmarks=2)

    read = landmarks_of(decode_telemetry(encode_telemetry(telemetry(message))).faces[0])
    assert read is not None
    assert abs(read - points).max() <= 0.003 * 100 + 0.01
    assert landmarks_of(other) is None


@pytest.mark.parametrize(("far", "edge"), [(-1e9, -15.0), (1e9, 135.0), (float("nan"), 60.0)])
def test_landmarks_far_outside_of_the_box_are_on_the_edge_of_the_widened_box(far: float, edge: float):
    points = np.full((68, 2), (far, 21), np.float32)

    (message,) = face_messages(FrameReport((face(1, landmarks_xy=points),)), with_landmarks=1)

    read = landmarks_of(message)
    assert read is not None
    assert read[:, 0] == pytest.approx(edge, abs=0.5)


def test_a_face_without_landmarks_has_no_such_field():
    text = encode_telemetry(telemetry(*face_messages(FrameReport((face(1), face(2))), with_landmarks=2)))

    assert ["landmarks" in face for face in json.loads(text)["faces"]] == [False, True]


def test_a_face_has_hints_only_if_there_are_any():
    hinted = face(2, hints=(QualityHint.DARK, QualityHint.FAR))

    text = encode_telemetry(telemetry(*face_messages(FrameReport((face(1), hinted)))))

    assert [read.get("hints") for read in json.loads(text)["faces"]] == [None, ["dark", "far"]]


def test_an_unsure_face_has_its_reason():
    (message,) = face_messages(FrameReport((face(1, label=UNSURE, unsure=UnsureReason.TURNED),)))

    assert (message.label, message.unsure) == ("unsure", "turned")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 1}', '{"v": 2}', "null", b"\xff\xfe"])
def test_invalid_telemetry_is_a_value_error(text: str | bytes):
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the contract
        decode_telemetry(text)


def test_faces_that_are_not_followed_are_counted_and_left_out_if_there_are_none():
    few = telemetry().model_copy(update={"not_followed": 3})

    assert decode_telemetry(encode_telemetry(few)).not_followed == 3
    assert "not_followed" not in encode_telemetry(telemetry())


def test_an_unknown_field_is_ignored():
    text = encode_telemetry(telemetry()).replace('{"v":1', '{"v":1,"of_a_later_release":[1]')

    assert decode_telemetry(text) == telemetry()


def test_the_golden_message_is_decoded_and_encoded_unchanged():
    """tests/js reads the same file, so Python and the page cannot disagree."""
    golden = (Path(__file__).resolve().parents[2] / "data" / "telemetry_v1.json").read_text().strip()

    assert encode_telemetry(decode_telemetry(golden)) == golden
