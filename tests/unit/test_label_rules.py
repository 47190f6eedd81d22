"""The arithmetic of benchmarks/label_rules.py."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from benchmarks.label_rules import Reading, at_rate, by_new_rule, by_old_rule, changes, worth
from facestream.analysis.faces import EMOTIONS, BoundingBox, Emotion, Face, UnsureReason

FPS = 20
BOX = BoundingBox(0, 0, 100, 100)
LANDMARKS = np.zeros((68, 2), np.float32)


def reading(number: int, emotion: Emotion, unsure: UnsureReason | None = None) -> Reading:
    probabilities = tuple(0.94 if each == emotion else 0.01 for each in EMOTIONS)
    return Reading(number / FPS, Face(1, BOX, LANDMARKS, probabilities, emotion, unsure))


def readings(*spells: tuple[Emotion, float]) -> list[Reading]:
    emotions = [emotion for emotion, seconds in spells for _ in range(round(seconds * FPS))]
    return [reading(number, emotion) for number, emotion in enumerate(emotions)]


def test_a_change_that_lasts_is_real_and_its_delay_starts_at_half_of_the_way():
    read = readings((Emotion.NEUTRAL, 2), (Emotion.HAPPY, 2))
    shown = ["neutral"] * 46 + ["happy"] * 34

    found = worth(read, shown)

    assert (found["real_changes"], found["never_shown"]) == (1, 0)
    assert found["delay_s"] == {"p50": pytest.approx(0.3), "max": pytest.approx(0.3)}
    assert found["changes_per_minute"] == round(60 / 3.95, 1)
    assert found["of_the_named"] == pytest.approx(1 - 6 / 80, abs=1e-3)


def test_a_flash_is_no_real_change():
    read = readings((Emotion.NEUTRAL, 2), (Emotion.SURPRISE, 0.2), (Emotion.NEUTRAL, 2))

    assert worth(read, ["neutral"] * len(read))["real_changes"] == 0


def test_changes_to_and_from_unsure_count():
    assert changes(["happy", "unsure", "happy", "happy"]) == 2


@pytest.mark.parametrize("rule", [by_old_rule, by_new_rule])
def test_both_rules_show_a_change_and_keep_other_reasons(rule: Callable[[Sequence[Reading]], list[str]]):
    read = readings((Emotion.NEUTRAL, 2), (Emotion.HAPPY, 2))
    read.append(reading(len(read), Emotion.HAPPY, UnsureReason.TURNED))

    shown = rule(read)

    assert (shown[0], shown[-2], shown[-1]) == ("neutral", "happy", "unsure")


def test_the_old_rule_is_unsure_on_the_way_and_the_new_one_is_not():
    read = readings((Emotion.NEUTRAL, 2), (Emotion.HAPPY, 2))

    assert "unsure" in by_old_rule(read)
    assert "unsure" not in by_new_rule(read)


def test_a_slower_camera_has_fewer_readings():
    assert len(at_rate(readings((Emotion.NEUTRAL, 2)), 10)) == 20
