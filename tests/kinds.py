"""Gives every test one kind: that of its folder, or `soak` by a mark. Checks what a test of this kind may do.

Collection ends with an error if a test has no kind or the mark of another one, or if a unit test uses a server. A unit
test that sends to the network fails.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.times import FACTOR, untraced

TESTS = Path(__file__).resolve().parent
KINDS = {
    "unit": "no network, no server, no browser (milliseconds)",
    "media": "real peer connections and servers on loopback (seconds)",
    "net": "coturn and nginx, in network namespaces; an RTSP server",
    "cluster": "a Ray cluster of several nodes on this machine",
    "browser": "drives Chromium",
    "clients": "other implementations of WebRTC, on a host of their own",
    "soak": "minutes to hours",
    "package": "builds the wheel and installs it",
    "image": "builds the container image and runs it",
}
BY_MARK_ONLY = "soak"
# Marked `slow`: the files of unit and media tests that `make test-fast` leaves out, so that it takes under two minutes.
# `make test-slow` runs none of them: it runs the other kinds.
SLOW_FILES = frozenset({
    "media/test_bytes.py", "media/test_connections.py", "media/test_doctor.py", "media/test_endings.py",
    "media/test_faults.py", "media/test_jpeg_sessions.py", "media/test_limits.py",
    "media/test_load.py", "media/test_malformed_offers.py", "media/test_operation.py", "media/test_pool.py",
    "media/test_replay.py", "media/test_server.py", "media/test_session.py", "media/test_shortage.py",
    "media/test_starting.py", "media/aiortc_patches/test_receiver.py", "media/aiortc_patches/test_decoder_memory.py",
    "unit/analysis/test_analyzer.py", "unit/test_secrets.py",
})  # fmt: skip
# They read the texts of the repository and run nothing of facestream, so coverage would only slow them down.
FILES_ABOUT_TEXTS = frozenset({
    "unit/test_layers.py", "unit/test_secrets.py", "unit/test_tests.py", "unit/test_words.py",
})  # fmt: skip
# Fixtures that start a server or a peer.
NOT_FOR_UNIT = frozenset({"server", "server_url", "pair", "browsers", "open_page"})
INTERNET = ("AF_INET", "AF_INET6")

_used: list[str] | None = None
"""Network use of the running unit test; None: no unit test is running."""


def pytest_configure(config: pytest.Config) -> None:
    for kind, what in KINDS.items():
        config.addinivalue_line("markers", f"{kind}: {what}")
    config.addinivalue_line("markers", "slow: left out by `make test-fast`")
    sys.addaudithook(_note_use)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    faults = sorted({fault for item in items if (fault := _give_kind(item))})
    if faults:
        raise pytest.UsageError(*faults)
    for item in items:
        _stretch_timeout(config, item)


def kind_of(path: Path, marks: set[str]) -> str:
    """The kind of a test in this file of tests/ with these marks; raises ValueError with the reason."""
    folder = path.parts[0] if len(path.parts) > 1 else ""
    if folder not in KINDS or folder == BY_MARK_ONLY:
        expected = ", ".join(kind for kind in KINDS if kind != BY_MARK_ONLY)
        raise ValueError(f"tests/{path}: is of no kind; expected in a folder of tests/ named {expected}")
    kinds = marks & KINDS.keys()
    if more := kinds - {folder, BY_MARK_ONLY}:
        raise ValueError(
            f"tests/{path}: is in tests/{folder} and marked {', '.join(sorted(more))}; expected one kind"
        )
    return BY_MARK_ONLY if BY_MARK_ONLY in kinds else folder


def _give_kind(item: pytest.Item) -> str:
    """Mark the test with its kind; returns why it cannot, or an empty string."""
    path = item.path.relative_to(TESTS) if item.path.is_relative_to(TESTS) else Path(item.path.name)
    try:
        kind = kind_of(path, {mark.name for mark in item.iter_markers()})
    except ValueError as error:
        return str(error)
    item.add_marker(kind)
    if path.as_posix() in SLOW_FILES:
        item.add_marker("slow")
    asked = NOT_FOR_UNIT & set(getattr(item, "fixturenames", ()))
    if kind == "unit" and asked:
        return f"tests/{path}: is a unit test and uses {', '.join(sorted(asked))}; expected in tests/media"
    return ""


def _stretch_timeout(config: pytest.Config, item: pytest.Item) -> None:
    if FACTOR == 1:
        return
    own = item.get_closest_marker("timeout")
    limit_s = float(own.args[0] if own else config.getini("timeout"))
    item.add_marker(pytest.mark.timeout(limit_s * FACTOR), append=False)


@pytest.fixture(autouse=True)
def _texts_are_read_without_tracing(request: pytest.FixtureRequest) -> Iterator[None]:
    path = request.node.path
    if not (path.is_relative_to(TESTS) and path.relative_to(TESTS).as_posix() in FILES_ABOUT_TEXTS):
        yield
        return
    with untraced():
        yield


@pytest.fixture(autouse=True)
def _unit_tests_use_no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    global _used
    if not request.node.get_closest_marker("unit"):
        yield
        return
    used: list[str] = []
    _used = used
    yield
    _used = None
    if request.session.exitstatus:
        return  # interrupted: a failure here would replace pytest's summary
    if used:
        pytest.fail(
            f"a unit test used the network ({used[0]}); expected in tests/media, or without",
            pytrace=False,
        )


def _note_use(event: str, args: tuple[Any, ...]) -> None:
    # Called for every audit event of the run, so return early.
    if _used is None:
        return
    # Record instead of raising: the code under test may catch it. Binding a port is allowed.
    if event in {"socket.connect", "socket.sendto"} and args[0].family.name in INTERNET:
        _used.append(f"{event} {args[1]}")
