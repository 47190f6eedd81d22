"""A server and, on another host, the third-party clients."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facestream.credentials.certificates import make_certificate
from tests.clients.face_media import write_i420, write_packets, write_webm
from tests.clients.outcome import Meeting, complaints
from tests.net.hosts import NEAR_SERVER, running, two_hosts

PORT = 8443


@dataclass(frozen=True, slots=True)
class Face:
    """A clip with a face, in each format that a client sends."""

    clip: Path
    i420: Path
    packets: dict[str, Path]
    webm: Path


@pytest.fixture(scope="session")
def face(media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Face:
    clip, folder = media_dir / "single_face.mp4", tmp_path_factory.mktemp("face")
    return Face(
        clip,
        write_i420(clip, folder / "face.i420"),
        {codec: write_packets(clip, folder / f"{codec}.rtp", codec) for codec in ("VP8", "H264")},
        write_webm(clip, folder / "face.webm"),
    )


@pytest.fixture(scope="session")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    """The server uses HTTPS, because Firefox opens a camera only then."""
    folder = tmp_path_factory.mktemp("clients")
    authority = make_certificate(folder, [NEAR_SERVER]).authority
    command = [
        sys.executable, "server.py", "--host", NEAR_SERVER, "--port", str(PORT), "--auth", "none",
        "--certs-dir", str(folder), "--min-fps", "0",
    ]  # fmt: skip
    log = folder / "server.log"
    with two_hosts() as hosts, running(hosts.server, log, *command, said="facestream serves"):
        yield Meeting(hosts, f"https://{NEAR_SERVER}:{PORT}", authority, log)


@pytest.fixture(autouse=True)
def no_complaints(meeting: Meeting) -> Iterator[None]:
    """An error or a traceback in the server's log fails the test that caused it."""
    before = len(meeting.log.read_text())
    yield
    assert not complaints(meeting.log.read_text()[before:])
