"""Clips that this browser cannot decode, and clips with a still frame."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser.cameras import CAMERAS, LOOP, TRANSPORTS, expect_state, session_of, states_since
from tests.browser.clips import use_clip, write_clip, write_sound
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SILENCE_S = 3
TENTHS = [index / 10 for index in range(60)]
"""Times of frames in seconds, ten per second."""


@pytest.fixture(scope="module")
def impatient_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that ends a silent session soon."""
    log = tmp_path_factory.mktemp("impatient") / "server.log"
    with running_server(log, "--analysis-processes", "1", "--silence-deadline-s", str(SILENCE_S)) as running:
        yield running.url


def sound_only(folder: Path) -> Path:
    return write_sound(folder / "sound.webm", "libopus")


def sound_named_as_video(folder: Path) -> Path:
    return write_sound(folder / "voice.m4a", "aac").rename(folder / "voice.mp4")


def hevc(folder: Path) -> Path:
    return write_clip(folder / "hevc.mp4", "libx265", TENTHS[:10])


def hevc_with_sound(folder: Path) -> Path:
    return write_clip(folder / "hevc.mov", "libx265", TENTHS[:10], "aac")


def no_frames(folder: Path) -> Path:
    return write_clip(folder / "empty.webm", "libvpx", [], "libopus")


def broken_frames(folder: Path) -> Path:
    path = write_clip(folder / "broken.mp4", "libx264", TENTHS[:30])
    data = bytearray(path.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = bytes(37 * index % 251 for index in range(end - begin))
    path.write_bytes(data)
    return path


def cut_off(folder: Path) -> Path:
    path = write_clip(folder / "cut.mp4", "libx264", TENTHS[:30])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def still_image(folder: Path) -> Path:
    path = folder / "image.png"
    with av.open(str(path), "w", format="image2") as target:
        stream = target.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        target.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        target.mux(stream.encode())
    return path


def nothing(folder: Path) -> Path:
    path = folder / "nothing.mp4"
    path.touch()
    return path


@pytest.mark.parametrize(
    "make",
    [
        sound_only, sound_named_as_video, hevc, hevc_with_sound, no_frames, broken_frames, cut_off,
        nothing,
    ],
)  # fmt: skip
async def test_a_clip_without_frames_shows_an_error_and_opens_no_session(
    server_url: str, open_page: OpenPage, tmp_path: Path, make: Callable[[Path], Path]
):
    clip = make(tmp_path)
    async with open_page(server_url, script=CAMERAS) as page:
        offers: list[str] = []
        page.on("request", lambda sent: offers.append(sent.url) if sent.url.endswith("/offer") else None)

        await use_clip(page, clip)

        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text(f"cannot decode any video in {clip.name}", timeout=SOON_MS)
        await expect(alert).to_contain_text("MP4 with H264, or to WebM")
        await expect_state(page, "failed")
        assert await states_since(page, 1) == ["starting", "failed"]
        assert offers == []


async def test_an_image_is_said_to_be_no_video(server_url: str, open_page: OpenPage, tmp_path: Path):
    async with open_page(server_url, script=CAMERAS) as page:
        await use_clip(page, still_image(tmp_path))

        await expect(page.get_by_role("alert")).to_contain_text("This is not a video", timeout=SOON_MS)
        assert await states_since(page, 1) == ["starting", "failed"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_clip_with_a_still_frame_plays_to_its_end_and_repeats(
    impatient_url: str, open_page: OpenPage, tmp_path: Path, transport: str
):
    after_gap = [SILENCE_S + 1.5 + time_s for time_s in TENTHS[:10]]
    clip = write_clip(tmp_path / "still.webm", "libvpx", [*TENTHS[:10], *after_gap])
    async with open_page(impatient_url, script=CAMERAS + LOOP + TRANSPORTS[transport]) as page:
        await use_clip(page, clip)
        session = await session_of(page)

        # A loop has twenty frames and one for each second of the gap.
        await page.wait_for_function(
            "() => Number(document.documentElement.dataset.frame) > 30", timeout=2 * SOON_MS
        )

        assert await session_of(page) == session
        assert "reconnecting" not in await states_since(page, 0)


async def test_a_clip_with_one_frame_keeps_its_session(
    impatient_url: str, open_page: OpenPage, tmp_path: Path
):
    clip = write_clip(tmp_path / "one.webm", "libvpx", [0])
    async with open_page(impatient_url, script=CAMERAS + LOOP) as page:
        await use_clip(page, clip)
        session = await session_of(page)

        # The page sends the frame once a second.
        await page.wait_for_function(
            f"() => Number(document.documentElement.dataset.frame) > {SILENCE_S + 2}", timeout=SOON_MS
        )

        assert await session_of(page) == session


async def test_a_clip_that_breaks_during_playback_shows_an_error(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    clip = write_clip(tmp_path / "breaks.mp4", "libx264", TENTHS[:60])
    data = bytearray(clip.read_bytes())
    end = data.index(b"moov") - 4
    begin = end - (end - data.index(b"mdat")) // 3
    data[begin:end] = bytes(37 * index % 251 for index in range(end - begin))
    clip.write_bytes(data)
    async with open_page(server_url, script=CAMERAS) as page:
        await use_clip(page, clip)

        await expect(page.get_by_role("alert")).to_contain_text(
            "This browser cannot decode the rest of breaks.mp4", timeout=SOON_MS
        )
        await expect_state(page, "lost")
