"""A video file is analysed once, from start to end: every frame, at its own time."""

from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser.cameras import CAMERAS, LOOP, expect_state, states_since
from tests.browser.clips import (
    assert_every_frame_once,
    expect_end,
    saved_lines,
    saved_reports,
    use_clip,
    whole_file_analysed,
    write_clip,
)
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Old browsers cannot tell which frame they draw.
NO_VIDEO_FRAME = "delete window.VideoFrame;"
# A busy page misses frames of the video.
BUSY = """
setInterval(() => { const end = performance.now() + 60; while (performance.now() < end); }, 300);
"""
# Some frames are analysed, and no more come.
COUNT_RESTS = """() => {
  const count = document.querySelector('.clip-count').textContent;
  if (count !== window.lastCount) Object.assign(window, { lastCount: count, sinceMs: performance.now() });
  return !count.startsWith('0') && performance.now() - window.sinceMs > 1000;
}"""


async def test_every_frame_of_a_file_is_analysed_once_at_its_own_time(
    server_url: str, open_page: OpenPage, media_dir: Path
):
    clip = media_dir / "single_face.mp4"
    async with open_page(server_url, script=CAMERAS) as page:
        reports = await whole_file_analysed(page, clip)

        # The clip shows one person. New ids would split the person's numbers.
        assert {face["id"] for report in reports for face in report["faces"]} == {1}
        await expect(page.locator("#held")).to_contain_text("1 face")
        messages = await saved_lines(page)
        events = [message for message in messages if "event" in message]
        assert [(event["event"], event["time_s"]) for event in events[:2]] == [
            ("began", 0),
            ("connection", 0),
        ]
        assert not any("clock" in event for event in events)
        states = await states_since(page, 1)
        assert states[-1] == "finished"
        # Without a try over WebRTC, and over one connection.
        assert not {"reconnecting", "lost", "failed"} & set(states)


@pytest.mark.parametrize("script", ["", NO_VIDEO_FRAME, BUSY], ids=["now", "old browser", "busy"])
async def test_frames_that_the_browser_skips_are_fetched(
    server_url: str, open_page: OpenPage, tmp_path: Path, script: str
):
    times_s = [index / 60 for index in range(45)]
    times_s += [times_s[-1] + gap for gap in np.cumsum([0.04, 0.1, 0.02, 0.5, 0.033, 0.25]).tolist()]
    clip = write_clip(tmp_path / "quick.mp4", "libx264", times_s)
    async with open_page(server_url, script=CAMERAS + script) as page:
        await use_clip(page, clip)
        await expect_end(page)

        assert_every_frame_once(await saved_reports(page), clip)


async def test_a_server_that_drops_frames_still_analyses_all_of_them(
    open_page: OpenPage, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
):
    clip = write_clip(tmp_path / "slow.webm", "libvpx", [index / 30 for index in range(24)])
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
        # Of the frame on show, which has no face.
        await expect(page.locator("#verdict")).to_have_text("No face")
        # Frames that were under way when it was paused are still counted.
        await page.wait_for_function(COUNT_RESTS)
        position = page.get_by_role("slider", name="Position in the file")
        counted = await page.locator(".clip-count").inner_text()
        await position.fill("18")
        await expect(page.locator(".clip-count")).not_to_have_text(counted, timeout=SOON_MS)
        await position.fill("1")
        await expect(position).to_have_js_property("value", "18")
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
            "() => Number(document.documentElement.dataset.frame) > 30", timeout=SOON_MS
        )

        await expect(page.get_by_label("Loop")).to_be_checked()
        await expect(page.locator(".clip-bar")).to_be_hidden()
