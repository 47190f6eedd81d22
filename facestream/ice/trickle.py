"""Parse candidates that a peer sends after its offer: SDP fragments (RFC 8840), as pages and WHIP clients send them.

Pure. A fragment can only add candidates: an ICE restart is not supported, and the peer has to connect again. Which
candidates are used is decided in `candidates.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from facestream.errors import FragmentError, RestartError

FRAGMENT_TYPE = "application/trickle-ice-sdpfrag"

_USER = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)
_PASSWORD = re.compile(r"^a=ice-pwd:(\S+)", re.MULTILINE)
_SECTION = re.compile(r"^a=mid:(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class IceIdentity:
    """The ICE credentials in an offer; a fragment with others asks for a restart."""

    users: frozenset[str]
    passwords: frozenset[str]
    first_mid: str
    """The mid of the section that carries the candidates of a bundle."""
    transports: Mapping[str, str] = field(default_factory=dict)
    """aiortc's mid of the transport by the mid of each section; sections of a bundle share one."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The content of one fragment."""

    lines: tuple[str, ...]
    """The `a=candidate:` lines as received."""
    mid: str
    """aiortc's mid of the transport that the candidates belong to."""


def identity_of(sdp: str, transports: Mapping[str, str] | None = None) -> IceIdentity:
    """The ICE identity in an offer; `transports` as in IceIdentity, by default one for each section."""
    mids = _SECTION.findall(sdp)
    return IceIdentity(
        frozenset(_USER.findall(sdp)),
        frozenset(_PASSWORD.findall(sdp)),
        mids[0] if mids else "0",
        transports or {},
    )


def parse_fragment(body: bytes, identity: IceIdentity) -> Fragment:
    """Parse the body of PATCH /sessions/{id}; raises FragmentError, and RestartError for other ICE credentials."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise FragmentError(
            "the fragment is not ASCII; expected lines of SDP like a=candidate:..."
        ) from error
    text = "\n".join(line.strip() for line in text.splitlines())
    users = _USER.findall(text)
    if not users:
        raise FragmentError("the fragment has no ICE user; expected a=ice-ufrag of the offer")
    if not set(users) <= identity.users or not set(_PASSWORD.findall(text)) <= identity.passwords:
        raise RestartError(
            "the fragment has another ICE user than the offer; ICE restarts are not supported: send a new offer"
        )
    mids = _SECTION.findall(text)
    # Ignore `a=end-of-candidates` so that ICE does not give up: the peer's own checks may still arrive.
    lines = tuple(line for line in text.split("\n") if line.startswith("a=candidate:"))
    mid = mids[0] if mids else identity.first_mid
    return Fragment(lines, identity.transports.get(mid, mid))


def candidates_from(lines: Sequence[str], mid: str) -> list[RTCIceCandidate]:
    """The candidates in `a=candidate:` lines, for aiortc's transport `mid`; unreadable ones are left out."""
    candidates: list[RTCIceCandidate] = []
    for line in lines:
        try:
            candidate = candidate_from_sdp(line.removeprefix("a=candidate:"))
        except (ValueError, AssertionError):
            continue
        # aiortc 1.16 has one component only; aioice 0.13 asserts it (ice.py:899).
        if candidate.component == 1:
            candidate.sdpMid = mid
            candidates.append(candidate)
    return candidates
