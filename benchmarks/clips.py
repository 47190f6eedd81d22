"""The clips that the benchmarks send: a real face, 640x480, created once in build/bench."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av import VideoFrame

from benchmarks.measured import ROOT
from facestream.clips.clip import open_clip

SOURCE = ROOT / "build" / "media" / "single_face.mp4"
FOLDER = ROOT / "build" / "bench"
WIDTH_PX, HEIGHT_PX = 640, 480
LONGEST_FRAMES = 900
"""The most that the load generator encodes; frame numbers repeat after it, so longer delays cannot be measured."""
TURN_S = 142 / 30
"""Time of the clip forwards and backwards."""


def face_clip(fps: int = 30) -> Path:
    """The middle of the source clip, 640x480, at this frame rate; created if it does not exist."""
    path = FOLDER / f"face_{WIDTH_PX}x{HEIGHT_PX}_{fps}.mp4"
    if not path.is_file():
        if not SOURCE.is_file():
            raise SystemExit(f"{SOURCE} is missing; run `make test-media`")
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        _write(part, there_and_back(_frames(), 30 // fps), fps)
        part.replace(path)
    return path


def frames_of(clip: Path) -> list[VideoFrame]:
    """All frames of a clip, as the headless peer sends them."""
    return [frame.frame for frame in open_clip(clip).frames()]


def _frames() -> list[VideoFrame]:
    return [_middle(frame.frame) for frame in open_clip(SOURCE).frames()]


def _middle(frame: VideoFrame) -> VideoFrame:
    """The middle of the frame, 4:3, at the clip's size."""
    image = frame.to_ndarray(format="rgb24")
    width_px = frame.height * WIDTH_PX // HEIGHT_PX // 2 * 2
    left = (frame.width - width_px) // 2
    middle = VideoFrame.from_ndarray(image[:, left : left + width_px].copy(), format="rgb24")
    return middle.reformat(width=WIDTH_PX, height=HEIGHT_PX, format="yuv420p")


def there_and_back(frames: Sequence[VideoFrame], step: int) -> list[VideoFrame]:
    """The frames forwards and backwards, so that there is no cut when the clip repeats."""
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
