"""Say where the CPU time of a frame goes: by station, in both processes, with a sum that the operating system confirms.

A server whose functions are wrapped from outside (`stations/`) serves one peer. Each thread of it is at one station at
any time, and its CPU time, not the time on the clock, is charged to that station. What the measuring itself costs is
estimated, taken off the stations, and shown; the same server without it runs in turn. `--against COMMIT` profiles
another commit, too.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import measured, servers
from benchmarks.calm import TRIES, in_calm
from benchmarks.clips import TURN_S, face_clip, four_faces_clip, large_face_clip
from benchmarks.measured import ratio, say
from benchmarks.peers import Window, sending
from benchmarks.processes import usage
from benchmarks.stations import names
from benchmarks.stations.snapshots import Spent, about_measuring, between, take
from benchmarks.trees import Tree, tree_of, working_tree

PROFILED = ("-m", "benchmarks.stations.server")
SCENES: dict[str, Callable[[], Path]] = {
    "640x480, 1 face": face_clip,
    "1280x720, 1 face": large_face_clip,
    "640x480, 4 faces": four_faces_clip,
}
WARM_UP_S = 3.0
UNEXPLAINED = "unexplained: in no row"
NATIVE = "threads without Python"
MEASURING = "the measuring itself"
PROCESSES = ("media", "worker")
"""The roles of `Snapshot`."""
MOST_UNEXPLAINED = 0.05
LEAST_SHOWN_MS = 0.005


@dataclass(frozen=True, slots=True)
class Profiled:
    """A window of a profiled server."""

    window: Window
    system_ms: float
    """CPU time of the server and its workers, as /proc says, from the first snapshot to the second."""
    spent: Mapping[str, Spent]
    """By role."""
    about: dict[str, dict[str, Any]]

    @property
    def foreign_cores(self) -> float:
        return self.window.foreign_cores


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds of each window, and how often it is tried until nothing disturbs it."""

    profiled_s: float
    plain_s: float
    length_s: float | None
    tries: int


async def profile(tree: Tree, clip: Path, plan: Plan) -> Profiled:
    """One peer at the profiled server of a tree."""

    async def measure() -> Profiled:
        with (
            tempfile.TemporaryDirectory(prefix="facestream-stations-") as folder,
            servers.running(PROFILED, "--folder", folder, root=tree.root) as server,
        ):
            async with sending(server, clip, length_s=plan.length_s) as group:
                await group.watch(WARM_UP_S)
                before, used_before_s = await asyncio.to_thread(take, Path(folder)), usage(server.pid).cpu_s
                window = await group.watch(plan.profiled_s)
                after, used_s = await asyncio.to_thread(take, Path(folder)), usage(server.pid).cpu_s
        spent = {role: between(before, after, role) for role in PROCESSES}
        return Profiled(window, 1000 * (used_s - used_before_s), spent, about_measuring(after))

    return await in_calm(measure, tries=plan.tries)


async def plain(tree: Tree, clip: Path, plan: Plan) -> Window:
    """The same peer at the server as it is."""

    async def measure() -> Window:
        with servers.running(servers.OURS, root=tree.root) as server:
            async with sending(server, clip, length_s=plan.length_s) as group:
                await group.watch(WARM_UP_S)
                return await group.watch(plan.plain_s)

    return await in_calm(measure, tries=plan.tries)


def as_figures(profiled: Profiled, without: Window) -> dict[str, object]:
    """Milliseconds of CPU for an analysed frame, by station."""
    window = profiled.window
    frames = max(1, profiled.spent["media"].calls.get(names.DRAW_COPY, 0))
    rows: dict[str, dict[str, float]] = {}
    for process in PROCESSES:
        spent = profiled.spent[process]
        for station, ms in sorted(spent.stations_ms.items()):
            rows[f"{process}, {station}"] = {
                "ms": round(ms / frames, 3),
                "calls": round(spent.calls[station] / frames, 2),
            }
        rows[f"{process}, {NATIVE}"] = {"ms": round(spent.native_ms / frames, 3), "calls": 0.0}
        rows[f"{process}, {MEASURING}"] = {"ms": round(spent.measuring_ms / frames, 3), "calls": 0.0}
    system_ms = profiled.system_ms / frames
    rows[UNEXPLAINED] = {"ms": round(system_ms - sum(row["ms"] for row in rows.values()), 3), "calls": 0.0}
    plain_ms = without.cpu_ms / max(1, without.analysed)
    measuring_ms = sum(spent.measuring_ms for spent in profiled.spent.values()) / frames
    return {
        "frames": frames,
        "fps_analysed": min(window.fps_analysed),
        "faces": round(profiled.spent["worker"].calls.get(names.GEOMETRY, 0) / frames, 2),
        "ms_by_station": rows,
        "ms_said_by_the_system": round(system_ms, 2),
        "unexplained_share": ratio(rows[UNEXPLAINED]["ms"], system_ms),
        "ms_without_the_measuring": round(system_ms - measuring_ms, 2),
        "ms_of_the_plain_server": round(plain_ms, 2),
        "foreign_cores": [window.foreign_cores, without.foreign_cores],
        "by_process": {
            process: {
                "ms": round(profiled.spent[process].process_ms / frames, 2),
                "user_ms": round(profiled.spent[process].user_ms / frames, 2),
                "system_ms": round(profiled.spent[process].system_ms / frames, 2),
                "waits": round(profiled.spent[process].waits / frames, 1),
                "preemptions": round(profiled.spent[process].preemptions / frames, 1),
            }
            for process in PROCESSES
        },
        "measuring": profiled.about,
    }


async def measure(args: argparse.Namespace) -> dict[str, object]:
    """Each scene in turn with both trees."""
    plan = (
        Plan(4.0, 3.0, TURN_S, tries=1)
        if args.quick
        else Plan(12.0, 8.0, None, tries=1 if args.hurry else TRIES)
    )
    trees = {"working_tree": working_tree()}
    if args.against:
        trees["other_commit"] = tree_of(args.against)
    figures: dict[str, object] = {name: tree.commit for name, tree in trees.items()}
    columns: dict[str, dict[str, object]] = {}
    for scene, make_clip in SCENES.items():
        clip = await asyncio.to_thread(make_clip)
        for name, tree in trees.items():
            say(f"where_it_goes: {scene}, {name}")
            without = await plain(tree, clip, plan)
            profiled = await profile(tree, clip, plan)
            found = as_figures(profiled, without)
            column = scene if len(trees) == 1 else f"{scene}, {name}"
            figures[column] = columns[column] = found
            for role, about in profiled.about.items():
                if missing := about["missing"]:
                    say(f"  {role}: {name} has no function at {', '.join(missing)}")
            share = found["unexplained_share"]
            if isinstance(share, float) and abs(share) > MOST_UNEXPLAINED:
                say(f"  {100 * share:.0f} % of the CPU time is in no row; measure again on an idle machine")
    for line in as_table(columns):
        say(line)
    return figures


def as_table(columns: Mapping[str, Mapping[str, object]]) -> list[str]:
    """A table in Markdown: stations by scenes, in the order in which a frame passes them."""
    by_scene: list[Mapping[str, Mapping[str, float]]] = [
        column["ms_by_station"]  # type: ignore[misc]
        for column in columns.values()
    ]
    rows = list(dict.fromkeys(_shown(row) for scene in by_scene for row in scene))
    lines = [f"| process | station | {' | '.join(columns)} |", f"|---|---|{'---|' * len(columns)}"]
    for row in sorted(rows, key=_order):
        cells = [[found["ms"] for name, found in scene.items() if _shown(name) == row] for scene in by_scene]
        if row == UNEXPLAINED or any(abs(sum(cell)) >= LEAST_SHOWN_MS for cell in cells):
            shown = " | ".join(f"{sum(cell):.2f}" if cell else "-" for cell in cells)
            lines.append(f"| {row.replace(', ', ' | ', 1) if row != UNEXPLAINED else f'| {row}'} | {shown} |")
    for title, key in (
        ("sum, as the operating system says", "ms_said_by_the_system"),
        ("the same without the measuring", "ms_without_the_measuring"),
        ("the server without profile", "ms_of_the_plain_server"),
    ):
        lines.append(f"| | **{title}** | {' | '.join(f'**{column[key]}**' for column in columns.values())} |")
    lines.append(f"| | frames analysed in a second | {_cells(columns, ('fps_analysed',))} |")
    lines.append(f"| | faces in a frame | {_cells(columns, ('faces',))} |")
    for process in PROCESSES:
        counts = _cells(columns, ("by_process", process, "waits"), ("by_process", process, "preemptions"))
        lines.append(f"| {process} | context switches: it waited, its core was taken | {counts} |")
    return lines


def _cells(columns: Mapping[str, Mapping[str, object]], *paths: tuple[str, ...]) -> str:
    def value(found: Any, path: tuple[str, ...]) -> str:
        for key in path:
            found = found[key]
        return str(found)

    return " | ".join(", ".join(value(column, path) for path in paths) for column in columns.values())


def _shown(row: str) -> str:
    """The row without what only the JSON tells apart."""
    return row.partition("/")[0]


def _order(row: str) -> tuple[int, int, str]:
    process, _, station = row.partition(", ")
    place = PROCESSES.index(process) if process in PROCESSES else len(PROCESSES)
    known = list(names.ORDER)
    return place, known.index(station) if station in known else len(known), row


def main() -> None:
    """Measure and write the JSON."""
    options = measured.parser(__doc__ or "")
    options.add_argument("--against", metavar="COMMIT", help="profile this commit, too, in turn")
    args = options.parse_args()
    measured.run("where_it_goes", args, measure(args))


if __name__ == "__main__":
    main()
