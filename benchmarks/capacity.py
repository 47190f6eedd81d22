"""Measure how many peers one server can serve, and what a frame costs by their number, its size and its faces."""

import argparse
from pathlib import Path

from benchmarks import measured, servers
from benchmarks.calm import TRIES, in_calm
from benchmarks.clips import TURN_S, face_clip, four_faces_clip, large_face_clip
from benchmarks.measured import percentile, ratio, say
from benchmarks.peers import Window, sending

WARM_UP_S = 3.0
MIN_ANALYSED_FPS = 28.0
MAX_P95_MS = 150.0
SCENES = {"1280x720, 1 face": large_face_clip, "640x480, 4 faces": four_faces_clip}


async def with_peers(count: int, clip: Path, seconds: float, length_s: float | None, tries: int) -> Window:
    """Measure this many peers that send the clip to a server of their own."""

    async def measure() -> Window:
        with servers.running(servers.OURS, "--max-sessions", "64") as server:
            async with sending(server, clip, count, length_s=length_s) as group:
                await group.watch(WARM_UP_S)
                return await group.watch(seconds)

    return await in_calm(measure, tries=tries)


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """1..N peers at 30 FPS until one falls behind, then four at 15, then one and two peers with other clips."""
    seconds, length_s = (3.0, TURN_S) if args.quick else (15.0, None)
    tries = 1 if args.quick or args.hurry else TRIES
    at_30: list[Window] = []
    capacity = 0
    for count in range(1, (1 if args.quick else args.most) + 1):
        say(f"capacity: {count} peers at 30 FPS")
        window = await with_peers(count, face_clip(), seconds, length_s, tries)
        at_30.append(window)
        if not kept_up(window, MIN_ANALYSED_FPS):
            break
        capacity = count
    say("capacity: peers at 15 FPS")
    one_at_15 = await with_peers(1, face_clip(15), seconds, length_s, tries)
    four_at_15 = await with_peers(4, face_clip(15), seconds, length_s, tries)
    others = {}
    for scene, clip in SCENES.items():
        for count in (1,) if args.quick else (1, 2):
            say(f"capacity: {count} peers, {scene}")
            window = await with_peers(count, clip(), seconds, length_s, tries)
            others[f"{scene}, {count} peers"] = window.as_json()
    costs = [cost_ms(window) for window in at_30]
    return {
        "largest_number_at_30_fps": capacity,
        "criterion": {"fps_analysed_min": MIN_ANALYSED_FPS, "p95_ms": MAX_P95_MS},
        "cost_ms_per_frame_by_peers": {str(n): cost for n, cost in enumerate(costs, start=1)},
        "cost_of_last_that_kept_up_to_one": ratio(costs[capacity - 1], costs[0]) if capacity else None,
        "four_at_15_fps": four_at_15.as_json(),
        "one_at_15_fps": one_at_15.as_json(),
        "cost_of_four_to_one_at_15_fps": ratio(cost_ms(four_at_15), cost_ms(one_at_15)),
        "bars_at_15_fps": {"fps_analysed_min": 14.5, "p95_ms": 150.0, "cost_of_four_to_one": 1.2},
        "other_scenes_at_30_fps": others,
        "at_30_fps": [window.as_json() for window in at_30],
    }


def kept_up(window: Window, min_fps: float) -> bool:
    """Whether every peer got its analysed frames, and the first peer got them in time."""
    p95_ms = percentile(window.delays_ms, 95)
    return min(window.fps_analysed) >= min_fps and p95_ms is not None and p95_ms <= MAX_P95_MS


def cost_ms(window: Window) -> float | None:
    """CPU time of the server per analysed frame."""
    return round(window.cpu_ms / window.analysed, 2) if window.analysed else None


def main() -> None:
    """Measure and write the JSON."""
    options = measured.parser(__doc__ or "")
    options.add_argument("--most", type=int, default=12, help="peers at 30 FPS that are tried at most")
    args = options.parse_args()
    measured.run("capacity", args, measure(args))


if __name__ == "__main__":
    main()
