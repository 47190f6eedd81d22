"""The offers in tests/data, as browsers create them on facestream's page: compares or records them."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

DATA = Path(__file__).with_name("data")
FOREIGN_IPV4 = re.compile(r"\b(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}\b")
FOREIGN_IPV6 = re.compile(r"(?<= )(?!::1 )[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*(?= \d+ typ )")


@dataclass(frozen=True, slots=True)
class Section:
    """The content of a media section that is the same in every offer of a browser."""

    kind: str
    mid: str
    bundled: bool
    bundle_only: bool
    port_is_zero: bool
    direction: str
    setup: str
    codecs: tuple[str, ...]
    """Sorted names, each once."""


def sections_of(sdp: str) -> list[Section]:
    """The media sections in their order."""
    session, *sections = re.split(r"^(?=m=)", sdp.replace("\r\n", "\n"), flags=re.MULTILINE)
    bundle = re.search(r"^a=group:BUNDLE (.*)$", session, re.MULTILINE)
    bundled = bundle[1].split() if bundle else []
    return [_section(text, bundled) for text in sections]


def _section(text: str, bundled: list[str]) -> Section:
    kind, port = text.removeprefix("m=").split(" ")[:2]
    mid = _attribute(text, "mid:(.*)")
    return Section(
        kind=kind,
        mid=mid,
        bundled=mid in bundled,
        bundle_only=bool(re.search("^a=bundle-only$", text, re.MULTILINE)),
        port_is_zero=port == "0",
        direction=_attribute(text, "(sendrecv|sendonly|recvonly|inactive)"),
        setup=_attribute(text, "setup:(.*)"),
        codecs=tuple(sorted(set(re.findall(r"^a=rtpmap:\d+ ([^/]+)", text, re.MULTILINE)))),
    )


def _attribute(text: str, pattern: str) -> str:
    found = re.search(f"^a={pattern}$", text, re.MULTILINE)
    return found[1] if found else ""


def without_addresses(sdp: str) -> str:
    """The same offer with addresses from the documentation ranges."""
    return FOREIGN_IPV6.sub("2001:db8::2", FOREIGN_IPV4.sub("192.0.2.2", sdp))


def check_offer(browser: str, sdp: str, request: pytest.FixtureRequest) -> None:
    """Compare an offer with the recorded one of that browser; with --record-offers, record it."""
    path = DATA / f"{browser}_offer.sdp"
    if request.config.getoption("--record-offers"):
        path.write_bytes(without_addresses(sdp).encode())
    recorded = path.read_bytes().decode()
    assert sections_of(sdp) == sections_of(recorded), (
        f"this {browser} offers otherwise than {path.name}; run `make record-offers` and look at the difference"
    )
