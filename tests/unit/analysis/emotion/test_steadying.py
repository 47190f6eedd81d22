from itertools import pairwise

import pytest

from facestream.analysis.emotion.steadying import (
    CLOSE_AT_ONCE,
    CLOSE_ENTER,
    NO_EMOTION_STATE,
    EmotionState,
    next_emotion_state,
)
from facestream.analysis.faces import EMOTIONS, UNSURE, Emotion

SMOOTHING_S = 0.3


def shares(**given: float) -> list[float]:
    rest = (1 - sum(given.values())) / (len(EMOTIONS) - len(given))
    return [given.get(str(emotion), rest) for emotion in EMOTIONS]


def follow(
    state: EmotionState,
    read: list[float],
    seconds: float,
    fps: float = 30,
    speech: float = 0.0,
    smoothing_s: float = SMOOTHING_S,
) -> list[EmotionState]:
    """The states after equal readings that go on for so long."""
    states = []
    start_s = max(0.0, state.time_s)
    for number in range(1, round(seconds * fps) + 1):
        state = next_emotion_state(state, read, start_s + number / fps, smoothing_s, speech)
        states.append(state)
    return states


def settled(**given: float) -> EmotionState:
    return follow(NO_EMOTION_STATE, shares(**given), 1.0)[-1]


def seconds_until(label: str, states: list[EmotionState], fps: float = 30) -> float | None:
    numbers = (number for number, state in enumerate(states, start=1) if state.label == label)
    first = next(numbers, None)
    return None if first is None else first / fps


def alternating(
    state: EmotionState, readings: list[list[float]], each_s: float, seconds: float, speech: float
) -> list[EmotionState]:
    states: list[EmotionState] = []
    while len(states) < seconds * 30:
        states += follow(
            states[-1] if states else state,
            readings[len(states) // round(each_s * 30) % len(readings)],
            each_s,
            speech=speech,
        )
    return states


def shown_changes(states: list[EmotionState]) -> int:
    shown = [UNSURE if state.close else state.label for state in states]
    return sum(one != other for one, other in pairwise(shown))


def test_the_first_reading_is_not_smoothed():
    state = next_emotion_state(NO_EMOTION_STATE, shares(happy=0.9), 0.0, SMOOTHING_S)

    assert (state.label, state.close) == (Emotion.HAPPY, False)
    assert state.probabilities[EMOTIONS.index(Emotion.HAPPY)] == pytest.approx(0.9)


def test_a_first_reading_of_two_equal_emotions_is_close():
    assert next_emotion_state(NO_EMOTION_STATE, shares(happy=0.45, neutral=0.40), 0.0, SMOOTHING_S).close


@pytest.mark.parametrize("smoothing_s", [0.0, SMOOTHING_S])
def test_a_reading_that_stands_alone_is_close_below_a_smaller_difference(smoothing_s: float):
    apart = next_emotion_state(NO_EMOTION_STATE, shares(happy=0.46, neutral=0.38), 0.0, smoothing_s)

    assert CLOSE_AT_ONCE < 0.08 < CLOSE_ENTER
    assert (apart.label, apart.close) == (Emotion.HAPPY, False)


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_the_mean_is_equally_fast_at_every_frame_rate(fps: int):
    state = follow(settled(neutral=0.9), shares(happy=0.9), SMOOTHING_S, fps)[-1]

    # 63 % of the way from 0.017 to 0.9.
    assert state.probabilities[EMOTIONS.index(Emotion.HAPPY)] == pytest.approx(0.575, abs=0.01)


@pytest.mark.parametrize("fps", [5, 10, 15, 24, 30, 60])
def test_a_clear_change_is_shown_within_half_a_second_at_every_frame_rate(fps: float):
    states = follow(settled(neutral=0.95), shares(happy=0.95), 1.0, fps)

    delay_s = seconds_until(Emotion.HAPPY, states, fps)
    assert delay_s is not None
    assert 0.2 <= delay_s <= 0.5
    assert shown_changes(states) == 1  # no UNSURE on the way


@pytest.mark.parametrize("smoothing_s", [0.1, 0.3, 1.0])
def test_the_label_is_as_much_slower_as_the_mean(smoothing_s: float):
    before = follow(NO_EMOTION_STATE, shares(neutral=0.95), 1.0, 60, smoothing_s=smoothing_s)[-1]

    states = follow(before, shares(happy=0.95), 5.0, 60, smoothing_s=smoothing_s)

    assert seconds_until(Emotion.HAPPY, states, 60) == pytest.approx(0.75 * smoothing_s, abs=0.04)


def test_a_weak_lead_takes_longer_than_a_clear_one():
    clear = seconds_until(Emotion.SAD, follow(settled(neutral=0.9), shares(sad=0.9, neutral=0.05), 3.0))
    weak = seconds_until(Emotion.SAD, follow(settled(neutral=0.9), shares(sad=0.55, neutral=0.35), 3.0))

    assert clear is not None
    assert weak is not None
    assert weak > 2.5 * clear


def test_an_emotion_that_leads_by_nothing_does_not_replace_the_label():
    states = follow(settled(neutral=0.6, sad=0.3), shares(neutral=0.48, sad=0.5), 10.0)

    assert {state.label for state in states} == {Emotion.NEUTRAL}


def test_one_differing_frame_does_not_change_the_label():
    state = next_emotion_state(settled(neutral=0.8), shares(sad=0.95), 1.1, SMOOTHING_S)

    assert state.label == Emotion.NEUTRAL


def test_one_reading_after_a_gap_counts_for_no_more_than_the_smoothing_time():
    state = settled(neutral=0.9)

    state = next_emotion_state(state, shares(happy=0.9), state.time_s + 1.5, SMOOTHING_S, speech=1.0)

    assert state.label == Emotion.NEUTRAL


def test_a_face_that_was_not_read_for_long_starts_anew():
    state = settled(neutral=0.9)

    state = next_emotion_state(state, shares(happy=0.9), state.time_s + 3.0, SMOOTHING_S, speech=1.0)

    assert state.label == Emotion.HAPPY
    assert max(state.probabilities) == pytest.approx(0.9)


@pytest.mark.parametrize("each_s", [0.1, 0.2, 0.3])
def test_syllables_do_not_change_the_label(each_s: float):
    """The net takes an open mouth for surprise; speech opens it two to seven times a second."""
    readings = [shares(surprise=0.95), shares(neutral=0.95)]

    states = alternating(settled(neutral=0.95), readings, each_s, 6.0, speech=1.0)

    assert {state.label for state in states} == {Emotion.NEUTRAL}


def test_a_change_is_shown_while_somebody_speaks_too_only_later():
    silent = seconds_until(Emotion.HAPPY, follow(settled(neutral=0.95), shares(happy=0.95), 3.0))
    speaking = seconds_until(
        Emotion.HAPPY, follow(settled(neutral=0.95), shares(happy=0.95), 3.0, speech=1.0)
    )

    assert silent is not None
    assert speaking is not None
    assert 2 * silent < speaking < 0.8


def test_what_alternates_between_others_still_replaces_a_label_that_nothing_speaks_for():
    readings = [shares(surprise=0.95), shares(neutral=0.95)]

    states = alternating(settled(angry=0.95), readings, 0.2, 2.0, speech=0.0)

    assert states[-1].label in {Emotion.SURPRISE, Emotion.NEUTRAL}


def test_two_equal_emotions_become_close_after_a_while_and_keep_the_label():
    states = follow(settled(neutral=0.6, sad=0.3), shares(neutral=0.47, sad=0.45), 3.0)

    assert not any(state.close for state in states[:15])
    assert states[-1].close
    assert shown_changes(states) == 1


def test_an_emotion_that_rises_past_another_is_not_close_in_between():
    state = settled(neutral=0.9, happy=0.05)
    states: list[EmotionState] = []
    for tenth in range(11):
        read = shares(neutral=0.9 - 0.085 * tenth, happy=0.05 + 0.085 * tenth)
        states += follow(states[-1] if states else state, read, 0.1)

    assert not any(state.close for state in states)
    assert states[-1].label == Emotion.HAPPY


def test_close_ends_with_the_emotion_that_is_then_clear():
    state = follow(settled(neutral=0.6, sad=0.3), shares(neutral=0.47, sad=0.45), 3.0)[-1]

    states = follow(state, shares(happy=0.9), 2.0)

    assert not states[-1].close
    shown = next(state for state in states if not state.close)
    assert shown.label == Emotion.HAPPY


def test_a_difference_between_the_two_limits_keeps_what_is_shown():
    apart = shares(neutral=0.47, sad=0.33)

    never_close = follow(settled(neutral=0.9), apart, 5.0)
    close = follow(settled(neutral=0.6, sad=0.3), shares(neutral=0.47, sad=0.45), 3.0)[-1]

    assert not any(state.close for state in never_close)
    assert all(state.close for state in follow(close, apart, 5.0))


def test_without_smoothing_every_reading_stands_for_itself():
    state = next_emotion_state(NO_EMOTION_STATE, shares(neutral=0.9), 0.0, 0.0)
    labels = []
    for number, read in enumerate(
        [shares(sad=0.42, neutral=0.30), shares(neutral=0.5), shares(happy=0.9)], 1
    ):
        state = next_emotion_state(state, read, number / 30, 0.0, speech=1.0)
        labels.append(state.label)
        assert state.probabilities == pytest.approx(read)

    assert labels == [Emotion.SAD, Emotion.NEUTRAL, Emotion.HAPPY]


def test_a_clock_that_goes_back_does_no_harm():
    state = settled(neutral=0.9)

    state = next_emotion_state(state, shares(happy=0.9), state.time_s - 0.5, SMOOTHING_S)

    assert state.label == Emotion.NEUTRAL
    assert sum(state.probabilities) == pytest.approx(1)


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [((), "happy"), ((0.5, 0.5), "happy"), (tuple(shares(sad=0.5)), "unsure"), (tuple(shares(sad=0.5)), "x")],
)
def test_a_state_that_cannot_be_is_rejected(probabilities: tuple[float, ...], label: str):
    with pytest.raises(ValueError, match="expected"):
        EmotionState(probabilities, label, 0.0)
