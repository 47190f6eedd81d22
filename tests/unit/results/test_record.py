"""The record of one frame: made from a report and from a message, and turned into a message."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import GrayImage
from facestream.analysis.tracking.tracks import Tracks
from facestream.messages.telemetry import Telemetry, decode_telemetry, encode_telemetry, face_messages
from facestream.results.record import FrameResult, result_of, result_of_telemetry, telemetry_of
from tests.unit.results.samples import face, frame

Frames = Callable[[str], Iterator[tuple[GrayImage, float]]]


def test_a_report_of_a_real_image_becomes_the_message_that_a_server_sends(
    analyzer: Analyzer, group_gray: GrayImage
):
    report = analyzer.analyze_still(group_gray)
    height, width = group_gray.shape

    result = result_of(report, 3, 0.1, (width, height))

    assert len(result.faces) == len(report.faces) > 1
    sent = telemetry_of(result)
    assert [one.model_copy(update={"landmarks": None}) for one in sent.faces] == list(face_messages(report))
    assert (sent.seq, sent.pts, sent.analysed) == (3, 0.1, True)


def test_a_message_keeps_faces_and_landmarks_when_it_is_read_again(analyzer: Analyzer, clip_frames: Frames):
    tracks, results = Tracks(), []
    for number, (gray, time_s) in enumerate(islice(clip_frames("single_face.mp4"), 3)):
        report, tracks = analyzer.analyze(gray, tracks, time_s)
        results.append(result_of(report, number, time_s, (gray.shape[1], gray.shape[0])))

    for result in results:
        again = result_of_telemetry(decode_telemetry(encode_telemetry(telemetry_of(result))))
        assert (again.frame, again.time_s) == (result.frame, round(result.time_s, 3))
        (one,), (other,) = result.faces, again.faces
        assert (other.id, other.label, other.unsure, other.blinks) == (
            one.id,
            one.label,
            one.unsure,
            one.blinks,
        )
        assert other.probabilities == pytest.approx(one.probabilities, abs=0.0006)
        assert other.pose_deg == pytest.approx(one.pose_deg, abs=0.06)
        assert one.landmarks_xy is not None
        assert other.landmarks_xy is not None
        assert np.abs(other.landmarks_xy - one.landmarks_xy).max() < 0.006 * one.box[2]


def test_a_message_of_a_server_is_kept_unchanged():
    message = telemetry_of(frame(5, face(1))).model_copy(update={"fps_in": 29.7, "dropped": 4})

    assert telemetry_of(result_of_telemetry(message)) is message


def test_a_frame_that_was_not_analysed_says_why_in_its_message():
    message: Telemetry = telemetry_of(frame(0, unanalysed="fault"))

    assert (message.analysed, message.unanalysed) == (False, "fault")


@pytest.mark.parametrize(("number", "time_s"), [(-1, 0.0), (0, -0.1), (0, float("nan"))])
def test_an_impossible_frame_is_refused(number: int, time_s: float):
    with pytest.raises(ValueError, match="expected a number and a time from 0"):
        FrameResult(number, time_s, None, ())
