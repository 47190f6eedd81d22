"""Whom the server still serves: places in all and for each address, set-ups, and what the machine carries.

Pure: no clock, no event loop, no transport; the registry asks.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from facestream.config import Config
from facestream.errors import FacestreamError
from facestream.sessions.frame_cost import FrameCost
from facestream.token_bucket import TokenBucket

MAX_KNOWN_ADDRESSES = 4096
"""About 1 MB. The one that came longest ago is forgotten: who has so many addresses does not need its place here."""
RETRY_FULL_S = 10.0
RETRY_SETUP_S = 2.0
SETUP_SHARES = 4  # so many addresses with offers that never connect take all set-ups, and not one or two
MIN_RETRY_S, MAX_RETRY_S = 2.0, 60.0
MIN_ENDINGS, MAX_ENDINGS = 2, 16
BEHIND = 0.8  # a rate over two seconds is no exact one
HEADROOM = 0.9  # what the machine does beside: the page, other programs, a face that costs more


class ServerFullError(FacestreamError):
    """No more sessions now, for nobody; try again later."""

    def __init__(self, message: str, retry_after_s: float = RETRY_FULL_S) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyError(FacestreamError):
    """An address has or asks for too many sessions; others may still come."""

    def __init__(self, message: str, retry_after_s: float = RETRY_FULL_S) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """A session that is served now, as admission sees it."""

    address: str
    """Its `address_key`."""
    connecting: bool
    fps_in: float
    """Frames a second that arrive; 0 before the first."""
    fps_out: float = 0.0
    """Frames a second that the analysis has for it, whether they come or not; 0 before the first."""
    frame_s: float = 0.0
    """Core seconds per frame of this session; 0: not measured yet."""

    def is_behind(self, min_fps: float) -> bool:
        """Whether it gets clearly less than it must."""
        return 0 < self.fps_out < BEHIND * min(min_fps, self.fps_in)


class Admission:
    """Decides for one server; remembers how often each address asked, and what a frame costs."""

    def __init__(self, config: Config, cores: float) -> None:
        self._config = config
        self._cores = cores
        self._asked: OrderedDict[str, TokenBucket] = OrderedDict()
        self._endings_s: deque[float] = deque(maxlen=MAX_ENDINGS)
        self.cost = FrameCost()

    def check_request_rate(self, address: str, now_s: float) -> None:
        """Count one wish of this address, before anything is read; raises TooManyError."""
        if not address:
            return
        each_s = 60 / self._config.new_sessions_per_minute
        asked = self._asked.pop(address, None) or TokenBucket(each_s, self._config.new_sessions_per_minute)
        self._asked[address] = asked
        if len(self._asked) > MAX_KNOWN_ADDRESSES:
            self._asked.popitem(last=False)
        if wait_s := asked.wait_s(now_s):
            raise TooManyError(
                f"your address asked for more than {self._config.new_sessions_per_minute} sessions a minute; "
                f"try again in {math.ceil(wait_s)} s",
                wait_s,
            )

    def note_ending(self, now_s: float) -> None:
        """Record that a session has ended; `wait_for_end_s` estimates from these times."""
        self._endings_s.append(now_s)

    def wait_for_end_s(self, now_s: float) -> float:
        """Estimate the time until a session ends: the mean interval between the last endings, within bounds."""
        if len(self._endings_s) < MIN_ENDINGS:
            return RETRY_FULL_S
        mean_s = (now_s - self._endings_s[0]) / len(self._endings_s)
        return max(MIN_RETRY_S, min(mean_s, MAX_RETRY_S))

    def admit(self, address: str, served: Iterable[ActiveSession], processes: int, now_s: float) -> None:
        """Let one more in beside those that are served; raises ServerFullError, TooManyError."""
        config, places = self._config, list(served)
        wait_s = self.wait_for_end_s(now_s)
        if len(places) >= config.max_sessions:
            raise ServerFullError(
                f"{len(places)} of {config.max_sessions} places taken; try again soon", wait_s
            )
        here = sum(place.address == address for place in places)
        if address and here >= config.max_sessions_per_address:
            raise TooManyError(
                f"your address has {here} of {config.max_sessions_per_address} sessions; end one of them first"
            )
        setups_here = sum(place.connecting and place.address == address for place in places)
        if address and setups_here >= max(1, config.max_setups // SETUP_SHARES):
            raise TooManyError(
                f"{setups_here} peers of your address are connecting; try again when they have connected",
                RETRY_SETUP_S,
            )
        setups = sum(place.connecting for place in places)
        if setups >= config.max_setups:
            # A setup takes a second or two, independent of the sessions that stay.
            raise ServerFullError(
                f"{setups} peers are connecting, the maximum at once; try again soon", RETRY_SETUP_S
            )
        if config.min_fps and processes and places:
            self._check_capacity(places, processes, wait_s)

    def _check_capacity(self, places: list[ActiveSession], processes: int, wait_s: float) -> None:
        """Check that every peer gets `min_fps` frames of ordinary cost, or its own rate if that is lower.

        The analysis serves the streams in turn, so each gets that rate if the sum of the rates is feasible. A stream
        whose frames cost more than ordinary ones gets a lower rate, and does not block other peers.
        """
        min_fps = self._config.min_fps
        carried_fps = self.cost.carried_fps(self._cores, processes)
        ordinary = [place for place in places if not self.cost.is_costly(place.frame_s)]
        # Whatever the estimate says: other programs may have taken the cores since.
        if any(place.is_behind(min_fps) for place in ordinary):
            raise ServerFullError(
                f"a peer here gets less than {min_fps:g} pictures a second; try again soon", wait_s
            )
        needed_fps = sum(min(min_fps, place.fps_in or min_fps) for place in places) + min_fps
        if needed_fps > HEADROOM * carried_fps:
            raise ServerFullError(
                f"the server analyses about {carried_fps:.0f} pictures a second, too few for {len(places) + 1} "
                f"peers at {min_fps:g} each; try again soon",
                wait_s,
            )


def address_key(remote: str) -> str:
    """What counts as one address: IPv4 as it is, IPv6 by its /64, which one customer has; empty: this machine.

    Whoever is on this machine runs it; limits for each address would only hinder his own load tests.
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
