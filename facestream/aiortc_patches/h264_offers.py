"""Parse the H264 parameters of an offer (RFC 6184) and answer them: profile, level, packetization, parameter sets.

Does not negotiate: `negotiation.py` uses it in place of aiortc's code.
"""

import base64
import binascii
import enum
import re
from dataclasses import dataclass

from aiortc.rtcrtpparameters import ParametersDict, RTCRtpCodecParameters

from facestream.aiortc_patches.levels import level_for
from facestream.aiortc_patches.parameter_sets import BASELINE, EXTENDED, HIGH, MAIN, PROFILE_NAMES
from facestream.aiortc_patches.settings import settings
from facestream.aiortc_patches.sizes import refusal
from facestream.errors import OfferError

MAX_PARAMETER_SET_CHARS = 8192
RECEIVED_FPS = 30.0
H264_CLOCK_RATE = 90000
HIGHEST_ANSWERED_LEVEL = 52  # aiortc 1.16 knows none above
# WebRTC's default if the offer has none (RFC 7742 requires it); the default of RFC 6184 is level 1.
DEFAULT_PROFILE_LEVEL_ID = "42e01f"
EXPECTED = "expected VP8, or H264 in baseline, main or high profile, such as profile-level-id=42e01f"

_SERVED = {BASELINE, MAIN, HIGH}
# Constraint bits that turn extended profile into constrained baseline (RFC 6184, table 5).
_EXTENDED_AS_BASELINE = 0xC0


class Packetization(enum.Enum):
    """How NAL units are packed into packets."""

    SINGLE_NAL_UNIT = "0"  # each in a packet of its own
    NON_INTERLEAVED = "1"  # several in one, or one in several


@dataclass
class OfferedH264(RTCRtpCodecParameters):
    """A negotiated codec, with what only the offer says about it."""

    parameter_sets: bytes = b""
    """In the form in which they precede the first frame."""


def is_h264(codec: RTCRtpCodecParameters) -> bool:
    """Whether the codec is H264, in any profile; at another clock rate than RFC 6184's it is none."""
    return codec.mimeType.lower() == "video/h264" and codec.clockRate == H264_CLOCK_RATE


def packetization_of(codec: RTCRtpCodecParameters) -> Packetization:
    """Raises ValueError for interleaved mode, which WebRTC does not use."""
    return Packetization(str(_parameters(codec).get("packetization-mode", "0")))


def parameter_sets_of(codec: RTCRtpCodecParameters) -> bytes:
    """The parameter sets in the offer; empty: none."""
    return codec.parameter_sets if isinstance(codec, OfferedH264) else b""


def check_h264(codec: RTCRtpCodecParameters) -> None:
    """Raise OfferError, naming what was offered, if it cannot be served."""
    profile_level_id = _profile_level_id(codec)
    if not re.fullmatch("[0-9a-f]{6}", profile_level_id):
        raise OfferError(f"sdp: H264 with profile-level-id={profile_level_id[:20]!r}; {EXPECTED}")
    profile, constraints = bytes.fromhex(profile_level_id[:4])
    as_baseline = profile == EXTENDED and constraints & _EXTENDED_AS_BASELINE == _EXTENDED_AS_BASELINE
    if profile not in _SERVED and not as_baseline:
        name = PROFILE_NAMES.get(profile, "an unknown")
        raise OfferError(f"sdp: H264 in {name} profile (profile-level-id={profile_level_id}); {EXPECTED}")
    try:
        packetization_of(codec)
    except ValueError as error:
        mode = str(_parameters(codec)["packetization-mode"])[:20]
        raise OfferError(f"sdp: H264 with packetization-mode={mode}; expected 0 or 1") from error
    sets = _read_parameter_sets(codec)
    if (why := refusal("H264", sets, settings.frame_limits)) is not None:
        raise OfferError(f"sdp: sprop-parameter-sets: {why}")


def answer_to(offered: RTCRtpCodecParameters) -> OfferedH264:
    """The codec as the answer lists it; raises OfferError."""
    check_h264(offered)
    parameters, profile_level_id = _parameters(offered), _profile_level_id(offered)
    answered: ParametersDict = {}
    if parameters.get("level-asymmetry-allowed") == "1":
        # The level in the answer limits what the peer sends; the level in the offer limits what we send.
        answered["level-asymmetry-allowed"] = "1"
        profile_level_id = f"{profile_level_id[:4]}{_received_level():02x}"
    # Without asymmetry one level applies to both directions, and an answer must not raise it.
    answered["packetization-mode"] = packetization_of(offered).value
    answered["profile-level-id"] = profile_level_id
    return OfferedH264(
        mimeType="video/H264",
        clockRate=offered.clockRate,
        payloadType=offered.payloadType,
        parameters=answered,
        parameter_sets=_read_parameter_sets(offered),
    )


def _received_level() -> int:
    limits = settings.frame_limits
    level = level_for(limits.max_width_px, limits.max_height_px, RECEIVED_FPS, settings.max_received_bps)
    return min(level, HIGHEST_ANSWERED_LEVEL)


def _parameters(codec: RTCRtpCodecParameters) -> ParametersDict:
    """Strip the names: gateways put spaces after semicolons, which aiortc 1.16 keeps."""
    return {
        name.strip().lower(): value.strip() if isinstance(value, str) else value
        for name, value in codec.parameters.items()
    }


def _profile_level_id(codec: RTCRtpCodecParameters) -> str:
    return str(_parameters(codec).get("profile-level-id", DEFAULT_PROFILE_LEVEL_ID)).lower()


def _read_parameter_sets(codec: RTCRtpCodecParameters) -> bytes:
    text = str(_parameters(codec).get("sprop-parameter-sets") or "")
    if len(text) > MAX_PARAMETER_SET_CHARS:
        raise OfferError(
            f"sdp: sprop-parameter-sets of {len(text)} characters; expected at most {MAX_PARAMETER_SET_CHARS}"
        )
    try:
        units = [base64.b64decode(part, validate=True) for part in text.split(",") if part]
    except binascii.Error as error:
        raise OfferError(
            "sdp: sprop-parameter-sets cannot be read; expected base64, separated by commas"
        ) from error
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
