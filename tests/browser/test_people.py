"""Several faces: the strip, and following a face by a press in the strip or in the video."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.cameras import LOOP
from tests.browser.clips import use_clip
from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    expect_no_sideways_scroll,
    more_frames_shown,
    start,
)
from tests.browser.test_frame_on_show import KEEP_FACES, clip_of_faces

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Where a face of the frame is on the screen; the clip is not mirrored, and the video has no border.
PLACE = """(id) => {
  const video = document.getElementById('video');
  const place = video.getBoundingClientRect();
  const scale = Math.min(place.width / video.videoWidth, place.height / video.videoHeight);
  const [left, top, width, height] = window.faces.find((face) => face.id === id).box;
  return [place.left + place.width / 2 + (left + width / 2 - video.videoWidth / 2) * scale,
    place.top + place.height / 2 + (top + height / 2 - video.videoHeight / 2) * scale];
}"""
DRAWN = """(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  .filter((_, i) => i % 4 === 3).some((alpha) => alpha > 0)"""


@pytest.fixture(scope="module")
def five_faces(media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip_of_faces(
        media_dir / "multi_face.jpg", tmp_path_factory.mktemp("five") / "five.webm", five_s=4, one_s=0
    )


async def play(page: Page, clip: Path) -> int:
    """Play the clip until the strip lists several faces; returns the number of the largest one not followed."""
    await use_clip(page, clip)
    await expect(page.locator("#people .person").nth(1)).to_be_visible(timeout=SOON_MS)
    # A busy server follows the two largest only.
    await page.wait_for_function("() => window.faces?.length >= 2", timeout=SOON_MS)
    by_size = "window.faces.sort((a, b) => b.box[2] - a.box[2]).map((face) => face.id)"
    ids: list[int] = await page.evaluate(by_size)
    followed = int(await page.locator("#face").get_attribute("data-id") or 0)
    return next(id_ for id_ in ids if id_ != followed)


async def test_a_press_in_the_strip_follows_a_face_and_a_second_one_the_largest(
    server_url: str, open_page: OpenPage, five_faces: Path
):
    async with open_page(server_url, script=KEEP_FACES + LOOP) as page:
        other = await play(page, five_faces)
        person = page.locator(f"#people [data-id='{other}']")

        # By keyboard.
        await person.focus()
        await page.keyboard.press("Enter")

        await expect(page.locator("#face")).to_have_attribute("data-id", str(other), timeout=SOON_MS)
        await expect(person).to_have_attribute("aria-pressed", "true")
        await expect(person).to_be_focused()
        await person.click()
        # Which face is the largest may have changed in the meantime.
        await expect(page.locator("#face select")).to_have_value("", timeout=SOON_MS)
        await expect(person).to_have_attribute("aria-pressed", "false")


async def test_a_press_on_a_face_in_the_video_follows_it(
    server_url: str, open_page: OpenPage, five_faces: Path
):
    async with open_page(server_url, script=KEEP_FACES + LOOP) as page:
        other = await play(page, five_faces)

        x, y = await page.evaluate(PLACE, other)
        await page.mouse.click(x, y)

        await expect(page.locator("#face")).to_have_attribute("data-id", str(other), timeout=SOON_MS)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_the_strip_shows_an_outline_of_each_face(
    server_url: str, open_page: OpenPage, five_faces: Path, width: int, height: int
):
    async with open_page(server_url, script=KEEP_FACES + LOOP, width=width, height=height) as page:
        await play(page, five_faces)

        thumb = await page.locator("#people .thumb").first.element_handle()
        await page.wait_for_function(DRAWN, arg=thumb, timeout=SOON_MS)
        spark = await page.locator("#people .spark").first.element_handle()
        await page.wait_for_function(DRAWN, arg=spark, timeout=SOON_MS)
        await expect_no_sideways_scroll(page)
        await page.locator("#people").scroll_into_view_if_needed()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"people-{width}.png")


async def test_one_face_has_no_strip(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await more_frames_shown(page, 30)

        await expect(page.locator("#face")).not_to_have_attribute("data-id", "0", timeout=SOON_MS)
        await expect(page.locator("#people")).to_be_hidden()


async def test_the_page_says_what_the_labels_mean_and_reads_the_word_on_request(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, width=360, height=740) as page:
        await expect(page.get_by_text("Estimates, often wrong.")).to_be_visible()
        await page.get_by_role("button", name="What they mean").click()
        meaning = page.get_by_role("dialog", name="What these labels mean")
        await expect(meaning).to_contain_text("about 84 of 100")
        await expect(meaning).to_contain_text("does not show what a person feels")
        await page.keyboard.press("Escape")
        await expect(meaning).to_be_hidden()

        await start(page)
        await expect(page.locator("#face")).not_to_have_attribute("data-id", "0", timeout=SOON_MS)
        # Nothing is announced without a request.
        await expect(page.locator("#said")).to_have_text("")
        await page.get_by_role("button", name="Read aloud").click()
        await expect(page.locator("#said")).to_contain_text("Face 1: ")
