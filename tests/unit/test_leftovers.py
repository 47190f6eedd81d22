"""The check for leftovers fails a test that leaves something of any kind behind, and no other test."""

import re

import pytest

from tests.conftest import ROOT

pytest_plugins = ("pytester",)

LEAVES_A_TASK = """
import asyncio
kept = []
async def test_it():
    kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
"""
LEAVES_A_TASK_IN_A_SESSIONS_LOOP = """
import asyncio, pytest
kept = []
@pytest.mark.asyncio(loop_scope="session")
async def test_it():
    kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
"""
LEAVES_A_THREAD = """
import threading
over = threading.Event()
def test_it():
    threading.Thread(target=over.wait, name="forgotten", daemon=True).start()
def test_the_next_is_not_blamed():
    pass
"""
LEAVES_A_PROCESS = """
import subprocess
kept = []
def test_it():
    kept.append(subprocess.Popen(["sleep", "30"]))
def test_it_is_ended_for_the_tests_that_follow():
    assert kept[0].wait(10) == -9
"""
LEAVES_A_DESCRIPTOR = """
import os
def test_it():
    os.pipe()
"""
LEAVES_NOTHING = """
import asyncio, os, subprocess, threading, pytest
@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen(["sleep", "30"], stdout=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()
def test_a_wider_fixture_holds_what_it_opened(server):
    assert server.poll() is None
async def test_what_ends_a_moment_later_is_waited_for():
    asyncio.get_running_loop().run_in_executor(None, lambda: None)
    ending = asyncio.create_task(asyncio.sleep(0.2))
    threading.Timer(0.2, lambda: None).start()
    subprocess.run(["true"], check=True)
    ends = os.pipe()
    for end in ends:
        os.close(end)
"""
IS_INTERRUPTED = """
import asyncio
kept = []
async def test_it():
    kept.append(asyncio.create_task(asyncio.sleep(60), name="forgotten"))
    raise KeyboardInterrupt
"""


CASES = {
    "task": (LEAVES_A_TASK, r"task forgotten \(sleep\)"),
    "task_of_the_session": (LEAVES_A_TASK_IN_A_SESSIONS_LOOP, r"task forgotten \(sleep\)"),
    "thread": (LEAVES_A_THREAD, "thread forgotten"),
    "process": (LEAVES_A_PROCESS, r"process \d+ \(sleep 30\)"),
    "descriptor": (LEAVES_A_DESCRIPTOR, r"descriptor \d+ \(pipe:\[\d+\]\); descriptor \d+ \(pipe:\[\d+\]\)"),
}


def test_a_leftover_fails_its_test_and_no_other(pytester: pytest.Pytester, monkeypatch):
    for name, (code, _) in CASES.items():
        pytester.makepyfile(**{f"test_leaves_{name}": code})
    pytester.makepyfile(test_leaves_nothing=LEAVES_NOTHING)

    ended = run(pytester, monkeypatch)

    ended.assert_outcomes(passed=9, errors=len(CASES))
    said = [line for line in ended.outlines if line.startswith("the test left behind: ")]
    assert len(said) == len(CASES)
    for (_, expected), line in zip([CASES[name] for name in sorted(CASES)], said, strict=True):
        assert re.fullmatch(f"the test left behind: {expected}", line)


def test_ctrl_c_ends_with_the_summary_of_pytest_and_blames_no_test(pytester: pytest.Pytester, monkeypatch):
    pytester.makepyfile(IS_INTERRUPTED)

    ended = run(pytester, monkeypatch)

    assert ended.ret == pytest.ExitCode.INTERRUPTED
    assert re.fullmatch(r"=+ no tests ran in .* =+", ended.outlines[-1])
    assert any("KeyboardInterrupt" in line for line in ended.outlines)
    assert "the test left behind" not in ended.stdout.str() + ended.stderr.str()
    assert "Traceback" not in ended.stderr.str()


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    pytester.makeini(f"[pytest]\nasyncio_mode = auto\npythonpath = {ROOT}\n")
    # Load only the plugin that is needed; the others take seconds.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("FACESTREAM_TEST_TIME_FACTOR", "0.3")
    # Run in a process of its own: this one runs the check itself, and a leftover would stay in it.
    plugins = ("-p", "pytest_asyncio.plugin", "-p", "tests.leftovers", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*plugins)
