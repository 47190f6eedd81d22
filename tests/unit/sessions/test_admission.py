"""Who is still served, with measurements that are given."""

import pytest

from facestream.config import Config
from facestream.metrics import StreamUse
from facestream.sessions.admission import (
    MAX_KNOWN_ADDRESSES,
    RETRY_FULL_S,
    ActiveSession,
    Admission,
    RateLimitedError,
    ServerFullError,
    TooManyError,
    address_key,
)
from facestream.sessions.frame_cost import FrameCost

HERE = "203.0.113.5"
VGA = 640 * 480


def active(address: str = "203.0.113.1", *, connecting: bool = False, fps_in: float = 30.0) -> ActiveSession:
    return ActiveSession(address, connecting, fps_in)


def admission(cores: float = 2, **settings: float) -> Admission:
    return Admission(Config(**settings), cores)  # type: ignore[arg-type]


def measured(cores: float = 2, *, media_ms: float, analysis_ms: float, **settings: float) -> Admission:
    """After ten seconds in which each frame cost that much."""
    admits = admission(cores, **settings)
    for second in range(10):
        frames = 30 * second
        use = StreamUse(frames, frames * VGA, frames * analysis_ms / 1000)
        admits.cost.measure(second, frames * media_ms / 1000, {"a": use})
    return admits


def frame_ms(cost: FrameCost) -> float:
    """Core milliseconds per ordinary frame, from what one core carries if there are enough analysis processes."""
    return 1000 / cost.carried_fps(1, 1_000_000)


def test_as_many_sessions_as_the_limit_and_no_more():
    admits = admission(max_sessions=2, min_fps=0)

    admits.admit(HERE, [active()], 1, 0.0)
    with pytest.raises(ServerFullError, match="2 of 2 sessions"):
        admits.admit(HERE, [active(), active()], 1, 0.0)


def test_one_address_does_not_take_the_sessions_of_all():
    admits = admission(max_sessions_per_address=2, min_fps=0)

    with pytest.raises(TooManyError, match="2 of 2"):
        admits.admit(HERE, [active(HERE), active(HERE)], 1, 0.0)
    admits.admit(HERE, [active(HERE), active()], 1, 0.0)


def test_this_machine_has_no_limit_of_its_own():
    admission(max_sessions_per_address=1, min_fps=0).admit("", [active(""), active("")], 1, 0.0)


def test_only_so_many_connections_are_set_up_at_once():
    admits = admission(max_setups=1, min_fps=0)

    admits.admit(HERE, [active()], 1, 0.0)
    with pytest.raises(ServerFullError, match="connecting"):
        admits.admit(HERE, [active(connecting=True)], 1, 0.0)


def test_one_address_does_not_take_every_set_up():
    admits = admission(max_setups=8, min_fps=0)
    connecting = [active(HERE, connecting=True), active(HERE, connecting=True)]

    with pytest.raises(TooManyError, match="2 peers of your address") as refused:
        admits.admit(HERE, connecting, 1, 0.0)
    assert refused.value.retry_after_s < RETRY_FULL_S
    admits.admit("203.0.113.6", connecting, 1, 0.0)
    admits.admit("", [active("", connecting=True)] * 4, 1, 0.0)


def test_who_asks_too_often_is_told_how_long_to_wait():
    admits = admission(new_sessions_per_minute=2)
    admits.check_request_rate(HERE, 100.0)
    admits.check_request_rate(HERE, 100.0)

    with pytest.raises(RateLimitedError) as refused:
        admits.check_request_rate(HERE, 100.0)

    assert refused.value.retry_after_s == pytest.approx(30)
    admits.check_request_rate(HERE, 100.0 + refused.value.retry_after_s)


def test_who_asks_too_often_hinders_nobody_else():
    admits = admission(new_sessions_per_minute=1)
    admits.check_request_rate(HERE, 100.0)

    admits.check_request_rate("203.0.113.6", 100.0)


def test_the_table_of_addresses_does_not_grow_without_end():
    admits = admission()

    for number in range(MAX_KNOWN_ADDRESSES + 100):
        admits.check_request_rate(str(number), 100.0)

    assert len(admits._buckets) == MAX_KNOWN_ADDRESSES


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
def test_an_address_counts_as_its_customer(remote: str, key: str):
    assert address_key(remote) == key


def test_a_frame_costs_what_both_kinds_of_process_spend_on_it():
    admits = measured(media_ms=10, analysis_ms=15)

    assert frame_ms(admits.cost) == pytest.approx(25)
    assert admits.cost.carried_fps(2, 4) == pytest.approx(80)


def test_one_analysis_process_bounds_what_many_cores_carry():
    assert measured(media_ms=10, analysis_ms=20).cost.carried_fps(64, 1) == pytest.approx(50)


def test_the_second_must_not_halve_the_rate_of_the_first():
    # 36 frames a second in all: one camera of 30, and nothing for another.
    admits = measured(cores=1, media_ms=12, analysis_ms=15, min_fps=20)

    with pytest.raises(ServerFullError, match="37 frames per second"):
        admits.admit(HERE, [active()], 1, 0.0)


def test_whom_the_machine_carries_comes_in():
    measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20).admit(
        HERE, [active(), active(), active()], 2, 0.0
    )


def test_nobody_comes_in_while_somebody_gets_too_little():
    admits = measured(cores=8, media_ms=10, analysis_ms=10, min_fps=20)

    with pytest.raises(ServerFullError, match="less than 20"):
        admits.admit(HERE, [ActiveSession("", connecting=False, fps_in=30, fps_possible=12)], 8, 0.0)
    admits.admit(HERE, [ActiveSession("", connecting=False, fps_in=12, fps_possible=12)], 8, 0.0)


def test_who_sends_little_leaves_room_for_others():
    admits = measured(cores=1, media_ms=10, analysis_ms=10, min_fps=20)

    with pytest.raises(ServerFullError):
        admits.admit(HERE, [active(), active()], 1, 0.0)
    admits.admit(HERE, [active(fps_in=5), active(fps_in=5)], 1, 0.0)


def test_before_anything_was_measured_a_frame_is_presumed_to_be_dear():
    admits = admission(cores=2, min_fps=20)

    admits.admit(HERE, [active()] * 3, 2, 0.0)
    with pytest.raises(ServerFullError, match="too few for 5 peers"):
        admits.admit(HERE, [active()] * 4, 2, 0.0)


def test_the_first_always_comes_in():
    measured(cores=1, media_ms=500, analysis_ms=500).admit(HERE, [], 1, 0.0)


def test_no_rate_to_keep_lets_all_in():
    measured(cores=1, media_ms=500, analysis_ms=500, min_fps=0).admit(HERE, [active()], 1, 0.0)


def test_a_second_without_frames_changes_no_estimate():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 0.6, {"a": StreamUse(30, 30 * VGA, 0.3)})

    assert frame_ms(cost) == pytest.approx(20)


def test_one_slow_second_does_not_throw_the_estimate_over():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 1.5, {"a": StreamUse(60, 60 * VGA, 1.5)})

    assert 20 < frame_ms(cost) < 40


def test_a_stream_of_large_frames_costs_more_and_changes_nothing_for_the_next_peer():
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


def test_large_frames_alone_leave_the_estimate_for_ordinary_ones():
    cost = FrameCost()
    for second in range(10):
        cost.measure(second, 2.0 * second, {"a": StreamUse(10 * second, 10 * second * 1919**2, second)})

    assert frame_ms(cost) == frame_ms(FrameCost())
    assert cost.is_costly(cost.of("a"))


def test_what_is_known_of_a_stream_ends_with_it():
    cost = FrameCost()
    cost.measure(0, 0, {"a": StreamUse()})
    cost.measure(1, 0.3, {"a": StreamUse(30, 30 * VGA, 0.3)})

    cost.measure(2, 0.3, {})

    assert cost.of("a") == 0


def test_a_peer_that_is_slow_by_its_own_large_frames_locks_nobody_out():
    admits = measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20)
    slow = ActiveSession("203.0.113.1", connecting=False, fps_in=25, fps_possible=6, frame_s=0.2)

    admits.admit(HERE, [slow], 2, 0.0)


def test_an_ordinary_peer_that_is_behind_still_keeps_others_out():
    admits = measured(cores=2, media_ms=10, analysis_ms=10, min_fps=20)
    slow = ActiveSession("203.0.113.1", connecting=False, fps_in=25, fps_possible=6, frame_s=0.02)

    with pytest.raises(ServerFullError, match="less than 20"):
        admits.admit(HERE, [slow], 2, 0.0)


def test_a_full_server_says_when_a_session_is_likely_to_end():
    admits = admission(max_sessions=1, min_fps=0)
    for ended_s in (100.0, 130.0, 160.0):
        admits.note_ending(ended_s)

    with pytest.raises(ServerFullError) as refused:
        admits.admit(HERE, [active()], 1, 190.0)

    assert refused.value.retry_after_s == pytest.approx(30)


def test_without_endings_the_wait_is_a_guess():
    assert admission().wait_for_end_s(5.0) == RETRY_FULL_S


def test_the_wait_for_a_set_up_to_end_is_short():
    admits = admission(max_setups=1, min_fps=0)

    with pytest.raises(ServerFullError) as refused:
        admits.admit(HERE, [active(connecting=True)], 1, 0.0)

    assert refused.value.retry_after_s < RETRY_FULL_S
