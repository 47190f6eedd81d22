"""Files analysed once: of an upright phone, with longer sound, of two frames; and one that cannot be read."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.cameras import CAMERAS, expect_problem, expect_state
from tests.browser.clips import use_clip, whole_file_analysed, write_clip
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def upright(path: Path) -> Path:
    """Set the rotation of an MP4 to 90 degrees, as a phone held upright does."""
    write_clip(path, "libx264", [index / 30 for index in range(20)])
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def with_longer_sound(path: Path) -> Path:
    """A second of video, three seconds of sound."""
    return write_clip(path, "libvpx", [index / 20 for index in range(20)], "libopus", sound_s=3)


def two_frames(path: Path) -> Path:
    return write_clip(path, "libvpx", [0, 0.05])


@pytest.mark.parametrize(
    ("make", "name"),
    [(upright, "phone.mp4"), (with_longer_sound, "sound.webm"), (two_frames, "two.webm")],
    ids=["upright", "longer sound", "two frames"],
)
async def test_every_frame_of_a_file_of_another_kind_is_analysed(
    server_url: str, open_page: OpenPage, tmp_path: Path, make: Callable[[Path], Path], name: str
):
    clip = make(tmp_path / name)
    async with open_page(server_url, script=CAMERAS) as page:
        await whole_file_analysed(page, clip)


# The frame on show is lost once the page seeks, and nothing reports frames.
UNREADABLE = """
delete HTMLVideoElement.prototype.requestVideoFrameCallback;
let sought = false;
addEventListener('seeking', () => (sought = true), true);
const { set, get } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'currentTime');
Object.defineProperty(HTMLMediaElement.prototype, 'currentTime', {
  get, set(timeS) { sought = true; set.call(this, timeS); },
});
const ready = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'readyState').get;
Object.defineProperty(HTMLMediaElement.prototype, 'readyState', { get() { return sought ? 1 : ready.call(this); } });
"""


async def test_a_file_whose_first_frame_cannot_be_read_is_reported(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    clip = write_clip(tmp_path / "bad.webm", "libvpx", [index / 20 for index in range(20)])
    async with open_page(server_url, script=CAMERAS + UNREADABLE) as page:
        await use_clip(page, clip)

        await expect_problem(page, "clipBroken")


async def test_the_space_bar_pauses_and_continues_a_file(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    clip = write_clip(tmp_path / "long.webm", "libvpx", [index / 20 for index in range(400)])
    async with open_page(server_url, script=CAMERAS) as page:
        await use_clip(page, clip)
        await expect_state(page, "connected")
        await page.evaluate("document.activeElement.blur()")

        await page.keyboard.press("Space")
        await expect_state(page, "paused")
        await page.keyboard.press("Space")

        await expect_state(page, "connected")


async def test_without_the_compatibility_mode_the_page_says_why_a_file_loops(
    tmp_path: Path, open_page: OpenPage
):
    clip = write_clip(tmp_path / "short.webm", "libvpx", [index / 20 for index in range(20)])
    settings = "--websocket-fallback", "false", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        async with open_page(running.url, script=CAMERAS) as page:
            await use_clip(page, clip)

            await expect(page.locator(".clip-why")).to_contain_text("does not accept single frames")
            await expect(page.get_by_label("Loop")).to_be_hidden()
            await page.wait_for_function(
                "() => Number(document.documentElement.dataset.frame) > 30", timeout=SOON_MS
            )
