"""The running page: chart, latency by stage, and a lost connection."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np
import pytest
from playwright.async_api import Page, Request, expect

from tests.browser.cameras import LOOP
from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    chart_points,
    more_frames_shown,
    start,
    until,
)
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_chart_pauses_looks_back_and_shows_the_time_of_a_frame(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await start(page)
        await chart_points(page, 6)

        await page.get_by_label("Time span of the chart").select_option("15 s")
        await page.get_by_role("button", name="Pause chart").click()
        await more_frames_shown(page, 15)  # the redraw that was due when it was pressed is over
        before = await page.locator("#chart").get_attribute("data-points")
        await more_frames_shown(page, 25)
        assert await page.locator("#chart").get_attribute("data-points") == before
        box = await page.locator("#chart").bounding_box()
        assert box
        await page.mouse.move(box["x"] + box["width"] - 100, box["y"] + 60)
        await expect(page.locator(".c3-tooltip")).to_contain_text(
            re.compile(r"\d:\d\d\.\d, (Happy|Neutral|Unsure)")
        )

        await page.get_by_role("button", name="Resume chart").click()
        await page.wait_for_function(
            "(before) => document.getElementById('chart').dataset.points !== before", arg=before
        )


async def test_the_displayed_frame_is_marked_near_the_end(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)

        await expect(page.locator(".mark-shown")).to_be_visible(timeout=SOON_MS)

        # 100 % is a frame without latency, 97 % one with two seconds.
        part = await page.locator(".mark-shown").evaluate(
            "(mark) => mark.offsetLeft / mark.parentElement.clientWidth"
        )
        assert 0.95 < part <= 1.001


async def test_the_stages_and_figures_are_filled(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)

        await expect(page.locator("#codec")).to_have_text("H264", timeout=SOON_MS)
        await page.wait_for_function(
            "() => !document.getElementById('quality').textContent.includes('\\u2013')", timeout=SOON_MS
        )
        stages = await page.locator("#stages li").all_text_contents()
        assert [stage.split()[0] for stage in stages] == [
            "camera", "network", "waiting", "finding", "landmarks", "expression", "drawing", "encoding", "display",
        ]  # fmt: skip


async def has_a_gap(page: Page) -> bool:
    """Whether a line of the chart is interrupted."""
    begins = await page.evaluate(
        """Math.max(...[...document.querySelectorAll('.c3-line')]
          .map((line) => line.getAttribute('d').match(/M/g)?.length ?? 0))"""
    )
    return int(begins) > 1


def clip_with_an_absence(face: Path, to: Path) -> Path:
    """A face for a second, no face for two, the face again; as WebM, which every Chromium plays."""
    with av.open(str(face)) as source, av.open(str(to), "w") as target:
        stream = target.add_stream("libvpx", rate=15, options={"deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        images = [
            frame.reformat(320, 240, "rgb24").to_ndarray()
            for frame, _ in zip(source.decode(video=0), range(15), strict=False)
        ]
        empty = np.full_like(images[0], 90)
        for index, image in enumerate([*images, *[empty] * 30, *images]):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = index
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return to


async def test_the_absence_of_a_face_is_a_gap_in_the_chart(
    server_url: str, open_page: OpenPage, media_dir: Path, tmp_path: Path
):
    clip = clip_with_an_absence(media_dir / "single_face.mp4", tmp_path / "absence.webm")
    async with open_page(server_url, script=LOOP) as page:
        await page.get_by_label("Use a video file").set_input_files(clip)
        await page.get_by_role("button", name="I agree").click()
        await expect(page.locator("#verdict")).to_have_text("No face", timeout=SOON_MS)
        await expect(page.locator("#verdict")).not_to_have_text("No face", timeout=SOON_MS)

        await until(lambda: has_a_gap(page))


# Makes the newest connection of the page fail, as a lost network does.
BREAK = """
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) { super(...given); window.newest = this; }
};
window.breakConnection = () => {
  Object.defineProperty(window.newest, 'connectionState', { value: 'failed' });
  window.newest.dispatchEvent(new Event('connectionstatechange'));
};
"""


async def test_a_restored_connection_continues_with_the_same_face_ids(
    server_url: str, open_page: OpenPage, media_dir: Path, tmp_path: Path
):
    clip = clip_with_an_absence(media_dir / "single_face.mp4", tmp_path / "absence.webm")
    async with open_page(server_url, script=BREAK + LOOP) as page:
        offers: list[Request] = []
        page.on("request", lambda sent: offers.append(sent) if sent.url.endswith("/offer") else None)
        await page.get_by_label("Use a video file").set_input_files(clip)
        await page.get_by_role("button", name="I agree").click()
        # The returning face gets another id, so a session that starts anew would be visible: it counts from one.
        await expect(page.locator("#verdict")).to_have_text("No face", timeout=SOON_MS)
        await expect(page.locator("#verdict")).not_to_have_text("No face", timeout=SOON_MS)
        assert int(await page.locator("#face").get_attribute("data-id") or 0) > 1

        await page.evaluate("window.breakConnection()")
        await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting")
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
        await page.wait_for_function("() => Number(document.getElementById('face').dataset.id) > 0")

        assert int(await page.locator("#face").get_attribute("data-id") or 0) > 1
        assert ["resume" in (offer.post_data or "") for offer in offers] == [False, True]


# The numbers of all faces in the messages so far.
KEEP_IDS = """
  window.ids = [];
  const make = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = make.apply(this, given);
    channel.addEventListener('message', ({ data }) => {
      window.ids.push(...(JSON.parse(data).faces ?? []).map(({ id }) => id));
    });
    return channel;
  };
"""


@pytest.mark.timeout(150)
async def test_the_page_reconnects_to_a_killed_and_restarted_server(tmp_path: Path, open_page: OpenPage):
    with running_server(tmp_path / "server.log") as first:
        port = str(urlsplit(first.url).port)
        async with open_page(first.url, expect_errors="refused", script=KEEP_IDS) as page:
            await start(page)
            await page.get_by_label("Time span of the chart").select_option("180")
            points = await chart_points(page, 2)
            first.process.kill()
            await expect(page.locator("html")).to_have_attribute(
                "data-state", "reconnecting", timeout=SOON_MS
            )
            await expect(page.get_by_role("timer")).to_contain_text("Next try in")
            ids = await page.evaluate("window.ids.splice(0)")
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=SCREENSHOTS / "page_1280_lost.png")

            with running_server(tmp_path / "second.log", "--port", port):
                # The page may already have tried: the new server listens before its models have loaded.
                await page.locator("#try-now").dispatch_event("click")

                await expect(page.locator("html")).to_have_attribute(
                    "data-state", "connected", timeout=SOON_MS
                )
                await chart_points(page, points["fps"] + 1)
                await until(lambda: has_a_gap(page))
                assert ids[0] == 1
                # This server knows nothing of the lost session, yet no face gets the number of an earlier one.
                assert min(await page.evaluate("window.ids")) > max(ids)
