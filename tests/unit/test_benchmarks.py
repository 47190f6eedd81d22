"""The benchmarks: each can be imported, their arithmetic is right, and the simulated network applies its settings."""

import asyncio
import importlib
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import playwright
import pytest

from benchmarks import chromium, measured
from benchmarks.analysis_turns import SceneCost, compared, differences
from benchmarks.processes import usage
from benchmarks.recovery import Arrivals
from benchmarks.relay import LOOPBACK, NetworkConditions, candidates_of, with_candidate
from benchmarks.stations import names
from benchmarks.stations.clock import CALL, STEP, ThreadClock, clocks
from benchmarks.stations.snapshots import Snapshot, between
from benchmarks.stations.wrapping import find_owner, timed
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


def said(label: str = "happy", left: float = 0.0, happy: float = 0.9) -> dict[str, object]:
    landmarks = [[left + number, 0.0] for number in range(68)]
    return {"id": 1, "label": label, "probabilities": [happy, 1 - happy], "landmarks": landmarks, "blinks": 0}


def test_two_commits_that_say_the_same_do_not_differ():
    found = differences([[said()]] * 4, [[said()]] * 4)

    assert found["faces"] == 4
    assert found["faces_that_one_lacks"] == 0
    assert found["landmarks_percent_of_eye_distance_p99"] == 0
    assert found["labels_alike"] == 1
    assert found["labels_opposed"] == 0


def test_what_two_commits_say_differently_is_measured():
    first = [[said()], [said()], [said()], [said()]]
    second = [[said(left=0.9)], [said("sad", happy=0.4)], [said("unsure")], []]

    found = differences(first, second)

    assert found["faces"] == 3
    assert found["faces_that_one_lacks"] == 1
    assert found["landmarks_percent_of_eye_distance_p99"] == pytest.approx(10)  # the eyes are 9 pixels apart
    assert found["labels_alike"] == pytest.approx(1 / 3, abs=0.001)
    assert found["labels_opposed"] == pytest.approx(1 / 3, abs=0.001)
    assert found["probabilities_apart_p99"] == 0.5


class Analyses:
    """Stands in for the process of one commit; each pass costs more than the one before."""

    def __init__(self, name: str, passes: list[str], ms: float) -> None:
        self.name, self.passes, self.ms = name, passes, ms

    def analyse(self, _scene: Path) -> SceneCost:
        self.passes.append(self.name)
        self.ms += 1.0
        return SceneCost([self.ms] * 4, self.ms, [[said()]] * 4)


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


@pytest.mark.parametrize(
    "name",
    sorted({each for table in (names.MEDIA, names.WORKER) for found in table.values() for each in found}),
)
def test_each_function_that_belongs_to_a_station_exists(name: str):
    owner, attribute = find_owner(name)

    assert attribute in vars(owner), f"{name}: renamed or moved; correct benchmarks/stations/names.py"


def test_each_station_has_a_place_in_the_order_of_the_table():
    stations = {*names.MEDIA, *names.WORKER, *names.TASKS.values(), names.COPY, names.LOOP, names.WORKER_REST}

    assert stations <= set(names.ORDER)


def compute(seconds: float = 0.02) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def in_new_thread(work: Callable[[], object]) -> ThreadClock:
    """The clock of a thread that has done this work."""
    found: list[ThreadClock] = []

    def run() -> None:
        work()
        clocks.here().flush()
        found.append(clocks.here())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def test_cpu_time_is_charged_to_the_innermost_station_and_adds_up():
    inner = timed(compute, "inner")

    def outer_work() -> None:
        compute()
        inner()

    clock = in_new_thread(timed(outer_work, "outer"))

    for station in ("inner", "outer"):
        assert 0.02 <= clock.spent_ns[station] / 1e9 < 0.04, "the time of one of them, and not of both"
    assert clock.calls[CALL] == {"outer": 1, "inner": 1}
    assert clock.inside[CALL] == {clocks.base: 1, "outer": 1}


def test_a_coroutine_is_at_its_station_only_while_it_runs():
    async def work() -> None:
        compute()
        await asyncio.sleep(0)
        compute()

    async def both() -> None:
        first, second = timed(work, "first"), timed(work, "second")
        await asyncio.gather(first(), second())

    clock = in_new_thread(lambda: asyncio.run(both()))

    for station in ("first", "second"):
        assert 0.04 <= clock.spent_ns[station] / 1e9 < 0.08, "the time of one of them, and not of both"
        assert clock.calls[STEP][station] == 2


def test_a_generator_is_at_its_station_only_while_it_makes_a_value():
    def work() -> Iterator[int]:
        for number in range(3):
            compute()
            yield number

    def read() -> None:
        for _ in timed(work, "generator")():
            compute(0.05)

    clock = in_new_thread(read)

    assert 0.06 <= clock.spent_ns["generator"] / 1e9 < 0.2, "without the time of its reader"


def snapshot(spent_ms: int, calls: int) -> Snapshot:
    return Snapshot(
        role="media",
        process_ns=spent_ms * 1_000_000,
        stations={"decode": [spent_ms * 1_000_000, calls, 0, 0, 0]},
        native_ns={},
        switches=[calls, 0],
        user_s=0.0,
        system_s=0.0,
        measuring={"inner": [100_000.0, 0.0], "outer": [0.0, 0.0]},
        missing=[],
    )


def test_what_the_measuring_costs_is_taken_off_the_station():
    spent = between({"1": snapshot(10, 5)}, {"1": snapshot(20, 25), "2": snapshot(7, 7)}, "media")

    assert spent.calls["decode"] == 20
    assert spent.measuring_ms == pytest.approx(2.0)
    assert spent.stations_ms["decode"] == pytest.approx(8.0)
    assert spent.process_ms == pytest.approx(10.0)
