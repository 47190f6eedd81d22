"""What the operator sees of the server."""

from typing import Literal

from pydantic import BaseModel, Field


class OperationSettings(BaseModel):
    """What the operator sees of the server."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level logged")
    log_format: Literal["text", "json"] = Field(
        "text", description="a line for people, or a JSON object a line for a log collector"
    )
    metrics: Literal["local", "everyone", "off"] = Field(
        "local", description="who reads GET /metrics: this machine and admins, everyone, or nobody"
    )
    tunnel: Literal["none", "ngrok"] = Field(
        "none", description="program that gives the server a public address; it carries no UDP media"
    )
