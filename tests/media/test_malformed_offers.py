"""Thousands of malformed offers: each is answered, and none leaves a socket behind."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import av
import pytest
from av import VideoFrame
from hypothesis import HealthCheck, Phase, given, settings

from tests.conftest import ROOT, RunningServer, running_server
from tests.media.offers import BROWSERS, bodies, read_offer
from tests.times import seconds, untraced

OFFERS = 3000
ALLOWED = {200, 400, 413}
SETTLED_DEADLINE_S = seconds(30.0)
PEER_FPS = 5  # low, so that most of the machine is free for the offers
MIN_FPS = 0.8 * PEER_FPS
# No access control and high limits; this test checks offers only.
OPEN = (
    "--new-sessions-per-minute", "6000", "--max-sessions", "1000", "--max-sessions-per-address", "1000",
    "--max-setups", "1000", "--min-fps", "0", "--analysis-processes", "1", "--remote-candidates", "lan",
)  # fmt: skip


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("open") / "server.log", *OPEN) as running:
        yield running


class Sender:
    """Posts bodies over one connection, and deletes each session that is opened."""

    def __init__(self, server: RunningServer) -> None:
        self._http = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=seconds(20))
        self.statuses: Counter[int] = Counter()

    def post(self, body: bytes) -> None:
        status, kind, answered = self._ask("POST", "/offer", {"Content-Type": "application/json"}, body)
        self.statuses[status] += 1
        assert status in ALLOWED, (answered, body)
        if status == 200:
            answer = json.loads(answered)
            path, secret = f"/sessions/{answer['session_id']}", {"X-Session-Secret": answer["secret"]}
            assert self._ask("DELETE", path, secret)[0] == 204
        else:
            assert kind == "application/problem+json"
            assert json.loads(answered)["detail"]

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, str, bytes]:
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read()

    def close(self) -> None:
        self._http.close()


def post_malformed_offers(server: RunningServer) -> Counter[int]:
    sender = Sender(server)

    # The same offers in each run. Failures are not shrunk, because that would take minutes.
    @settings(
        max_examples=OFFERS,
        derandomize=True,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(body=bodies())
    def each_gets_an_answer(body: bytes) -> None:
        sender.post(body)

    try:
        with untraced():
            each_gets_an_answer()
    finally:
        sender.close()
    return sender.statuses


# Thousands of offers: a minute alone, and longer beside another test file and with coverage.
@pytest.mark.timeout(480)
def test_malformed_offers_cause_no_fault_leak_no_socket_and_do_not_disturb_a_running_peer(
    open_server: RunningServer, media_dir: Path, tmp_path: Path
):
    clip = slow_clip(media_dir / "single_face.mp4", tmp_path / "slow.mp4")
    with running_peer(open_server, clip, tmp_path / "summary.json") as summary:
        sockets_before = open_sockets(open_server)

        statuses = post_malformed_offers(open_server)

        assert settled(open_server, sockets_before) <= sockets_before
    assert statuses.total() >= OFFERS
    assert statuses[200] > 0  # some mutations leave the offer valid
    assert statuses[400] > statuses[200]
    assert summary["exit code"] == 0
    assert summary["fps_received"] > MIN_FPS
    assert summary["faces_seen"] == 1
    assert "Traceback" not in open_server.log.read_text()


def slow_clip(source: Path, path: Path) -> Path:
    """Every sixth frame of a clip with 30 a second."""
    with av.open(str(source)) as clip, av.open(str(path), "w") as slow:
        stream = slow.add_stream("mpeg4", rate=PEER_FPS)
        stream.width, stream.height = clip.streams.video[0].width, clip.streams.video[0].height
        for number, frame in enumerate(clip.decode(video=0)):
            if number % 6 == 0:
                slow.mux(
                    stream.encode(VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), format="rgb24"))
                )
        slow.mux(stream.encode())
    return path


@contextlib.contextmanager
def running_peer(server: RunningServer, clip: Path, file: Path) -> Iterator[dict[str, float]]:
    """A peer in its own process, as hypothesis seeds `random` in this one; fills the yielded summary at the end."""
    command = [sys.executable, "-m", "facestream", "replay", str(clip), "--url", server.url, "--loop"]
    process = subprocess.Popen([*command, "--summary", str(file)], cwd=ROOT, stdout=subprocess.DEVNULL)
    summary: dict[str, float] = {}
    try:
        wait_until(lambda: sessions(server) == 1)
        yield summary
    finally:
        process.send_signal(signal.SIGTERM)
        summary["exit code"] = process.wait(seconds(20))
    summary |= json.loads(file.read_text())


def sessions(server: RunningServer) -> int:
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=seconds(10)) as answer:
        return int(json.load(answer)["sessions"])


def settled(server: RunningServer, wanted: int) -> int:
    """The number of open sockets, after ended sessions have freed theirs."""
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: open_sockets(server) <= wanted)
    return open_sockets(server)


def wait_until(reached: Callable[[], bool]) -> None:
    """Poll: another process has no event to wait for."""
    deadline_s = time.monotonic() + SETTLED_DEADLINE_S
    while not reached():
        if time.monotonic() > deadline_s:
            raise TimeoutError
        time.sleep(0.2)


def open_sockets(server: RunningServer) -> int:
    folder = Path(f"/proc/{server.process.pid}/fd")
    return sum(is_socket(path) for path in folder.iterdir())


def is_socket(path: Path) -> bool:
    try:
        return path.readlink().name.startswith("socket:")
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("browser", BROWSERS)
def test_the_unchanged_offers_are_accepted(open_server: RunningServer, browser: str):
    sender = Sender(open_server)

    sender.post(json.dumps({"sdp": read_offer(browser), "type": "offer"}).encode())

    sender.close()
    assert sender.statuses == {200: 1}
