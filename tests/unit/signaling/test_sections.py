"""Which sections of an offer reach aiortc, with which transport, and how the answer rejects the others."""

import pytest

from facestream.errors import OfferError
from facestream.signaling.sections import MAX_CODECS, MAX_LINES, OfferSections

TRANSPORT = "a=ice-ufrag:user\na=ice-pwd:word\na=fingerprint:sha-256 AA:BB\na=setup:actpass\n"
CANDIDATE = "a=candidate:1 1 udp 2122 203.0.113.7 5000 typ host\n"
SESSION = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\n"


def section(kind: str, mid: str, *, port: int = 9, more: str = TRANSPORT) -> str:
    formats = {"video": "96", "audio": "111", "application": "webrtc-datachannel"}
    profile = "UDP/DTLS/SCTP" if kind == "application" else "UDP/TLS/RTP/SAVPF"
    names = {"video": "VP8/90000", "audio": "opus/48000/2", "application": ""}
    codec = f"a=rtpmap:{formats[kind]} {names[kind]}\n" if names[kind] else "a=sctp-port:5000\n"
    head = f"m={kind} {port} {profile} {formats[kind]}\nc=IN IP4 0.0.0.0\na=mid:{mid}\n"
    direction = "" if "a=inactive" in more or kind == "application" else "a=sendrecv\n"
    return head + direction + codec + more


def offer(*sections: str, bundle: str = "", session: str = SESSION) -> OfferSections:
    group = f"a=group:BUNDLE {bundle}\n" if bundle else ""
    return OfferSections.read(session + group + "".join(sections), 8)


def served_of(offered: OfferSections) -> list[list[str]]:
    """The lines of each section that aiortc gets."""
    return [part.split("\r\n")[:-1] for part in offered.for_aiortc().split("m=")[1:]]


def answer_to(offered: OfferSections) -> str:
    """The completed answer to an offer; aiortc's part has a transport in each section and always a BUNDLE group."""
    ours = "a=ice-ufrag:our\na=ice-pwd:secret\na=fingerprint:sha-256 CC\na=setup:active\n" + CANDIDATE
    made = [
        section(part[0].split()[0], next(line[6:] for line in part if line.startswith("a=mid:")), more=ours)
        for part in served_of(offered)
    ]
    return offered.complete_answer(SESSION + "a=group:BUNDLE x\n" + "".join(made))


def test_a_bundle_only_section_is_served_although_its_port_is_zero():
    bundle_only = section("application", "1", port=0, more=TRANSPORT + "a=bundle-only\n")

    _, channels = served_of(offer(section("video", "0"), bundle_only, bundle="0 1"))

    assert channels[0].startswith("application 9 ")
    assert "a=bundle-only" not in channels


def test_a_section_with_port_zero_without_bundle_only_is_answered_as_rejected():
    offered = offer(section("video", "0"), section("application", "1", port=0), bundle="0")

    assert [part[0].split()[0] for part in served_of(offered)] == ["video"]
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" in answer_to(offered)


def test_a_bundle_only_section_outside_a_bundle_is_not_served():
    offered = offer(section("video", "0"), section("application", "1", port=0, more="a=bundle-only\n"))

    assert len(served_of(offered)) == 1


def test_a_section_takes_its_transport_from_the_first_of_its_bundle():
    bare = section("application", "1", more="")

    _, channels = served_of(offer(section("video", "0"), bare, bundle="0 1"))

    assert set(TRANSPORT.split()) <= {word for line in channels for word in line.split()}


def test_the_transport_of_the_first_section_of_a_bundle_overrides_others():
    other = TRANSPORT.replace("user", "other").replace("AA:BB", "00:11")

    video, _ = served_of(offer(section("application", "1"), section("video", "0", more=other), bundle="1 0"))[
        ::-1
    ]

    assert "a=ice-ufrag:user" in video
    assert "a=fingerprint:sha-256 AA:BB" in video
    assert not [line for line in video if "other" in line or "00:11" in line]


def test_session_attributes_apply_to_sections_without_their_own():
    session = SESSION + TRANSPORT + "a=sendrecv\n"

    (video,) = served_of(offer(section("video", "0", more=""), session=session))

    assert {"a=ice-ufrag:user", "a=ice-pwd:word", "a=setup:actpass", "a=sendrecv"} <= set(video)


def test_section_attributes_override_those_of_the_session():
    session = SESSION + "a=fingerprint:sha-256 00:00\n"

    offered = offer(section("video", "0"), session=session)

    assert "00:00" not in offered.for_aiortc()


@pytest.mark.parametrize("where", [0, 1, 2])
def test_candidates_of_any_bundled_section_reach_the_shared_transport(where: int):
    parts = [section("audio", "a"), section("video", "v"), section("application", "d")]
    parts[where] += CANDIDATE

    sdp = offer(*parts, bundle="a v d").for_aiortc()

    first, second = sdp.split("m=")[1:]
    assert CANDIDATE.strip() in first
    assert "a=candidate" not in second


def test_a_candidate_repeated_in_every_section_is_used_once():
    parts = [section(kind, kind, more=TRANSPORT + CANDIDATE) for kind in ("video", "application")]

    assert offer(*parts, bundle="video application").for_aiortc().count("a=candidate") == 1


def test_candidates_of_another_component_are_dropped():
    rtcp = CANDIDATE.replace(":1 1 udp", ":1 2 udp")

    assert "a=candidate" not in offer(section("video", "0", more=TRANSPORT + rtcp), bundle="0").for_aiortc()


def test_sections_without_a_bundle_keep_their_own_transports():
    channels = section("application", "1", more=TRANSPORT.replace("user", "second") + CANDIDATE)

    video, data = served_of(offer(section("video", "0"), channels))

    assert "a=ice-ufrag:user" in video
    assert "a=ice-ufrag:second" in data
    assert CANDIDATE.strip() in data


def test_audio_does_not_reach_aiortc_and_is_answered_as_inactive():
    offered = offer(section("audio", "a"), section("video", "v"), section("audio", "b"), bundle="a v b")

    answered = answer_to(offered).split("m=")[1:]

    assert [part[0].split()[0] for part in served_of(offered)] == ["video"]
    assert [part.split()[0] for part in answered] == ["audio", "video", "audio"]
    for part, mid in ((answered[0], "a"), (answered[2], "b")):
        assert {"a=inactive", f"a=mid:{mid}", "a=rtpmap:111 opus/48000/2"} <= set(part.split("\r\n"))


def test_the_answer_to_a_first_section_that_is_inactive_carries_the_transport():
    """Peers read the transport from the first section of the bundle."""
    answered = answer_to(offer(section("audio", "a"), section("video", "v"), bundle="a v"))

    audio = answered.split("m=")[1].split("\r\n")
    assert {"a=ice-ufrag:our", "a=ice-pwd:secret", "a=setup:active", CANDIDATE.strip()} <= set(audio)
    assert "a=group:BUNDLE a v\r\n" in answered


def test_audio_with_a_transport_of_its_own_is_rejected():
    answered = answer_to(offer(section("audio", "a"), section("video", "v")))

    assert "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n" in answered
    assert "BUNDLE" not in answered


def test_a_second_video_that_sends_nothing_is_answered_as_inactive():
    idle = section("video", "w", more=TRANSPORT + "a=inactive\n")

    answered = answer_to(offer(section("video", "v"), idle, bundle="v w"))

    assert answered.count("a=inactive") == 1
    assert answered.count("m=video") == 2


def test_a_trickled_candidate_of_any_bundled_section_is_mapped_to_the_shared_transport():
    offered = offer(section("audio", "a"), section("application", "d"), section("video", "v"), bundle="a d v")

    assert offered.transports() == {"a": "d", "d": "d", "v": "d"}


@pytest.mark.parametrize(
    ("parts", "bundle", "said"),
    [
        ([], "", "no media section"),
        ([section("audio", "a")], "", "0 video sections"),
        ([section("video", "a"), section("video", "b")], "", "2 video sections"),
        ([section("video", "a"), section("audio", "a")], "", "same mid"),
        ([section("video", "a")], "a b", "BUNDLE names"),
        ([section("video", "a").replace("sendrecv", "sendonly")], "", "video is sendonly"),
        ([section("video", "a", port=0)], "a", "0 video sections"),
        ([section("video", "a"), *(section("application", mid) for mid in "bc")], "", "2 application"),
        ([section("video", "a").replace("m=video", "m=text")], "", "media section 'text'"),
        ([section("video", "v"), *(section("audio", str(n)) for n in range(9))], "", "10 media sections"),
    ],
)
def test_an_unsupported_offer_is_rejected_with_what_is_expected(parts: list[str], bundle: str, said: str):
    with pytest.raises(OfferError, match=said) as refused:
        offer(*parts, bundle=bundle)

    assert "expected" in str(refused.value)


def test_a_section_with_far_too_many_lines_is_rejected():
    """aiortc needs quadratic time for feedback lines of all codecs: 62 kB took 8 s and 400 MB."""
    long = section("video", "0", more=TRANSPORT + "a=rtcp-fb:* nack\n" * MAX_LINES)

    with pytest.raises(OfferError, match=f"expected at most {MAX_LINES}"):
        offer(long)


def test_a_section_with_more_codecs_than_payload_types_is_rejected():
    many = section("video", "0", more=TRANSPORT + "a=rtpmap:97 X/1\n" * MAX_CODECS)

    with pytest.raises(OfferError, match=f"expected at most {MAX_CODECS}"):
        offer(many)


@pytest.mark.parametrize("number", ["97", "72", "128", "256", "300", "-1", "9" * 40])
def test_a_codec_that_the_media_line_does_not_list_does_not_reach_aiortc(number: str):
    codec = f"a=rtpmap:{number} H264/90000\na=fmtp:{number} packetization-mode=1\n"

    (video,) = served_of(offer(section("video", "0", more=TRANSPORT + codec)))

    assert [line for line in video if line.startswith(("a=rtpmap", "a=fmtp"))] == ["a=rtpmap:96 VP8/90000"]


@pytest.mark.parametrize("number", ["76", "128", "255"])
def test_a_listed_codec_whose_payload_type_fits_into_no_packet_does_not_reach_aiortc(number: str):
    codec = f"a=rtpmap:{number} H264/90000\n"
    listed = section("video", "0", more=TRANSPORT + codec).replace("SAVPF 96", f"SAVPF 96 {number}")

    (video,) = served_of(offer(listed))

    assert [line for line in video if line.startswith("a=rtpmap")] == ["a=rtpmap:96 VP8/90000"]


@pytest.mark.parametrize("line", ["a=mid:1\n", "a=mid:\n", "a=mid\n"])
def test_a_second_mid_of_a_section_does_not_reach_aiortc(line: str):
    twice = section("video", "0", more=TRANSPORT + line)

    video, _ = served_of(offer(twice, section("application", "1"), bundle="0 1"))

    assert [each for each in video if each.startswith("a=mid")] == ["a=mid:0"]


def test_aiortc_gets_a_mid_as_the_bundle_names_it():
    video, _ = served_of(offer(section("video", " 0 "), section("application", "1"), bundle="0 1"))

    assert "a=mid:0" in video
