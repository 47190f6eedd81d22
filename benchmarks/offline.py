"""How fast `facestream analyze` is on files, on 1 and 2 processes, beside the usual loop, and how much memory it takes.

`usual`: OpenCV's VideoCapture, colour to gray, dlib on the whole frame of every frame, then the same landmarks and the
same emotion net of every face, a line of CSV for each face, in one process: what most scripts do. Each figure of ours
is the whole command as a person starts it, including the time in which it loads its models. The clip has one face,
640x360, 30 frames per second, and repeats forwards and backwards. All in the same run.
"""

import argparse
import contextlib
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import dlib
import numpy as np
from av import VideoFrame

from benchmarks import measured
from benchmarks.clips import SOURCE, frames_of, there_and_back
from benchmarks.processes import shared_out_mb
from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.emotion.reader import OwnEmotionNet
from facestream.analysis.faces import BoundingBox
from facestream.analysis.model_files import checked_path
from facestream.resources import MODELS_DIR

FPS = 30
FILES = 4
ON_ONE_CORE = f"{FILES} files, 1 process on one core, tables"
LOOK_EVERY_S = 0.5
MODELS = """
import os

import ai_edge_litert.interpreter, av, cv2, dlib

from benchmarks.processes import shared_out_mb

before_mb = shared_out_mb(os.getpid())
from facestream.analysis.model_files import checked_path, read_manifest
from facestream.analysis.models import load_analyzer
from facestream.analysis.trees.forest import open_forest, prepared_path
from facestream.resources import MODELS_DIR

analyzer = load_analyzer()
if getattr(analyzer.predictor, "compiled", False):
    # A frame reads a part of the leaves; over a clip, nearly all of them come into memory.
    dat = checked_path(MODELS_DIR, "landmarks")
    forest = open_forest(prepared_path(dat), read_manifest(MODELS_DIR)["landmarks"].sha256)
    forest.leaves.sum()
print(shared_out_mb(os.getpid()) - before_mb)
"""
"""Prints the memory that the models take, in MB."""
SETTLED = "partial"
"""A name in the results folder that says that the models are loaded."""


def main() -> None:
    parser = measured.parser(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=120.0, help="length of the clip for the memory")
    options = parser.parse_args()
    before = measured.circumstances()
    clip_s, long_s = (6, 30) if options.quick else (60, round(60 * options.minutes))
    with tempfile.TemporaryDirectory(prefix="facestream-offline-") as folder:
        figures = _figures(options, Path(folder), clip_s, long_s)
    measured.write("offline", options, before, figures)


def _figures(options: argparse.Namespace, folder: Path, clip_s: int, long_s: int) -> dict[str, object]:
    frames = there_and_back(frames_of(SOURCE), 1)
    clip = folder / "clip.mp4"
    length_s = write_clip(clip, frames, clip_s)
    several = [folder / f"clip{number}.mp4" for number in range(FILES)]
    for path in several:
        shutil.copy(clip, path)
    ways: dict[str, tuple[list[Path], list[str]]] = {
        "one file, 1 process, tables": ([clip], ["--processes", "1"]),
        "one file, 1 process, tables and annotated video": ([clip], ["--processes", "1", "--video"]),
        ON_ONE_CORE: (several, ["--processes", "1"]),
        f"{FILES} files, 1 process, tables": (several, ["--processes", "1"]),
        f"{FILES} files, 2 processes, tables": (several, ["--processes", "2"]),
        f"{FILES} files, 2 processes, tables and annotated video": (several, ["--processes", "2", "--video"]),
    }
    figures: dict[str, Any] = {"clip_s": round(length_s, 1), "size": f"{frames[0].width}x{frames[0].height}"}
    measured.say("usual loop")
    usual_frames, usual_s = usual_loop(clip, 30 if options.quick else 300)
    figures["usual loop"] = _speeds(usual_frames / FPS, usual_s) | {"frames": usual_frames}
    for way, (clips, arguments) in ways.items():
        measured.say(way)
        with one_core() if way == ON_ONE_CORE else contextlib.nullcontext():
            took_s, _ = analyze(clips, folder / "out", *arguments)
        figures[way] = _speeds(length_s * len(clips), took_s)
    figures["one file over usual loop"] = measured.ratio(
        figures["one file, 1 process, tables"]["times_real_time"], figures["usual loop"]["times_real_time"]
    )
    # One process uses the second core, too: decoding, writing and the models do not wait for each other.
    for name, one in (("one core", ON_ONE_CORE), ("1 process", f"{FILES} files, 1 process, tables")):
        figures[f"2 processes over {name}, several files"] = measured.ratio(
            figures[f"{FILES} files, 2 processes, tables"]["times_real_time"], figures[one]["times_real_time"]
        )
    long = folder / "long.mp4"
    long_s_made = write_clip(long, frames, long_s)
    measured.say(f"memory over {long_s_made / 60:.1f} minutes")
    took_s, sizes_mb = analyze([long], folder / "out", "--processes", "1")
    models_mb = models_memory_mb()
    figures["memory"] = {
        "clip_minutes": round(long_s_made / 60, 1),
        "times_real_time": _speeds(long_s_made, took_s)["times_real_time"],
        # Of the command and its process together, from the first frame on; shared pages count once.
        "first_mb": round(sizes_mb[0], 1),
        "after_a_tenth_mb": round(sizes_mb[len(sizes_mb) // 10], 1),
        "last_mb": round(sizes_mb[-1], 1),
        "peak_mb": round(max(sizes_mb), 1),
        "growth_mb": round(max(sizes_mb) - sizes_mb[0], 1),
        "models_mb": models_mb,
        "peak_without_models_mb": round(max(sizes_mb) - models_mb, 1),
    }
    return figures


def _speeds(video_s: float, took_s: float) -> dict[str, float]:
    return {"took_s": round(took_s, 2), "times_real_time": round(video_s / took_s, 2)}


def analyze(clips: list[Path], out: Path, *arguments: str) -> tuple[float, list[float]]:
    """Run the command; returns its seconds, and its memory in MB every half second while frames are analysed."""
    shutil.rmtree(out, ignore_errors=True)
    began_s = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "facestream", "analyze", *map(str, clips), "--out", str(out), *arguments],
        cwd=measured.ROOT,
        stdout=subprocess.DEVNULL,
    )
    sizes_mb = list[float]()
    hidden = out / ".facestream"
    while True:
        try:
            process.wait(LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            if hidden.is_dir() and any(path.name.endswith(SETTLED) for path in hidden.iterdir()):
                sizes_mb.append(shared_out_mb(process.pid))
        else:
            break
    took_s = time.perf_counter() - began_s
    if process.returncode != 0:
        raise SystemExit(f"facestream analyze ended with {process.returncode}")
    return took_s, sizes_mb


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """What is started inside runs on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def models_memory_mb() -> float:
    """What the models take in a process that has loaded the libraries."""
    command = [sys.executable, "-c", MODELS]
    run = subprocess.run(command, cwd=measured.ROOT, check=True, capture_output=True, text=True)
    return round(float(run.stdout), 1)


def usual_loop(clip: Path, most_frames: int) -> tuple[int, float]:
    """Analyse the first frames as most scripts do; returns their number and the seconds."""
    detector = dlib.get_frontal_face_detector()
    predictor = DlibLandmarks(checked_path(MODELS_DIR, "landmarks"))
    emotions = OwnEmotionNet(checked_path(MODELS_DIR, "emotion"))
    video = cv2.VideoCapture(str(clip))
    frames = 0
    with Path(os.devnull).open("w") as file:
        table = csv.writer(file)
        began_s = time.perf_counter()
        while frames < most_frames:
            is_there, image_bgr = video.read()
            if not is_there:
                break
            gray = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2GRAY), np.uint8)
            for found in detector(gray):
                box = BoundingBox(found.left(), found.top(), found.width(), found.height())
                landmarks = predictor.predict(gray, box)
                table.writerow([frames, *emotions.read(gray, box, landmarks), *landmarks.ravel()])
            frames += 1
        took_s = time.perf_counter() - began_s
    video.release()
    return frames, took_s


def write_clip(path: Path, turn: list[VideoFrame], seconds: int) -> float:
    """Write a clip that repeats the frames for about so many seconds; returns its length in seconds.

    The frames are encoded once, and their packets are written again and again.
    """
    packets = list[bytes]()
    with av.open(str(path.with_suffix(".turn.mp4")), "w") as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"crf": "20", "preset": "veryfast", "bf": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = turn[0].width, turn[0].height, "yuv420p"
        for number, frame in enumerate(turn):
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path.with_suffix(".turn.mp4"))) as source, av.open(str(path), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        packets = [bytes(packet) for packet in source.demux(video=0) if packet.size]
        turns = max(1, round(seconds * FPS / len(packets)))
        for number in range(turns * len(packets)):
            content = packets[number % len(packets)]
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = number
            packet.is_keyframe = number % len(packets) == 0
            container.mux(packet)
    path.with_suffix(".turn.mp4").unlink()
    return turns * len(packets) / FPS


if __name__ == "__main__":
    main()
