"""Follow and forward sessions of a real server: LSL inlet, OSC server, lost sessions, a restart, wrong access."""

import asyncio
import contextlib
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import facestream
from facestream.errors import ServerUnreachableError
from facestream.live import follow
from facestream.live.lsl import CHANNELS
from facestream.messages.events import LiveEvent
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, environment_of_the_checkout
from tests.guarded import Guarded, guarded_server
from tests.times import seconds

DEADLINE_S = seconds(30)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    settings = "--auth", "token", "--silence-deadline-s", "3"
    with guarded_server(tmp_path_factory.mktemp("forwarded"), *settings) as running:
        yield running


@pytest.fixture
def token_file(guarded: Guarded, tmp_path: Path) -> Path:
    path = tmp_path / "admin.token"
    path.write_text(guarded.admin_token)
    return path


def peer_of(guarded: Guarded, media_dir: Path, resume: str = "") -> ReplayPeer:
    clip = media_dir / "single_face.mp4"
    return ReplayPeer(ReplayOptions(clip, guarded.url, loop=True, token=guarded.token), resume=resume)


@pytest.fixture
async def peer(guarded: Guarded, media_dir: Path) -> AsyncIterator[ReplayPeer]:
    async with peer_of(guarded, media_dir) as connected:
        await connected.receive_reports(3)
        yield connected


class Program:
    """A command or example in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT, env={**environment_of_the_checkout(), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    async def says(self, text: str) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not any(text in line for line in self.lines):
                assert self.process.poll() is None, self.lines
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        async with asyncio.timeout(DEADLINE_S):
            while self.process.poll() is None:  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.05)
        return int(self.process.returncode)

    def close(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(DEADLINE_S)
        self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@contextlib.contextmanager
def program(*arguments: str) -> Iterator[Program]:
    started = Program(*arguments)
    try:
        yield started
    finally:
        started.close()


def forward(guarded: Guarded, *arguments: str) -> contextlib.AbstractContextManager[Program]:
    return program("-m", "facestream", "forward", "--url", guarded.url, *arguments)


async def test_osc_messages_of_faces_and_markers_arrive(guarded: Guarded, peer: ReplayPeer, token_file: Path):
    from pythonosc.osc_packet import OscPacket

    got: dict[str, list[Any]] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        to = f"127.0.0.1:{receiver.getsockname()[1]}"
        with forward(guarded, "--osc", to, "--token-file", str(token_file)) as running:
            await running.says(f"following session {peer.session_id}")
            await mark(guarded, peer, "cat 7")
            peer.send_control('{"type":"marker","name":"marker","id":7}')
            peer.send_control('{"type":"marker_note","id":7,"note":"left"}')
            async with asyncio.timeout(DEADLINE_S):
                while not {"/facestream/marker/note", "/facestream/face/1/blinks"} <= got.keys():
                    datagram = await asyncio.get_running_loop().sock_recv(receiver, 65536)
                    for timed in OscPacket(datagram).messages:
                        got[timed.message.address] = timed.message.params

    assert got["/facestream/session"] == [peer.session_id]
    assert got["/facestream/marker"][:2] == ["marker", ""]
    assert got["/facestream/marker/note"] == ["marker", "left", got["/facestream/marker"][2]]
    assert got["/facestream/face/1/id"] == [1]
    assert len(got["/facestream/face/1/box"]) == 4
    assert 0.99 < sum(got["/facestream/face/1/emotions"]) < 1.01
    assert isinstance(got["/facestream/face/1/label"][0], str)
    assert 0 < got["/facestream/face/1/trust"][0] <= 1
    assert len(got["/facestream/face/1/pose"]) == 3
    assert guarded.admin_token not in "".join(running.lines)


async def mark(guarded: Guarded, peer: ReplayPeer, name: str) -> None:
    from tests.media.test_events import mark as post

    status, _ = await post(peer, {"name": name}, Authorization=f"Bearer {guarded.admin_token}")
    assert status == 201


async def test_an_lsl_inlet_gets_the_numbers_and_the_markers(
    guarded: Guarded, peer: ReplayPeer, token_file: Path
):
    import pylsl

    name = f"test-{peer.session_id[:8]}".replace("_", "-")

    def inlet(stream: str) -> "pylsl.StreamInlet":
        (found,) = pylsl.resolve_byprop("name", stream, minimum=1, timeout=DEADLINE_S)
        return pylsl.StreamInlet(found, recover=False)

    secret = token_file.with_name("secret")
    secret.write_text(peer.secret)
    access = "--session", peer.session_id, "--secret-file", str(secret)
    with forward(guarded, "--lsl", "--name", name, *access) as running:
        await running.says("following session")
        numbers = await asyncio.to_thread(inlet, name)
        markers = await asyncio.to_thread(inlet, f"{name}-markers")
        await asyncio.to_thread(markers.open_stream, DEADLINE_S)
        await mark(guarded, peer, "cat 7")
        sample, at_s = await asyncio.to_thread(numbers.pull_sample, DEADLINE_S)
        marker, marked_s = await asyncio.to_thread(markers.pull_sample, DEADLINE_S)
        peer.send_control('{"type":"marker","name":"stimulus-start","id":7}')
        start, started_s = await asyncio.to_thread(markers.pull_sample, DEADLINE_S)
        peer.send_control('{"type":"marker_note","id":7,"note":"left"}')
        noted, noted_s = await asyncio.to_thread(markers.pull_sample, DEADLINE_S)
        info = numbers.info(DEADLINE_S)
        described = info.desc().child("channels")
        labels, channel = [], described.child("channel")
        while not channel.empty():
            labels.append(channel.child_value("label"))
            channel = channel.next_sibling("channel")
        now_s = pylsl.local_clock()
        for each in (numbers, markers):
            each.close_stream()

    assert info.desc().child("acquisition").child_value("manufacturer") == "facestream"
    assert info.desc().child_value("labels").split()[3] == "happy"
    assert (info.nominal_srate(), info.source_id()) == (0, f"{socket.gethostname()}/{guarded.url}/{name}")
    assert labels == [label for label, _ in CHANNELS]
    by_label = dict(zip(labels, sample, strict=True))
    assert by_label["face_id"] == 1
    assert 0 < by_label["trust"] <= 1
    assert 0.99 < sum(by_label[label] for label in labels[7:14]) < 1.01
    assert marker == ["cat 7"]
    assert (start, noted) == (["stimulus-start"], ["stimulus-start: left"])
    assert noted_s == started_s
    assert 0 <= now_s - at_s < DEADLINE_S
    assert 0 <= now_s - marked_s < DEADLINE_S
    assert peer.secret not in "".join(running.lines)


async def test_a_second_stream_of_the_same_name_is_reported(
    guarded: Guarded, peer: ReplayPeer, token_file: Path
):
    arguments = "--lsl", "--name", f"test-{secrets.token_hex(4)}", "--token-file", str(token_file)
    with forward(guarded, *arguments) as first:
        await first.says("following session")
        with forward(guarded, *arguments) as second:
            await second.says("already, and recorders cannot tell them apart")
            await second.says("following session")

    assert not any("already" in line for line in first.lines)


async def test_forward_of_one_session_ends_with_it(guarded: Guarded, peer: ReplayPeer, token_file: Path):
    with forward(
        guarded, "--osc", "127.0.0.1:9", "--session", peer.session_id, "--token-file", str(token_file)
    ) as running:
        await running.says("following session")
        peer.send_control('{"type":"bye"}')
        code = await running.ended()

    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "expected --lsl, --osc HOST:PORT, or both"),
        (("--osc", "nowhere"), "expected HOST:PORT"),
        (("--osc", "127.0.0.1:9"), "no access to the session"),
        (("--osc", "127.0.0.1:9", "--secret-file", "SECRET"), "`newest` needs an admin token"),
        (("--osc", "127.0.0.1:9", "--session", "nobody", "--secret-file", "SECRET"), "no such session"),
        (("--osc", "127.0.0.1:9", "--token-file", "SECRET"), "HTTP 401"),
        (("--lsl", "--name", "a b"), "letters, digits"),
    ],
)
def test_wrong_use_of_forward_is_one_sentence(
    guarded: Guarded, tmp_path: Path, arguments: tuple[str, ...], sentence: str
):
    (tmp_path / "SECRET").write_text("a-wrong-secret")
    named = [str(tmp_path / each) if each == "SECRET" else each for each in arguments]

    ended = subprocess.run(
        [sys.executable, "-m", "facestream", "forward", "--url", guarded.url, *named],
        cwd=ROOT, env=environment_of_the_checkout(), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "a-wrong-secret" not in ended.stderr


async def until(events: AsyncIterator[LiveEvent], is_it: Callable[[LiveEvent], bool]) -> LiveEvent:
    async with asyncio.timeout(DEADLINE_S):
        async for event in events:
            if is_it(event):
                return event
    pytest.fail("the events have ended")


async def test_the_iterator_goes_on_with_the_session_that_continues_a_lost_one(
    guarded: Guarded, media_dir: Path
):
    async with peer_of(guarded, media_dir) as peer:
        await peer.receive_reports(1)
        followed = facestream.follow_events(guarded.url, peer.session_id, secret=peer.secret)
        async with contextlib.aclosing(followed) as events:
            await until(events, lambda event: isinstance(event, facestream.Telemetry))
            async with peer_of(guarded, media_dir, peer.resume_token) as continuing:
                end = await until(events, lambda event: isinstance(event, facestream.SessionEnd))
                start = await until(events, lambda event: isinstance(event, facestream.SessionStart))
                await until(events, lambda event: isinstance(event, facestream.Telemetry))
                continuing.send_control('{"type":"bye"}')
                rest = [event async for event in events]

    assert end == facestream.SessionEnd(ending="resumed")
    assert start == facestream.SessionStart(session_id=continuing.session_id)
    assert rest[-1] == facestream.SessionEnd(ending="goodbye")


async def test_newest_waits_for_a_session_and_goes_on_with_the_next_one(guarded: Guarded, media_dir: Path):
    said: list[str] = []
    options = follow.FollowOptions(guarded.url, token=guarded.admin_token)
    async with contextlib.aclosing(follow.Follower(options, said.append).events()) as events:
        waiting = asyncio.ensure_future(anext(events))
        async with asyncio.timeout(DEADLINE_S):
            while not said:  # noqa: ASYNC110 - said in a generator that waits
                await asyncio.sleep(0.02)
        starts = []
        async with peer_of(guarded, media_dir) as first:
            starts.append(await asyncio.wait_for(waiting, DEADLINE_S))
        async with peer_of(guarded, media_dir) as second:
            starts.append(await until(events, lambda event: isinstance(event, facestream.SessionStart)))

    assert starts == [facestream.SessionStart(session_id=each.session_id) for each in (first, second)]
    assert "no session runs" in said[0]


async def test_newest_goes_on_after_a_restart_of_the_server(media_dir: Path, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = "--auth", "token", "--port", port, "--analysis-processes", "0"
    said: list[str] = []
    with guarded_server(tmp_path, *settings) as before:
        followed = follow.Follower(follow.FollowOptions(before.url, token=before.admin_token), said.append)
        async with contextlib.aclosing(followed.events()) as events:
            async with peer_of(before, media_dir):
                await until(events, lambda event: isinstance(event, facestream.Telemetry))
                await asyncio.to_thread(before.server.stop)
                end = await until(events, lambda event: isinstance(event, facestream.SessionEnd))
            (tmp_path / "again").mkdir()
            (tmp_path / "again" / "token.key").write_text((tmp_path / "token.key").read_text())
            (tmp_path / "again" / "token.key").chmod(0o600)
            with guarded_server(tmp_path / "again", *settings) as again:
                async with peer_of(again, media_dir) as peer:
                    start = await until(events, lambda event: isinstance(event, facestream.SessionStart))

    assert end == facestream.SessionEnd(ending="server_stopping")
    assert start == facestream.SessionStart(session_id=peer.session_id)


async def test_a_session_that_does_not_come_back_ends_the_iterator(
    guarded: Guarded, media_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(follow, "WAIT_S", 0.1)
    async with peer_of(guarded, media_dir) as peer:
        await peer.receive_reports(1)
        followed = facestream.follow_events(guarded.url, peer.session_id, token=guarded.admin_token)
        async with contextlib.aclosing(followed) as events:
            await until(events, lambda event: isinstance(event, facestream.Telemetry))
            await peer.vanish()
            async with asyncio.timeout(seconds(60)):
                rest = [event async for event in events]

    assert rest[-1] in {facestream.SessionEnd(ending=ending) for ending in ("silence", "connection_lost")}


async def test_a_server_that_is_not_facestream_is_named(tmp_path: Path):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ServerUnreachableError, match="does not answer like a facestream server"):
            await anext(facestream.follow_events(url, "some-id", secret="x"))


async def test_the_example_prints_labels_and_markers(guarded: Guarded, peer: ReplayPeer, token_file: Path):
    with program("examples/follow_session.py", guarded.url, str(token_file)) as running:
        await running.says("face 1")
        await mark(guarded, peer, "cat 7")
        await running.says("marker cat 7")
