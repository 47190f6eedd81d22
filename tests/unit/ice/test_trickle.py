import pytest

from facestream.errors import FragmentError, RestartError
from facestream.ice.trickle import candidates_from, identity_of, parse_fragment

OFFER = "v=0\r\na=ice-ufrag:ab+c\r\na=ice-pwd:secret\r\nm=video 9 X 0\r\na=mid:7\r\nm=application 9 X 0\r\na=mid:8\r\n"
IDENTITY = identity_of(OFFER)
CANDIDATE = "a=candidate:1 1 udp 2122260223 8.8.8.8 50000 typ srflx raddr 0.0.0.0 rport 0"
FRAGMENT = f"a=ice-ufrag:ab+c\r\na=ice-pwd:secret\r\nm=video 9 X 0\r\na=mid:8\r\n{CANDIDATE}\r\na=end-of-candidates\r\n"


def test_a_fragment_yields_its_candidates_and_their_section():
    fragment = parse_fragment(FRAGMENT.encode(), IDENTITY)

    assert fragment.lines == (CANDIDATE,)
    assert fragment.mid == "8"


def test_without_a_section_the_candidates_belong_to_the_first_of_the_offer():
    fragment = parse_fragment(FRAGMENT.replace("a=mid:8\r\n", "").encode(), IDENTITY)

    assert fragment.mid == "7"


@pytest.mark.parametrize(("old", "new"), [("ab+c", "other"), ("secret", "other")])
def test_other_ice_credentials_are_a_restart(old: str, new: str):
    with pytest.raises(RestartError, match="send a new offer"):
        parse_fragment(FRAGMENT.replace(old, new).encode(), IDENTITY)


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff\xfe", CANDIDATE.encode()])
def test_an_invalid_fragment_is_rejected(body: bytes):
    with pytest.raises(FragmentError, match="expected"):
        parse_fragment(body, IDENTITY)


def test_a_candidate_is_converted_for_aiortc():
    candidate = candidates_from([CANDIDATE], "7")[0]

    assert (candidate.ip, candidate.port, candidate.type, candidate.sdpMid) == (
        "8.8.8.8",
        50_000,
        "srflx",
        "7",
    )


@pytest.mark.parametrize(
    "line", ["a=candidate:1 2 udp 1 8.8.8.8 50000 typ host", "a=candidate:1 x udp 1 8 9 typ host"]
)
def test_an_unusable_candidate_is_dropped(line: str):
    assert candidates_from([line], "7") == []
