"""The video that goes back."""

from typing import Self

from pydantic import BaseModel, Field, model_validator


class MediaSettings(BaseModel):
    """The video that goes back."""

    bitrate_start_kbps: int = Field(1000, ge=10, le=100_000, description="video that goes back, at first")
    bitrate_min_kbps: int = Field(150, ge=10, le=100_000, description="least it falls to on a bad network")
    bitrate_max_kbps: int = Field(2500, ge=10, le=100_000, description="most it rises to on a good one")

    @model_validator(mode="after")
    def _bitrates_in_order(self) -> Self:
        if not self.bitrate_min_kbps <= self.bitrate_start_kbps <= self.bitrate_max_kbps:
            msg = (
                f"bitrates of {self.bitrate_min_kbps}, {self.bitrate_start_kbps} and {self.bitrate_max_kbps} kbps; "
                "expected minimum <= start <= maximum"
            )
            raise ValueError(msg)
        return self
