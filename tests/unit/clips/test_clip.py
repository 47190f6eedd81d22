import struct
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest
from av import VideoFrame

from facestream.clips.clip import open_clip
from facestream.clips.reader import STILL_DURATION_S, STILL_FPS, Selection
from facestream.errors import ClipError
from facestream.media.planes import planes_of


def write_clip(
    path: Path, times: tuple[int, ...] = tuple(range(10)), *, left: Literal["same", "white", "noise"] = "same"
) -> Path:
    """Write a clip of 64x48 pixels and 10 FPS; the frame at time n has gray level 20 + 10 n."""
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"tune": "zerolatency", "crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for time in times:
            pixels = np.full((48, 64, 3), 20 + 10 * time, np.uint8)
            if left != "same":
                pixels[:, :32] = 255 if left == "white" else noise.integers(0, 256, (48, 32, 3))
            frame = VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_image(path: Path, size_wh: tuple[int, int] = (64, 48)) -> Path:
    red, gray = np.array([255, 0, 0], np.uint8), np.array([90, 90, 90], np.uint8)
    pixels = np.full((size_wh[1], size_wh[0], 3), gray, np.uint8)
    pixels[: size_wh[1] // 2] = red
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = *size_wh, "rgb24"
        container.mux(stream.encode(VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return path


def test_frames_keep_the_times_of_the_clip(tmp_path: Path):
    clip = open_clip(write_clip(tmp_path / "clip.mp4", times=(0, 1, 4, 5)))

    times_s = [round(frame.at_s, 3) for frame in clip.frames()]

    assert times_s == [0, 0.1, 0.4, 0.5]


def test_a_looping_clip_continues_without_a_gap(tmp_path: Path):
    clip = open_clip(write_clip(tmp_path / "clip.mp4"))

    times_s = [frame.at_s for frame in islice(clip.frames(Selection(loop=True)), 35)]

    assert np.diff(times_s) == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize(
    ("loop", "duration_s", "count"), [(False, 0.45, 5), (True, 2.45, 25), (False, 9, 10)]
)
def test_the_duration_limits_the_frames(tmp_path: Path, *, loop: bool, duration_s: float, count: int):
    clip = open_clip(write_clip(tmp_path / "clip.mp4"))

    assert len(list(clip.frames(Selection(loop=loop, duration_s=duration_s)))) == count


def test_an_image_is_sent_for_five_seconds(tmp_path: Path):
    clip = open_clip(write_image(tmp_path / "image.png"))

    frames = list(clip.frames(Selection(gaps="fill")))

    assert clip.still
    assert len(frames) == STILL_DURATION_S * STILL_FPS == clip.expected_frames()
    assert len({id(frame.frame) for frame in frames}) == len(frames)


def test_an_image_is_sent_for_the_given_duration(tmp_path: Path):
    clip = open_clip(write_image(tmp_path / "image.png"))

    assert len(list(clip.frames(Selection(duration_s=1, gaps="fill")))) == STILL_FPS


def test_drawing_on_one_frame_changes_no_other(tmp_path: Path):
    clip = open_clip(write_clip(tmp_path / "clip.mp4"))

    levels = []
    for frame in clip.frames():
        luma = planes_of(frame.frame)[0]
        levels.append(int(luma[24, 32]))
        luma[:] = 0

    assert levels == sorted(levels)
    assert levels[0] > 20


def test_odd_sides_are_cropped_because_h264_encoders_reject_them(tmp_path: Path):
    clip = open_clip(write_image(tmp_path / "odd.png", (75, 51)))

    frame = next(clip.frames()).frame

    assert (frame.width, frame.height) == clip.size_wh == (74, 50)
    assert frame.format.name == "yuv420p"


def test_colours_survive_the_conversion(tmp_path: Path):
    clip = open_clip(write_image(tmp_path / "image.png"))

    pixels = next(clip.frames()).frame.to_ndarray(format="rgb24")

    assert pixels[8, 32] == pytest.approx([255, 0, 0], abs=10)
    assert pixels[40, 32] == pytest.approx([90, 90, 90], abs=10)


def turn_clockwise(path: Path) -> None:
    """Set the rotation of an MP4 to 90 degrees, as a phone held upright does."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


def test_a_rotated_clip_is_sent_upright(tmp_path: Path):
    path = write_clip(tmp_path / "phone.mp4", left="white")
    turn_clockwise(path)
    clip = open_clip(path)

    luma = planes_of(next(clip.frames()).frame)[0]

    assert clip.size_wh == (48, 64)
    assert luma[:28].mean() > 200
    assert luma[36:].mean() < 60


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mp4", None, "no such file"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"this is no clip, but it is long enough to be looked at" * 20, "expected a video"),
        ("noise.jpg", bytes(range(256)) * 8, "expected a video"),
    ],
)
def test_a_file_that_is_not_a_clip_is_reported_in_one_sentence(
    tmp_path: Path, name: str, content: bytes | None, message: str
):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ClipError, match=message) as raised:
        open_clip(path)

    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_directory_is_rejected(tmp_path: Path):
    with pytest.raises(ClipError, match="not a file"):
        open_clip(tmp_path)


def test_a_file_with_sound_only_is_rejected(tmp_path: Path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))

    with pytest.raises(ClipError, match="no video"):
        open_clip(path)


def test_an_image_of_a_few_pixels_is_rejected(tmp_path: Path):
    with pytest.raises(ClipError, match="at least 16x16"):
        open_clip(write_image(tmp_path / "tiny.png", (8, 8)))


def test_a_truncated_clip_ends_where_it_is_cut_off(tmp_path: Path):
    whole = write_clip(tmp_path / "whole.mkv", times=tuple(range(20)), left="noise")
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    count = len(list(open_clip(tmp_path / "cut.mkv").frames()))

    assert 0 < count < 20


def test_a_clip_that_is_deleted_while_it_loops_ends(tmp_path: Path):
    path = write_clip(tmp_path / "clip.mp4")
    frames = open_clip(path).frames(Selection(loop=True))
    list(islice(frames, 10))
    path.unlink()

    with pytest.raises(ClipError, match="no such file"):
        next(frames)
