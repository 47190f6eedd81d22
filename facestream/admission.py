"""Whom the server still serves: places in all and for each address, set-ups, and what the machine carries.

Pure: no clock, no event loop, no transport; the registry asks.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from facestream.config import Config
from facestream.errors import FacestreamError
from facestream.media.hardening.losses import Throttle

MAX_KNOWN_ADDRESSES = 4096
"""About 1 MB. The one that came longest ago is forgotten: who has so many addresses does not need its place here."""
RETRY_FULL_S = 10.0
SMOOTHING_S = 5.0
MIN_SAMPLE_FRAMES = 5
# Until a frame was measured: twice of what benchmarks/cpu.py saw.
PRESUMED_MEDIA_S, PRESUMED_ANALYSIS_S = 0.010, 0.010
BEHIND = 0.8  # a rate over two seconds is no exact one
HEADROOM = 0.9  # what the machine does beside: the page, other programs, a face that costs more


class ServerFullError(FacestreamError):
    """No more sessions now, for nobody; try again later."""

    retry_after_s = RETRY_FULL_S


class TooManyError(FacestreamError):
    """An address has or asks for too many sessions; others may still come."""

    def __init__(self, message: str, retry_after_s: float = RETRY_FULL_S) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Place:
    """A session that is served now, as admission sees it."""

    address: str
    """Its `address_key`."""
    connecting: bool
    fps_in: float
    """Frames a second that arrive; 0 before the first."""
    fps_out: float = 0.0
    """Of them, analysed; 0 before the first."""

    def is_behind(self, min_fps: float) -> bool:
        """Whether it gets clearly less than it must."""
        return 0 < self.fps_out < BEHIND * min(min_fps, self.fps_in)


class Admission:
    """Decides for one server; remembers how often each address asked, and what a frame costs."""

    def __init__(self, config: Config, cores: float) -> None:
        self._config = config
        self._cores = cores
        self._asked: OrderedDict[str, Throttle] = OrderedDict()
        self.cost = FrameCost()

    def knock(self, address: str, now_s: float) -> None:
        """Count one wish of this address, before anything is read; raises TooManyError."""
        if not address:
            return
        each_s = 60 / self._config.new_sessions_per_minute
        asked = self._asked.pop(address, None) or Throttle(each_s, self._config.new_sessions_per_minute)
        self._asked[address] = asked
        if len(self._asked) > MAX_KNOWN_ADDRESSES:
            self._asked.popitem(last=False)
        if wait_s := asked.wait_s(now_s):
            raise TooManyError(
                f"your address asked for more than {self._config.new_sessions_per_minute} sessions a minute; "
                f"try again in {math.ceil(wait_s)} s",
                wait_s,
            )

    def admit(self, address: str, served: Iterable[Place], processes: int) -> None:
        """Let one more in beside those that are served; raises ServerFullError, TooManyError."""
        config, places = self._config, list(served)
        if len(places) >= config.max_sessions:
            raise ServerFullError(f"{len(places)} of {config.max_sessions} places taken; try again soon")
        here = sum(place.address == address for place in places)
        if address and here >= config.max_sessions_per_address:
            raise TooManyError(
                f"your address has {here} of {config.max_sessions_per_address} sessions; end one of them first"
            )
        setups = sum(place.connecting for place in places)
        if setups >= config.max_setups:
            raise ServerFullError(f"{setups} peers are connecting, which is the most at once; try again soon")
        if config.min_fps and processes and places:
            self._check_capacity(places, processes)

    def _check_capacity(self, places: list[Place], processes: int) -> None:
        """Everybody must get `min_fps`, or all that he sends where that is less.

        The analysis gives each stream its turn, so all get that much exactly when the sum of it can be done.
        """
        min_fps = self._config.min_fps
        carried_fps = self.cost.carried_fps(self._cores, processes)
        # Whatever the estimate says: other programs may have taken the cores since.
        if any(place.is_behind(min_fps) for place in places):
            raise ServerFullError(f"a peer here gets less than {min_fps:g} pictures a second; try again soon")
        needed_fps = sum(min(min_fps, place.fps_in or min_fps) for place in places) + min_fps
        if needed_fps > HEADROOM * carried_fps:
            raise ServerFullError(
                f"the server analyses about {carried_fps:.0f} pictures a second, too few for {len(places) + 1} "
                f"peers at {min_fps:g} each; try again soon"
            )


class FrameCost:
    """What one frame costs, from the server's own counters; an exponential mean over some seconds."""

    def __init__(self) -> None:
        self._before: tuple[float, float, float, int] | None = None
        self._media_s = self._analysis_s = 0.0

    def measure(self, now_s: float, media_cpu_s: float, analysis_s: float, frames: int) -> None:
        """Take the counters, each growing since the start; call about once a second.

        `media_cpu_s` is what this process has computed, `analysis_s` how long analysis processes were busy.
        """
        now = now_s, media_cpu_s, analysis_s, frames
        before, self._before = self._before, now
        if before is None:
            return
        passed_s, media_s, busy_s, analysed = (new - old for new, old in zip(now, before, strict=True))
        if analysed < MIN_SAMPLE_FRAMES:
            return
        share = 1 - math.exp(-passed_s / SMOOTHING_S) if self._analysis_s else 1.0
        self._media_s += share * (media_s / analysed - self._media_s)
        self._analysis_s += share * (busy_s / analysed - self._analysis_s)

    @property
    def frame_ms(self) -> float:
        """Milliseconds of a core that one frame takes, from receiving to sending; 0 before it was measured."""
        return 1000 * (self._media_s + self._analysis_s)

    def carried_fps(self, cores: float, processes: int) -> float:
        """Frames a second, of all peers together, that the cores and the analysis processes can do."""
        measured = self._media_s, self._analysis_s
        media_s, analysis_s = measured if self._analysis_s else (PRESUMED_MEDIA_S, PRESUMED_ANALYSIS_S)
        return min(cores / (media_s + analysis_s), processes / analysis_s)


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
