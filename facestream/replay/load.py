"""A load test: many peers send one encoded clip; only the first peer decodes what it receives."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from facestream.clips.clip import open_clip
from facestream.errors import FacestreamError
from facestream.messages.telemetry import Telemetry
from facestream.replay.connection import ReceiveMode
from facestream.replay.encoded import EncodedClip, EncodedTrack, encode_clip
from facestream.replay.options import ReplayOptions
from facestream.replay.peer import TICK_S, ReplayPeer
from facestream.replay.recording import ReplayFiles
from facestream.replay.summary import Latency, Summary, Tally, moves_as_text
from facestream.replay.track import ReplayTrack

logger = logging.getLogger(__name__)

CONNECTING_AT_ONCE = 4
START_DEADLINE_S = 8.0  # a server ends a session without a first frame after 15 s
GRACE_S = 30.0
"""Time beyond the clip for the last frames and for ending the session."""


class Load:
    """N peers in one process; `run` returns when all have ended, `summary_json` has the results of each."""

    def __init__(self, options: ReplayOptions) -> None:
        """Encode the clip; raises ClipError, ConfigError, ServerUnreachableError."""
        clip = open_clip(options.clip)
        codec = options.codec or "h264"  # what the server would choose
        self.clip = encode_clip(clip, codec, loop=options.loop, duration_s=options.duration_s)
        self._begin = asyncio.Event()
        quiet = replace(options, codec=codec, out=None, telemetry=None, landmarks_every_s=0.0)
        self.peers = [
            _LoadPeer(number, replace(options, codec=codec) if number == 1 else quiet, self.clip, self._begin)
            for number in range(1, options.peers + 1)
        ]

    async def run(self, on_progress: Callable[[], None]) -> None:
        """Connect all peers, let them begin together and wait for each; a failure is stored with its peer."""
        connecting = asyncio.Semaphore(CONNECTING_AT_ONCE)
        async with asyncio.TaskGroup() as watching:
            ticking = watching.create_task(_every_tick(on_progress), name="load/progress")
            async with asyncio.TaskGroup() as sending:
                for peer in self.peers:
                    sending.create_task(peer.run(connecting), name=f"load/{peer.number}")
                sending.create_task(self._begin_together(), name="load/begin")
            ticking.cancel()
        on_progress()

    @property
    def sent_frames(self) -> int:
        """Frames sent so far by all peers."""
        return sum(peer.tally.sent for peer in self.peers)

    @property
    def expected_frames(self) -> int | None:
        """Frames that all peers will send; None: without end."""
        return None if self.clip.frame_count is None else self.clip.frame_count * len(self.peers)

    @property
    def tallies(self) -> list[Tally]:
        """The counters of all peers."""
        return [peer.tally for peer in self.peers]

    def watch_reports(self, on_report: Callable[[Telemetry], None]) -> None:
        """Call this with every telemetry message of the first peer."""
        self.peers[0].watch_reports(on_report)

    @property
    def kept(self) -> str:
        """What the server keeps of the sessions, as a sentence; empty: nothing, as far as is known."""
        return next((peer.kept for peer in self.peers if peer.kept), "")

    @property
    def files(self) -> ReplayFiles:
        """The files of the first peer, the only one that saves something."""
        return self.peers[0].files

    @property
    def failed(self) -> int:
        """Number of peers that failed."""
        return sum(peer.failure is not None for peer in self.peers)

    def summary_json(self) -> dict[str, object]:
        """The JSON that `--summary` writes: each peer, and the total."""
        return {"peers": [peer.summary_json() for peer in self.peers], "total": asdict(self.total())}

    def total(self) -> "LoadTotal":
        """The figures of all peers together."""
        return _total(self.peers)

    async def _begin_together(self) -> None:
        try:
            async with asyncio.timeout(START_DEADLINE_S):
                for peer in self.peers:
                    await peer.ready.wait()
        except TimeoutError:
            logger.warning("not every peer was connected after %.0f s; the others begin", START_DEADLINE_S)
        self._begin.set()


@dataclass(frozen=True, slots=True)
class LoadTotal:
    """Figures of all peers together; the fields are the keys of `total` in the JSON."""

    peers: int
    failed: int
    failures: dict[str, int]
    """Number of peers by error message."""
    sent_frames: int
    received_frames: int
    analysed_frames: int
    dropped_frames: int
    late_frames: int
    """Frame intervals in which this machine was too late to send; above 1 % of sent, the client is the bottleneck."""
    fps_analysed_min: float
    """Over the peers that did not fail, like the mean."""
    fps_analysed_mean: float
    setup_ms_max: float | None
    latency_ms: Latency
    """Of the first peer, which is the only one that decodes."""
    moves: int
    """Moves to other servers, of all peers together."""
    away_ms_max: float | None
    """The longest time without frames at a move; None if there was no move."""

    def as_text(self) -> str:
        """Some lines of text."""
        lines = [
            f"peers     {self.peers}, {self.failed} failed",
            f"frames    {self.sent_frames} sent ({self.late_frames} late), {self.received_frames} received, "
            f"{self.analysed_frames} analysed, {self.dropped_frames} dropped",
            f"analysed  {self.fps_analysed_min:.1f} FPS for the slowest peer, {self.fps_analysed_mean:.1f} on average",
            f"{self.latency_ms.as_text()} (first peer)",
            *moves_as_text(self.moves, self.away_ms_max),
        ]
        return "\n".join(lines + [f"failed    {count} x {why}" for why, count in self.failures.items()])


class _LoadPeer:
    """One peer of a load test, and its result."""

    def __init__(self, number: int, options: ReplayOptions, clip: EncodedClip, begin: asyncio.Event) -> None:
        self.number = number
        self.ready = asyncio.Event()
        """Set when it is connected or has failed."""
        self.failure: str | None = None
        self._clip = clip
        self._begin = begin
        self._phase = (number - 1) / options.peers
        mode = ReceiveMode.DECODE if number == 1 else ReceiveMode.COUNT
        self._peer = ReplayPeer(options, self._make_track, mode)

    @property
    def tally(self) -> Tally:
        return self._peer.tally

    @property
    def kept(self) -> str:
        return self._peer.kept

    @property
    def files(self) -> ReplayFiles:
        return self._peer.files

    def watch_reports(self, on_report: Callable[[Telemetry], None]) -> None:
        self._peer.on_report = on_report

    async def run(self, connecting: asyncio.Semaphore) -> None:
        """Connect when it is this peer's turn, send, leave; takes at most the clip's length and GRACE_S."""
        try:
            async with asyncio.timeout(None) as deadline:
                await self._run(connecting, deadline)
        except FacestreamError as error:
            self.failure = str(error)
        except TimeoutError:
            self.failure = f"not finished {GRACE_S:.0f} s after the end of its clip"
        except Exception as error:
            # The boundary of one peer: a bug here must not end the others.
            logger.exception("peer %d: ended by a bug", self.number)
            self.failure = f"bug in the client: {error!r}"
        finally:
            self.ready.set()

    async def _run(self, connecting: asyncio.Semaphore, deadline: asyncio.Timeout) -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with connecting:
                await stack.enter_async_context(self._peer)
            self.ready.set()
            await self._begin.wait()
            if self._clip.duration_s is not None:
                deadline.reschedule(asyncio.get_running_loop().time() + self._clip.duration_s + GRACE_S)
            await self._peer.finish()

    def summary(self) -> Summary:
        """The summary so far."""
        return self._peer.summary()

    def summary_json(self) -> dict[str, object]:
        """The summary of a peer, with the keys of a load test."""
        return {
            "peer": self.number,
            **self.summary().as_json(),
            "late_frames": self.tally.skipped,
            "fps_analysed": round(self.tally.fps_analysed, 2),
            "failure": self.failure,
        }

    def _make_track(self, tally: Tally) -> ReplayTrack:
        return EncodedTrack(self._clip, self._begin, self._phase, tally)


def _total(peers: Sequence[_LoadPeer]) -> LoadTotal:
    summaries = [peer.summary() for peer in peers]
    rates = [peer.tally.fps_analysed for peer in peers if peer.failure is None] or [0.0]
    setups_ms = [summary.setup_ms for summary in summaries if summary.setup_ms is not None]
    away_ms = [summary.away_ms_max for summary in summaries if summary.away_ms_max is not None]
    failures = Counter(peer.failure for peer in peers if peer.failure is not None)
    return LoadTotal(
        peers=len(peers),
        failed=failures.total(),
        failures=dict(failures.most_common()),
        sent_frames=sum(summary.sent_frames for summary in summaries),
        received_frames=sum(summary.received_frames for summary in summaries),
        analysed_frames=sum(summary.analysed_frames for summary in summaries),
        dropped_frames=sum(summary.dropped_frames for summary in summaries),
        late_frames=sum(peer.tally.skipped for peer in peers),
        fps_analysed_min=round(min(rates), 2),
        fps_analysed_mean=round(sum(rates) / len(rates), 2),
        setup_ms_max=max(setups_ms, default=None),
        latency_ms=summaries[0].latency_ms,
        moves=sum(summary.moves for summary in summaries),
        away_ms_max=max(away_ms, default=None),
    )


async def _every_tick(on_progress: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        on_progress()
