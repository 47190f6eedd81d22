"""Parse the H264 parameters of an offer and answer them (RFC 6184): profile, level, packetization, parameter sets.

aiortc 1.16 accepts baseline profiles in packetization mode 1 only, ignores a parameter with a space before its name,
and answers level 3.1. Here baseline, main and high profile are accepted in modes 0 and 1, with their real level.
Negotiates nothing itself: `negotiation.py` uses this module. Obsolete with that module.
"""

import base64
import enum
import math
import re
from dataclasses import dataclass

from aiortc.rtcrtpparameters import ParametersDict, RTCRtpCodecParameters

from facestream.aiortc_patches.decoder_limits import rejection
from facestream.aiortc_patches.parameter_sets import BASELINE, EXTENDED, HIGH, MAIN, PROFILE_NAMES
from facestream.aiortc_patches.settings import MAX_RECEIVED_BPS, settings
from facestream.errors import OfferError

MAX_PARAMETER_SET_CHARS = 8192
RECEIVED_FPS = 30.0
H264_CLOCK_RATE = 90000
HIGHEST_ANSWERED_LEVEL = 52  # aiortc 1.16 has no higher level
# If the offer has no level: RFC 7742 requires it in WebRTC; the default of RFC 6184 is level 1.
DEFAULT_PROFILE_LEVEL_ID = "42e01f"
EXPECTED = "expected VP8, or H264 in baseline, main or high profile, such as profile-level-id=42e01f"

# level_idc: macroblocks per second, macroblocks per frame, kbit/s (ITU-T H.264, table A-1)
_LEVELS: dict[int, tuple[int, int, int]] = {
    10: (1_485, 99, 64),
    11: (3_000, 396, 192),
    12: (6_000, 396, 384),
    13: (11_880, 396, 768),
    20: (11_880, 396, 2_000),
    21: (19_800, 792, 4_000),
    22: (20_250, 1_620, 4_000),
    30: (40_500, 1_620, 10_000),
    31: (108_000, 3_600, 14_000),
    32: (216_000, 5_120, 20_000),
    40: (245_760, 8_192, 20_000),
    41: (245_760, 8_192, 50_000),
    42: (522_240, 8_704, 50_000),
    50: (589_824, 22_080, 135_000),
    51: (983_040, 36_864, 240_000),
    52: (2_073_600, 36_864, 240_000),
    60: (4_177_920, 139_264, 240_000),
    61: (8_355_840, 139_264, 480_000),
    62: (16_711_680, 139_264, 800_000),
}
HIGHEST_LEVEL = max(_LEVELS)
_SERVED = {BASELINE, MAIN, HIGH}
# Constraint bits that turn extended profile into constrained baseline (RFC 6184, table 5).
_EXTENDED_AS_BASELINE = 0xC0


class Packetization(enum.Enum):
    """How NAL units are put into packets."""

    SINGLE_NAL_UNIT = "0"  # each NAL unit in a packet of its own
    NON_INTERLEAVED = "1"  # several NAL units in one packet, or one in several packets


@dataclass
class OfferedH264(RTCRtpCodecParameters):
    """A negotiated codec with the parameter sets of its offer."""

    parameter_sets: bytes = b""
    """With start codes, as they precede the first frame; empty: none."""


def is_h264(codec: RTCRtpCodecParameters) -> bool:
    """Whether the codec is H264, in any profile; a codec with another clock rate than that of RFC 6184 is not H264."""
    return codec.mimeType.lower() == "video/h264" and codec.clockRate == H264_CLOCK_RATE


def packetization_of(codec: RTCRtpCodecParameters) -> Packetization:
    """The packetization mode; raises ValueError for interleaved mode, which WebRTC does not use."""
    return Packetization(str(_parameters(codec).get("packetization-mode", "0")))


def parameter_sets_of(codec: RTCRtpCodecParameters) -> bytes:
    """The parameter sets in the offer; empty: none."""
    return codec.parameter_sets if isinstance(codec, OfferedH264) else b""


def check_h264(codec: RTCRtpCodecParameters) -> None:
    """Raise OfferError, with what was offered, if the codec is not supported."""
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
    if (why := rejection("H264", sets, settings.frame_limits)) is not None:
        raise OfferError(f"sdp: sprop-parameter-sets: {why}")


def answer_to(offered: RTCRtpCodecParameters) -> OfferedH264:
    """The codec for the answer; raises OfferError."""
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


def level_for(width_px: int, height_px: int, fps: float, bitrate_bps: int) -> int:
    """The level_idc of the lowest level that a stream conforms to; the highest level if none is high enough."""
    columns, rows = math.ceil(width_px / 16), math.ceil(height_px / 16)
    blocks = columns * rows
    for level, (blocks_per_s, blocks_per_frame, kbps) in _LEVELS.items():
        if (
            blocks <= blocks_per_frame
            and max(columns, rows) ** 2 <= 8 * blocks_per_frame
            and blocks * fps <= blocks_per_s
            and bitrate_bps <= kbps * 1000
        ):
            return level
    return HIGHEST_LEVEL


def _received_level() -> int:
    limits = settings.frame_limits
    level = level_for(limits.max_width_px, limits.max_height_px, RECEIVED_FPS, MAX_RECEIVED_BPS)
    return min(level, HIGHEST_ANSWERED_LEVEL)


def _parameters(codec: RTCRtpCodecParameters) -> ParametersDict:
    """The parameters with stripped names: gateways put spaces after semicolons, which aiortc 1.16 keeps."""
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
    except ValueError as error:  # binascii.Error, or a character beyond ASCII
        raise OfferError(
            "sdp: sprop-parameter-sets cannot be read; expected base64, separated by commas"
        ) from error
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
