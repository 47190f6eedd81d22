"""Where the HTTP server listens, and what its page says."""

from pydantic import BaseModel, Field


class HttpSettings(BaseModel):
    """Where the HTTP server listens, and what its page says."""

    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the HTTP server; 0 takes a free one")
    notice: str = Field("", max_length=2000, description="text that the page shows before the camera opens")
