"""How media reach a peer."""

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode


def _checked_address(text: str) -> str:
    return str(ip_address(text))


def _split_at_commas(given: object) -> object:
    """Environment variables hold one line: `127.0.0.1, ::1`."""
    return [part.strip() for part in given.split(",") if part.strip()] if isinstance(given, str) else given


class NetworkSettings(BaseModel):
    """How media reach a peer."""

    ice_address: Annotated[
        tuple[Annotated[str, AfterValidator(_checked_address)], ...],
        NoDecode,
        BeforeValidator(_split_at_commas),
    ] = Field(
        (),
        description="address offered as ICE candidate (repeatable); default: every address of this machine, "
        "and loopback when listening on loopback",
    )
