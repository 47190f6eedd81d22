"""The verdict of a replay: each criterion, what could not be measured, the table and JUnit."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from facestream.cli.main import main
from facestream.replay.agreement import Agreement
from facestream.replay.gate import Check, Criteria, Measured, as_table, judge
from facestream.replay.junit import Ran, junit_xml
from facestream.replay.summary import Latency, Tally

GOOD = Measured(
    sent=200,
    received=190,
    analysed=180,
    with_faces=90,
    fps_analysed=24.94,
    latency_ms=Latency(50.0, 120.0, 130.0, 140.0),
    labels=Counter({"happy": 60, "neutral": 40}),
)
NOTHING = Measured(0, 0, 0, 0, 0.0, Latency(), Counter())
AGREEMENT = Agreement(
    frames=100,
    faces=90,
    faces_live_only=5,
    faces_offline_only=5,
    same_label=1.0,
    agreement=0.9,
    box_overlap=0.9,
    landmarks_percent=2.5,
    shift_s=0.0,
)


@pytest.mark.parametrize(
    ("criteria", "met"),
    [
        (Criteria(min_fps=24.9), True),
        (Criteria(min_fps=25), False),
        (Criteria(max_p95_ms=120), True),
        (Criteria(max_p95_ms=119.9), False),
        (Criteria(max_drop_percent=5), True),
        (Criteria(max_drop_percent=4.9), False),
        (Criteria(min_faces_percent=50), True),
        (Criteria(min_faces_percent=50.1), False),
        (Criteria(expect_labels=(("happy", 0.6),)), True),
        (Criteria(expect_labels=(("happy", 0.61),)), False),
        (Criteria(expect_labels=(("sad", 0.01),)), False),
    ],
)
def test_a_criterion_is_met_or_not(criteria: Criteria, *, met: bool):
    replay, check = judge(criteria, GOOD)

    assert replay.passed
    assert check.passed is met
    assert check.got


@pytest.mark.parametrize(
    ("criteria", "reason"),
    [
        (Criteria(min_fps=1), "no frame has returned"),
        (Criteria(max_p95_ms=1000), "no received frame has a readable number"),
        (Criteria(max_drop_percent=100), "no frame was sent"),
        (Criteria(min_faces_percent=0), "no frame has returned"),
        (Criteria(expect_labels=(("happy", 0.0),)), "no face was found"),
    ],
)
def test_what_could_not_be_measured_is_failed_with_the_reason(criteria: Criteria, reason: str):
    check = judge(criteria, NOTHING)[1]

    assert not check.passed
    assert (check.got, check.reason) == ("", reason)


@pytest.mark.parametrize(
    ("criteria", "met"),
    [
        (Criteria(min_agreement_percent=90), True),
        (Criteria(min_agreement_percent=90.1), False),
        (Criteria(max_landmarks_percent=2.5), True),
        (Criteria(max_landmarks_percent=2.4), False),
    ],
)
def test_agreement_with_the_offline_results_is_a_criterion(criteria: Criteria, *, met: bool):
    check = judge(criteria, GOOD, AGREEMENT)[1]

    assert check.passed is met
    assert check.got


@pytest.mark.parametrize(
    ("agreement", "reason"),
    [
        (replace(AGREEMENT, frames=0, agreement=None, landmarks_percent=None), "no live frame has the time"),
        (replace(AGREEMENT, agreement=None, landmarks_percent=None), "no face "),
    ],
)
def test_agreement_that_could_not_be_measured_is_failed(agreement: Agreement, reason: str):
    criteria = Criteria(min_agreement_percent=0, max_landmarks_percent=100)

    checks = judge(criteria, GOOD, agreement)[1:]

    assert [check.passed for check in checks] == [False, False]
    assert all(check.reason.startswith(reason) for check in checks)


@pytest.mark.parametrize("option", ["--min-agreement", "--max-landmarks-percent"])
def test_agreement_needs_a_file_to_compare_with(option: str, capsys: pytest.CaptureFixture[str]):
    assert main(["replay", "clip.mp4", option, "50"]) == 2

    assert f"{option}: needs --compare FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("criteria", "wanted", "got"),
    [
        (Criteria(min_fps=24.9), "at least 24.9 FPS", "24.94 FPS"),
        (Criteria(min_fps=24.94), "at least 24.94 FPS", "24.94 FPS"),
        (Criteria(min_fps=24.941), "at least 24.941 FPS", "24.9 FPS"),
        (Criteria(min_fps=20), "at least 20 FPS", "24.9 FPS"),
        (Criteria(max_drop_percent=4.96), "at most 4.96 %", "5.0 %"),
        (Criteria(max_drop_percent=0.04), "at most 0.04 %", "5.0 %"),
        (Criteria(expect_labels=(("happy", 0.29),)), "at least 29.0 %", "60.0 %"),
    ],
)
def test_a_figure_near_its_limit_shows_on_which_side_it_is(criteria: Criteria, wanted: str, got: str):
    check = judge(criteria, GOOD)[1]

    assert (check.wanted, check.got) == (wanted, got)


def test_a_share_that_would_round_to_its_limit_has_more_decimals():
    check = judge(Criteria(max_drop_percent=20), replace(GOOD, sent=100_000, received=79_996))[1]

    assert (check.wanted, check.got, check.passed) == ("at most 20.0 %", "20.004 %", False)


def test_a_single_analysed_frame_has_no_rate():
    check = judge(Criteria(min_fps=1), replace(GOOD, analysed=1, fps_analysed=0.0))[1]

    assert check.reason == "a peer had fewer than two analysed frames"


def test_a_replay_that_ended_early_is_failed_even_if_its_figures_are_good():
    checks = judge(Criteria(min_fps=20), GOOD, ended_early="the server is gone")

    assert [check.passed for check in checks] == [False, True]
    assert "FAILED: the server is gone" in as_table(checks)
    assert as_table(checks).endswith("FAILED: 1 of 2")


def test_a_good_table_ends_with_passed_and_has_aligned_columns():
    lines = as_table(judge(Criteria(min_fps=20, max_p95_ms=200), GOOD)).splitlines()

    assert lines[-1] == "passed: all 3"
    assert len({line.index("passed") for line in lines[1:-1]}) == 1


def test_figures_of_several_peers_are_those_of_all_and_of_the_slowest():
    fast, slow = Tally(0), Tally(0)
    for tally, every_s in ((fast, 0.1), (slow, 0.5)):
        for number in range(3):
            tally.count_sent(number, number * every_s)
            tally.count_received(number, number * every_s + 0.01)

    measured = Measured.of([fast, slow])

    assert (measured.sent, measured.received) == (6, 6)
    assert measured.fps_analysed == 0
    assert measured.latency_ms.max == pytest.approx(10)


def test_junit_has_a_case_for_each_check_and_survives_any_name():
    checks = [Check("frame rate", "at least 20 FPS", "3.0 FPS", passed=False), *judge(Criteria(), GOOD)]

    ran = Ran('a\x00<b>&"\udcff.mp4', datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC), 2.5, "")
    root = ET.fromstring(junit_xml(ran, checks, "text\x1b"))

    (suite,) = root
    cases = root.findall(".//testcase")
    assert suite.get("tests") == "2"
    assert suite.get("failures") == "1"
    # What the schema of Ant wants, and in its order; that of Jenkins knows all of it.
    assert root.attrib == {}
    assert [part.tag for part in suite] == ["properties", "testcase", "testcase", "system-out", "system-err"]
    assert (suite.get("timestamp"), suite.get("hostname")) == ("2026-03-04T05:06:07", "localhost")
    assert {"name", "package", "id", "tests", "failures", "errors", "time"} <= suite.attrib.keys()
    assert all(case.keys() == ["classname", "name", "time"] for case in cases)
    assert str(cases[0].get("classname")).endswith("_mp4")
    assert [case.find("failure") is None for case in cases] == [False, True]
    assert '<b>&"' in str(cases[0].get("classname"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--min-fps", "0"),
        ("--min-fps", "nan"),
        ("--max-p95-ms", "inf"),
        ("--max-drop-percent", "101"),
        ("--max-drop-percent", "-0.1"),
        ("--min-faces-percent", "-1"),
        ("--min-agreement", "101"),
        ("--max-landmarks-percent", "few"),
        ("--expect-label", "happy"),
        ("--expect-label", "joy:0.5"),
        ("--expect-label", "happy:1.1"),
        ("--expect-label", "happy:101%"),
    ],
)
def test_a_criterion_out_of_range_is_bad_use(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["replay", "clip.mp4", *arguments])

    assert ended.value.code == 2
    assert f"got '{arguments[1]}'; expected" in capsys.readouterr().err


def test_criteria_are_asked_for_or_not():
    assert not Criteria()
    assert replace(Criteria(), max_drop_percent=0.0)
