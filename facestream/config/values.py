"""Types of settings that pydantic does not have: each checks a value; its error names the expected form."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from facestream.ice.servers import parse_ice_url

MIN_UDP_PORTS = 4  # a session needs one port for each offered address


def parse_ports(text: str) -> range:
    """The ports of "FIRST-LAST"; raises ValueError."""
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text)
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last < 2**16 or last - first + 1 < MIN_UDP_PORTS:
        raise ValueError(
            f"{text!r}; expected FIRST-LAST within 1024-65535, at least {MIN_UDP_PORTS} ports: 50000-50999"
        )
    return range(first, last + 1)


def _split_at_commas(value: object) -> object:
    """Split the line of an environment variable, such as `127.0.0.1, ::1`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _checked_address(text: str) -> str:
    return str(ip_address(text))


def _checked_ice_url(text: str) -> str:
    return parse_ice_url(text).text


def _checked_network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"{error}; expected an address or a network like 10.0.0.0/8") from error


def _has_valid_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False


def _checked_origin(text: str) -> str:
    parts = urlsplit(text)
    # The origins are part of a header, where these characters separate values.
    unfit = any(char in " ,;'\"*" or not char.isascii() for char in parts.netloc)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or unfit
        # No browser sends these, so such an origin would never match.
        or "@" in parts.netloc
        or parts.netloc.endswith(":")
        or not _has_valid_port(parts)
        or parts.path.strip("/")
        or parts.query
    ):
        raise ValueError("expected an origin like https://www.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _checked_node(text: str) -> str:
    """An address of nodes as the setting `nodes` describes it; raises ValueError."""
    expected = (
        "expected http://HOST:PORT, https://HOST:PORT, dns+http://NAME:PORT, dns+https://NAME:PORT, or ray"
    )
    if text == "ray":
        return text
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https", "dns+http", "dns+https"}
        or not parts.hostname
        or "@" in parts.netloc
        or not _has_valid_port(parts)
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(expected)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _checked_ports(text: str) -> str:
    if text:
        parse_ports(text)
    return text


Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_address)], ...], NoDecode, BeforeValidator(_split_at_commas)
]
IceUrls = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_ice_url)], ...], NoDecode, BeforeValidator(_split_at_commas)
]
Formats = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_at_commas)]
"""Names of formats of results, which `facestream.results.formats` checks."""
NodeAddresses = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_node)], ...], NoDecode, BeforeValidator(_split_at_commas)
]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_network)], ...], NoDecode, BeforeValidator(_split_at_commas)
]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_origin)], ...], NoDecode, BeforeValidator(_split_at_commas)
]
UdpPorts = Annotated[str, AfterValidator(_checked_ports)]
"""FIRST-LAST, or empty."""
# An empty value in an environment file means no file; Path("") would be the current directory.
OptionalFile = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
