import time
import tracemalloc

from facestream.messages.telemetry import StageTimes
from facestream.metrics import STAGES, Measures, StreamCounts
from facestream.sessions.ending import Ending
from tests.times import untraced

TIMES = StageTimes(wait=0.4, detect=3.0, landmarks=2.0, emotion=40.0, draw=5000.0)
FRAME_COST_MS = 0.1


def test_frames_of_ended_and_running_sessions_are_counted_together():
    measures = Measures()
    measures.session_ended("webrtc", Ending.GOODBYE.label, counted(frames_in=5))

    total = measures.frames([counted(frames_in=2), counted(frames_in=1)])

    assert total.frames_in == 8
    assert total.dropped["before_analysis"] == 3


def counted(frames_in: int) -> StreamCounts:
    counts = StreamCounts(frames_in=frames_in)
    counts.dropped["before_analysis"] = 1
    return counts


def test_reading_the_counters_twice_counts_nothing_twice():
    measures = Measures()
    measures.session_ended("webrtc", Ending.GOODBYE.label, counted(frames_in=5))

    first, second = measures.frames([]), measures.frames([])

    assert first.frames_in == second.frames_in == 5


def test_a_frame_is_counted_once_in_each_stage():
    measures = Measures()

    for _ in range(3):
        measures.observe_stages(TIMES)

    samples = {
        (sample.name, sample.labels["stage"], sample.labels.get("le")): sample.value
        for family in measures.stage_ms.collect()
        for sample in family.samples
    }
    assert samples["facestream_stage_ms_sum", "emotion", None] == 120.0
    assert samples["facestream_stage_ms_bucket", "emotion", "30.0"] == 0
    assert samples["facestream_stage_ms_bucket", "emotion", "50.0"] == 3
    assert [samples["facestream_stage_ms_count", stage, None] for stage in STAGES] == [3] * len(STAGES)


def test_counting_a_frame_takes_less_than_a_tenth_of_a_millisecond():
    measures, frames = Measures(), 1000

    with untraced():
        begin_s = time.thread_time()
        for _ in range(frames):
            measures.observe_stages(TIMES)
        spent_ms = 1000 * (time.thread_time() - begin_s)

    assert spent_ms / frames < FRAME_COST_MS


def test_counting_frames_uses_no_more_memory():
    measures = Measures()
    measures.observe_stages(TIMES)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10_000):
            measures.observe_stages(TIMES)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 10_000  # less than a byte for each frame
