"""Compare what the analysis of a stream costs and says in the working tree and in another commit, in turn.

Each commit analyses in a process of its own, on one thread, with its own models and defaults. Both get the same frames;
one waits while the other works, a scene at a time, so that the load of the machine affects both alike. Run this file
itself (`python benchmarks/analysis_turns.py`) only as such a process: it imports the analysis that PYTHONPATH names.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np

from benchmarks.measured import percentile

SETTLE_FRAMES = 15
"""Frames at the start of a scene that are not counted: the first search, and models before they are warm."""


@dataclass(frozen=True, slots=True)
class SceneCost:
    """What one commit spent on one pass over a scene."""

    frames_ms: list[float]
    """CPU time of the thread for each frame after the first ones."""
    process_ms: float
    """CPU time of the whole process for a frame: more than the mean only if the analysis has other threads."""
    said: list[list[dict[str, Any]]]
    """What `_said` takes of each face, for each of these frames."""

    @property
    def mean_ms(self) -> float:
        return statistics.mean(self.frames_ms)


class Turns:
    """The process of one commit, which analyses a scene when it is asked to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._out: IO[str] = process.stdin
        self._in: IO[str] = process.stdout

    def analyse(self, scene: Path) -> SceneCost:
        """Analyse the frames of a file of `saved_scene`."""
        self._out.write(f"{scene}\n")
        self._out.flush()
        answer = self._in.readline()
        if not answer:
            raise SystemExit("the analysis of a commit has ended; its error stands above")
        return SceneCost(**json.loads(answer))


@contextlib.contextmanager
def taking_turns(root: Path, environment: dict[str, str], options: dict[str, Any]) -> Iterator[Turns]:
    """The analysis of the tree in `root`, with these `AnalysisOptions`."""
    command = [sys.executable, str(Path(__file__).resolve()), str(root / "models"), json.dumps(options)]
    process = subprocess.Popen(
        command, cwd=root, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Turns(process)
    finally:
        process.communicate()


def compared(scene: Path, turns: dict[str, Turns], rounds: int) -> dict[str, object]:
    """The costs of both commits on one scene; who begins changes from round to round."""
    costs: dict[str, list[SceneCost]] = {name: [] for name in turns}
    for number in range(rounds):
        for name in sorted(turns, reverse=bool(number % 2)):
            costs[name].append(turns[name].analyse(scene))
    first, second = (costs[name] for name in turns)
    ratios = [one.mean_ms / other.mean_ms for one, other in zip(first, second, strict=True)]
    return {
        **{name: _summed_up(each) for name, each in costs.items()},
        "differences": differences(first[0].said, second[0].said),
        f"{' over '.join(turns)}": {
            "median_of_rounds": round(statistics.median(ratios), 3),
            "lowest_and_highest": [round(min(ratios), 3), round(max(ratios), 3)],
            "of_the_lowest": round(min(c.mean_ms for c in first) / min(c.mean_ms for c in second), 3),
        },
    }


def _summed_up(rounds: list[SceneCost]) -> dict[str, object]:
    frames_ms = sorted(spent_ms for each in rounds for spent_ms in each.frames_ms)
    return {
        # The mean of all frames of a pass: searches and checks count as often as they happen.
        "stream_ms": {
            "lowest_round": round(min(each.mean_ms for each in rounds), 2),
            "median_round": round(statistics.median(each.mean_ms for each in rounds), 2),
        },
        "process_ms_median_round": round(statistics.median(each.process_ms for each in rounds), 2),
        "frame_ms": {
            "median": round(statistics.median(frames_ms), 2),
            "p95": round(frames_ms[int(0.95 * len(frames_ms))], 2),
        },
        "faces": sorted({len(faces) for each in rounds for faces in each.said}),
    }


def differences(first: list[list[dict[str, Any]]], second: list[list[dict[str, Any]]]) -> dict[str, object]:
    """How far what two commits say about the same frames is apart; shares are of the faces that both have."""
    pairs = [
        (one, other)
        for ones, others in zip(first, second, strict=True)
        for one in ones
        for other in others
        if one["id"] == other["id"]
    ]
    apart = [_points_apart(one["landmarks"], other["landmarks"]) for one, other in pairs]
    return {
        "faces": len(pairs),
        "faces_that_one_lacks": sum(map(len, first)) + sum(map(len, second)) - 2 * len(pairs),
        "landmarks_percent_of_eye_distance_median": percentile(apart, 50),
        "landmarks_percent_of_eye_distance_p99": percentile(apart, 99),
        "labels_alike": _share(one["label"] == other["label"] for one, other in pairs),
        "labels_opposed": _share(
            one["label"] != other["label"] and "unsure" not in (one["label"], other["label"])
            for one, other in pairs
        ),
        "probabilities_apart_p99": percentile(
            [
                max(abs(a - b) for a, b in zip(one["probabilities"], other["probabilities"], strict=True))
                for one, other in pairs
            ],
            99,
        ),
        "blinks": [
            max((face["blinks"] for faces in each for face in faces), default=0) for each in (first, second)
        ],
    }


def _points_apart(one: list[list[float]], other: list[list[float]]) -> float:
    """Mean distance of the points, in percent of the distance of the outer corners of the eyes."""
    points, others = np.array(one), np.array(other)
    eyes = float(np.linalg.norm(others[45] - others[36]))
    return 100 * float(np.linalg.norm(points - others, axis=1).mean()) / max(eyes, 1e-6)


def _share(are: Iterable[bool]) -> float | None:
    found = list(are)
    return round(sum(found) / len(found), 4) if found else None


def _said(report: Any) -> list[dict[str, Any]]:
    """What both commits have of a face; earlier ones lack more recent numbers."""
    return [
        {
            "id": face.id,
            "label": str(face.label),
            "probabilities": list(face.probabilities),
            "landmarks": np.round(face.landmarks_xy, 3).tolist(),
            "blinks": face.blinks,
        }
        for face in report.faces
    ]


@contextlib.contextmanager
def saved_scene(frames: list[np.ndarray], fps: float) -> Iterator[Path]:
    """Gray frames of one size in a file that both processes read."""
    with tempfile.TemporaryDirectory(prefix="facestream-turns-") as folder:
        path = Path(folder) / "scene.npz"
        np.savez(path, frames=np.stack(frames), fps=fps)
        yield path


def main() -> None:
    """Analyse each scene whose path comes on stdin; one line of JSON is the answer."""
    # Here, so that the process that compares imports the analysis of no other commit.
    from facestream.analysis.models import load_analyzer
    from facestream.analysis.options import AnalysisOptions
    from facestream.analysis.tracking.tracks import Tracks

    cv2.setNumThreads(1)
    models, options = sys.argv[1:]
    analyzer = load_analyzer(Path(models), AnalysisOptions(**json.loads(options)))
    for line in sys.stdin:
        with np.load(line.strip()) as stored:
            frames, fps = stored["frames"], float(stored["fps"])
        tracks = Tracks()
        frames_ms, reports = list[float](), list[Any]()
        process_s = 0.0
        for number, gray in enumerate(frames):
            if number == SETTLE_FRAMES:
                process_s = time.process_time()
            began_s = time.thread_time()
            report, tracks = analyzer.analyze(gray, tracks, number / fps)
            spent_ms = 1000 * (time.thread_time() - began_s)
            if number >= SETTLE_FRAMES:
                frames_ms.append(spent_ms)
                reports.append(report)
        process_ms = 1000 * (time.process_time() - process_s) / len(frames_ms)
        sys.stdout.write(
            json.dumps({"frames_ms": frames_ms, "process_ms": process_ms, "said": list(map(_said, reports))})
            + "\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
