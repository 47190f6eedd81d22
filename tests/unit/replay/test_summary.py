import json

import pytest

from facestream.messages.telemetry import FaceMessage, StageTimes, Telemetry
from facestream.replay.summary import Tally

NO_TIMES = StageTimes(wait=0, detect=0, landmarks=0, emotion=0, draw=0)


def report(*faces: tuple[int, str], dropped: int = 0, analysed: bool = True) -> Telemetry:
    return Telemetry(
        seq=0, pts=0, fps_in=30, fps_out=30, dropped=dropped, analysed=analysed, ms=NO_TIMES,
        faces=tuple(
            FaceMessage(id=face_id, box=(0, 0, 1, 1), label=label, unsure="", probabilities=(0, 0, 0, 0, 0, 0, 1))
            for face_id, label in faces
        ),
    )  # fmt: skip


def test_the_summary_has_exactly_the_documented_keys():
    summary = json.loads(json.dumps(Tally(0).summary().as_json()))

    assert list(summary) == [
        "sent_frames", "received_frames", "analysed_frames", "dropped_frames", "fps_received", "setup_ms",
        "first_frame_ms", "latency_ms", "faces_seen", "emotions", "moves", "away_ms_max",
    ]  # fmt: skip
    assert list(summary["latency_ms"]) == ["p50", "p95", "p99", "max"]


def test_latency_is_from_sending_to_receiving():
    tally = Tally(0)
    for counter in range(100):
        tally.count_sent(counter, counter / 30)
        tally.count_received(counter, counter / 30 + (counter + 1) / 1000)

    latency = tally.summary().latency_ms

    assert (latency.p50, latency.p95, latency.p99, latency.max) == pytest.approx((50, 95, 99, 100))


def test_a_frame_that_is_received_twice_is_measured_once():
    tally = Tally(0)
    tally.count_sent(7, 1.0)
    tally.count_received(7, 1.1)
    tally.count_received(7, 9.0)

    assert tally.summary().latency_ms.max == 100


def test_a_frame_that_was_never_sent_is_not_measured():
    tally = Tally(0)
    tally.count_received(7, 1.0)
    tally.count_received(None, 1.1)

    summary = tally.summary()

    assert summary.received_frames == 2
    assert summary.latency_ms.max is None
    assert "not measured" in summary.as_text()


def test_times_count_from_the_start():
    tally = Tally(10.0)
    tally.connected_s = 10.05
    tally.count_received(None, 10.3)
    tally.count_received(None, 11.3)

    summary = tally.summary()

    assert (summary.setup_ms, summary.first_frame_ms, summary.fps_received) == (50, 300, 1)


def test_emotions_are_shares_of_all_faces():
    tally = Tally(0)
    tally.count_report(report((1, "happy"), (2, "sad")), 0.1)
    tally.count_report(report((1, "happy"), (3, "happy")), 0.2)

    summary = tally.summary()

    assert summary.faces_seen == 3
    assert summary.emotions == {"happy": 0.75, "sad": 0.25}


def test_only_analysed_frames_count_as_analysed():
    tally = Tally(0)
    tally.count_report(report(), 0.1)
    tally.count_report(report(analysed=False), 0.2)

    assert tally.summary().analysed_frames == 1


def test_an_older_message_does_not_reduce_the_drops():
    tally = Tally(0)
    tally.count_report(report(dropped=5), 0.1)
    tally.count_report(report(dropped=3), 0.2)

    assert tally.summary().dropped_frames == 5


def test_a_replay_that_receives_nothing_has_a_summary():
    summary = Tally(0).summary()

    assert (summary.fps_received, summary.setup_ms, summary.faces_seen, summary.emotions) == (0, None, 0, {})


def test_the_longest_time_without_frames_is_that_of_all_moves():
    tally = Tally(0)
    tally.count_received(None, 1.0)
    for now_s in (1.2, 1.5, 1.6):
        tally.count_move(resumed=True)
        tally.count_away(now_s)
        tally.count_received(None, now_s)

    summary = tally.summary()

    assert (summary.moves, summary.away_ms_max) == (3, 300.0)
    assert "moves     3 to another server, 300 ms without frames at most" in summary.as_text()


def test_without_a_move_nothing_is_said_about_one():
    summary = Tally(0).summary()

    assert (summary.moves, summary.away_ms_max) == (0, None)
    assert "moves" not in summary.as_text()


@pytest.mark.parametrize(("resumed", "dropped"), [(True, 5), (False, 9)])
def test_a_session_that_is_not_continued_counts_its_drops_anew(*, resumed: bool, dropped: int):
    tally = Tally(0)
    tally.count_report(report(dropped=4), 0)
    tally.count_move(resumed=resumed)
    tally.count_report(report(dropped=5), 1)

    assert tally.summary().dropped_frames == dropped
