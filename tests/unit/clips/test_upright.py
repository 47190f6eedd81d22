"""What frames look like does not depend on how they are stored."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from av import VideoFrame

from facestream.analysis.photos import read_gray
from facestream.clips.clip import Clip, open_clip
from facestream.clips.reader import ClipFrame, Selection
from facestream.clips.upright import Upright
from facestream.media.planes import planes_of
from tests.unit.clips.making import levels, quarters, set_matrix, write_video

WAYS = {
    (1, 0, 0, 1): lambda image: image,
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
    (1, 0, 0, -1): lambda image: image[::-1],
    (-1, 0, 0, -1): lambda image: image[::-1, ::-1],
    (0, 1, 1, 0): lambda image: image.T,
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (0, -1, 1, 0): lambda image: np.rot90(image),
    (0, -1, -1, 0): lambda image: image.T[::-1, ::-1],
}
HLG = {"color_primaries": 9, "color_trc": 18, "colorspace": 9, "color_range": 1}


def first_of(clip: Clip, selection: Selection | None = None) -> ClipFrame:
    with clip.frames(selection) as reader:
        return next(reader)


def close(gray: np.ndarray, expected: np.ndarray) -> bool:
    return gray.shape == expected.shape and float(np.abs(gray.astype(int) - expected).mean()) < 8


@pytest.mark.parametrize("matrix", WAYS)
def test_a_turned_or_mirrored_video_is_read_upright(tmp_path: Path, matrix: tuple[int, int, int, int]):
    plain = write_video(tmp_path / "plain.mp4", [quarters()] * 2)
    stored = first_of(open_clip(plain)).gray

    clip = open_clip(set_matrix(plain, *matrix))

    shown = WAYS[matrix](stored)
    assert close(first_of(clip).gray, shown)
    assert clip.size_wh == (shown.shape[1], shown.shape[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_sent_as_it_is_analysed(tmp_path: Path, orientation: int):
    exif = f"ffe1 0022 457869660000 4d4d002a00000008 0001 0112 0003 00000001 {orientation:04x} 0000 00000000"
    content = cv2.imencode(".jpg", quarters())[1].tobytes()
    path = tmp_path / "photo.jpg"
    path.write_bytes(content[:2] + bytes.fromhex(exif) + content[2:])
    analysed = read_gray(path)

    sent = first_of(open_clip(path)).gray

    assert close(sent, 16 + analysed * (219 / 255))


@pytest.mark.parametrize(
    ("aspect", "size_wh"),
    [
        (Fraction(2), (128, 48)),
        (Fraction(1, 2), (64, 96)),
        (Fraction(999, 1000), (64, 48)),
        (Fraction(100), (64, 48)),
    ],
)
def test_pixels_become_square(tmp_path: Path, aspect: Fraction, size_wh: tuple[int, int]):
    clip = open_clip(write_video(tmp_path / "clip.mp4", [quarters()] * 2, pixel_aspect=aspect))

    frame = first_of(clip).frame

    assert (frame.width, frame.height) == clip.size_wh == size_wh


def test_a_turned_frame_with_other_pixels_is_stretched_along_its_own_lines(tmp_path: Path):
    path = write_video(tmp_path / "clip.mp4", [quarters()] * 2, pixel_aspect=Fraction(2))

    assert open_clip(set_matrix(path, 0, 1, -1, 0)).size_wh == (48, 128)


def test_a_larger_frame_is_scaled_down_to_the_limit(tmp_path: Path):
    clip = open_clip(write_video(tmp_path / "clip.mp4", [quarters((640, 360))] * 2))

    gray = first_of(clip, Selection(max_side_px=128)).gray

    assert gray.shape == (72, 128)
    assert close(gray, first_of(clip).gray[::5, ::5])


def test_full_range_becomes_studio_range(tmp_path: Path):
    image = quarters()
    image[:8, :8] = 255
    image[8:16, :8] = 0
    path = write_video(tmp_path / "full.mp4", [image] * 2, pixels="yuvj420p", colours={"color_range": 2})

    gray = first_of(open_clip(path)).gray

    assert (int(gray.min()), int(gray.max())) == pytest.approx((16, 235), abs=3)


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv422p", "yuv444p"])
def test_other_formats_look_alike(tmp_path: Path, pixels: str):
    usual = write_video(tmp_path / "usual.mp4", [quarters()] * 2)
    other = write_video(tmp_path / "other.mp4", [quarters()] * 2, pixels=pixels)

    frame = first_of(open_clip(other))

    assert frame.frame.format.name == "yuv420p"
    assert close(frame.gray, first_of(open_clip(usual)).gray)


def test_hlg_gets_the_contrast_and_the_colours_of_a_usual_video(tmp_path: Path):
    # In HLG, the white of paper is 75 %, and colours are paler, because its primaries are wider.
    image = np.full((48, 64, 3), 191, np.uint8)
    image[:, :32] = (150, 120, 110)
    path = write_video(tmp_path / "hlg.mp4", [image] * 2, pixels="yuv420p10le", colours=HLG)

    luma, u, v = planes_of(first_of(open_clip(path)).frame)

    stored = VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p")
    stored_luma, stored_u, stored_v = planes_of(stored)
    assert luma[20, 50] > stored_luma[20, 50] + 20
    saturation, stored_saturation = (
        np.hypot(float(blue[10, 5]) - 128, float(red[10, 5]) - 128)
        for blue, red in ((u, v), (stored_u, stored_v))
    )
    assert saturation > 1.2 * stored_saturation


def test_interlaced_frames_become_whole_ones(tmp_path: Path):
    # A bar moves by 8 pixels between the two fields of a frame, so that its edges are combs.
    images = []
    for number in range(6):
        image = np.full((96, 128), 40, np.uint8)
        image[::2, 16 * number : 16 * number + 32] = 200
        image[1::2, 16 * number + 8 : 16 * number + 40] = 200
        images.append(image)
    options = {"crf": "1", "flags": "+ildct+ilme", "x264-params": "tff=1:bframes=0"}
    path = write_video(tmp_path / "old.mp4", images, options=options)

    with open_clip(path).frames() as reader:
        frames = list(reader)

    assert [frame.at_s for frame in frames] == pytest.approx([number / 10 for number in range(6)])
    for frame in frames[1:-1]:
        lines = frame.gray.astype(int)
        assert np.abs(lines[2:-2] * 2 - lines[1:-3] - lines[3:-1]).mean() < 3


def test_a_size_that_changes_in_the_middle_is_followed():
    upright = Upright(None)

    sizes = []
    for size_wh in ((64, 48), (48, 64), (64, 48)):
        frame = upright.convert(VideoFrame(*size_wh, "yuv444p"))
        sizes.append((frame.width, frame.height, frame.format.name))

    assert sizes == [(64, 48, "yuv420p"), (48, 64, "yuv420p"), (64, 48, "yuv420p")]


def test_gray_shares_the_memory_of_the_frame(tmp_path: Path):
    clip = open_clip(write_video(tmp_path / "clip.mp4", levels(3, (128, 96))))

    frame = first_of(clip)

    assert frame.gray.flags.c_contiguous
    planes_of(frame.frame)[0][:] = 77
    assert frame.gray[0, 0] == 77
