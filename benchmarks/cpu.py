"""Compare the server's CPU time per analysed frame with pass-through and with a usual aiortc server, in one run."""

import math
import statistics

from benchmarks import measured, servers
from benchmarks.calm import undisturbed
from benchmarks.latency import BASELINE_S, Plan, calmly_over_webrtc
from benchmarks.measured import ratio, say
from benchmarks.peers import Window
from facestream.replay.options import Codec

SHAPES: dict[str, tuple[tuple[str, ...], Codec]] = {
    # For a peer that offers H264 and VP8, facestream chooses H264 and unpatched aiortc VP8.
    "ours": (servers.OURS, "h264"),
    "floor": (servers.FLOOR, "h264"),
    "ours_vp8": (servers.OURS, "vp8"),
    "floor_vp8": (servers.FLOOR, "vp8"),
    "usual_aiortc": (servers.USUAL, "vp8"),
    "usual_aiortc_floor": (servers.USUAL_FLOOR, "vp8"),
}


async def measure(plan: Plan) -> dict[str, object]:
    """Measure every server in turn, several times; the ratios are those of medians."""
    windows: dict[str, list[Window]] = {name: [] for name in SHAPES}
    for number in range(1, plan.rounds + 1):
        say(f"cpu: round {number} of {plan.rounds}")
        for name, (command, codec) in SHAPES.items():
            at_most_s = BASELINE_S if name == "usual_aiortc" else math.inf
            window = await calmly_over_webrtc(plan, command, codec=codec, at_most_s=at_most_s)
            windows[name].append(window)
    every = windows
    windows = {name: undisturbed(each) for name, each in every.items()}
    costs_ms = {name: [_cost_ms(window) for window in each] for name, each in windows.items()}
    medians = {name: round(statistics.median(each), 2) for name, each in costs_ms.items()}
    return {
        "cpu_ms_per_frame": medians,
        "undisturbed_rounds": {name: len(each) for name, each in windows.items()},
        "cpu_ms_per_frame_by_round": {
            name: [round(_cost_ms(window), 2) for window in each] for name, each in every.items()
        },
        "media_process_cpu_ms_per_frame": {
            name: round(statistics.median(w.own_cpu_ms / max(1, w.frames) for w in each), 2)
            for name, each in windows.items()
        },
        "ours_to_floor": ratio(medians["ours"], medians["floor"]),
        "ours_to_floor_vp8": ratio(medians["ours_vp8"], medians["floor_vp8"]),
        "ours_to_usual_floor": ratio(medians["ours"], medians["usual_aiortc_floor"]),
        "ours_to_usual": ratio(medians["ours"], medians["usual_aiortc"]),
        "bars": {"ours_to_floor": 2.0, "ours_to_usual": 0.4},
        "foreign_cores_worst": {name: max(w.foreign_cores for w in each) for name, each in windows.items()},
        "fps": {name: round(statistics.median(_fps(w) for w in each), 2) for name, each in windows.items()},
    }


def _cost_ms(window: Window) -> float:
    return window.cpu_ms / max(1, window.analysed or window.frames)


def _fps(window: Window) -> float:
    return min(window.fps_analysed) or min(window.fps_received)


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    measured.run("cpu", args, measure(Plan.of(args)))


if __name__ == "__main__":
    main()
