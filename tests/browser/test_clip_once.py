"""A video file is analysed once, from start to end: every frame, at its own time."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from playwright.async_api import Page, expect

from tests.browser.cameras import CAMERAS, LOOP, expect_state, states_since
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIZE_WH = 320, 240
# Old browsers cannot tell which frame they draw.
NO_VIDEO_FRAME = "delete window.VideoFrame;"
# A busy page misses frames of the video.
BUSY = """
setInterval(() => { const end = performance.now() + 60; while (performance.now() < end); }, 300);
"""


def write_clip(path: Path, codec: str, times_s: list[float]) -> Path:
    """Frames that differ, at these times."""
    with av.open(str(path), "w") as target:
        video = target.add_stream(codec, rate=30)
        assert isinstance(video, av.VideoStream)
        video.width, video.height = SIZE_WH
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, 90_000)
        for index, time_s in enumerate(times_s):
            image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 40 + index % 8 * 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 90_000), Fraction(1, 90_000)
            target.mux(video.encode(frame))
        target.mux(video.encode())
    return path


def times_of(clip: Path) -> list[float]:
    with av.open(str(clip)) as opened:
        return sorted(float(frame.time or 0) for frame in opened.decode(video=0))


async def use_clip(page: Page, clip: Path) -> None:
    await page.get_by_label("Use a video file").set_input_files(clip)
    await page.get_by_role("button", name="I agree").click()


async def expect_end(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-state", "finished", timeout=4 * SOON_MS)


async def saved_reports(page: Page) -> list[dict[str, Any]]:
    await page.locator("#save summary").click()
    async with page.expect_download() as download:
        await page.locator("#save-jsonl").click()
    path = await (await download.value).path()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if "seq" in line]


def assert_every_frame_once(reports: list[dict[str, Any]], clip: Path) -> None:
    times_s = times_of(clip)
    found = {round(report["time_s"], 3) for report in reports}
    assert [time_s for time_s in times_s if not {round(time_s, 3)} & found] == []
    assert [report["time_s"] for report in reports] == pytest.approx(times_s, abs=0.0015)
    assert [report["seq"] for report in reports] == list(range(len(times_s)))
    assert all(report["analysed"] for report in reports)


async def test_every_frame_of_a_file_is_analysed_once_at_its_own_time(
    server_url: str, open_page: OpenPage, media_dir: Path
):
    clip = media_dir / "single_face.mp4"
    async with open_page(server_url, script=CAMERAS) as page:
        await use_clip(page, clip)
        await expect_end(page)

        count = len(times_of(clip))
        await expect(page.locator(".clip-result")).to_have_text(
            f"The whole file was analysed: {count} of {count} frames."
        )
        reports = await saved_reports(page)
        assert_every_frame_once(reports, clip)
        # The clip shows one person. New ids would split the person's numbers.
        assert {face["id"] for report in reports for face in report["faces"]} == {1}
        await expect(page.locator("#held")).to_contain_text("1 face")
        states = await states_since(page, 1)
        assert states[-1] == "finished"
        # Without a try over WebRTC, and over one connection.
        assert not {"reconnecting", "lost", "failed"} & set(states)


@pytest.mark.parametrize("script", ["", NO_VIDEO_FRAME, BUSY], ids=["now", "old browser", "busy"])
async def test_frames_that_the_browser_skips_are_fetched(
    server_url: str, open_page: OpenPage, tmp_path: Path, script: str
):
    times_s = [index / 60 for index in range(90)]
    times_s += [times_s[-1] + gap for gap in np.cumsum([0.04, 0.1, 0.02, 0.5, 0.033, 0.25]).tolist()]
    clip = write_clip(tmp_path / "quick.mp4", "libx264", times_s)
    async with open_page(server_url, script=CAMERAS + script) as page:
        await use_clip(page, clip)
        await expect_end(page)

        assert_every_frame_once(await saved_reports(page), clip)


async def test_a_server_that_drops_frames_still_analyses_all_of_them(
    open_page: OpenPage, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    clip = write_clip(tmp_path / "slow.webm", "libvpx", [index / 30 for index in range(45)])
    log = tmp_path_factory.mktemp("slow") / "server.log"
    with running_server(log, "--analysis-processes", "1", "--max-fps", "8") as slow:
        async with open_page(slow.url, script=CAMERAS) as page:
            await use_clip(page, clip)
            await expect_end(page)

            assert_every_frame_once(await saved_reports(page), clip)


async def test_pause_holds_the_file_and_a_seek_skips_a_part(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    clip = write_clip(tmp_path / "long.webm", "libvpx", [index / 20 for index in range(400)])
    async with open_page(server_url, script=CAMERAS) as page:
        await use_clip(page, clip)
        await expect_state(page, "connected")

        await page.get_by_role("button", name="Pause the file").click()
        await expect_state(page, "paused")
        await page.wait_for_function(
            "() => !document.querySelector('.clip-count').textContent.startsWith('0')"
        )
        position = page.get_by_role("slider", name="Position in the file")
        await position.fill("18")
        await page.get_by_role("button", name="Continue the file").click()
        await expect_end(page)

        reports = await saved_reports(page)
        times_s = [report["time_s"] for report in reports]
        assert times_s == sorted(set(times_s))
        assert [time_s for time_s in times_s if time_s >= 18] == pytest.approx(
            [index / 20 for index in range(360, 400)], abs=0.0015
        )
        assert len(times_s) < 300
        await expect(page.locator(".clip-result")).to_contain_text("s that you skipped")


async def test_a_file_that_loops_does_not_end(server_url: str, open_page: OpenPage, tmp_path: Path):
    clip = write_clip(tmp_path / "short.webm", "libvpx", [index / 20 for index in range(20)])
    async with open_page(server_url, script=CAMERAS + LOOP) as page:
        await use_clip(page, clip)

        await page.wait_for_function(
            "() => Number(document.documentElement.dataset.frame) > 60", timeout=SOON_MS
        )

        await expect(page.get_by_label("Loop")).to_be_checked()
        await expect(page.locator(".clip-bar")).to_be_hidden()
