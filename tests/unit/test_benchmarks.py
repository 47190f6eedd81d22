"""The benchmarks: each can be imported, their arithmetic is right, and the simulated network applies its settings."""

import importlib
import os
import random
import re
from pathlib import Path

import playwright
import pytest

from benchmarks import chromium, measured
from benchmarks.analysis_turns import SceneCost, compared
from benchmarks.processes import usage
from benchmarks.recovery import Arrivals
from benchmarks.relay import LOOPBACK, NetworkConditions, candidates_of, with_candidate
from benchmarks.trees import tree_of

BENCHMARKS = Path(measured.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(BENCHMARKS.parent).with_suffix("").parts) for path in BENCHMARKS.rglob("*.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_each_benchmark_can_be_imported_and_says_what_it_measures(name: str):
    assert (importlib.import_module(name).__doc__ or "").strip()


def test_chromium_still_gets_every_feature_that_playwright_disables():
    driver = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js"
    found = re.search(r"\n *disabledFeatures = \[(.*?)\]", driver.read_text(encoding="utf-8"), re.DOTALL)

    assert found, "no list in this version of Playwright; look for --disable-features in its driver"
    names = set(re.findall(r'^ *"(\w+)"', found[1], re.MULTILINE))
    # Those of Windows and of Edge do nothing here.
    expected = {name for name in names if not name.startswith("ms") and not name.endswith("Win")}
    assert set(chromium.PLAYWRIGHTS_FEATURES) == expected


def test_the_circumstances_contain_the_machine_and_the_commit():
    found = measured.circumstances()

    assert {"cpu", "cores", "commit", "versions", "load_average_1min"} <= found.keys()


def test_a_percentile_is_a_value_that_occurred():
    assert measured.percentile([30.0, 10.0, 20.0], 50) == 20.0
    assert measured.percentile([30.0, 10.0, 20.0], 99) == 30.0
    assert measured.percentile([], 50) is None


def test_a_slope_is_per_unit_of_the_first_value():
    assert measured.slope([(0.0, 5.0), (1.0, 7.0), (2.0, 9.0)]) == pytest.approx(2.0)


def test_usage_measures_this_process():
    used = usage(os.getpid())

    assert used.cpu_s > 0
    assert used.own_rss_mb > 1
    assert used.threads >= 1
    assert used.file_descriptors >= 3


def test_a_gap_reaches_to_the_end_when_no_more_frames_arrive():
    arrivals = Arrivals([1.0, 1.1, 1.5])

    assert arrivals.gaps_ms(1.0, 2.5) == pytest.approx([100.0, 400.0, 1000.0])
    assert arrivals.first_after(1.1) == 1.5
    assert arrivals.first_after(1.5) is None


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.1, 1.0])
def test_the_configured_share_of_datagrams_is_dropped(loss: float):
    conditions = NetworkConditions(loss=loss, dice=random.Random(1))

    passed = sum(conditions.passes() for _ in range(10_000))

    assert passed == conditions.passed == 10_000 - conditions.dropped
    assert conditions.dropped / 10_000 == pytest.approx(loss, abs=0.01)


def test_a_cut_path_drops_every_datagram():
    conditions = NetworkConditions(cut=True)

    assert not conditions.passes()


def test_the_address_of_every_candidate_is_replaced():
    line = "a=candidate:1 1 udp 2130706431 192.0.2.7 4000 typ host"

    changed = with_candidate(f"v=0\r\n{line}\r\na=mid:1\r\n{line}\r\n", (LOOPBACK, 9))

    assert candidates_of(changed) == [(LOOPBACK, 9), (LOOPBACK, 9)]
    assert changed.startswith("v=0\r\n")
    assert "a=mid:1\r\n" in changed


def test_a_comparison_with_what_is_no_commit_says_what_is_expected():
    with pytest.raises(SystemExit, match="expected a commit of this repository"):
        tree_of("no-such-commit")


class Analyses:
    """Stands in for the process of one commit; each pass costs more than the one before."""

    def __init__(self, name: str, passes: list[str], ms: float) -> None:
        self.name, self.passes, self.ms = name, passes, ms

    def analyse(self, _scene: Path) -> SceneCost:
        self.passes.append(self.name)
        self.ms += 1.0
        return SceneCost([self.ms] * 4, self.ms, [1] * 4)


def test_both_commits_analyse_in_turn_and_each_begins_every_second_round():
    passes: list[str] = []
    turns = {"new": Analyses("new", passes, 3.0), "old": Analyses("old", passes, 1.0)}

    found = compared(Path("scene"), turns, 2)  # type: ignore[arg-type]

    assert passes == ["new", "old", "old", "new"]
    assert found["new"]["stream_ms"] == {"lowest_round": 4.0, "median_round": 4.5}  # type: ignore[index]
    assert found["new over old"] == {
        "median_of_rounds": pytest.approx((2.0 + 5 / 3) / 2, abs=0.001),
        "lowest_and_highest": [pytest.approx(1.667), 2.0],
        "of_the_lowest": 2.0,
    }
