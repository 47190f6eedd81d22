"""Run the test suites of aiortc and aioice with and without facestream's patches; both must pass the same tests.

The suites come from the source distributions on PyPI, checked by their sha256, into build/upstream; nothing of them is
committed, and the libraries under test are the installed ones. Each suite runs twice at once, in a network namespace of
its own where the machine allows one, since aioice's tests speak multicast; elsewhere those tests are left out.

The file is also the pytest plugin that puts the patches in place before the first test is imported.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "upstream"
FETCH_DEADLINE_S = 300
RUN_DEADLINE_S = 1500
PYTEST_INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
TEST_DEADLINE_S = 120
REPLACED = "FACESTREAM_UPSTREAM_REPLACED"
# A namespace starts without an address; aioice offers none of the loopback interface.
OWN_NETWORK = (
    "ip link set lo up && ip link add near type veth peer name far && ip addr add 10.78.0.1/24 dev near && "
    'ip link set near up && ip link set far up && ip route add default dev near && exec "$@"'
)


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of one library."""

    package: str
    version: str
    sha256: str
    fewest: int
    """So many of its tests pass without the patches; fewer means that the suite did not run."""
    on_the_network: str = ""
    """Expression for the tests that need a network of their own."""

    @property
    def name(self) -> str:
        return f"{self.package}-{self.version}"

    def folder(self, *, replaced: bool) -> Path:
        """Each run has its own copy: aiortc's tests make a socket in the current folder."""
        return FOLDER / f"{self.name}-{'replaced' if replaced else 'without'}"


SUITES = (
    Suite("aiortc", "1.16.0", "892a1d22ec500a41c6a2377a372db575929d9e9f614e9a2276b145cf40924798", fewest=530),
    Suite(
        "aioice",
        "0.13.0",
        "02c2dee812f1a68602689a444bd5125a144b6ee43bca74229a1e0f7842d1897c",
        fewest=140,
        on_the_network="mdns",
    ),
)


def pytest_configure() -> None:
    """Put the patches in place, in the run that asks for them."""
    if os.environ.get(REPLACED) == "1":
        from facestream import aiortc_patches

        # aiortc's tests expect the one level of H264 that it answers, 3.1; ours follows from the largest frame.
        aiortc_patches.apply(frame_limits=aiortc_patches.FrameLimits(1280, 720))


def main(wanted: Sequence[str]) -> int:
    """Compare the suites named, or all; returns the exit code."""
    failed = False
    for suite in SUITES:
        if wanted and suite.package not in wanted:
            continue
        try:
            fetch(suite)
        except (subprocess.SubprocessError, OSError, tarfile.TarError, ValueError) as error:
            sys.stderr.write(f"{suite.package} {suite.version}: no source distribution: {error}\n")
            return 1
        failed |= differs(suite)
    return 1 if failed else 0


def fetch(suite: Suite) -> None:
    """Download and unpack the suite's tests, unless they are there. Raises ValueError where the file is another."""
    folders = [suite.folder(replaced=replaced) for replaced in (False, True)]
    if all(folder.is_dir() for folder in folders):
        return
    archive = FOLDER / f"{suite.name}.tar.gz"
    if not archive.is_file():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        command += ["--dest", str(FOLDER), f"{suite.package}=={suite.version}"]
        subprocess.run(command, check=True, timeout=FETCH_DEADLINE_S)
    got = hashlib.sha256(archive.read_bytes()).hexdigest()
    if got != suite.sha256:
        archive.unlink()
        raise ValueError(f"its sha256 is {got}, expected {suite.sha256}")
    for folder in folders:
        with tarfile.open(archive) as source, tempfile.TemporaryDirectory(dir=FOLDER) as part:
            tests = [each for each in source if each.name.startswith(f"{suite.name}/tests")]
            source.extractall(part, members=tests, filter="data")
            # Without a file of its own, pytest would take this repository's settings.
            (Path(part) / suite.name / "pytest.ini").write_text(PYTEST_INI)
            (Path(part) / suite.name).rename(folder)


def differs(suite: Suite) -> bool:
    """Run the suite both ways and print what became of it; True where it is not as it should be."""
    start_s = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(passing, suite, replaced=replaced) for replaced in (False, True)]
        without, replaced = (run.result() for run in runs)
    if lost := without - replaced:  # on a busy machine a deadline of theirs may pass
        replaced |= passing(suite, sorted(lost), replaced=True)
    lost = without - replaced
    for test in sorted(lost):
        sys.stdout.write(f"{test}: passes without the patches, fails with them\n")
    sys.stdout.write(
        f"{suite.package} {suite.version}: {len(without)} tests pass without the patches, "
        f"{len(without & replaced)} of these with them, {time.monotonic() - start_s:.0f} s\n"
    )
    if len(without) < suite.fewest:
        sys.stdout.write(f"{suite.package}: expected at least {suite.fewest} tests that pass without them\n")
    return bool(lost) or len(without) < suite.fewest


def passing(suite: Suite, tests: Sequence[str] = (), *, replaced: bool) -> set[str]:
    """The tests that pass, as pytest's node ids.

    `tests`: these only; none: all. `replaced`: with the patches.
    """
    folder = suite.folder(replaced=replaced)
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *(tests or ["tests"]), "-q", "-p", "scripts.upstream_tests"]
    command += [
        "-c",
        "pytest.ini",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        f"--timeout={TEST_DEADLINE_S}",
        f"--junitxml={report}",
    ]
    # unittest runs aiortc's coroutines itself; the plugins of this repository's tests have no part in it.
    command += ["-p", "no:playwright", "-p", "no:schemathesis"]
    if own_network():
        command = ["unshare", "--net", "sh", "-c", OWN_NETWORK, "sh", *command]
    elif suite.on_the_network and not tests:
        command += ["-k", f"not ({suite.on_the_network})"]
    with report.with_suffix(".log").open("w") as log:
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), REPLACED: "1" if replaced else "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=RUN_DEADLINE_S,
            check=False,
        )
    if not report.is_file():
        raise SystemExit(f"{suite.package}: the tests did not run; see {log.name}")
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - pytest has just written it
    return {_node_id(case) for case in cases if not len(case)}


def _node_id(case: ElementTree.Element) -> str:
    module, name = case.attrib["classname"].rsplit(".", 1)
    return f"{module.replace('.', '/')}.py::{name}::{case.attrib['name']}"


def own_network() -> bool:
    """Whether this machine gives a process a network of its own."""
    command = ["unshare", "--net", "sh", "-c", OWN_NETWORK, "sh", "true"]
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
