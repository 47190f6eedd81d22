"""A server that records: what it keeps of a replayed session, says to its peer, and leaves after kill -9."""

import asyncio
import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from facestream.analysis.faces import EMOTIONS
from facestream.messages.http import OWNER_HEADER
from facestream.messages.telemetry import Telemetry, decode_telemetry
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import ReplayPeer
from tests.conftest import ROOT, RunningServer, running_server
from tests.media.sockets import jpegs_of, socket_peer
from tests.media.test_replay import wait_for
from tests.times import seconds

DEADLINE_S = seconds(20)
AT_REST = {str(name): 0.0 for name in EMOTIONS} | {"neutral": 1.0}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recording") / "records"


@pytest.fixture(scope="module")
def recording(records: Path) -> Iterator[RunningServer]:
    log = records.parent / "server.log"
    with running_server(log, "--record", str(records), "--record-days", "7") as running:
        yield running


def options(running: RunningServer, media_dir: Path, **changed: object) -> ReplayOptions:
    return ReplayOptions(media_dir / "single_face.mp4", running.url, **changed)  # type: ignore[arg-type]


async def folder_of(records: Path, session_id: str) -> Path:
    """The folder of an ended session, once it is whole."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            for path in records.glob(f"*_{session_id}/session.json"):
                if json.loads(path.read_text())["whole"]:
                    return path.parent
            await asyncio.sleep(0.05)


def rows_of(folder: Path, name: str = "faces.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def frames_of(folder: Path) -> list[Telemetry]:
    lines = (folder / "frames.jsonl").read_text().splitlines()
    return [decode_telemetry(line) for line in lines if '"seq"' in line]


async def test_the_record_of_a_session_has_what_its_peer_got(
    recording: RunningServer, records: Path, media_dir: Path
):
    got: list[Telemetry] = []
    async with ReplayPeer(options(recording, media_dir, landmarks_every_s=0.5)) as peer:
        peer.on_report = got.append
        await peer.receive_reports(5)
        peer.send_control('{"type": "marker", "name": "stimulus", "note": "a, \\"b\\""}')
        peer.send_control('{"type": "face_name", "face": 1, "name": "Ada"}')
        peer.send_control(json.dumps({"type": "neutral", "face": 1, "emotions": AT_REST}))
        replies = [await peer.receive_reply() for _ in range(4)]
        await peer.finish()
        session_id, said = peer.session_id, peer.kept

    assert said.startswith("the server keeps the results of the session for 7 days")
    assert [(reply.type, reply.face, reply.name) for reply in replies if reply.face] == [
        ("face_name", 1, "Ada"),
        ("neutral", 1, ""),
    ]
    folder = await folder_of(records, session_id)
    kept = {message.seq: message for message in frames_of(folder)}
    assert len(got) > 10
    assert all(kept[message.seq] == message for message in got)
    rows = rows_of(folder)
    assert {int(row["frame"]) for row in rows} == {seq for seq, message in kept.items() if message.analysed}
    labels = {(message.seq, face.id): face.label for message in kept.values() for face in message.faces}
    assert {
        (int(row["frame"]), int(row["face_id"])): row["label"] for row in rows if row["face_id"]
    } == labels
    assert rows[0]["happy_change"] == ""
    assert float(rows[-1]["neutral_change"]) == pytest.approx(float(rows[-1]["neutral"]) - 1, abs=0.0011)
    assert rows[-1]["x_0"]
    assert [(row["name"], row["note"]) for row in rows_of(folder, "events.csv")] == [("stimulus", 'a, "b"')]
    session = json.loads((folder / "session.json").read_text())
    assert session["names"] == {"1": "Ada"}
    assert session["totals"]["frames"] == len(kept)
    log = recording.log.read_text()
    assert "Ada" not in log
    assert "stimulus" not in log


async def test_a_peer_that_refuses_is_not_recorded(recording: RunningServer, records: Path, media_dir: Path):
    async with ReplayPeer(options(recording, media_dir, record=False)) as peer:
        session_id = peer.session_id
        await peer.receive_reports(3)
        peer.send_control('{"type": "face_name", "face": 1, "name": "Ada"}')
        while (reply := await peer.receive_reply()).type != "error":
            pass
        async with aiohttp.ClientSession() as http:
            path = f"{recording.url}/sessions/{session_id}/record"
            async with http.delete(path, headers={OWNER_HEADER: peer.secret}) as response:
                problem = await response.json()

    assert peer.kept == ""
    assert reply.code == "not_recorded"
    assert (response.status, problem["code"]) == (404, "no_record")
    assert list(records.glob(f"*_{session_id}")) == []


def test_a_load_says_that_its_sessions_are_recorded(recording: RunningServer, media_dir: Path):
    clip = str(media_dir / "single_face.mp4")
    command = [sys.executable, "-m", "facestream", "replay", clip, "--url", recording.url, "--duration", "1"]

    said = [
        subprocess.run(
            [*command, "--peers", "2", *more],
            capture_output=True,
            text=True,
            timeout=seconds(60),
            check=False,
        ).stderr
        for more in ((), ("--no-record",))
    ]

    assert said[0].count("the server keeps the results of the session for 7 days") == 1
    assert "keeps the results" not in said[1]


async def test_a_jpeg_session_is_recorded_and_says_so(
    recording: RunningServer, records: Path, media_dir: Path
):
    jpegs = jpegs_of(media_dir / "single_face.mp4", 3)
    async with socket_peer(recording.url) as peer:
        opened = await peer.open()
        for number, jpeg in enumerate(jpegs):
            await peer.send(number * 100, jpeg)
            await peer.next_frame()

    assert (opened["recorded"], opened["record_days"]) == (True, 7)
    folder = await folder_of(records, str(opened["session_id"]))
    assert [message.pts for message in frames_of(folder)] == [0.0, 0.1, 0.2]


async def test_a_record_is_kept_for_the_days_that_the_peer_agreed_to(
    recording: RunningServer, records: Path, media_dir: Path
):
    (jpeg,) = jpegs_of(media_dir / "single_face.mp4", 1)
    async with socket_peer(recording.url) as peer:
        opened = await peer.open(record_days=3)
        await peer.send(0, jpeg)
        await peer.next_frame()

    assert (opened["recorded"], opened["record_days"]) == (True, 3)
    folder = await folder_of(records, str(opened["session_id"]))
    assert json.loads((folder / "session.json").read_text())["record"]["keep_days"] == 3


async def test_the_page_knows_before_it_connects(recording: RunningServer):
    async with aiohttp.ClientSession() as http, http.get(f"{recording.url}/config") as response:
        config = await response.json()

    assert (config["recorded"], config["record_days"]) == (True, 7)


async def test_the_owner_deletes_the_record_and_the_session_goes_on(
    recording: RunningServer, records: Path, media_dir: Path
):
    async with ReplayPeer(options(recording, media_dir, loop=True)) as peer:
        session_id = peer.session_id
        await peer.receive_reports(3)
        path = f"{recording.url}/sessions/{session_id}/record"
        async with aiohttp.ClientSession() as http:
            async with http.delete(path, headers={OWNER_HEADER: "wrong"}) as rejected:
                problem = await rejected.json()
            async with http.delete(path, headers={OWNER_HEADER: peer.secret}) as response:
                deleted = list(records.glob(f"*_{session_id}"))
        frames = peer.tally.received
        await peer.receive_frames(3)

    assert (rejected.status, problem["code"]) == (403, "not_your_session")
    assert (response.status, deleted) == (204, [])
    assert peer.tally.received > frames
    assert list(records.glob(f"*_{session_id}")) == []


async def test_a_resumed_session_goes_on_in_a_second_folder(
    recording: RunningServer, records: Path, media_dir: Path
):
    async with ReplayPeer(options(recording, media_dir, loop=True)) as first:
        await first.receive_reports(3)
        first.send_control('{"type": "face_name", "face": 1, "name": "Ada"}')
        while (await first.receive_reply()).type != "face_name":
            pass
        first_id, token = first.session_id, first.resume_token
        async with ReplayPeer(options(recording, media_dir, loop=True), resume=token) as second:
            await second.receive_reports(3)
            second_id = second.session_id

    earlier, later = await folder_of(records, first_id), await folder_of(records, second_id)
    session = json.loads((later / "session.json").read_text())
    assert session["record"]["continues"] == earlier.name
    assert session["names"] == {"1": "Ada"}
    # The first connection may have sent a few more frames meanwhile.
    assert frames_of(later)[0].seq > frames_of(earlier)[0].seq


async def test_after_kill_9_the_next_start_reports_what_was_written(tmp_path: Path, media_dir: Path):
    records = tmp_path / "records"
    with running_server(tmp_path / "killed.log", "--record", str(records)) as killed:
        async with ReplayPeer(options(killed, media_dir, loop=True)) as peer:
            await peer.receive_reports(30)
            await asyncio.to_thread(
                wait_for, lambda: any(path.stat().st_size > 5000 for path in records.glob("*/frames.jsonl"))
            )
            killed.process.kill()
            killed.process.wait()
            peer.link.session_id = ""  # there is nobody to say goodbye to
    (folder,) = records.glob("2*")
    assert json.loads((folder / "session.json").read_text())["whole"] is False

    with running_server(tmp_path / "next.log", "--record", str(records)) as following:
        await asyncio.to_thread(wait_for, lambda: "that were cut off" in following.log.read_text())

    session = json.loads((folder / "session.json").read_text())
    assert session["whole"] is False
    assert "the server was stopped" in session["why_not_whole"]
    assert session["totals"]["frames"] == len(frames_of(folder)) > 10
    assert all(row["y_67"] for row in rows_of(folder) if row["face_id"])
    assert "the server was stopped" in (folder / "report.html").read_text()
    assert folder.name in following.log.read_text()


def test_a_folder_that_cannot_be_written_to_ends_the_start_with_exit_code_2(tmp_path: Path):
    (tmp_path / "file").write_text("mine")

    ended = subprocess.run(
        [sys.executable, "server.py", "--port", "0", "--record", str(tmp_path / "file")],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds(60), check=False,
    )  # fmt: skip

    assert ended.returncode == 2
    assert "cannot be written to" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "file").read_text() == "mine"
