"""What the operator sees of the server."""

from pydantic import BaseModel, Field


class OperationSettings(BaseModel):
    """What the operator sees of the server."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level logged")
