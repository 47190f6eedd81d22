"""The second try of a few failed tests: what it repeats, and which exit status it returns."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FAILS_ONCE = """
import pathlib
def test_once():
    seen = pathlib.Path({seen!r})
    if not seen.exists():
        seen.touch()
        raise AssertionError
def test_good():
    pass
"""


# Two seconds of each start are the imports of plugins that these runs do not use.
WITHOUT_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def run(folder: Path, source: str, *options: str) -> tuple[int, str]:
    (folder / "test_some.py").write_text(source, encoding="utf-8")
    # That of the run which this test belongs to.
    environment = {name: value for name, value in os.environ.items() if name != "COVERAGE_FILE"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "run_tests.py"), "-p", "pytest_cov", "test_some.py", *options],
        cwd=folder, env=environment | WITHOUT_PLUGINS, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_a_test_that_passes_at_the_second_try_is_named(tmp_path: Path):
    status, output = run(tmp_path, FAILS_ONCE.format(seen=str(tmp_path / "seen")))

    assert status == 0
    assert "1 failed; once more, alone:" in output
    assert output.rstrip().endswith(
        "passed at the second try, so mend the test or the race that it found:\n  test_some.py::test_once"
    )


@pytest.mark.parametrize(
    ("floor", "options", "expected"),
    [(99, ["--cov"], 2), (10, ["--cov"], 0), (99, ["--cov", "--cov-fail-under=0"], 0)],
)
def test_a_test_that_passes_at_the_second_try_does_not_hide_a_missed_floor(
    tmp_path: Path, floor: int, options: list[str], expected: int
):
    (tmp_path / "some.py").write_text(
        "def half(x):\n    if x:\n        x += 1\n        x += 2\n    return x\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.coverage.run]\nsource = ["some"]\n[tool.coverage.report]\nfail_under = {floor}\n'
    )

    source = "import some\n" + FAILS_ONCE.format(seen=str(tmp_path / "seen"))
    status, output = run(tmp_path, source, *options)

    assert "1 failed; once more, alone:" in output
    assert status == expected


@pytest.mark.parametrize(("failing", "tries"), [(1, 2), (5, 2), (6, 1)])
def test_tests_that_fail_again_or_are_many_fail_the_run(tmp_path: Path, failing: int, tries: int):
    source = "".join(f"def test_{number}():\n    raise AssertionError\n" for number in range(failing))

    status, output = run(tmp_path, source)

    assert status == 1
    assert output.count(f"{failing} failed in") == tries


def test_a_file_that_cannot_be_read_is_not_repeated(tmp_path: Path):
    status, output = run(tmp_path, "import nothing_of_this_name\n")

    assert status == 2
    assert "once more" not in output
