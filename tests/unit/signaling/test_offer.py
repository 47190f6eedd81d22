import json
import re
from collections.abc import Callable

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, VideoStreamTrack

from facestream.config import Config
from facestream.errors import OfferError
from facestream.ice.candidates import MAX_CANDIDATES, CandidatePolicy, drop_rejected_candidates
from facestream.signaling.offer import Offer, parse_offer
from tests.media.offers import read_offer

CHROME = read_offer("chrome")
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"


@pytest.fixture
async def offer_sdp():
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTrack(VideoStreamTrack())
    pc.createDataChannel("telemetry")
    await pc.setLocalDescription(await pc.createOffer())
    yield pc.localDescription.sdp
    await pc.close()


def body(sdp: object, kind: object = "offer", **others: object) -> bytes:
    return json.dumps({"sdp": sdp, "type": kind, **others}).encode()


def parsed(sent: bytes) -> Offer:
    return parse_offer(sent, CandidatePolicy(), Config().max_media_sections)


def test_a_real_offer_is_accepted(offer_sdp: str):
    offer = parsed(body(offer_sdp))

    assert offer.description.type == "offer"
    assert "m=video" in offer.description.sdp


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "body: "),
        (b"{", "body: "),
        (b"[]", "body: "),
        (b'"v=0"', "body: "),
        (b"\xff\xfe", "body: "),
        (b"{}", "sdp: "),
        (body(None), "sdp: "),
        (body(5), "sdp: "),
        (body("v=0", "answer"), "type: "),
        (body("v=0", first_face_id=0), "first_face_id: "),
        (body("v=0", first_face_id=1_000_001), "first_face_id: "),
        (body("v=0", first_face_id="2"), "first_face_id: "),
        (body("v=0", first_face_id=True), "first_face_id: "),
        (body(""), "sdp: "),
        (body("hello"), "sdp: "),
        (body("v=0\r\n"), "sdp: "),
        (body("v=0\r\nm=video 9 X\r\n"), "sdp: "),
        (body("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), "sdp: "),
    ],
)
def test_an_invalid_body_is_rejected_with_the_wrong_part(sent: bytes, said: str):
    with pytest.raises(OfferError) as refused:
        parsed(sent)

    assert str(refused.value).startswith(said)
    assert "expected" in str(refused.value) or "send" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("a=sendrecv", "a=recvonly", "recvonly"),
        ("m=video", "m=audio", "0 video sections"),
        ("VP8/90000", "VP9/90000", "VP8 or H264"),
        ("a=fingerprint", "a=fingerprnt", "DTLS fingerprint"),
        ("a=ice-ufrag", "a=ice-ufrog", "ICE user"),
        ("a=group:BUNDLE 0", "a=group:BUNDLE 7 0", "BUNDLE"),
    ],
)
def test_an_offer_that_cannot_be_served_is_rejected(offer_sdp: str, old: str, new: str, said: str):
    changed = offer_sdp.replace(old, new).replace("H264/90000", "X/90000")

    with pytest.raises(OfferError, match=said):
        parsed(body(changed))


@pytest.mark.parametrize("section", ["video", "application"])
@pytest.mark.parametrize(
    "line", ["a=sctp-port", "a=max-message-size", "a=rtpmap", "a=fmtp", "a=extmap", "a=ssrc"]
)
def test_an_attribute_without_its_value_is_not_readable(line: str, section: str):
    sdp = re.sub(rf"(?m)^(m={section}.*)$", rf"\1\n{line}", CHROME)

    with pytest.raises(OfferError, match="not readable"):
        parsed(body(sdp))


def test_an_msid_without_a_track_is_not_readable():
    sdp = re.sub(r"(?m)^a=msid:.*$", "a=msid: stream", CHROME)
    sdp = re.sub(r"(?m)^a=msid-semantic:.*$", "a=msid-semantic: WMS *", sdp)

    with pytest.raises(OfferError, match="not readable"):
        parsed(body(sdp))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (r"a=sctp-port:\d+", "a=x", "SCTP port"),
        (r"a=sctp-port:\d+", "a=sctp-port:0", "SCTP port"),
        (r"a=sctp-port:\d+", "a=sctp-port:99999999", "SCTP port"),
        (r"m=application .*", "m=application 9 DTLS/SCTP 99999999", "SCTP port"),
        (r"m=application .*", "m=application 9 DTLS/SCTP x", "SCTP port"),
        (r"a=max-message-size:\d+", "a=max-message-size:-1", "negative"),
        (rf"a=extmap:\d+ {MID_URI}", f"a=extmap:300 {MID_URI}", "extmap with id 300"),
        (rf"a=extmap:\d+ {MID_URI}", f"a=extmap:0 {MID_URI}", "extmap with id 0"),
        (rf"a=extmap:\d+ {MID_URI}", f"a=extmap:-1 {MID_URI}", "extmap with id -1"),
        (r"a=extmap:\d+ (\S+abs-send-time)", r"a=extmap:256 \1", "extmap with id 256"),
        (r"a=mid:0|(?<=BUNDLE )0", lambda found: found[0] + "é" * 130, "mid of 26[01] bytes"),
        (r"a=ssrc:\d+", "a=ssrc:4294967296", "a=ssrc"),
        (r"a=ssrc:\d+", "a=ssrc:-1", "a=ssrc"),
    ],
)
def test_a_value_that_fits_into_no_packet_is_rejected(
    old: str, new: str | Callable[[re.Match[str]], str], said: str
):
    changed = re.sub(old, new, CHROME)

    assert changed != CHROME
    with pytest.raises(OfferError, match=said) as refused:
        parsed(body(changed))

    assert "expected" in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"m=application .*", "m=application 9 DTLS/SCTP 5000"),
        (r"a=sctp-port:\d+", "a=sctp-port:65535"),
        (r"a=max-message-size:\d+", "a=max-message-size:0"),
        (r"a=max-message-size:.*\s*", ""),
        (rf"a=extmap:\d+ {MID_URI}", f"a=extmap:255 {MID_URI}"),
        (r"a=extmap:\d+ urn:3gpp:video-orientation", "a=extmap:4096 urn:3gpp:video-orientation"),
        (r"a=mid:0|(?<=BUNDLE )0", lambda found: found[0].replace("0", "x" * 255)),
    ],
)
def test_an_unusual_value_within_the_limits_is_accepted(old: str, new: str | Callable[[re.Match[str]], str]):
    changed = re.sub(old, new, CHROME)

    assert changed != CHROME
    parsed(body(changed))


def test_candidates_that_are_not_allowed_are_dropped():
    lines = [
        "a=candidate:1 1 udp 2122 3e1c.local 5000 typ host",
        "a=candidate:2 1 tcp 1518 8.8.8.8 9 typ host tcptype active",
        "a=candidate:3 1 udp 2122 8.8.8.8 5000 typ host",
        "a=candidate:4 1 udp 2122 127.0.0.1 5000 typ host",
        "a=candidate:5 1 udp",
    ]

    kept = drop_rejected_candidates("\r\n".join(lines), CandidatePolicy()).split()

    assert kept == lines[2].split()


def test_the_number_of_candidates_is_limited():
    line = "a=candidate:3 1 udp 2122 8.8.8.8 5000 typ host\r\n"

    kept = drop_rejected_candidates(line * 1000, CandidatePolicy())

    assert kept.count("candidate") == MAX_CANDIDATES


async def test_an_offer_with_candidates_in_its_first_section_only_gets_an_answer_with_candidates(
    offer_sdp: str,
):
    """As browsers do with BUNDLE; Firefox ends each section with `a=end-of-candidates`."""
    first, marker, rest = offer_sdp.partition("m=application")
    without = "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("a=candidate"))
    bundled = first + marker + without
    if "a=end-of-candidates" not in without:
        bundled += "a=end-of-candidates\r\n"
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))

    await pc.setRemoteDescription(parsed(body(bundled)).description)
    pc.addTrack(VideoStreamTrack())
    await pc.setLocalDescription(await pc.createAnswer())
    answer = pc.localDescription.sdp
    await pc.close()

    assert "a=candidate" in answer
