"""The word and the bars belong to the frame on show, to the face that was chosen, and add up."""

import re
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from playwright.async_api import Page, expect

from tests.browser.cameras import LOOP, NOTHING, TRANSPORTS
from tests.browser.clips import use_clip
from tests.browser.conftest import SOON_MS, OpenPage, more_frames_shown, start

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The video is shown three seconds after its messages.
LATE_VIDEO = """
  const { set, get } = Object.getOwnPropertyDescriptor(RTCRtpReceiver.prototype, 'jitterBufferTarget');
  Object.defineProperty(RTCRtpReceiver.prototype, 'jitterBufferTarget', { get, set() { set.call(this, 3000); } });
"""
# Each change of the word, and the time of it.
WATCH_WORD = """
  window.words = [];
  addEventListener('DOMContentLoaded', () => new MutationObserver(() => {
    const word = document.getElementById('verdict').textContent;
    if (words.at(-1)?.word !== word) words.push({ word, ms: performance.now() });
  }).observe(document.getElementById('verdict'), { childList: true, characterData: true, subtree: true }));
"""
# The faces of the newest message.
KEEP_FACES = """
  const make = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = make.apply(this, given);
    channel.addEventListener('message', ({ data }) => { window.faces = JSON.parse(data).faces ?? window.faces; });
    return channel;
  };
"""
# How many frames the panel is behind the newest report.
BEHIND = """() => Number(document.documentElement.dataset.frame)
  - Number(document.getElementById('face').dataset.seq)"""
# A second at least without the followed face at the end of the chart: reports, but no line, and a band "absent".
GAP = """() => {
  const points = JSON.parse(document.getElementById('chart').dataset.points);
  const last = document.querySelector('.ribbon').dataset.bands.split(',').pop();
  const [, from, end] = /^absent (\\d+)-(\\d+)$/.exec(last) ?? [];
  return end - from >= 4 && points.fps - points.happy >= 2;
}"""
FPS = 10


def clip_of_faces(image: Path, to: Path, five_s: int = 3, one_s: int = 4) -> Path:
    """Five faces, then the leftmost one alone."""
    image_bgr = cv2.imread(str(image))
    assert image_bgr is not None
    scale = 640 / image_bgr.shape[1]
    five = np.asarray(cv2.resize(image_bgr, (640, round(image_bgr.shape[0] * scale / 2) * 2)), np.uint8)
    one = five.copy()
    one[:, 210:] = 90
    with av.open(str(to), "w") as target:
        # Realtime, because the encoder's default takes minutes on a busy machine.
        options = {"deadline": "realtime", "cpu-used": "8", "b:v": "3M"}
        video = target.add_stream("libvpx", rate=FPS, options=options)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = five.shape[1], five.shape[0], "yuv420p"
        for index in range((five_s + one_s) * FPS):
            frame = av.VideoFrame.from_ndarray(five if index < five_s * FPS else one, format="bgr24")
            frame.pts = index
            target.mux(video.encode(frame))
        target.mux(video.encode())
    return to


async def percents(page: Page) -> list[int]:
    texts = await page.evaluate(
        "[...document.querySelectorAll('#face .row .share')].map((e) => e.textContent)"
    )
    return [int(text.removesuffix("%")) for text in texts if text != NOTHING]


async def test_the_word_waits_for_the_frame_that_it_describes(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=LATE_VIDEO) as page:
        await start(page)

        # Eight frames pass between two looks at the newest message, at most.
        await page.wait_for_function(f"() => ({BEHIND})() > 10", timeout=SOON_MS)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_word_keeps_up_with_the_video(server_url: str, open_page: OpenPage, transport: str):
    async with open_page(server_url, script=TRANSPORTS[transport]) as page:
        await start(page)
        await more_frames_shown(page, 20)

        first = await page.evaluate("Number(document.getElementById('face').dataset.seq)")
        await page.wait_for_function(
            "(first) => Number(document.getElementById('face').dataset.seq) > first + 20",
            arg=first,
            timeout=SOON_MS,
        )


async def test_without_the_frames_times_the_word_still_follows(server_url: str, open_page: OpenPage):
    script = "delete HTMLVideoElement.prototype.requestVideoFrameCallback;"
    async with open_page(server_url, script=script) as page:
        await start(page)

        await page.wait_for_function(
            "() => Number(document.getElementById('face').dataset.seq) > 20", timeout=SOON_MS
        )


async def test_the_word_changes_at_most_four_times_a_second(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=WATCH_WORD) as page:
        await start(page)
        # At least two intervals; the time before the first word does not count.
        await page.wait_for_function("() => words.length >= 4", timeout=SOON_MS)

        times = [word["ms"] for word in (await page.evaluate("words"))[1:]]
        assert all(later - earlier > 200 for earlier, later in pairwise(times))


async def test_the_percentages_add_up_to_100(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await expect(page.locator("#face")).not_to_have_attribute("data-id", "0", timeout=SOON_MS)
        seen = []
        for _ in range(5):
            seen.append(await percents(page))
            await more_frames_shown(page, 10)

        assert any(seen)
        assert all(sum(shown) == 100 for shown in seen if shown)


async def test_a_chosen_face_that_left_is_not_replaced_by_another(
    server_url: str, open_page: OpenPage, media_dir: Path, tmp_path: Path
):
    clip = clip_of_faces(media_dir / "multi_face.jpg", tmp_path / "leaving.webm")
    async with open_page(server_url, script=KEEP_FACES + LOOP) as page:
        await use_clip(page, clip)
        await page.wait_for_function("() => window.faces?.length >= 2", timeout=SOON_MS)
        rightmost = await page.evaluate("window.faces.reduce((a, b) => a.box[0] > b.box[0] ? a : b).id")
        choice = page.get_by_label("Face to follow")
        await choice.select_option(str(rightmost))
        await choice.blur()

        verdict = page.locator("#verdict")
        await expect(verdict).to_have_text(f"Face {rightmost} is not in the video", timeout=SOON_MS)
        await expect(page.locator("#face")).to_have_attribute("data-id", "0")
        assert await percents(page) == []
        # Its part of the chart is a gap, although the server reports another face meanwhile.
        await page.wait_for_function(GAP, timeout=SOON_MS)

        await page.get_by_role("button", name="Follow the largest face").click()

        await expect(verdict).not_to_have_text(re.compile("is not in the video"), timeout=SOON_MS)
        await expect(page.get_by_role("button", name="Follow the largest face")).to_be_hidden()
        await page.wait_for_function(
            "() => Number(document.getElementById('face').dataset.id) > 0", timeout=SOON_MS
        )
