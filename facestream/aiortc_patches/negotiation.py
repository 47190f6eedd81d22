"""Find the codecs that both ends have in common, and order them; replaces two functions of aiortc's peer connection.

aiortc 1.16 accepts H264 in baseline profiles and packetization mode 1 only, compares levels, and answers level 3.1 to
every offer. Obsolete when aiortc negotiates profile and mode, and answers the level that the application can receive.
"""

import copy
from collections.abc import Sequence

import aiortc.rtcpeerconnection
from aiortc.codecs import is_rtx
from aiortc.rtcpeerconnection import is_codec_compatible
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpCodecParameters

from facestream.aiortc_patches.h264_offers import OfferedH264, answer_to, is_h264
from facestream.aiortc_patches.replacement import Replacement
from facestream.errors import OfferError

_find_common_codecs = aiortc.rtcpeerconnection.find_common_codecs


def find_common_codecs(
    local: list[RTCRtpCodecParameters], remote: list[RTCRtpCodecParameters]
) -> list[RTCRtpCodecParameters]:
    """The common codecs in the order of the remote end, with its payload types."""
    h264 = _h264_answers(local, remote)
    common: list[RTCRtpCodecParameters] = []
    for codec in remote:
        if is_rtx(codec):
            repeated = codec.parameters.get("apt")
            if any(each.payloadType == repeated and each.clockRate == codec.clockRate for each in common):
                common.append(copy.deepcopy(codec))
        elif is_h264(codec):
            common += [each for each in h264 if each.payloadType == codec.payloadType]
        else:
            common += _find_common_codecs(local, [codec])
    return common


def _h264_answers(
    local: Sequence[RTCRtpCodecParameters], remote: Sequence[RTCRtpCodecParameters]
) -> list[OfferedH264]:
    """The offered H264 variants that every browser supports; other variants only if there is none of these."""
    feedback = next((codec.rtcpFeedback for codec in local if is_h264(codec)), None)
    if feedback is None:
        return []
    answers: list[OfferedH264] = []
    for codec in filter(is_h264, remote):
        try:
            answer = answer_to(codec)
        except OfferError:
            continue  # an offer without another codec was rejected by `check_video_codecs`
        answer.rtcpFeedback = [each for each in feedback if each in codec.rtcpFeedback]
        answers.append(answer)
    return [each for each in answers if _matches(each, local)] or answers


def filter_preferred_codecs(
    codecs: list[RTCRtpCodecParameters], preferred: list[RTCRtpCodecCapability]
) -> list[RTCRtpCodecParameters]:
    """The codecs in order of preference; if any H264 is preferred, H264 variants without a preference come last."""
    if not preferred:
        return codecs
    wanted = [
        RTCRtpCodecParameters(each.mimeType, each.clockRate, parameters=each.parameters)
        for each in preferred
        if not is_rtx(each)
    ]
    bases = [codec for codec in codecs if not is_rtx(codec)]
    first = [next((codec for codec in bases if is_codec_compatible(codec, each)), None) for each in wanted]
    chosen = [codec for codec in first if codec is not None]
    if any(each.mimeType.lower() == "video/h264" for each in wanted):
        chosen += [codec for codec in bases if is_h264(codec) and not _matches(codec, wanted)]
    if len(wanted) == len(preferred):
        return chosen
    ordered: list[RTCRtpCodecParameters] = []
    for codec in chosen:
        ordered.append(codec)
        ordered += [
            each for each in codecs if is_rtx(each) and each.parameters.get("apt") == codec.payloadType
        ][:1]
    return ordered


def _matches(codec: RTCRtpCodecParameters, others: Sequence[RTCRtpCodecParameters]) -> bool:
    return any(is_codec_compatible(codec, each) for each in others)


REPLACEMENTS = (
    Replacement(
        aiortc.rtcpeerconnection,
        "find_common_codecs",
        find_common_codecs,
        "H264 in main and high profile, real level",
    ),
    Replacement(
        aiortc.rtcpeerconnection, "filter_preferred_codecs", filter_preferred_codecs, "levels may differ"
    ),
)
