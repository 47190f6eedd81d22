"""Third-party clients: each opens a session, sends a face, receives the annotated video, and says goodbye."""

import itertools
import sys

import pytest

from tests.clients.conftest import Face
from tests.clients.outcome import Meeting, Outcome, node
from tests.clients.peers.raw_face import HEIGHT, WIDTH
from tests.clients.peers.seen import ENOUGH_FACES, ENOUGH_FRAMES
from tests.conftest import ROOT

pytestmark = pytest.mark.clients

LEAST_SPREAD = 10.0
"""Standard deviation of the brightness in a frame that is not empty; the clip has about 60."""
CLIENTS = ROOT / "docs" / "clients.md"
SYSTEM_PYTHON = "/usr/bin/python3"
BUNDLES = ("balanced", "max-compat", "max-bundle")


def module(name: str, *arguments: str) -> list[str]:
    """The command for a peer in tests/clients/peers, with the libraries of this Python."""
    return [sys.executable, "-m", f"tests.clients.peers.{name}", *arguments]


def assert_served(meeting: Meeting, seen: Outcome) -> None:
    assert seen.status == 200, seen
    assert seen.frames >= ENOUGH_FRAMES, seen
    assert seen.spread is None or seen.spread > LEAST_SPREAD, seen
    if seen.wants_channels:
        assert seen.faces >= ENOUGH_FACES, seen
        assert seen.pong, seen
    assert seen.goodbye == 204, seen
    assert meeting.ending_of(seen.session_id) == "page_closed"


# Channels before the video under max-bundle are left out: plain aiortc 1.16 then stops the transport that all its
# sections share and cannot connect to any peer, not even to another plain aiortc.
ORDERS = [
    *itertools.product([("audio", "video", "channels"), ("video", "audio", "channels")], BUNDLES),
    *itertools.product([("channels", "video")], ["balanced", "max-compat"]),
    *itertools.product([("audio", "audio", "listen", "video")], BUNDLES),
]


@pytest.mark.parametrize(
    ("order", "bundle"), ORDERS, ids=lambda value: "-".join([*value] if isinstance(value, tuple) else [value])
)
def test_plain_aiortc_in_any_order_of_sections(
    meeting: Meeting, face: Face, order: tuple[str, ...], bundle: str
):
    seen = meeting.run(*module("aiortc_peer", str(face.clip), "--order", *order, "--bundle", bundle))

    assert_served(meeting, seen)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_plain_aiortc_with_either_codec(meeting: Meeting, face: Face, codec: str):
    seen = meeting.run(*module("aiortc_peer", str(face.clip), "--codec", codec))

    assert_served(meeting, seen)
    assert seen.codec == codec


@pytest.mark.parametrize("bundle", ["max-bundle", "none"])
@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_gstreamer_with_its_rsa_certificate(meeting: Meeting, face: Face, codec: str, bundle: str):
    command = [SYSTEM_PYTHON, "-m", "tests.clients.peers.gstreamer_peer", str(face.i420)]

    seen = meeting.run(*command, "--codec", codec, "--bundle", bundle)

    assert_served(meeting, seen)
    assert seen.codec == codec
    # Debian provides GStreamer, so the table is the only file here that names its version.
    assert f"| {seen.client.removeprefix('GStreamer ').rpartition('.')[0]} |" in CLIENTS.read_text()


@pytest.mark.parametrize("bundle", BUNDLES)
def test_libwebrtc_in_python(meeting: Meeting, face: Face, bundle: str):
    seen = meeting.run(*module("wrtc_peer", str(face.i420), "--bundle", bundle))

    assert_served(meeting, seen)


@pytest.mark.parametrize("audio", ["", "audio"], ids=["video", "audio-first"])
@pytest.mark.parametrize("bundle", BUNDLES)
def test_libwebrtc_in_node(meeting: Meeting, face: Face, bundle: str, audio: str):
    size = (str(WIDTH), str(HEIGHT))

    seen = meeting.run(*node("roamhq_peer.mjs", str(face.i420), *size, bundle, audio))

    assert_served(meeting, seen)


@pytest.mark.parametrize("bundle", BUNDLES)
@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_werift(meeting: Meeting, face: Face, codec: str, bundle: str):
    seen = meeting.run(*node("werift_peer.mjs", str(face.packets[codec]), codec, bundle))

    assert_served(meeting, seen)
    assert seen.codec == codec


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_libdatachannel(meeting: Meeting, face: Face, codec: str):
    seen = meeting.run(*node("datachannel_peer.mjs", str(face.packets[codec]), codec))

    assert_served(meeting, seen)
    assert seen.codec == codec
