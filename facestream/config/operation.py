"""Settings of the HTTP server and of what its operator sees."""

from typing import Literal

from pydantic import BaseModel, Field


class HttpSettings(BaseModel):
    """Where the HTTP server listens, and the notice that its page shows."""

    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(8080, ge=0, le=65535, description="TCP port of the HTTP server; 0: any free port")
    notice: str = Field("", max_length=2000, description="text that the page shows before the camera opens")


class OperationSettings(BaseModel):
    """Log, metrics and tunnel."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="lowest level logged")
    log_format: Literal["text", "json"] = Field(
        "text", description="text: a line for people; json: one JSON object per line for a log collector"
    )
    metrics: Literal["local", "everyone", "off"] = Field(
        "local", description="who may read GET /metrics: this machine and admins, everyone, or nobody"
    )
    tunnel: Literal["none", "ngrok"] = Field(
        "none", description="program that gives the server a public address; it carries no UDP media"
    )
