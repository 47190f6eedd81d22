"""Compare with FastRTC and streamlit-webrtc, which run the same models in their handlers, with the same client.

Each project is installed in a virtual environment of its own, made at the first run (`benchmarks/environments.py`). All
servers and the client are on this machine and use only 127.0.0.1. Each measurement sends FRAMES frames.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import measured, servers
from benchmarks.baselines.handlers import Handled
from benchmarks.calm import PATIENCE_S, wait_for_calm
from benchmarks.clips import face_clip
from benchmarks.environments import Environment, EnvironmentMissingError, ready
from benchmarks.latency import FPS
from benchmarks.measured import median, percentile, ratio, say
from benchmarks.peers import PeerGroup, Window, sending
from benchmarks.servers import Server
from facestream.errors import FacestreamError
from facestream.replay.options import Codec

FRAMES, FRAMES_QUICK, ROUNDS = 240, 90, 2
WARM_UP_S = 3.0
FIRST_DEADLINE_S = 30.0
"""For the first frames through a handler: streamlit-webrtc loads the models when they come."""
DEADLINE_S = 90.0
"""For one measurement, once the peer is connected."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One server to measure."""

    name: str
    command: tuple[str, ...]
    environment: Environment | None = None
    """None: that of facestream."""
    codec: Codec = "vp8"
    """What the server chooses for a browser: unpatched aiortc takes VP8, facestream H264."""


_FASTRTC, _STREAMLIT = Environment("fastrtc"), Environment("streamlit_webrtc")
ANALYSED = (
    Shape("facestream", servers.OURS, codec="h264"),
    Shape("fastrtc", servers.FASTRTC, _FASTRTC),
    Shape("fastrtc_skip_frames", (*servers.FASTRTC, "--skip-frames"), _FASTRTC),
    Shape("streamlit_webrtc", servers.STREAMLIT, _STREAMLIT),
    Shape("usual_aiortc", servers.USUAL),
)
PASSED = (
    Shape("facestream_passes", servers.FLOOR, codec="h264"),
    Shape("fastrtc_passes", (*servers.FASTRTC, "--analysis", "none"), _FASTRTC),
    Shape("streamlit_webrtc_passes", (*servers.STREAMLIT, "--analysis", "none"), _STREAMLIT),
)
"""Without analysis; measured in the first round only, because they vary little."""


@dataclass(frozen=True, slots=True)
class Result:
    """One measurement of one server."""

    window: Window
    handled: Handled | None
    """What its handler did meanwhile; None: the server has no handler of ours."""

    @property
    def frames(self) -> int:
        """Frames that the server handled. A server may return one of them several times."""
        if self.handled is not None:
            return self.handled.frames
        return self.window.analysed or self.window.frames

    def as_json(self) -> dict[str, object]:
        """The figures to compare."""
        window, delays = self.window, self.window.delays_ms
        tenth = max(1, len(delays) // 10)
        return {
            "handled_fps": round(self.frames / window.seconds, 2),
            "returned_fps": min(window.fps_received),
            "different_returned_fps": round(len(delays) / window.seconds, 2),
            "faces_per_frame": self.handled and round(self.handled.faces / max(1, self.handled.frames), 2),
            "p50_ms": percentile(delays, 50),
            "p95_ms": percentile(delays, 95),
            "p50_ms_first_tenth": median(delays[:tenth]),
            "p50_ms_last_tenth": median(delays[-tenth:]),
            "cpu_ms": round(window.cpu_ms / self.frames, 2) if self.frames else None,
            "server_cores": round(window.cpu_ms / 1000 / window.seconds, 2),
            "rss_mb": window.rss_mb,
            "client_late": window.late,
            "foreign_cores": window.foreign_cores,
        }


async def measure(frames: int, rounds: int, patience_s: float) -> dict[str, object]:
    """Measure all in turn; a server that fails is reported and does not end the others.

    `patience_s`: how long each round waits for an idle machine.
    """
    done: dict[str, list[Result]] = {}
    failed: dict[str, list[str]] = {}
    pythons: dict[Environment | None, str] = {None: sys.executable}
    for environment in (_FASTRTC, _STREAMLIT):
        try:
            pythons[environment] = await asyncio.to_thread(ready, environment)
        except EnvironmentMissingError as error:
            failed[environment.name] = [str(error)]
            say(str(error))
    shapes = [shape for shape in (*ANALYSED, *PASSED) if shape.environment in pythons]
    for number in range(1, rounds + 1):
        say(f"rivals: round {number} of {rounds}")
        await wait_for_calm(patience_s)
        for shape in shapes:
            if number > 1 and shape in PASSED:
                continue
            try:
                result = await watched(shape, pythons[shape.environment], frames / FPS)
            except (FacestreamError, RuntimeError, TimeoutError, SystemExit) as error:
                failed.setdefault(shape.name, []).append(f"{type(error).__name__}: {error}")
                say(f"  {shape.name} failed: {failed[shape.name][-1]}")
                continue
            done.setdefault(shape.name, []).append(result)
    medians = {name: summed_up(results) for name, results in done.items()}
    ours = medians.get("facestream", {})
    return {
        "frames": frames,
        "medians": medians,
        "ours_to_theirs": {
            name: {key: ratio(ours.get(key), theirs[key]) for key in ("p50_ms", "p95_ms", "cpu_ms")}
            for name, theirs in medians.items()
            if name in {shape.name for shape in ANALYSED[1:]}
        },
        "rounds": {name: [result.as_json() for result in results] for name, results in done.items()},
        "failed": failed,
    }


async def watched(shape: Shape, python: str, seconds: float) -> Result:
    """Measure one server.

    Raises SystemExit if it does not start, RuntimeError if the connection ends, TimeoutError, and what a peer raises.
    """
    with servers.running(shape.command, python=python) as server:
        async with sending(server, face_clip(), codec=shape.codec) as group, asyncio.timeout(DEADLINE_S):
            if shape.environment is not None:
                await _first_handled(server, group)
            await group.watch(WARM_UP_S)
            before = _handled(server)
            window = await group.watch(seconds)
            has_handler = shape.environment is not None
            return Result(window, _handled(server).since(before) if has_handler else None)


async def _first_handled(server: Server, group: PeerGroup) -> None:
    deadline_s = time.monotonic() + FIRST_DEADLINE_S
    while not _handled(server).frames:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no frame has gone through the handler in {FIRST_DEADLINE_S:.0f} s")
        await group.watch(0.5)


def _handled(server: Server) -> Handled:
    return Handled.of_log(server.log.read_text(encoding="utf-8", errors="replace"))


def summed_up(results: Sequence[Result]) -> dict[str, float | None]:
    """The median of each figure; None if no measurement has it."""
    rows = [result.as_json() for result in results]
    medians: dict[str, float | None] = {}
    for key in rows[0]:
        values = [value for row in rows if isinstance(value := row[key], int | float)]
        medians[key] = round(statistics.median(values), 2) if values else None
    return medians


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    frames, rounds = (FRAMES_QUICK, 1) if args.quick else (FRAMES, ROUNDS)
    patience_s = 0.0 if args.quick or args.hurry else PATIENCE_S
    measured.run("rivals", args, measure(frames, rounds, patience_s))


if __name__ == "__main__":
    main()
