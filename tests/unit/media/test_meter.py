from facestream.media.drop_points import DropPoint
from facestream.media.meter import MAX_EVENTS, RateMeter, StreamMeter


def test_steady_events_give_their_rate():
    meter = RateMeter()
    for tick in range(31):
        meter.tick(tick / 30)

    assert round(meter.rate(1.0), 3) == 30.0


def test_rate_falls_to_zero_after_silence():
    meter = RateMeter()
    meter.tick(0.0)
    meter.tick(0.1)

    assert meter.rate(10.0) == 0.0


def test_one_event_has_no_rate():
    meter = RateMeter()
    meter.tick(0.0)

    assert meter.rate(0.0) == 0.0


def test_frames_that_arrive_together_have_no_rate_yet():
    meter = RateMeter()
    for time_s in (0.0, 0.004, 0.03, 0.06):
        meter.tick(time_s)
        assert meter.rate(time_s) == 0.0
    meter.tick(0.26)

    assert round(meter.rate(0.26), 1) == 15.4


def test_a_flood_of_events_stays_bounded():
    meter = RateMeter()
    for _ in range(10 * MAX_EVENTS):
        meter.tick(1.0)

    assert meter.rate(1.0) > 0


def test_returned_counts_do_not_change():
    meter = StreamMeter()
    meter.received(0.0)
    taken = meter.counts({DropPoint.OVER_RATE: 1}, 2)

    meter.received(0.1)
    meter.counts({DropPoint.OVER_RATE: 3}, 4)

    assert (taken.frames_in, taken.dropped, taken.telemetry_dropped) == (1, {"over_rate": 1}, 2)
