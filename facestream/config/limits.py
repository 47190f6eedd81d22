"""Settings that limit what one peer, and all peers together, may use."""

from typing import Final

from pydantic import BaseModel, Field

from facestream.ice.candidates import MAX_CANDIDATES

MAX_FRAME_PX: Final = 1920
"""Default of the width and the height of the largest frame."""
MAX_CHANNEL_BYTES: Final = 256 * 1024


class LimitSettings(BaseModel):
    """Limits of sessions, connections, messages and time."""

    max_sessions: int = Field(16, ge=1, le=1000, description="sessions at once; one more gets 503")
    max_sessions_per_address: int = Field(
        4, ge=1, le=1000, description="sessions at once from one address (IPv6: /64); one more gets 429"
    )
    new_sessions_per_minute: int = Field(
        20,
        ge=1,
        le=6000,
        description="new sessions that one address may request per minute; one more gets 429",
    )
    max_setups: int = Field(
        8, ge=1, le=1000, description="peers that are connecting at once; one more gets 503"
    )
    min_fps: float = Field(
        20.0,
        ge=0,
        le=1000,
        description="analysed frames per second that every peer must keep; a new peer that would drop others below "
        "gets 503; 0: all are admitted",
    )
    max_connections: int = Field(
        1000,
        ge=16,
        le=100_000,
        description="open HTTP connections, at most what the limit of open files allows; at the limit, one "
        "without a complete request is closed for a new one",
    )
    max_connections_per_address: int = Field(
        200,
        ge=8,
        le=100_000,
        description="open HTTP connections from one address (IPv6: /64); for a trusted proxy and this machine, "
        "only those without a complete request count",
    )
    request_deadline_s: float = Field(
        10.0, gt=0, le=600, description="time for TLS and the request head, and again for the body"
    )
    keep_alive_s: float = Field(
        75.0, gt=0, le=3600, description="time that an idle connection stays open after a response"
    )
    max_offer_bytes: int = Field(64 * 1024, ge=1024, description="largest body of POST /offer")
    max_media_sections: int = Field(8, ge=2, le=64, description="media sections (m-lines) of an offer")
    max_candidates: int = Field(
        MAX_CANDIDATES, ge=0, le=200, description="ICE candidates of a peer that are considered"
    )
    max_frame_width_px: int = Field(MAX_FRAME_PX, ge=64, le=8192, description="widest frame that is analysed")
    max_frame_height_px: int = Field(
        MAX_FRAME_PX, ge=64, le=8192, description="highest frame that is analysed"
    )
    max_fps: int = Field(
        60, ge=1, le=1000, description="frames per second accepted from one peer; more are dropped"
    )
    max_channel_bytes: int = Field(
        MAX_CHANNEL_BYTES,
        ge=16 * 1024,
        le=16 * 1024 * 1024,
        description="bytes of unfinished messages on a peer's data channels; more closes the channels",
    )
    max_session_s: float = Field(
        43_200.0, ge=0, description="time after which a session ends with a notice; 0: no limit"
    )
    setup_deadline_s: float = Field(15.0, gt=0, description="time from the offer to the first frame")
    silence_deadline_s: float = Field(
        8.0, gt=0, description="time without a frame or control message until the session ends"
    )
    resume_s: float = Field(
        30.0,
        ge=0,
        le=600,
        description="time after a lost connection in which a new one can resume its face ids and counters; 0: none",
    )
