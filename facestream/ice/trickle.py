"""Candidates that come after the offer: fragments of SDP (RFC 8840) as browsers' pages and WHIP clients send them.

Pure. A fragment can add candidates, nothing else: a restart of ICE is not served, the peer connects anew.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from facestream.errors import FragmentError, RestartError

MAX_FRAGMENT_BYTES = 8 * 1024  # 20 candidates of 150 characters, and as much again for what surrounds them
FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"

_USER = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_PASSWORD = re.compile(r"^a=ice-pwd:(\S+)", re.MULTILINE)
_SECTION = re.compile(r"^a=mid:(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class IceIdentity:
    """What an offer calls its ICE users; a fragment that names others wants a restart."""

    users: frozenset[str]
    passwords: frozenset[str]
    first_mid: str
    """The section that carries the candidates of a bundle."""
    transports: Mapping[str, str] = field(default_factory=dict)
    """Map the mid of a section to aiortc's mid of its transport; sections of a bundle share one."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One fragment, read."""

    lines: tuple[str, ...]
    """`a=candidate:...`, as they came."""
    mid: str
    """aiortc's mid of the transport that they belong to."""


def identity_of(sdp: str, transports: Mapping[str, str] | None = None) -> IceIdentity:
    """The ICE identity of an offer's peer; `transports` as in IceIdentity, by default one for each section."""
    mids = _SECTION.findall(sdp)
    return IceIdentity(
        frozenset(_USER.findall(sdp)),
        frozenset(_PASSWORD.findall(sdp)),
        mids[0] if mids else "0",
        transports or {},
    )


def parse_fragment(body: bytes, identity: IceIdentity) -> Fragment:
    """Read the body of PATCH /sessions/{id}; raises FragmentError, and RestartError for another ICE user."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise FragmentError(
            "the fragment is not ASCII; expected lines of SDP like a=candidate:..."
        ) from error
    text = "\n".join(line.strip() for line in text.splitlines())
    users = _USER.findall(text)
    if not users:
        raise FragmentError("the fragment names no ICE user; expected a=ice-ufrag of the offer")
    if not set(users) <= identity.users or not set(_PASSWORD.findall(text)) <= identity.passwords:
        raise RestartError(
            "the fragment names another ICE user than the offer; a restart is not served: send a new offer"
        )
    mids = _SECTION.findall(text)
    # `a=end-of-candidates` is not passed on: a peer of which no candidate is used may still reach us by itself.
    lines = tuple(line for line in text.split("\n") if line.startswith("a=candidate:"))
    mid = mids[0] if mids else identity.first_mid
    return Fragment(lines, identity.transports.get(mid, mid))


def candidates_from(lines: Sequence[str], mid: str) -> list[RTCIceCandidate]:
    """The candidates of lines that the policy allows; one that cannot be read is left out."""
    candidates: list[RTCIceCandidate] = []
    for line in lines:
        try:
            candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
        except (ValueError, AssertionError):
            continue
        # aiortc 1.16 has one component only and asserts it (ice.py:899 of aioice 0.13).
        if candidate.component == 1:
            candidate.sdpMid = mid
            candidates.append(candidate)
    return candidates
