"""The clips that are sent: a real face, 640x480, made once into build/bench; measures nothing."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame

from benchmarks.measured import ROOT
from facestream.replay.clip import open_clip

SOURCE = ROOT / "build" / "media" / "single_face.mp4"
FOLDER = ROOT / "build" / "bench"
WIDTH_PX, HEIGHT_PX = 640, 480
LONGEST_FRAMES = 900
"""What the load generator encodes at most: while no number comes twice, a delay of up to 30 s can be read."""
TURN_S = 142 / 30
"""How long the clip takes forwards and backwards, until it is where it began."""


def face_clip(fps: int = 30) -> Path:
    """640x480 at so many frames a second, cut out of the middle of the source; made if it is not there yet."""
    path = FOLDER / f"face_{WIDTH_PX}x{HEIGHT_PX}_{fps}.mp4"
    if not path.is_file():
        if not SOURCE.is_file():
            raise SystemExit(f"{SOURCE} is missing; run `make test-media`")
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        _write(part, _there_and_back(_frames(), 30 // fps), fps)
        part.replace(path)
    return path


def frames_of(clip: Path) -> list[VideoFrame]:
    """Every frame of a clip, as the headless peer would send it."""
    return [frame.picture for frame in open_clip(clip).frames()]


def _frames() -> list[VideoFrame]:
    return [_middle(frame.picture) for frame in open_clip(SOURCE).frames()]


def _middle(frame: VideoFrame) -> VideoFrame:
    """The middle of the frame, 4:3, at the clip's size."""
    image = frame.to_ndarray(format="rgb24")
    width_px = frame.height * WIDTH_PX // HEIGHT_PX // 2 * 2
    left = (frame.width - width_px) // 2
    middle = VideoFrame.from_ndarray(image[:, left : left + width_px].copy(), format="rgb24")
    return middle.reformat(width=WIDTH_PX, height=HEIGHT_PX, format="yuv420p")


def _there_and_back(frames: Sequence[VideoFrame], step: int) -> list[VideoFrame]:
    """Forwards and backwards, so that the frame never jumps, also where the clip starts again."""
    turn = list(range(0, len(frames), step))
    turn += turn[-2:0:-1]
    turns = LONGEST_FRAMES // len(turn)
    return [frames[number] for number in turn * turns]


def _write(path: Path, frames: Sequence[VideoFrame], fps: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, fps)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
