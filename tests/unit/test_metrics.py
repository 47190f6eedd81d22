import time
import timeit

from facestream.messages.telemetry import StageTimes
from facestream.metrics import Measures, StreamCounts
from facestream.sessions.ending import Ending

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


def test_asking_twice_counts_nothing_twice():
    measures = Measures()
    measures.session_ended("webrtc", Ending.GOODBYE.label, counted(frames_in=5))

    first, second = measures.frames([]), measures.frames([])

    assert first.frames_in == second.frames_in == 5


def test_the_stages_of_every_frame_are_counted():
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
    assert samples["facestream_stage_ms_bucket", "draw", "+Inf"] == 3


def test_what_is_counted_for_a_frame_costs_less_than_a_tenth_of_a_millisecond():
    measures = Measures()

    # Processor time of this thread, so that other load does not count.
    cost_ms = min(
        timeit.repeat(lambda: measures.observe_stages(TIMES), timer=time.thread_time, number=1000, repeat=5)
    )

    assert cost_ms < FRAME_COST_MS  # a thousand frames took so many seconds: so many milliseconds each
