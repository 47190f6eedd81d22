"""With `--numprocesses`: files that would disturb each other run in one process, one after the other.

All files whose tests watch the live video in a browser: two such browsers at once would take each other's share of the
processor, and both videos would falter. All files whose tests look at pages, mostly without a video: they share a
browser. The files of the container image: they have one store, and each process would build the image anew. What takes
longest begins first, so that no process waits for it at the end.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.kinds import SLOW_FILES

TESTS = Path(__file__).resolve().parent
BROWSER_KIND = "browser"
BROWSER_FILES = frozenset({
    "clients/test_firefox.py", "clients/test_firefox_visits.py", "clients/test_report_in_firefox.py",
    "net/test_nginx_websocket.py", "net/test_turn_page.py", "package/test_wheel.py",
})  # fmt: skip
"""Those of the other kinds."""
BROWSER_FIXTURES = frozenset({"browsers", "far_browsers", "open_page"})
PAGE_FILES = frozenset({
    "browser/test_before_the_start.py", "browser/test_embedding.py", "browser/test_for_everyone.py",
    "browser/test_languages.py", "browser/test_layout.py", "browser/test_offline_report.py",
    "browser/test_old_browsers.py", "browser/test_past_session.py", "browser/test_people.py",
    "browser/test_sessions.py", "browser/test_share.py", "browser/test_token.py",
})  # fmt: skip
"""Texts, layout, stored sessions: where a camera runs in these tests, nothing depends on its rate."""
LANE = "browsers"
PAGE_LANE = "pages"
IMAGE_KIND = "image"
LANES = (LANE, IMAGE_KIND, PAGE_LANE)
SLOWEST_FILES = 40


def lane_of(nodeid: str) -> str:
    """Tests with the same lane run in one process, in order."""
    path = nodeid.partition("::")[0]
    name = path.removeprefix(f"{TESTS.name}/")
    if name in PAGE_FILES:
        return PAGE_LANE
    if name.startswith(f"{BROWSER_KIND}/") or name in BROWSER_FILES:
        return LANE
    return IMAGE_KIND if name.startswith(f"{IMAGE_KIND}/") else path


class OneVideoAtOnce(LoadFileScheduling):  # type: ignore[misc]
    """`--dist loadfile`, with all files of a lane as one, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer | None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by default, the file with the most tests is first

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer | None) -> OneVideoAtOnce | None:
    return OneVideoAtOnce(config, log) if config.getoption("dist") == "loadfile" else None


def in_order(nodeid: str) -> int:
    """The key that sorts tests: the lanes, the slow files, the others."""
    lane = lane_of(nodeid)
    if lane in LANES:
        return LANES.index(lane)
    return len(LANES) + (lane.removeprefix(f"{TESTS.name}/") not in SLOW_FILES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests of several processes; end with an error if a file with a browser is not in BROWSER_FILES."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: in_order(item.nodeid))
    missing = sorted({
        item.nodeid.partition("::")[0]
        for item in items
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ()))
        and lane_of(item.nodeid) not in (LANE, PAGE_LANE)
    })  # fmt: skip
    if missing:
        raise pytest.UsageError(f"{', '.join(missing)}: drives a browser; add it to BROWSER_FILES")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests measured and gave to `record_property`, whichever process they ran in; with --durations, also
    how long each process worked and the files that took longest."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
    if terminalreporter.config.getoption("durations"):
        reports = [
            report
            for found in terminalreporter.stats.values()
            for report in found
            if isinstance(report, pytest.TestReport)
        ]
        for line in durations_of_files(reports):
            terminalreporter.write_line(line)


def durations_of_files(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """The seconds of each process, then those of the slowest files."""
    processes: defaultdict[str, float] = defaultdict(float)
    files: defaultdict[str, float] = defaultdict(float)
    for report in reports:
        processes[getattr(report, "worker_id", "one process")] += report.duration
        files[report.nodeid.partition("::")[0]] += report.duration
    for name, duration_s in sorted(processes.items()):
        yield f"{name}: {duration_s:.0f} s"
    for name in sorted(files, key=files.__getitem__, reverse=True)[:SLOWEST_FILES]:
        yield f"{files[name]:.0f} s {name}"
