"""The clips that the benchmarks send: a real face, 640x480, created once in build/bench."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
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
    return _created(path, lambda: [_middle(frame) for frame in _source()], fps)


def large_face_clip() -> Path:
    """The source clip at 1280x720 and 30 FPS; created if it does not exist."""
    return _created(
        FOLDER / "face_1280x720_30.mp4", lambda: [_scaled(frame, 1280, 720) for frame in _source()]
    )


def four_faces_clip() -> Path:
    """The middle of the source clip in each quarter, at four times of it, 640x480 at 30 FPS; created once."""

    def frames() -> list[VideoFrame]:
        middles = [_middle(frame) for frame in _source()]
        turn = [*middles, *middles[-2:0:-1]]
        return [
            _in_quarters([turn[(number + part * len(turn) // 4) % len(turn)] for part in range(4)])
            for number in range(len(middles))
        ]

    return _created(FOLDER / f"faces4_{WIDTH_PX}x{HEIGHT_PX}_30.mp4", frames)


def frames_of(clip: Path) -> list[VideoFrame]:
    """All frames of a clip, as the headless peer sends them."""
    return [frame.frame for frame in open_clip(clip).frames()]


def _created(path: Path, frames: Callable[[], list[VideoFrame]], fps: int = 30) -> Path:
    if not path.is_file():
        if not SOURCE.is_file():
            raise SystemExit(f"{SOURCE} is missing; run `make test-media`")
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.mp4")
        _write(part, there_and_back(frames(), 30 // fps), fps)
        part.replace(path)
    return path


def _source() -> list[VideoFrame]:
    return [frame.frame for frame in open_clip(SOURCE).frames()]


def _scaled(frame: VideoFrame, width_px: int, height_px: int) -> VideoFrame:
    return frame.reformat(width=width_px, height=height_px, format="yuv420p")


def _middle(frame: VideoFrame) -> VideoFrame:
    """The middle of the frame, 4:3, at the clip's size."""
    image = frame.to_ndarray(format="rgb24")
    width_px = frame.height * WIDTH_PX // HEIGHT_PX // 2 * 2
    left = (frame.width - width_px) // 2
    middle = VideoFrame.from_ndarray(image[:, left : left + width_px].copy(), format="rgb24")
    return _scaled(middle, WIDTH_PX, HEIGHT_PX)


def _in_quarters(frames: Sequence[VideoFrame]) -> VideoFrame:
    """Four frames, each in a quarter of one frame of the same size."""
    small = [_scaled(frame, WIDTH_PX // 2, HEIGHT_PX // 2).to_ndarray(format="rgb24") for frame in frames]
    image = np.vstack([np.hstack(small[:2]), np.hstack(small[2:])])
    return _scaled(VideoFrame.from_ndarray(image, format="rgb24"), WIDTH_PX, HEIGHT_PX)


def there_and_back(frames: Sequence[VideoFrame], step: int) -> list[VideoFrame]:
    """The frames forwards and backwards, so that there is no cut when the clip repeats."""
    turn = list(range(0, len(frames), step))
    turn += turn[-2:0:-1]
    turns = LONGEST_FRAMES // len(turn)
    return [frames[number] for number in turn * turns]


def _write(path: Path, frames: Sequence[VideoFrame], fps: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast"}
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, fps)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
