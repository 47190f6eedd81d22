"""The sums behind the report: what each frame counts, faces that come and go, gaps, extra values."""

import io
import math

import pytest

from facestream.results import frame_clock
from facestream.results.record import FrameResult
from facestream.results.report import session_tally
from facestream.results.report.session_tally import SessionTally
from facestream.results.report.writer import ReportWriter
from tests.unit.results.samples import face, frame


def tally_of(*results: FrameResult) -> SessionTally:
    writer = ReportWriter(io.StringIO())
    for result in results:
        writer.write(result)
    writer.close()
    return writer._tally


def at(time_s: float, *labels: str, **changed: object) -> FrameResult:
    """A frame with a face for each label, from id 1 on."""
    return frame(
        0,
        *(face(number, label=label) for number, label in enumerate(labels, 1) if label),
        time_s=time_s,
        **changed,
    )


def test_a_frame_counts_until_the_next_one():
    tally = tally_of(at(0.0, "happy"), at(0.1, "sad"), at(0.3, "happy"))

    labels_s = tally.faces[1].labels_s
    assert labels_s["happy"] == pytest.approx(0.1 + 0.2)  # the last one as long as the one before it
    assert labels_s["sad"] == pytest.approx(0.2)
    assert tally.end_s == pytest.approx(0.5)


def test_a_time_of_more_than_two_seconds_without_a_frame_does_not_count():
    tally = tally_of(*(at(time_s, "happy") for time_s in (0.0, 1.0, 10.0, 11.0)))

    assert (tally.gaps, tally.gaps_s) == (1, 8.0)
    assert tally.measured_s == 4.0
    assert tally.end_s == 12.0


def test_frames_that_are_regularly_five_seconds_apart_have_no_gap():
    tally = tally_of(*(at(5.0 * number, "happy") for number in range(4)))

    assert (tally.gaps, tally.analysed_s, tally.end_s) == (0, 20.0, 20.0)


def test_a_single_frame_counts_a_little():
    tally = tally_of(at(7.0, "happy"))

    assert tally.faces[1].seen_s == frame_clock.LONE_FRAME_S


def test_a_frame_that_was_not_analysed_says_nothing_about_faces():
    tally = tally_of(at(0.0, "happy"), at(1.0, unanalysed="off"), at(2.0), at(3.0, "happy", "sad"))

    assert tally.unanalysed_s == {"off": 1.0}
    assert (tally.analysed_s, tally.empty_s, tally.several_s) == (3.0, 1.0, 1.0)
    assert (tally.frames, tally.analysed, tally.at_once) == (4, 3, 2)


def test_a_face_that_is_away_and_comes_back_was_lost():
    present = [number < 10 or number >= 15 for number in range(20)]
    tally = tally_of(*(at(number / 10, "happy" if seen else "") for number, seen in enumerate(present)))

    lost = tally.faces[1]
    assert lost.lost == 1
    assert lost.lost_s == pytest.approx(0.5)
    # An absent face is a gap, not a zero.
    over_time = lost.labels_over_time(tally.slices.used(tally.end_s))
    assert over_time[:20] == ["happy"] * 20
    assert over_time[21:29] == [None] * 8
    assert lost.means_over_time(3, 40)[25] is None


def test_a_face_is_not_lost_while_nothing_is_analysed():
    results = [at(number / 10, "happy") for number in range(20)]
    results[10:15] = [at(number / 10, unanalysed="fault") for number in range(10, 15)]

    assert tally_of(*results).faces[1].lost == 0


def test_a_frame_whose_time_goes_back_is_only_counted():
    writer = ReportWriter(io.StringIO())
    for time_s in (0.0, 1.0, 0.5, 2.0):
        writer.write(at(time_s, "happy"))
    writer.close()

    assert writer._without_time == 1
    assert writer._tally.frames == 3


def test_probabilities_that_are_not_numbers_do_not_spoil_the_mean():
    broken = frame(0, face(1, probabilities=(math.nan,) * 7, pose_deg=(math.nan, 0.0, 0.0)), time_s=1.0)
    tally = tally_of(at(0.0, "happy"), broken, at(2.0, "happy"))

    means = tally.faces[1].means
    assert means is not None
    assert means[3] == pytest.approx(0.8)
    assert tally.faces[1].poses.known_s == 2.0


def test_a_label_of_another_version_counts_as_unsure():
    tally = tally_of(at(0.0, "bored"), at(1.0, "bored"))

    assert tally.faces[1].labels_s["unsure"] == 2.0
    assert tally.faces[1].unsure_s == {"other": 2.0}


def test_blinks_count_from_the_first_frame_of_the_report():
    tally = tally_of(*(frame(0, face(1, blinks=blinks), time_s=blinks / 10) for blinks in (3, 3, 4, 5)))

    assert tally.faces[1].blinks == 2


def test_a_crowd_is_added_up_in_bounded_memory():
    regular = face(1)
    results = [frame(n, regular, face(2 + n // 2), time_s=20.0 + n) for n in range(400)]
    tally = tally_of(*results)

    assert len(tally.faces) == session_tally.MOST_FACES
    assert tally.dropped_faces == 201 - session_tally.MOST_FACES
    assert tally.dropped_longest_s == 2.0
    assert tally.faces_by_time[0].id == 1


def test_numbers_of_the_own_analysis_are_summed_up_and_everything_else_is_left_out():
    results = [
        frame(n, time_s=float(n), extra={"smiles": n, "word": "x", "none": None, "nan": math.nan})
        for n in range(4)
    ]
    extra = tally_of(*results).extra

    assert list(extra) == ["smiles"]
    assert (extra["smiles"].least, extra["smiles"].most, extra["smiles"].total) == (0, 3, 6.0)


def test_only_some_of_many_extra_values_are_kept():
    tally = tally_of(frame(0, extra={f"value {n}": n for n in range(20)}))

    assert len(tally.extra) == session_tally.MOST_EXTRA
    assert len(tally.extra_left_out) == 20 - session_tally.MOST_EXTRA
