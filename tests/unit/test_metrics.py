import re
import tracemalloc

from facestream.messages.telemetry import StageTimes
from facestream.metrics import ENDINGS, STAGES, Histogram, Measures, StreamCounts, ending_class
from tests.conftest import ROOT

TIMES = StageTimes(wait=0.4, detect=3.0, landmarks=2.0, emotion=40.0, draw=5000.0)


def test_a_value_on_a_bound_belongs_to_the_interval_below_it():
    histogram = Histogram([1.0, 2.0])

    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)

    assert histogram.counts == [2, 1, 1]
    assert histogram.total == 12.0


def test_frames_of_ended_and_running_sessions_are_counted_together():
    measures = Measures()
    measures.session_ended("webrtc", "peer said goodbye", counted(frames_in=5))

    total = measures.frames([counted(frames_in=2), counted(frames_in=1)])

    assert total.frames_in == 8
    assert total.dropped["before_analysis"] == 3
    assert total.stages["emotion"].total == 120.0


def counted(frames_in: int) -> StreamCounts:
    counts = StreamCounts(frames_in=frames_in)
    counts.dropped["before_analysis"] = 1
    counts.observe(TIMES)
    return counts


def test_asking_twice_counts_nothing_twice():
    measures = Measures()
    measures.session_ended("webrtc", "peer said goodbye", counted(frames_in=5))

    first, second = measures.frames([]), measures.frames([])

    assert first.frames_in == second.frames_in == 5


def test_an_unknown_ending_does_not_become_a_label_of_its_own():
    assert ending_class("the moon has set at 12.3 s") == "other"


def test_every_known_ending_finds_its_label():
    assert [ending_class(f"{start} and so on") for start in ENDINGS] == list(ENDINGS.values())


def test_every_reason_that_the_code_gives_has_its_label():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "facestream").rglob("*.py"))

    reasons = re.findall(r'(?:\.leave|PeerLeft)\(f?"([^"{]+)', code)

    assert len(reasons) >= 8
    assert [reason for reason in reasons if ending_class(reason) == "other"] == ["no video track"]


def test_a_frame_is_counted_once_in_each_stage():
    counts = StreamCounts()

    for _ in range(3):
        counts.observe(TIMES)

    assert {stage: sum(histogram.counts) for stage, histogram in counts.stages.items()} == dict.fromkeys(
        STAGES, 3
    )


def test_counting_keeps_nothing_of_a_frame():
    counts = StreamCounts()
    counts.observe(TIMES)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10_000):
            counts.observe(TIMES)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 10_000  # less than a byte for each frame
