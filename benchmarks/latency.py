"""Compare latency and analysed frames of facestream with those of the usual kinds of servers, in one run."""

import argparse
import asyncio
import math
import statistics
from dataclasses import dataclass
from typing import Self

from benchmarks import measured, servers
from benchmarks.baselines.websocket_jpeg import as_jpegs, send_jpegs
from benchmarks.calm import TRIES, in_calm, undisturbed
from benchmarks.clips import TURN_S, face_clip, frames_of
from benchmarks.measured import percentile, ratio, say
from benchmarks.peers import Window, sending
from benchmarks.processes import usage
from facestream.replay.options import Codec

WARM_UP_S = 2.0
FPS = 30.0
BASELINE_S = 12.0  # the delay of the usual servers grows steadily; a longer run only shows more of it


@dataclass(frozen=True, slots=True)
class Plan:
    """Length and number of the measurements."""

    seconds: float
    rounds: int
    clip_length_s: float | None = None
    tries: int = TRIES
    """Attempts for each window, until no other program disturbs it."""

    @classmethod
    def of(cls, args: argparse.Namespace) -> Self:
        """The plan that the command line asks for."""
        if args.quick:
            return cls(3.0, 1, TURN_S, tries=1)
        return cls(15.0, 3, tries=1 if args.hurry else TRIES)


async def over_webrtc(
    command: tuple[str, ...],
    seconds: float,
    *,
    codec: Codec,
    encode: bool = False,
    length_s: float | None = None,
) -> Window:
    """Measure one peer at this kind of server."""
    with servers.running(command) as server:
        async with sending(server, face_clip(), encode=encode, codec=codec, length_s=length_s) as group:
            await group.watch(WARM_UP_S)
            return await group.watch(seconds)


async def calmly_over_webrtc(
    plan: "Plan",
    command: tuple[str, ...],
    *,
    codec: Codec = "h264",
    encode: bool = False,
    at_most_s: float = math.inf,
) -> Window:
    """The same on an idle machine, as far as possible."""

    async def measure() -> Window:
        seconds = min(plan.seconds, at_most_s)
        return await over_webrtc(command, seconds, codec=codec, encode=encode, length_s=plan.clip_length_s)

    return await in_calm(measure, tries=plan.tries)


async def over_websocket(seconds: float) -> dict[str, object]:
    """Measure one client of the ancestor's kind of server."""
    jpegs = await asyncio.to_thread(lambda: as_jpegs(frames_of(face_clip())))
    with servers.running(servers.WEBSOCKET) as server:
        await send_jpegs(server.url, jpegs, FPS, WARM_UP_S)
        cpu_before_s = usage(server.pid).cpu_s
        back = await send_jpegs(server.url, jpegs, FPS, seconds)
        cpu_ms = 1000 * (usage(server.pid).cpu_s - cpu_before_s)
    delays_ms = [delay for _, delay in back]
    return {
        "fps_back_min": round(len(back) / seconds, 2),
        "fps_analysed_min": round(len(back) / seconds, 2),
        "round_trip_ms": {
            "p50": percentile(delays_ms, 50),
            "p95": percentile(delays_ms, 95),
            "last": round(delays_ms[-1], 1) if delays_ms else None,
        },
        "server_cpu_ms_per_frame": round(cpu_ms / len(back), 2) if back else None,
    }


async def measure(plan: Plan) -> dict[str, object]:
    """Measure every server in turn, several times, so that a disturbance affects one of several."""
    windows: dict[str, list[Window]] = {
        name: [] for name in ("ours", "ours_encoding_client", "floor", "usual_aiortc")
    }
    websockets = []
    for number in range(1, plan.rounds + 1):
        say(f"latency: round {number} of {plan.rounds}")
        windows["ours"].append(await calmly_over_webrtc(plan, servers.OURS))
        windows["ours_encoding_client"].append(await calmly_over_webrtc(plan, servers.OURS, encode=True))
        windows["floor"].append(await calmly_over_webrtc(plan, servers.FLOOR))
        usual = await calmly_over_webrtc(plan, servers.USUAL, codec="vp8", at_most_s=BASELINE_S)
        windows["usual_aiortc"].append(usual)
        websockets.append(await over_websocket(min(plan.seconds, BASELINE_S)))
    medians = {name: summed_up(undisturbed(each)) for name, each in windows.items()}
    ours, theirs = medians["ours"], medians["usual_aiortc"]
    return {
        "median_of_undisturbed_rounds": medians,
        "ours_to_usual": {
            key: ratio(ours[key], theirs[key]) for key in ("p50_ms", "p95_ms", "fps", "cpu_ms")
        },
        "rounds": {name: [window.as_json() for window in each] for name, each in windows.items()},
        "websocket_jpeg_rounds": websockets,
    }


def summed_up(windows: list[Window]) -> dict[str, float | None]:
    """The median and the worst of the rounds."""
    p50s = [percentile(window.delays_ms, 50) or 0.0 for window in windows]
    p95s = [percentile(window.delays_ms, 95) or 0.0 for window in windows]
    return {
        "rounds": len(windows),
        "p50_ms": statistics.median(p50s),
        "p95_ms": statistics.median(p95s),
        "p95_ms_worst": max(p95s),
        "fps": statistics.median(max(min(w.fps_analysed), 0) or min(w.fps_received) for w in windows),
        "foreign_cores_worst": max(window.foreign_cores for window in windows),
        "dropped": max(window.dropped for window in windows),
        "cpu_ms": round(statistics.median(w.cpu_ms / max(1, w.analysed or w.frames) for w in windows), 2),
        "media_process_cpu_ms": round(
            statistics.median(w.own_cpu_ms / max(1, w.analysed or w.frames) for w in windows), 2
        ),
    }


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    measured.run("latency", args, measure(Plan.of(args)))


if __name__ == "__main__":
    main()
