"""Admission with given measurements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.config import Config
from facestream.metrics import StreamUse
from facestream.sessions.address_rate import MAX_KNOWN_ADDRESSES
from facestream.sessions.admission import (
    RETRY_FULL_S,
    ActiveSession,
    Admission,
    AdmissionError,
    RateLimitedError,
    RejectionReason,
    ServerFullError,
    TooManyError,
    address_key,
)
from facestream.sessions.frame_cost import FrameCost

HERE = "203.0.113.5"
VGA = 640 * 480


def rejection(
    admits: Admission, sessions: list[ActiveSession], processes: int = 1, now_s: float = 0.0
) -> AdmissionError:
    """The error with which one more session of HERE is rejected."""
    with pytest.raises(AdmissionError) as rejected:
        admits.admit(HERE, sessions, processes, now_s)
    return rejected.value


def active(address: str = "203.0.113.1", *, connecting: bool = False, fps_in: float = 30.0) -> ActiveSession:
    return ActiveSession(address, connecting, fps_in)


def admission(cores: float = 2, **settings: float) -> Admission:
    return Admission(Config(**settings), cores)  # type: ignore[arg-type]


def measured(cores: float = 2, *, media_ms: float, analysis_ms: float, **settings: float) -> Admission:
    """Admission after ten seconds in which each frame cost this much."""
    admits = admission(cores, **settings)
    for second in range(10):
        frames = 30 * second
        use = StreamUse(frames, frames * VGA, frames * analysis_ms / 1000)
        admits.cost.measure(second, frames * media_ms / 1000, {"a": use})
    return admits


def frame_ms(cost: FrameCost) -> float:
    """Core milliseconds per ordinary frame: from the capacity of one core with any number of workers."""
    return 1000 / cost.carried_fps(1, 1_000_000)


def test_no_more_sessions_than_the_limit_are_admitted():
    admits = admission(max_sessions=2, min_fps=0)

    admits.admit(HERE, [active()], 1, 0.0)
    error = rejection(admits, [active(), active()])
    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.SESSIONS
    assert "2 of 2 sessions" in str(error)


def test_one_address_has_its_own_limit_of_sessions():
    admits = admission(max_sessions_per_address=2, min_fps=0)

    error = rejection(admits, [active(HERE), active(HERE)])
    assert isinstance(error, TooManyError)
    assert error.reason is RejectionReason.ADDRESS_SESSIONS
    assert "2 of 2" in str(error)
    admits.admit(HERE, [active(HERE), active()], 1, 0.0)


def test_clients_on_this_machine_have_no_limit_per_address():
    admission(max_sessions_per_address=1, min_fps=0).admit("", [active(""), active("")], 1, 0.0)


def test_the_number_of_connecting_peers_is_limited():
    admits = admission(max_setups=1, min_fps=0)

    admits.admit(HERE, [active()], 1, 0.0)
    error = rejection(admits, [active(connecting=True)])
    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.SETUPS


def test_one_address_has_its_own_limit_of_connecting_peers():
    admits = admission(max_setups=8, min_fps=0)
    connecting = [active(HERE, connecting=True), active(HERE, connecting=True)]

    error = rejection(admits, connecting)
    assert isinstance(error, TooManyError)
    assert error.reason is RejectionReason.ADDRESS_SETUPS
    assert "2 peers of your address" in str(error)
    assert error.retry_after_s < RETRY_FULL_S
    admits.admit("203.0.113.6", connecting, 1, 0.0)
    admits.admit("", [active("", connecting=True)] * 4, 1, 0.0)


def test_an_address_above_its_request_rate_is_rejected_with_the_time_to_wait():
    admits = admission(new_sessions_per_minute=2)
    admits.check_request_rate(HERE, 100.0)
    admits.check_request_rate(HERE, 100.0)

    with pytest.raises(RateLimitedError) as rejected:
        admits.check_request_rate(HERE, 100.0)

    assert rejected.value.reason is RejectionReason.REQUEST_RATE
    assert rejected.value.retry_after_s == pytest.approx(30)
    admits.check_request_rate(HERE, 100.0 + rejected.value.retry_after_s)


def test_the_request_rate_of_one_address_does_not_affect_another():
    admits = admission(new_sessions_per_minute=1)
    admits.check_request_rate(HERE, 100.0)

    admits.check_request_rate("203.0.113.6", 100.0)


def test_the_table_of_addresses_is_bounded():
    admits = admission()

    for number in range(MAX_KNOWN_ADDRESSES + 100):
        admits.check_request_rate(str(number), 100.0)

    assert len(admits._requests._buckets) == MAX_KNOWN_ADDRESSES


@pytest.mark.parametrize(
    ("remote", "key"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_as_its_64_bit_prefix(remote: str, key: str):
    assert address_key(remote) == key


def test_the_cost_of_a_frame_includes_the_server_and_the_workers():
    admits = measured(media_ms=10, analysis_ms=15)

    assert frame_ms(admits.cost) == pytest.approx(25)
    assert admits.cost.carried_fps(2, 4) == pytest.approx(80)


def test_one_worker_limits_the_capacity_of_many_cores():
    assert measured(media_ms=10, analysis_ms=20).cost.carried_fps(64, 1) == pytest.approx(50)


def test_a_second_peer_that_would_halve_the_rate_of_the_first_is_rejected():
    # 36 frames a second in total: one camera with 30, and too few for another.
    admits = measured(cores=1, media_ms=12, analysis_ms=15, min_fps=20)

    error = rejection(admits, [active()])

    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.CAPACITY
    assert "37 frames per second" in str(error)


def test_a_peer_within_the_capacity_is_admitted():
    measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20).admit(
        HERE, [active(), active(), active()], 2, 0.0
    )


def test_no_peer_is_admitted_while_a_session_gets_less_than_min_fps():
    admits = measured(cores=8, media_ms=10, analysis_ms=10, min_fps=20)

    error = rejection(admits, [ActiveSession("", connecting=False, fps_in=30, fps_possible=12)], 8)
    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.PEER_BEHIND
    assert "less than 20" in str(error)
    admits.admit(HERE, [ActiveSession("", connecting=False, fps_in=12, fps_possible=12)], 8, 0.0)


def test_a_slow_camera_uses_less_of_the_capacity():
    admits = measured(cores=1, media_ms=10, analysis_ms=10, min_fps=20)

    error = rejection(admits, [active(), active()])
    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.CAPACITY
    admits.admit(HERE, [active(fps_in=5), active(fps_in=5)], 1, 0.0)


def test_before_any_measurement_a_frame_is_presumed_to_be_costly():
    admits = admission(cores=2, min_fps=20)

    admits.admit(HERE, [active()] * 3, 2, 0.0)
    error = rejection(admits, [active()] * 4, 2)
    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.CAPACITY
    assert "too few for 5 peers" in str(error)


def test_the_first_peer_is_always_admitted():
    measured(cores=1, media_ms=500, analysis_ms=500).admit(HERE, [], 1, 0.0)


def test_without_min_fps_the_capacity_is_not_checked():
    measured(cores=1, media_ms=500, analysis_ms=500, min_fps=0).admit(HERE, [active()], 1, 0.0)


def test_a_second_without_frames_changes_no_estimate():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 0.6, {"a": StreamUse(30, 30 * VGA, 0.3)})

    assert frame_ms(cost) == pytest.approx(20)


def test_one_slow_second_changes_the_estimate_only_a_little():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 1.5, {"a": StreamUse(60, 60 * VGA, 1.5)})

    assert 20 < frame_ms(cost) < 40


def test_a_stream_of_large_frames_costs_more_without_changing_the_ordinary_cost():
    cost = FrameCost()
    large = 1919 * 1919
    for second in range(10):
        small_use = StreamUse(30 * second, 30 * second * VGA, 0.3 * second)
        large_use = StreamUse(10 * second, 10 * second * large, 0.9 * second)
        media_s = second * (30 * VGA + 10 * large) * 0.01 / VGA
        cost.measure(second, media_s, {"small": small_use, "large": large_use})

    assert frame_ms(cost) == pytest.approx(20)
    assert cost.of("small") == pytest.approx(0.02)
    assert cost.of("large") == pytest.approx(0.01 * large / VGA + 0.09)
    assert cost.is_costly(cost.of("large"))
    assert not cost.is_costly(cost.of("small"))


def test_large_frames_alone_do_not_change_the_ordinary_cost():
    cost = FrameCost()
    for second in range(10):
        cost.measure(second, 2.0 * second, {"a": StreamUse(10 * second, 10 * second * 1919**2, second)})

    assert frame_ms(cost) == frame_ms(FrameCost())
    assert cost.is_costly(cost.of("a"))


def test_the_cost_of_a_stream_is_discarded_at_its_end():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 0.3, {})

    assert cost.of("a") == 0


def test_a_peer_that_is_slow_because_of_its_large_frames_does_not_keep_others_out():
    admits = measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20)
    slow = ActiveSession("203.0.113.1", connecting=False, fps_in=25, fps_possible=6, frame_s=0.2)

    admits.admit(HERE, [slow], 2, 0.0)


def test_a_slow_peer_with_ordinary_frames_keeps_others_out():
    admits = measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20)
    slow = ActiveSession("203.0.113.1", connecting=False, fps_in=25, fps_possible=6, frame_s=0.02)

    error = rejection(admits, [slow], 2)

    assert isinstance(error, ServerFullError)
    assert error.reason is RejectionReason.PEER_BEHIND
    assert "less than 20" in str(error)


def test_retry_after_estimates_when_a_session_ends():
    admits = admission(max_sessions=1, min_fps=0)
    for ended_s in (100.0, 130.0, 160.0):
        admits.note_ending(ended_s)

    error = rejection(admits, [active()], now_s=190.0)

    assert isinstance(error, ServerFullError)
    assert error.retry_after_s == pytest.approx(30)


def test_without_ended_sessions_retry_after_is_the_default():
    assert admission().wait_for_end_s(5.0) == RETRY_FULL_S


def test_retry_after_is_short_if_only_connecting_peers_fill_the_server():
    admits = admission(max_setups=1, min_fps=0)

    error = rejection(admits, [active(connecting=True)])

    assert isinstance(error, ServerFullError)
    assert error.retry_after_s < RETRY_FULL_S


LIKELY_FPS = st.sampled_from([0.0, 5.0, 10.0, 19.9, 20.0, 25.0, 30.0])


@given(
    sessions=st.lists(
        st.builds(ActiveSession, st.just("a"), st.booleans(), LIKELY_FPS, LIKELY_FPS), max_size=12
    ),
    max_sessions=st.integers(1, 30),
    max_setups=st.integers(1, 4),
    min_fps=st.sampled_from([0.0, 0.1, 20.0, 33.3]),
    cores=st.sampled_from([0.01, 1.0, 4.0, 7.3]),
    processes=st.integers(0, 6),
)
def test_as_many_places_are_free_as_peers_are_admitted_and_no_more(
    sessions: list[ActiveSession],
    max_sessions: int,
    max_setups: int,
    min_fps: float,
    cores: float,
    processes: int,
):
    admits = admission(cores, max_sessions=max_sessions, max_setups=max_setups, min_fps=min_fps)
    places = admits.free_places(sessions, processes)

    newcomer = active(HERE, fps_in=min_fps)
    for place in range(places):
        others = [active(f"203.0.113.{number}", fps_in=min_fps) for number in range(100, 100 + place)]
        admits.admit(HERE, [*sessions, *others], processes, 0.0)
    with pytest.raises(AdmissionError):
        admits.admit("203.0.113.6", [*sessions, *[newcomer] * places], processes, 0.0)
