"""How much one peer, and all of them, may ask of the server."""

from pydantic import BaseModel, Field


class LimitSettings(BaseModel):
    """How much one peer, and all of them, may ask of the server."""

    max_sessions: int = Field(16, ge=1, le=1000, description="peers served at once; one more gets 503")
    max_offer_bytes: int = Field(64 * 1024, ge=1024, description="largest body of POST /offer")
    max_frame_width_px: int = Field(1920, ge=64, le=8192, description="widest frame that is analysed")
    max_frame_height_px: int = Field(1920, ge=64, le=8192, description="highest frame that is analysed")
    setup_deadline_s: float = Field(15.0, gt=0, description="time from offer to connected media")
    silence_deadline_s: float = Field(
        8.0, gt=0, description="time without a frame or control message until the session ends"
    )
    resume_s: float = Field(
        30.0,
        ge=0,
        le=600,
        description="time after a lost connection in which its faces and counters can go on; 0: none",
    )
