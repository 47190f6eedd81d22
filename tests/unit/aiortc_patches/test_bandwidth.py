import random
import time

import pytest
from aiortc.rate import RateCounter, RemoteBitrateEstimator

from facestream.aiortc_patches.bandwidth import ReceivedRate, bitrate_estimator


def arrivals(seed: int, packets: int = 3000) -> list[tuple[int, int, int]]:
    """Arrival and sending time in milliseconds, and size, of packets in bursts with jitter and pauses."""
    chance = random.Random(seed)
    sent_ms, arrived_ms, found = 1000, 5000, []
    for _ in range(packets):
        sent_ms += chance.choice((0, 0, 0, 33, 33, 34, 1500 if chance.random() < 0.01 else 10))
        arrived_ms = max(arrived_ms, sent_ms + 4000 + chance.randrange(0, 30))
        found.append((arrived_ms, sent_ms, chance.randrange(20, 1200)))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_received_rate_is_that_of_aiortc(seed: int):
    ours, theirs = ReceivedRate(), RateCounter(1000, 8000)
    rates = []
    for arrived_ms, _, size in arrivals(seed):
        rates.append((ours.rate(arrived_ms), theirs.rate(arrived_ms)))
        for counter in (ours, theirs):
            counter.add(size, arrived_ms)

    assert [one for one, _ in rates] == [other for _, other in rates]
    assert len({one for one, _ in rates}) > 100


@pytest.mark.parametrize("seed", range(5))
def test_the_estimates_are_those_of_aiortc(seed: int):
    ours, theirs = bitrate_estimator(), RemoteBitrateEstimator()
    estimates = []
    for arrived_ms, sent_ms, size in arrivals(seed):
        send_time = (sent_ms << 18) // 1000 & 0xFFFFFF
        estimates.append([each.add(arrived_ms, send_time, size, ssrc=1) for each in (ours, theirs)])

    assert [one for one, _ in estimates] == [other for _, other in estimates]
    assert sum(one is not None for one, _ in estimates) > 10


def test_an_hour_without_packets_costs_no_time():
    rate = ReceivedRate()
    rate.add(1000, 0)

    began_s = time.process_time()
    for hour in range(1, 100):
        assert rate.rate(hour * 3_600_000) is None

    assert time.process_time() - began_s < 1.0
