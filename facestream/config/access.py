"""Who may come in."""

from pydantic import BaseModel


class AccessSettings(BaseModel):
    """Who may come in."""
