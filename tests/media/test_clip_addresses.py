"""Read clips from addresses on the loopback, and never anything else that they point to."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from facestream.clips import decoding, source
from facestream.clips.clip import open_clip
from facestream.clips.reader import Selection
from facestream.errors import ClipError
from tests.times import seconds
from tests.unit.clips.making import levels, write_video


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of an HTTP server for this folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


@contextlib.contextmanager
def sending(content: bytes) -> Iterator[str]:
    """The address of a camera that sends this over HTTP and then falls silent."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def send() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" + content)
                ended.wait()

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/camera"
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def rtsp_camera(content: bytes) -> Iterator[str]:
    """The address of an RTSP server that sends this MPEG transport stream once, over the connection of its commands."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve_rtsp, args=(listening, content))
        thread.start()
        try:
            yield f"rtsp://anna@127.0.0.1:{listening.getsockname()[1]}/camera"
        finally:
            thread.join()


def _serve_rtsp(listening: socket.socket, content: bytes) -> None:
    sdp = (
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 33\r\na=control:track\r\n"
    )
    peer, _ = listening.accept()
    with peer, peer.makefile("rb") as lines:
        method = ""
        while method != "PLAY":
            method = lines.readline().decode().partition(" ")[0]
            headers = {}
            while header := lines.readline().decode().strip():
                name, _, value = header.partition(": ")
                headers[name.lower()] = value
            body = sdp if method == "DESCRIBE" else ""
            answer = f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nContent-Length: {len(body)}\r\n"
            answer += "Public: DESCRIBE, SETUP, PLAY\r\n" if method == "OPTIONS" else ""
            answer += "Content-Type: application/sdp\r\n" if method == "DESCRIBE" else ""
            answer += f"Transport: {headers['transport']}\r\nSession: 1\r\n" if method == "SETUP" else ""
            peer.sendall(f"{answer}\r\n{body}".encode())
        for number, at in enumerate(range(0, len(content), 1316)):
            packet = struct.pack("!BBHII", 0x80, 33, number, 0, 1) + content[at : at + 1316]
            peer.sendall(struct.pack("!cBH", b"$", 0, len(packet)) + packet)


def test_an_rtsp_camera_is_read(tmp_path: Path):
    content = write_video(tmp_path / "clip.ts", levels(20)).read_bytes()

    with rtsp_camera(content) as url:
        clip = open_clip(url)
        with clip.frames() as reader:
            times_s = [frame.at_s for frame in reader]

    assert "anna" not in clip.name
    assert clip.size_wh == (64, 48)
    assert times_s == pytest.approx([number / 10 for number in range(len(times_s))], abs=0.01)
    assert len(times_s) >= 19  # FFmpeg may wait for more before it gives the last one


def test_a_stream_over_http_is_read_to_its_end(tmp_path: Path):
    write_video(tmp_path / "clip.ts", levels(20))

    with served(tmp_path) as url:
        clip = open_clip(f"{url}/clip.ts")
        with clip.frames() as reader:
            frames = list(reader)

    assert clip.live
    assert clip.size_wh == (64, 48)
    assert [round(frame.at_s, 1) for frame in frames] == pytest.approx([number / 10 for number in range(20)])
    assert reader.problems == ()


def test_a_stream_is_read_for_the_duration_only(tmp_path: Path):
    write_video(tmp_path / "clip.ts", levels(20))

    with served(tmp_path) as url, open_clip(f"{url}/clip.ts").frames(Selection(duration_s=0.95)) as reader:
        assert len(list(reader)) == 10


def test_a_camera_that_falls_silent_ends_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    content = write_video(tmp_path / "clip.ts", levels(25) * 8).read_bytes()
    for module in (source, decoding):
        monkeypatch.setattr(module, "READ_TIMEOUT_S", 1.0)
    began_s = time.monotonic()

    with sending(content) as url, open_clip(url).frames() as reader:
        frames = list(reader)

    assert len(frames) > 100
    assert [problem.code for problem in reader.problems] == ["stopped"]
    assert "nothing came for 1 s" in reader.problems[0].sentence
    assert reader.problems[0].incomplete
    assert time.monotonic() - began_s < seconds(10)


def test_a_camera_that_ends_before_the_duration_is_incomplete(tmp_path: Path):
    content = write_video(tmp_path / "clip.ts", levels(20)).read_bytes()

    with rtsp_camera(content) as url, open_clip(url).frames(Selection(duration_s=30)) as reader:
        assert len(list(reader)) >= 19

    (problem,) = reader.problems
    assert problem.incomplete
    assert "s of the 30 s that were asked for" in problem.sentence


def test_images_over_http_have_the_times_of_their_arrival():
    jpeg = cv2.imencode(".jpg", np.full((48, 64), 90, np.uint8))[1].tobytes()
    part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg)
    paced = threading.Event()

    class Camera(_Quiet):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not paced.wait(0.1):
                    self.wfile.write(part)

    with ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            clip = open_clip(f"http://127.0.0.1:{server.server_port}/video")
            began_s = time.monotonic()
            with clip.frames(Selection(duration_s=2)) as reader:
                times_s = [frame.at_s for frame in reader]
            elapsed_s = time.monotonic() - began_s
        finally:
            paced.set()
            server.shutdown()
            serving.join()

    assert times_s[-1] == pytest.approx(elapsed_s, abs=0.5)
    assert np.median(np.diff(times_s)) == pytest.approx(0.1, abs=0.04)  # FFmpeg says 0.04
    assert reader.problems == ()


def test_a_file_over_http_that_is_shorter_than_the_duration_is_whole(tmp_path: Path):
    write_video(tmp_path / "clip.mp4", levels(20))

    with served(tmp_path) as url, open_clip(f"{url}/clip.mp4").frames(Selection(duration_s=30)) as reader:
        assert len(list(reader)) == 20

    assert reader.problems == ()


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_silent_address_is_given_up(scheme: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source, "OPEN_TIMEOUT_S", 0.5)

    with sending(b"") as url, pytest.raises(ClipError, match="nothing came within"):
        open_clip(f"{scheme}{url.removeprefix('http')}")


def test_an_address_where_nothing_listens_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(ClipError, match=r"cannot be opened .*; expected an address that sends video"):
        open_clip(f"rtsp://127.0.0.1:{port}/camera")


@pytest.mark.parametrize("form", ["hls", "concat"])
def test_a_playlist_from_the_network_reads_no_file(tmp_path: Path, form: str):
    secret = write_video(tmp_path / "secret.ts", levels(20))
    folder = tmp_path / "served"
    folder.mkdir()
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    text = hls if form == "hls" else f"ffconcat version 1.0\nfile 'file:{secret}'\n"
    (folder / "list.m3u8").write_text(text, encoding="utf-8")

    with served(folder) as url, pytest.raises(ClipError, match=r"cannot be opened|no video"):
        list(open_clip(f"{url}/list.m3u8").frames())


def test_a_playlist_over_http_is_read(tmp_path: Path):
    write_video(tmp_path / "part.ts", levels(20))
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\npart.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.m3u8").write_text(text, encoding="utf-8")

    with served(tmp_path) as url, open_clip(f"{url}/list.m3u8").frames() as reader:
        grays = [int(frame.gray[0, 0]) for frame in reader]

    assert len(grays) == 20
    assert np.diff(grays).min() > 0
