"""Compare this tree with another commit in turn, beside the floor and a usual aiortc server: is a frame cheaper now?

CPU of a frame, delay and lateness of the event loop with one peer; then more and more peers, until both fall behind.
"""

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import measured, servers
from benchmarks.calm import TRIES, in_calm, undisturbed
from benchmarks.capacity import MIN_ANALYSED_FPS, cost_ms, kept_up
from benchmarks.clips import TURN_S, face_clip
from benchmarks.latency import BASELINE_S, summed_up
from benchmarks.measured import percentile, ratio, say
from benchmarks.peers import Window, sending
from benchmarks.trees import Tree, tree_of, working_tree
from facestream.replay.options import Codec

WARM_UP_S = 3.0
NOW, BEFORE = "working_tree", "other_commit"


@dataclass(slots=True)
class Servers:
    """The windows of one kind of server, and how late its event loop was."""

    windows: list[Window] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """Length and number of the measurements."""

    rounds: int
    seconds: float
    length_s: float | None
    tries: int

    async def watch(
        self, tree: Tree, command: tuple[str, ...], count: int = 1, codec: Codec = "h264"
    ) -> Window:
        """So many peers at the server of a tree."""

        async def measure() -> Window:
            with servers.running(command, *_arguments(command), root=tree.root) as server:
                async with sending(server, face_clip(), count, codec=codec, length_s=self.length_s) as group:
                    await group.watch(WARM_UP_S)
                    seconds = min(self.seconds, BASELINE_S) if command == servers.USUAL else self.seconds
                    return await group.watch(seconds)

        return await in_calm(measure, tries=self.tries)

    async def lateness(self, tree: Tree) -> list[float]:
        """How late a callback each 5 ms is in the server of a tree with one peer, in milliseconds."""
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "seconds.jsonl"
            with servers.running(servers.MONITORED, "--seconds-to", str(lines), root=tree.root) as server:
                async with sending(server, face_clip(), length_s=self.length_s) as group:
                    await group.watch(WARM_UP_S + self.seconds)
            seconds = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
            return [late for second in seconds[-int(self.seconds) :] for late in second["late_ms"]]


def _arguments(command: tuple[str, ...]) -> tuple[str, ...]:
    return ("--max-sessions", "64") if command[0] == "server.py" else ()


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """One peer at each kind of server in turn, then more and more peers at both trees."""
    plan = (
        Plan(1, 3.0, TURN_S, tries=1)
        if args.quick
        else Plan(args.rounds, 15.0, None, tries=1 if args.hurry else TRIES)
    )
    trees = {NOW: working_tree(), BEFORE: tree_of(args.against)}
    commits: dict[str, object] = {name: tree.commit for name, tree in trees.items()}
    return commits | await one_peer(plan, trees) | await many_peers(plan, trees, args)


async def one_peer(plan: Plan, trees: dict[str, Tree]) -> dict[str, object]:
    """CPU, delay and event loop with one peer: both trees, the floor and the usual server in turn."""
    kinds = {name: Servers() for name in (*trees, "floor", "usual_aiortc")}
    for number in range(1, plan.rounds + 1):
        say(f"before_and_after: one peer, round {number} of {plan.rounds}")
        for name, tree in trees.items():
            kinds[name].windows.append(await plan.watch(tree, servers.OURS))
            kinds[name].late_ms += await plan.lateness(tree)
        kinds["floor"].windows.append(await plan.watch(trees[NOW], servers.FLOOR))
        kinds["usual_aiortc"].windows.append(await plan.watch(trees[NOW], servers.USUAL, codec="vp8"))
    medians = {name: summed_up(undisturbed(kind.windows)) for name, kind in kinds.items()}
    now = medians[NOW]
    return {
        "one_peer": medians,
        "cpu_ms_by_round": {
            name: [cost_ms(w) or _floor_ms(w) for w in kind.windows] for name, kind in kinds.items()
        },
        "now_to_before": {
            key: ratio(now[key], medians[BEFORE][key]) for key in ("cpu_ms", "p50_ms", "p95_ms")
        },
        "cpu_now_to_floor": ratio(now["cpu_ms"], medians["floor"]["cpu_ms"]),
        "cpu_now_to_usual": ratio(now["cpu_ms"], medians["usual_aiortc"]["cpu_ms"]),
        "bars": {"cpu_now_to_floor": 2.2, "cpu_now_to_usual": 0.33},
        "event_loop_late_ms": {
            name: {"p50": percentile(kinds[name].late_ms, 50), "p99": percentile(kinds[name].late_ms, 99)}
            for name in trees
        },
    }


async def many_peers(plan: Plan, trees: dict[str, Tree], args: argparse.Namespace) -> dict[str, object]:
    """More and more peers at both trees in turn; a tree that has fallen behind gets no more."""
    steps: dict[str, dict[int, Window]] = {name: {} for name in trees}
    going = dict(trees)
    for count in range(args.fewest, (args.fewest if args.quick else args.most) + 1):
        for name, tree in list(going.items()):
            say(f"before_and_after: {count} peers, {name}")
            steps[name][count] = window = await plan.watch(tree, servers.OURS, count)
            if not kept_up(window, MIN_ANALYSED_FPS):
                del going[name]
    return {
        "criterion": {"fps_analysed_min": MIN_ANALYSED_FPS, "p95_ms": 150.0},
        "most_peers_at_30_fps": {
            name: max(
                (count for count, window in windows.items() if kept_up(window, MIN_ANALYSED_FPS)),
                default=None,
            )
            for name, windows in steps.items()
        },
        "peers": {
            name: {
                count: {
                    "fps_analysed": [min(w.fps_analysed), round(statistics.mean(w.fps_analysed), 2)],
                    "cpu_ms": cost_ms(w),
                    "p50_ms": percentile(w.delays_ms, 50),
                    "p95_ms": percentile(w.delays_ms, 95),
                    "dropped": w.dropped,
                    "client_cores": round(w.client_cpu_ms / w.seconds / 1000, 2),
                    "foreign_cores": w.foreign_cores,
                }
                for count, w in windows.items()
            }
            for name, windows in steps.items()
        },
    }


def _floor_ms(window: Window) -> float:
    return round(window.cpu_ms / max(1, window.frames), 2)


def main() -> None:
    """Measure and write the JSON."""
    options = measured.parser(__doc__ or "")
    options.add_argument("--against", metavar="COMMIT", required=True, help="the commit to compare with")
    options.add_argument("--rounds", type=int, default=3, help="of one peer at each kind of server")
    options.add_argument("--fewest", type=int, default=4, help="peers with which the rise begins")
    options.add_argument("--most", type=int, default=12, help="peers at which it ends")
    args = options.parse_args()
    measured.run("before_and_after", args, measure(args))


if __name__ == "__main__":
    main()
