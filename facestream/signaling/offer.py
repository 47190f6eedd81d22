"""Parse and check offers; reject those that cannot be served, with what is expected instead. Independent of HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiortc import RTCRtpSender, RTCSessionDescription
from aiortc.rtcrtpparameters import RTCRtpCodecCapability, RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription
from pydantic import ValidationError

from facestream.aiortc_patches.h264_offers import check_h264, is_h264
from facestream.errors import OfferError
from facestream.ice.candidates import CandidatePolicy, drop_rejected_candidates
from facestream.messages.http import OfferBody
from facestream.messages.validation import first_problem
from facestream.signaling.sections import OfferSections

PARSER_ERRORS = (ValueError, TypeError, LookupError, AssertionError, AttributeError, StopIteration)
"""What the SDP parser of aiortc 1.16 raises for malformed text, as fuzzing found; any other exception is a fault."""
LEGACY_CHANNELS = "DTLS/SCTP"  # the profile of data channels in older offers: the format is the SCTP port
MAX_MID_BYTES = 255
EXTENSION_IDS = range(1, 256)
"""The ids that fit into a header extension. aiortc 1.16 uses the two-byte form for ids above 14 and long values."""
SSRCS = range(2**32)
SCTP_PORTS = range(1, 2**16)


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer, ready for the peer connection."""

    description: RTCSessionDescription
    """The part of the offer that aiortc gets."""
    offered_sdp: str
    """The SDP as the peer sent it."""
    sections: OfferSections
    """The media sections of the offer; they complete aiortc's answer."""
    resume: str
    first_face_id: int
    record: bool
    """Whether the peer lets the server keep its results."""
    record_days: int
    """For how many days at most; 0: for as long as the server keeps records."""
    candidates: int
    """Number of candidates in the offer that were checked, whether admitted or rejected."""


def parse_offer(body: bytes, policy: CandidatePolicy, max_media_sections: int) -> Offer:
    """Read the body of POST /offer; raises OfferError for the first problem."""
    try:
        offer = OfferBody.model_validate_json(body)
    except ValidationError as error:
        problem = first_problem(error, "body")
        raise OfferError(f'{problem}; expected JSON {{"sdp": "...", "type": "offer"}}') from error
    sections = OfferSections.read(offer.sdp, max_media_sections)
    unfiltered = sections.for_aiortc()
    sdp = drop_rejected_candidates(unfiltered, policy)
    check_sdp(sdp)
    return Offer(
        RTCSessionDescription(sdp=sdp, type="offer"),
        offer.sdp,
        sections,
        offer.resume,
        offer.first_face_id,
        offer.record,
        offer.record_days,
        unfiltered.count("\na=candidate:"),
    )


def check_sdp(sdp: str) -> None:
    """Reject what aiortc 1.16 cannot parse, or would accept and fail on later; raises OfferError."""
    try:
        parsed = SessionDescription.parse(sdp)
        video = next(media for media in parsed.media if media.kind == "video")
        parsed.webrtc_track_id(video)  # parses `a=msid`; aiortc does it only when it applies the offer
    except PARSER_ERRORS as error:
        raise OfferError(
            "sdp: not readable as SDP; send the text of pc.localDescription.sdp unchanged"
        ) from error
    check_video_codecs(video.rtp.codecs)
    for media in parsed.media:
        if (
            media.dtls is None
            or not media.dtls.fingerprints
            or media.ice is None
            or not media.ice.usernameFragment
        ):
            raise OfferError(
                f"sdp: {media.kind} has no DTLS fingerprint or ICE user; expected a WebRTC offer"
            )
        if media.kind == "application":
            _check_channels(media)
    _check_rtp(video)


def _check_rtp(video: MediaDescription) -> None:
    """Reject numbers and names that do not fit into packets: aiortc would fail on each packet that it sends."""
    if (size := len(video.rtp.muxId.encode())) > MAX_MID_BYTES:
        raise OfferError(f"sdp: a mid of {size} bytes; expected at most {MAX_MID_BYTES}")
    # Ids of other extensions are not used; an offer may give them numbers from 4096 (RFC 8285, section 7).
    used = {extension.uri for extension in RTCRtpSender.getCapabilities("video").headerExtensions}
    for extension in video.rtp.headerExtensions:
        if extension.uri in used and extension.id not in EXTENSION_IDS:
            raise OfferError(f"sdp: a=extmap with id {str(extension.id)[:20]}; expected 1 to 255")
    if any(each.ssrc not in SSRCS for each in video.ssrc):
        raise OfferError("sdp: a=ssrc is out of range; expected 0 to 4294967295")


def _check_channels(application: MediaDescription) -> None:
    legacy = application.profile == LEGACY_CHANNELS
    try:
        port = int(application.fmt[0]) if legacy else application.sctp_port
    except ValueError:
        port = None
    if port not in SCTP_PORTS:
        raise OfferError("sdp: data channels without a valid SCTP port; expected a=sctp-port:5000")
    capabilities = application.sctpCapabilities
    if capabilities is not None and capabilities.maxMessageSize < 0:
        raise OfferError("sdp: a=max-message-size is negative; expected 0 for no limit, or a number of bytes")


def cheapest_first() -> list[RTCRtpCodecCapability]:
    """The video codecs of aiortc, H264 before VP8: with our encoders it costs 0.9 ms a frame instead of 2.2."""
    offered = RTCRtpSender.getCapabilities("video").codecs
    return sorted(offered, key=lambda codec: codec.mimeType.lower() != "video/h264")


def check_video_codecs(offered: Sequence[RTCRtpCodecParameters]) -> None:
    """Raise OfferError if none of the offered codecs can be served, with the reason for the first H264 one."""
    usable = [codec for codec in offered if codec.clockRate == 90000]
    if any(codec.mimeType.lower() == "video/vp8" for codec in usable):
        return
    reason = OfferError("sdp: no supported video codec; expected VP8 or H264")
    h264 = [codec for codec in usable if is_h264(codec)]
    for codec in reversed(h264):
        try:
            check_h264(codec)
        except OfferError as error:
            reason = error
        else:
            return
    raise reason
