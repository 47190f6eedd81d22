"""Offers: parse, check, refuse with a sentence; and the answer. Knows no transport."""

from dataclasses import dataclass
from typing import Literal

from aiortc import RTCSessionDescription
from aiortc.sdp import SessionDescription
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from facestream.errors import OfferError
from facestream.ice.candidates import DEFAULT_POLICY, CandidatePolicy, drop_rejected_candidates
from facestream.signaling.codecs import check_video_codecs
from facestream.signaling.sections import OfferSections

MAX_MEDIA_SECTIONS = 8
OWNER_HEADER = "X-Session-Secret"
"""Where a peer shows the `secret` of its answer."""


class Description(BaseModel):
    """An offer as a peer posts it."""

    model_config = ConfigDict(frozen=True)

    sdp: str
    type: Literal["offer"]
    resume: str = Field("", max_length=100)
    """The token of a connection that was lost, whose faces and counters shall go on; empty: a new session."""


class Answer(BaseModel):
    """What the peer gets back."""

    sdp: str
    type: Literal["answer"]
    session_id: str
    resume: str = ""
    """Token for the offer after this connection is lost."""
    secret: str = ""
    """Only this peer has it: with it the session is changed and ended over HTTP."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that was checked, ready for the peer connection."""

    description: RTCSessionDescription
    """The part of the offer that aiortc gets."""
    offered_sdp: str
    """As the peer posted it."""
    sections: OfferSections
    """The sections that the peer offered; they complete aiortc's answer."""
    resume: str


def parse_offer(
    body: bytes, policy: CandidatePolicy = DEFAULT_POLICY, max_media_sections: int = MAX_MEDIA_SECTIONS
) -> Offer:
    """Read the body of POST /offer; raises OfferError with the first thing that is wrong."""
    try:
        offer = Description.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise OfferError(
            f'{where}: {first["msg"]}; expected JSON {{"sdp": "...", "type": "offer"}}'
        ) from error
    sections = OfferSections.read(offer.sdp, max_media_sections)
    sdp = drop_rejected_candidates(sections.for_aiortc(), policy)
    check_sdp(sdp)
    return Offer(RTCSessionDescription(sdp=sdp, type="offer"), offer.sdp, sections, offer.resume)


def check_sdp(sdp: str) -> None:
    """Refuse what aiortc 1.16 would accept and fail on later, or fail on with an error nobody understands."""
    try:
        parsed = SessionDescription.parse(sdp)
    except Exception as error:
        raise OfferError(
            "sdp: not readable as SDP; send the text of pc.localDescription.sdp unchanged"
        ) from error
    video = next(media for media in parsed.media if media.kind == "video")
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
