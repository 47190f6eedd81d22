"""Numbers in the report: what is not 0 or 100 % is never shown as that, and the parts of a whole sum to 100."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facestream.analysis.drawing.words import Language
from facestream.results.report.numbers import MISSING, Numbers, clock_time, whole_percents

ENGLISH, GERMAN = Numbers(Language.ENGLISH), Numbers(Language.GERMAN)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_whole_percentages_sum_to_100(amounts: list[float]):
    total = sum(whole_percents(amounts))

    assert total == (100 if sum(amounts) > 0 else 0)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=8))
def test_a_part_that_is_neither_all_nor_nothing_does_not_look_so(amounts: list[float]):
    total = sum(amounts)

    for amount, shown in zip(amounts, ENGLISH.parts(amounts), strict=True):
        if 0 < amount < total:
            assert shown not in ("0%", "100%")
        if total and not amount:
            assert shown == "0%"


def test_the_largest_remainders_are_rounded_up():
    assert whole_percents([1, 1, 1]) == [34, 33, 33]
    assert whole_percents([66.6, 33.3, 0.1]) == [67, 33, 0]


def test_a_share_on_its_own_says_that_it_is_little_or_nearly_all():
    assert [ENGLISH.part(share) for share in (0, 0.004, 0.5, 0.996, 1, math.nan)] == [
        "0%",
        "< 1%",
        "50%",
        "> 99%",
        "100%",
        MISSING,
    ]


def test_german_numbers_have_a_comma_and_a_space_before_the_percent_sign():
    assert GERMAN.decimal(1234.5, 1) == "1.234,5"
    assert GERMAN.part(0.5) == "50\u00a0%"
    assert GERMAN.significant(-0.01234) == "\u22120,01234"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_a_dash(value: float):
    assert ENGLISH.decimal(value) == ENGLISH.significant(value) == clock_time(value) == MISSING


@pytest.mark.parametrize("value", [0, 1, -1, 123.456, 1e-9, 1e300, -5e-324, 123456789])
def test_a_number_of_any_size_stays_short(value: float):
    assert len(ENGLISH.significant(value)) <= 11
    assert re.search(r"\d", ENGLISH.significant(value))


def test_a_clock_has_hours_from_an_hour_on():
    assert [clock_time(time_s) for time_s in (0, 59.6, 61, 3599, 3661)] == [
        "0:00",
        "1:00",
        "1:01",
        "59:59",
        "1:01:01",
    ]
