import re

import pytest

from facestream.errors import OfferError
from facestream.signaling.offer import check_sdp
from tests.media.offers import read_offer

OFFER = read_offer("chrome")


def only_h264(sdp: str, parameters: str) -> str:
    """The offer of a camera whose only supported codec is H264, with these parameters."""
    sdp = re.sub(r"(?m)^(a=rtpmap:\d+) (VP8|VP9|AV1)/90000", r"\1 x-none/90000", sdp)
    return re.sub(r"level-asymmetry-allowed=1;packetization-mode=\d;profile-level-id=\w+", parameters, sdp)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            "profile-level-id=6e0028",
            r"high 10 profile \(profile-level-id=6e0028\); expected VP8, or H264 in baseline",
        ),
        ("profile-level-id=58001f", "extended profile"),
        ("profile-level-id=f4001f", "high 4:4:4 predictive profile"),
        ("profile-level-id=123456", "unknown profile"),
        ("profile-level-id=nothing", "profile-level-id='nothing'"),
        ("profile-level-id", "profile-level-id='none'"),
        ("packetization-mode=2", "packetization-mode=2; expected 0 or 1"),
        ("packetization-mode", "packetization-mode=None; expected 0 or 1"),
        ("sprop-parameter-sets=%%%", "sprop-parameter-sets cannot be read; expected base64"),
        ("sprop-parameter-sets=é", "sprop-parameter-sets cannot be read; expected base64"),
        ("sprop-parameter-sets=Z0IAMw==", "sprop-parameter-sets: H264 with a parameter set is cut off"),
        ("sprop-parameter-sets=" + "A" * 9000, "sprop-parameter-sets of 9000 characters"),
    ],
)
def test_h264_with_an_unsupported_parameter_is_rejected_with_its_value(parameters: str, said: str):
    with pytest.raises(OfferError, match=said):
        check_sdp(only_h264(OFFER, parameters))


@pytest.mark.parametrize(
    "parameters",
    [
        "profile-level-id=640c1f",
        "profile-level-id=4d001f",
        "packetization-mode=0",
        "packetization-mode=1",
        "",
    ],
)
def test_h264_with_supported_parameters_is_accepted(parameters: str):
    check_sdp(only_h264(OFFER, parameters))


def test_vp8_suffices_if_the_offered_h264_is_not_supported():
    check_sdp(re.sub(r"profile-level-id=\w+", "profile-level-id=6e0028", OFFER))
