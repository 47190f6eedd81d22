"""Admission control: limits in total, per address, for connections being set up, and by measured capacity.

Pure: no clock, no event loop, no transport. The only place that rejects a new session.
"""

import enum
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from facestream.config import Config
from facestream.errors import FacestreamError
from facestream.sessions.address_rate import AddressRate
from facestream.sessions.frame_cost import FrameCost

RETRY_FULL_S = 10.0
RETRY_SETUP_S = 2.0
SETUP_SHARES = 4  # one address may use at most a quarter of max_setups
MIN_RETRY_S, MAX_RETRY_S = 2.0, 60.0
MIN_ENDINGS, MAX_ENDINGS = 2, 16
BEHIND = 0.8  # below 80 % of a rate; the margin covers the measuring error of a rate over two seconds
HEADROOM = 0.9  # the other 10 % are for serving the page, other programs, and faces that cost more than usual


class RejectionReason(enum.Enum):
    """Why a new session is not admitted."""

    STOPPING = "stopping"  # the server is stopping
    SESSIONS = "sessions"  # max_sessions
    SETUPS = "setups"  # max_setups
    PEER_BEHIND = "peer_behind"  # a running session gets less than min_fps
    CAPACITY = "capacity"  # one more session would get others below min_fps
    ADDRESS_SESSIONS = "address_sessions"  # max_sessions_per_address
    ADDRESS_SETUPS = "address_setups"  # the share of one address in max_setups
    REQUEST_RATE = "request_rate"  # new_sessions_per_minute


class AdmissionError(FacestreamError):
    """A new session is rejected for now; the base of the errors below."""

    code = "not_admitted"

    def __init__(self, message: str, reason: RejectionReason, retry_after_s: float = RETRY_FULL_S) -> None:
        super().__init__(message)
        self.reason = reason
        """Which limit is reached; several reasons share a `code`."""
        self.retry_after_s = retry_after_s
        """When to try again."""


class ServerFullError(AdmissionError):
    """The server admits no more sessions from any client; the client gets HTTP 503."""

    code = "server_full"


class DrainingError(ServerFullError):
    """The server is stopping and admits no more sessions."""

    code = "draining"


class TooManyError(AdmissionError):
    """An address has too many sessions; the client gets HTTP 429. Other addresses are still admitted."""

    code = "too_many_sessions_for_address"


class RateLimitedError(TooManyError):
    """An address asks for new sessions too often."""

    code = "rate_limited"


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """What admission needs to know about a running session."""

    address: str
    """Its `address_key`."""
    connecting: bool
    """Whether the connection of the session is still being set up."""
    fps_in: float
    """Frames per second that arrive; 0 before the first."""
    fps_possible: float = 0.0
    """Frames per second that the analysis could process for this session; 0 before the first."""
    frame_s: float = 0.0
    """Core seconds per frame of this session; 0: not measured yet."""

    def is_behind(self, min_fps: float) -> bool:
        """Whether clearly fewer of its frames are analysed than `min_fps` promises."""
        return 0 < self.fps_possible < BEHIND * min(min_fps, self.fps_in)


def count_request(requests: AddressRate, address: str, now_s: float) -> None:
    """Count one request of this address for a session; raises RateLimitedError. Empty address: not limited."""
    if wait_s := requests.wait_s(address, now_s):
        raise RateLimitedError(
            f"your address asked for more than {requests.per_minute} sessions a minute; "
            f"try again in {math.ceil(wait_s)} s",
            RejectionReason.REQUEST_RATE,
            wait_s,
        )


class Admission:
    """Decides for one server; keeps a token bucket for each address and the cost of a frame."""

    def __init__(self, config: Config, cores: float) -> None:
        self._config = config
        self.cores = cores
        """Processor cores that all processes of the server may use."""
        self._requests = AddressRate(config.new_sessions_per_minute)
        self._endings_s: deque[float] = deque(maxlen=MAX_ENDINGS)
        self.cost = FrameCost()

    def check_request_rate(self, address: str, now_s: float) -> None:
        """Count one request of this address for a session; raises RateLimitedError. Empty address: not limited."""
        count_request(self._requests, address, now_s)

    def note_ending(self, now_s: float) -> None:
        """Record that a session has ended; `wait_for_end_s` estimates from these times."""
        self._endings_s.append(now_s)

    def wait_for_end_s(self, now_s: float) -> float:
        """Estimate the time until a session ends: the mean interval between the last endings, within bounds."""
        if len(self._endings_s) < MIN_ENDINGS:
            return RETRY_FULL_S
        mean_s = (now_s - self._endings_s[0]) / len(self._endings_s)
        return max(MIN_RETRY_S, min(mean_s, MAX_RETRY_S))

    def admit(self, address: str, active: Iterable[ActiveSession], processes: int, now_s: float) -> None:
        """Pass if one more session of this address can be served beside the active ones; raises AdmissionError.

        `processes` is the number of running workers.
        """
        config, sessions = self._config, list(active)
        wait_s = self.wait_for_end_s(now_s)
        if len(sessions) >= config.max_sessions:
            raise ServerFullError(
                f"{len(sessions)} of {config.max_sessions} sessions of this server are in use; try again soon",
                RejectionReason.SESSIONS,
                wait_s,
            )
        here = sum(each.address == address for each in sessions)
        if address and here >= config.max_sessions_per_address:
            raise TooManyError(
                f"your address has {here} of {config.max_sessions_per_address} sessions; end one of them first",
                RejectionReason.ADDRESS_SESSIONS,
            )
        setups_here = sum(each.connecting and each.address == address for each in sessions)
        if address and setups_here >= max(1, config.max_setups // SETUP_SHARES):
            raise TooManyError(
                f"{setups_here} peers of your address are connecting; try again when these peers have connected",
                RejectionReason.ADDRESS_SETUPS,
                RETRY_SETUP_S,
            )
        setups = sum(each.connecting for each in sessions)
        if setups >= config.max_setups:
            # A setup takes a second or two, independent of the sessions that stay.
            raise ServerFullError(
                f"{setups} peers are connecting, the maximum at once; try again soon",
                RejectionReason.SETUPS,
                RETRY_SETUP_S,
            )
        if config.min_fps and processes and sessions:
            self._check_capacity(sessions, processes, wait_s)

    def _check_capacity(self, sessions: list[ActiveSession], processes: int, wait_s: float) -> None:
        """Check that every peer gets `min_fps` frames of ordinary cost, or its own rate if that is lower.

        The analysis serves the streams in turn, so each gets that rate if the sum of the rates is feasible. A stream
        whose frames cost more than ordinary frames gets a lower rate, and does not block other peers.
        """
        min_fps = self._config.min_fps
        if self._is_any_behind(sessions):
            raise ServerFullError(
                f"a peer of this server gets less than {min_fps:g} frames per second; try again soon",
                RejectionReason.PEER_BEHIND,
                wait_s,
            )
        if not self._carries(self._rates_fps(sessions), 1, processes):
            carried_fps = self.cost.carried_fps(self.cores, processes)
            raise ServerFullError(
                f"the server analyses about {carried_fps:.0f} frames per second, too few for {len(sessions) + 1} "
                f"peers at {min_fps:g} each; try again soon",
                RejectionReason.CAPACITY,
                wait_s,
            )

    def free_places(self, active: Iterable[ActiveSession], processes: int) -> int:
        """How many more peers `admit` would let in beside the active ones, as things are now.

        Each is taken to have an address of its own, to be connected at once, and to send `min_fps` ordinary frames.
        """
        config, sessions = self._config, list(active)
        places = max(0, config.max_sessions - len(sessions))
        if sum(each.connecting for each in sessions) >= config.max_setups:
            return 0
        if not (config.min_fps and processes and places):
            return places
        if self._is_any_behind(sessions):
            return 0
        rates_fps = self._rates_fps(sessions)
        free_fps = HEADROOM * self.cost.carried_fps(self.cores, processes) - sum(rates_fps)
        found = max(0, min(places, math.floor(free_fps / config.min_fps)))
        # The division may be off by one where the sum of the rates just fits.
        while found and not self._carries(rates_fps, found, processes):
            found -= 1
        while found < places and self._carries(rates_fps, found + 1, processes):
            found += 1
        # An idle server admits a peer however slow it is.
        return found if sessions else max(1, found)

    def _is_any_behind(self, sessions: list[ActiveSession]) -> bool:
        """Whether an ordinary peer gets too few frames now, whatever the estimate says: other programs run, too."""
        ordinary = (each for each in sessions if not self.cost.is_costly(each.frame_s))
        return any(each.is_behind(self._config.min_fps) for each in ordinary)

    def _rates_fps(self, sessions: list[ActiveSession]) -> list[float]:
        """The frames a second that each peer is promised: `min_fps`, or its own rate if that is lower."""
        min_fps = self._config.min_fps
        return [min(min_fps, each.fps_in or min_fps) for each in sessions]

    def _carries(self, rates_fps: list[float], more: int, processes: int) -> bool:
        """Whether the machine can analyse these rates and those of so many more ordinary peers."""
        # Summed exactly, so that it does not matter which of the peers are there already.
        needed_fps = math.fsum([*rates_fps, *[self._config.min_fps] * more])
        return needed_fps <= HEADROOM * self.cost.carried_fps(self.cores, processes)


def address_key(remote: str) -> str:
    """The part of an address that limits count: IPv4 as it is, IPv6 by its /64 (one customer); empty: this machine.

    Limits per address do not apply to this machine: they would only hinder the operator's load tests.
    """
    try:
        address = ip_address(remote.partition("%")[0])
    except ValueError:
        return remote
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return "" if address.is_loopback else str(ip_network((address, 64), strict=False))
        address = address.ipv4_mapped
    return "" if address.is_loopback else str(address)
