"""Where a search looks closely for small faces."""

import pytest

from facestream.analysis.detection.detector import Hint, SearchStep
from facestream.analysis.detection.hints import (
    CLEARLY_MORE,
    LOOK_AGAIN_S,
    MOST_HINTS,
    Visit,
    best_hint,
    closer_step,
    with_hints,
    with_visit,
)
from facestream.analysis.faces import BoundingBox

FINER = SearchStep(0, 0, 160, 160, 0.8, surer=True)


def hints(*scores: float) -> tuple[Hint, ...]:
    """One hint every 100 px."""
    return with_hints(
        (), [Hint((100.0 * number, 50.0), score) for number, score in enumerate(scores)], (), 40
    )


def test_the_best_hints_come_first_and_there_are_never_too_many():
    many = with_hints(hints(0.1, 0.4), [Hint((50.0, 5.0), 0.2) for _ in range(2 * MOST_HINTS)], (), 40)

    assert [hint.score for hint in many[:2]] == [0.4, 0.2]
    assert len(many) == MOST_HINTS


def test_a_hint_at_a_known_face_is_passed_over():
    at_best = BoundingBox(70, 20, 60, 60)

    assert best_hint(hints(0.1, 0.4), (), [at_best], 40, 0.0) == Hint((0.0, 50.0), 0.1)
    assert best_hint(hints(0.4), (), [BoundingBox(-30, 20, 60, 60)], 40, 0.0) is None
    assert with_hints((), hints(0.1, 0.4), [at_best], 40) == (Hint((0.0, 50.0), 0.1),)
    # It was a hint before it was followed.
    assert with_hints(hints(0.1, 0.4), (), [at_best], 40) == (Hint((0.0, 50.0), 0.1),)


def test_a_new_hint_replaces_an_earlier_one_at_its_place():
    newer = Hint((110.0, 60.0), 0.2)

    assert with_hints(hints(0.1, 0.4), [newer], (), 40) == (newer, Hint((0.0, 50.0), 0.1))


def test_each_place_is_looked_at_once_in_a_while():
    seen = hints(0.1, 0.4, 0.2)
    visits: tuple[Visit, ...] = ()
    order = []
    for second in range(4):
        hint = best_hint(seen, visits, (), 40, second)
        if hint is not None:
            visits = with_visit(visits, hint, 40, second)
        order.append(hint and hint.score)

    assert order == [0.4, 0.2, 0.1, None]
    assert best_hint(seen, visits, (), 40, LOOK_AGAIN_S) == Hint((100.0, 50.0), 0.4)


def test_a_place_that_looks_more_like_a_face_than_before_is_looked_at_again():
    visits = with_visit((), Hint((0.0, 50.0), 0.1), 40, 0.0)

    assert best_hint(hints(0.1 + 0.9 * CLEARLY_MORE), visits, (), 40, 1.0) is None
    assert best_hint(hints(0.1 + 1.1 * CLEARLY_MORE), visits, (), 40, 1.0) is not None


def test_visits_are_forgotten_in_time_and_one_at_the_same_place_is_replaced():
    visits = with_visit((), Hint((0.0, 0.0), 0.1), 40, 0.0)
    visits = with_visit(visits, Hint((100.0, 0.0), 0.1), 40, 1.0)
    visits = with_visit(visits, Hint((10.0, 0.0), 0.3), 40, 2.0)

    assert visits == (Visit((100.0, 0.0), 0.1, 1.0), Visit((10.0, 0.0), 0.3, 2.0))
    assert with_visit(visits, Hint((300.0, 0.0), 0.1), 40, LOOK_AGAIN_S + 1.5) == (
        Visit((10.0, 0.0), 0.3, 2.0),
        Visit((300.0, 0.0), 0.1, LOOK_AGAIN_S + 1.5),
    )


@pytest.mark.parametrize("xy", [(0, 0), (320, 240), (639, 479), (639, 0)])
def test_a_closer_tile_stays_within_the_frame(xy: tuple[float, float]):
    step = closer_step(FINER, xy, (640, 480))

    assert 0 <= step.left <= 640 - step.width
    assert 0 <= step.top <= 480 - step.height
    assert step.scale > FINER.scale
    assert step.width * step.scale == pytest.approx(FINER.width * FINER.scale, abs=1)
    assert step.surer


def test_a_closer_tile_has_its_hint_in_the_middle():
    step = closer_step(FINER, (320.0, 240.0), (640, 480))

    assert (step.left + step.width / 2, step.top + step.height / 2) == pytest.approx((320, 240), abs=1)


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 900), (97, 60)])
def test_a_closer_tile_of_a_tiny_frame_is_the_frame_at_most(size_wh: tuple[int, int]):
    step = closer_step(SearchStep(0, 0, *size_wh, 4.0), (0.0, 0.0), size_wh)

    assert (step.left, step.top, step.width, step.height, step.scale) == (0, 0, *size_wh, 4.0)
