"""Run headless peers and record rates, delays and the server's CPU time second by second."""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.calm import machine_cpu_s
from benchmarks.measured import median, percentile
from benchmarks.processes import Usage, usage
from benchmarks.servers import Server, until_loaded
from facestream import aiortc_patches
from facestream.clips.clip import open_clip
from facestream.replay.connection import ReceiveMode
from facestream.replay.encoded import EncodedClip, EncodedTrack, encode_clip
from facestream.replay.options import Codec, ReplayOptions
from facestream.replay.peer import ReplayPeer, TrackFactory
from facestream.replay.summary import Tally
from facestream.replay.track import ReplayTrack


@dataclass(frozen=True, slots=True)
class Count:
    """The counters of one peer at one time."""

    sent: int
    received: int
    analysed: int
    dropped: int
    late: int
    delays: int


@dataclass(frozen=True, slots=True)
class Look:
    """All peers and the server at one time of the monotonic clock."""

    at_s: float
    counts: tuple[Count, ...]
    server: Usage
    machine_cpu_s: float
    client_cpu_s: float


@dataclass(frozen=True, slots=True)
class Window:
    """The difference between two snapshots."""

    seconds: float
    fps_received: tuple[float, ...]
    """By peer, like the other lists."""
    fps_analysed: tuple[float, ...]
    dropped: int
    late: int
    """Frame intervals in which the client was too late to send; above 1 %, the client is the bottleneck."""
    sent: int
    frames: int
    """Received frames of all peers."""
    analysed: int
    cpu_ms: float
    own_cpu_ms: float
    """Of the media process alone."""
    rss_mb: float
    own_rss_mb: float
    """At the end, of the media process alone."""
    client_cpu_ms: float
    foreign_cores: float
    """Cores that were busy with other programs: if many, the other figures are unreliable."""
    delays_ms: tuple[float, ...]
    """Of the first peer, in the order of arrival."""

    def as_json(self) -> dict[str, object]:
        """The figures to compare, as JSON."""
        frames = self.analysed or self.frames
        return {
            "seconds": round(self.seconds, 1),
            "peers": len(self.fps_received),
            "fps_back_min": min(self.fps_received),
            "fps_analysed_min": min(self.fps_analysed),
            "frames_sent": self.sent,
            "frames_back": self.frames,
            "frames_analysed": self.analysed,
            "dropped": self.dropped,
            "client_late": self.late,
            "server_rss_mb": self.rss_mb,
            "media_process_rss_mb": self.own_rss_mb,
            "client_cores": round(self.client_cpu_ms / self.seconds / 1000, 2),
            "foreign_cores": self.foreign_cores,
            "round_trip_ms": {
                "p50": percentile(self.delays_ms, 50),
                "p95": percentile(self.delays_ms, 95),
                "p99": percentile(self.delays_ms, 99),
                "max": max(self.delays_ms, default=None) and round(max(self.delays_ms), 1),
                "first_tenth_p50": median(self.delays_ms[: max(1, len(self.delays_ms) // 10)]),
                "last_tenth_p50": median(self.delays_ms[-max(1, len(self.delays_ms) // 10) :]),
            },
            "server_cpu_ms_per_frame": round(self.cpu_ms / frames, 2) if frames else None,
            "server_cores": round(self.cpu_ms / self.seconds / 1000, 2),
            "media_process_cpu_ms_per_frame": round(self.own_cpu_ms / frames, 2) if frames else None,
        }


class PeerGroup:
    """Peers that send one clip, each with its own phase; the first decodes what it receives."""

    def __init__(self, server: Server, peers: Sequence[ReplayPeer]) -> None:
        self.server = server
        self.peers = peers

    def look(self) -> Look:
        """The counters now."""
        counts = tuple(
            Count(
                tally.sent,
                tally.received,
                tally.analysed,
                tally.dropped,
                tally.skipped,
                len(tally.latencies_ms),
            )
            for tally in (peer.tally for peer in self.peers)
        )
        return Look(time.monotonic(), counts, usage(self.server.pid), machine_cpu_s(), time.process_time())

    def between(self, first: Look, last: Look) -> Window:
        """The difference between two snapshots."""
        seconds = last.at_s - first.at_s
        pairs = list(zip(first.counts, last.counts, strict=True))
        return Window(
            seconds=seconds,
            fps_received=tuple(round((b.received - a.received) / seconds, 2) for a, b in pairs),
            fps_analysed=tuple(round((b.analysed - a.analysed) / seconds, 2) for a, b in pairs),
            dropped=sum(b.dropped - a.dropped for a, b in pairs),
            late=sum(b.late - a.late for a, b in pairs),
            sent=sum(b.sent - a.sent for a, b in pairs),
            frames=sum(b.received - a.received for a, b in pairs),
            analysed=sum(b.analysed - a.analysed for a, b in pairs),
            cpu_ms=1000 * (last.server.cpu_s - first.server.cpu_s),
            own_cpu_ms=1000 * (last.server.own_cpu_s - first.server.own_cpu_s),
            rss_mb=last.server.rss_mb,
            own_rss_mb=last.server.own_rss_mb,
            client_cpu_ms=1000 * (last.client_cpu_s - first.client_cpu_s),
            foreign_cores=max(
                0.0,
                round(
                    (
                        (last.machine_cpu_s - first.machine_cpu_s)
                        - (last.server.cpu_s - first.server.cpu_s)
                        - (last.client_cpu_s - first.client_cpu_s)
                    )
                    / seconds,
                    2,
                ),
            ),
            delays_ms=tuple(self.peers[0].tally.latencies_ms[first.counts[0].delays : last.counts[0].delays]),
        )

    async def watch(self, seconds: float) -> Window:
        """Let them send for this many seconds; returns the difference. Raises RuntimeError if a connection ended."""
        first = self.look()
        until_s = first.at_s + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, 1.0))
            for number, peer in enumerate(self.peers, start=1):
                if not peer.states or peer.states[-1] != "connected":
                    raise RuntimeError(
                        f"peer {number} is {peer.states[-1:]} ({[notice.detail for notice in peer.notices][-1:]})"
                    )
        return self.between(first, self.look())


@contextlib.asynccontextmanager
async def sending(
    server: Server,
    clip: Path,
    count: int = 1,
    *,
    encode: bool = False,
    codec: Codec = "h264",
    length_s: float | None = None,
    url: str | None = None,
) -> AsyncIterator[PeerGroup]:
    """Connected peers that have begun to send the clip, over and over.

    `codec`: facestream chooses H264 for a peer that offers both, unpatched aiortc VP8.
    `encode`: each encodes it as a camera would. `length_s`: only the clip's beginning is sent; a delay of more than
    that cannot be distinguished from a shorter one.
    """
    aiortc_patches.apply()
    options = ReplayOptions(clip, url or server.url, loop=True, codec=codec)
    begin = asyncio.Event()
    await until_loaded(server)
    encoded = None if encode else await asyncio.to_thread(_encoded, clip, codec, length_s)
    peers = [
        ReplayPeer(
            options,
            None if encoded is None else _TrackOf(encoded, begin, number / count),
            ReceiveMode.DECODE if number == 0 else ReceiveMode.COUNT,
        )
        for number in range(count)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for peer in peers:
            await stack.enter_async_context(peer)
        begin.set()
        yield PeerGroup(server, peers)


def encoded_track_factory(clip: Path, length_s: float) -> TrackFactory:
    """Creates tracks that begin at once, for peers that come and go."""
    begin = asyncio.Event()
    begin.set()
    return _TrackOf(_encoded(clip, "h264", length_s), begin, 0.0)


class _TrackOf:
    """Creates the track of one peer when it opens."""

    def __init__(self, clip: EncodedClip, begin: asyncio.Event, phase: float) -> None:
        self._clip, self._begin, self._phase = clip, begin, phase

    def __call__(self, tally: Tally) -> ReplayTrack:
        return EncodedTrack(self._clip, self._begin, self._phase, tally)


@functools.cache
def _encoded(clip: Path, codec: Codec, length_s: float | None) -> EncodedClip:
    """The clip, or its start, repeated without end."""
    encoded = encode_clip(open_clip(clip), codec, loop=True, duration_s=length_s)
    return replace(encoded, frame_count=None)
