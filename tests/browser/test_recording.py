"""A recording survives what happens while it runs: another size, a lost connection, a reload, a closed tab."""

import io
import re
import zipfile
from pathlib import Path

import av
import pytest
from playwright.async_api import Page, expect

from tests.browser.cameras import CAMERAS, WEBRTC, expect_state, expect_width
from tests.browser.conftest import (
    NO_STORAGE,
    SOON_MS,
    OpenPage,
    downloaded,
    more_frames_shown,
    questions_of,
    start,
    until,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LACKING = """
const supports = MediaRecorder.isTypeSupported;
MediaRecorder.isTypeSupported = (type) => !/%s/.test(type) && supports(type);
"""
LEFT = re.compile(r"A recording of 0:0\d from \d.* was not saved\.")
PIECES = """() => new Promise((resolve) => {
  indexedDB.open('facestream').onsuccess = ({ target }) => {
    const db = target.result;
    db.transaction('pieces').objectStore('pieces').count().onsuccess = (counted) => {
      db.close();
      resolve(counted.target.result);
    };
  };
})"""

# A record of another recording, without its pieces, and the one that is there without its length and date.
DAMAGED = """() => new Promise((resolve) => {
  indexedDB.open('facestream').onsuccess = ({ target }) => {
    const db = target.result;
    const transaction = db.transaction('recordings', 'readwrite');
    const store = transaction.objectStore('recordings');
    store.getAll().onsuccess = ({ target: { result: [{ id, type, extension }] } }) => {
      store.put({ id, type, extension, startedMs: NaN });
      store.put({ id: '0' });
    };
    transaction.oncomplete = () => {
      db.close();
      resolve();
    };
  };
})"""


def widths_of(file: Path | io.BytesIO) -> dict[int, int]:
    """The number of frames of each width that a decoder finds in a recording."""
    counts: dict[int, int] = {}
    with av.open(file if isinstance(file, io.BytesIO) else str(file), mode="r") as clip:
        for frame in clip.decode(video=0):
            counts[frame.width] = counts.get(frame.width, 0) + 1
    return counts


def parts_of(file: Path) -> list[dict[int, int]]:
    """The same for each part of an archive."""
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return [widths_of(io.BytesIO(archive.read(name))) for name in sorted(archive.namelist())]


async def begin_recording(page: Page) -> None:
    await page.get_by_role("button", name="Record", exact=True).click()
    await expect(page.locator("#record")).to_contain_text(
        re.compile(r"\(0:(0[1-9]|[1-5]\d)\)"), timeout=SOON_MS
    )


async def end_recording(page: Page, folder: Path) -> Path:
    return await downloaded(page, page.get_by_role("button", name="Stop recording"), folder)


async def two_parts(page: Page, folder: Path) -> tuple[dict[int, int], dict[int, int]]:
    """Wait for the second part of a recording and end it; returns the frames of each width in either part."""
    await expect(page.locator("#notice")).to_have_text("The recording continues as part 2.", timeout=SOON_MS)
    await more_frames_shown(page, 10)
    first, second = parts_of(await end_recording(page, folder))
    return first, second


async def pieces_kept(page: Page, at_least: int) -> None:
    """Wait until the browser keeps this many pieces of a recording."""

    async def are_kept() -> bool:
        return int(await page.evaluate(PIECES)) >= at_least

    await until(are_kept)


async def leave_while_recording(page: Page) -> None:
    """Load the page again once two pieces of a recording are kept."""
    page.on("dialog", lambda dialog: dialog.accept())
    await start(page)
    await begin_recording(page)
    await pieces_kept(page, 2)
    await page.reload()


async def change_size(page: Page, width: int) -> None:
    await page.evaluate("(width) => document.querySelector(`[name=size][value^='${width}x']`).click()", width)
    await expect_width(page, width)


@pytest.mark.parametrize("lacking", ["nothing", "webm"])
async def test_another_size_does_not_break_a_recording(
    server_url: str, open_page: OpenPage, tmp_path: Path, lacking: str
):
    async with open_page(server_url, script=CAMERAS + LACKING % lacking) as page:
        await start(page)
        await begin_recording(page)
        await change_size(page, 320)
        await more_frames_shown(page, 10)

        counts = widths_of(await end_recording(page, tmp_path))

        assert counts[640] > 0
        assert counts[320] > 0


async def test_where_a_file_has_one_size_another_size_begins_another_part(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    # Chromium warns on the console that the size changes in an MP4 of one size, before the page ends that part.
    async with open_page(server_url, script=CAMERAS + LACKING % "webm|avc3", expect_errors="avc1") as page:
        await start(page)
        await begin_recording(page)
        await change_size(page, 320)

        first, second = await two_parts(page, tmp_path)

        assert first[640] > 0
        assert second[320] > 0


async def test_after_a_lost_connection_a_recording_continues_as_part_2(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, script=CAMERAS + WEBRTC) as page:
        await start(page)
        await begin_recording(page)

        await page.evaluate("window.breakConnection()")
        await expect(page.get_by_role("button", name="waiting")).to_be_visible(timeout=SOON_MS)
        await expect_state(page, "connected")

        first, second = await two_parts(page, tmp_path)

        assert first[640] > 0
        assert second[640] > 0


async def test_a_recording_is_saved_when_the_person_stops_while_the_connection_is_lost(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    # If the page has tried again meanwhile, the browser logs it.
    async with open_page(server_url, script=CAMERAS + WEBRTC, expect_errors="net::ERR_FAILED") as page:
        await start(page)
        await begin_recording(page)
        await page.route("**/offer", lambda route: route.abort())
        await page.evaluate("window.breakConnection()")
        await expect(page.get_by_role("button", name="waiting")).to_be_visible(timeout=SOON_MS)

        assert widths_of(await end_recording(page, tmp_path))[640] > 0


async def test_leaving_asks_while_a_recording_runs(server_url: str, open_page: OpenPage, tmp_path: Path):
    async with open_page(server_url) as page:
        asked = questions_of(page, "stay")
        await start(page)
        await begin_recording(page)

        await page.evaluate("location.reload()")
        await more_frames_shown(page, 10)
        assert asked == ["beforeunload"]

        assert sum(widths_of(await end_recording(page, tmp_path)).values()) > 0
        await expect(page.locator("#notice")).to_have_text(
            re.compile(r"^The recording was saved to your downloads: \S+\.(webm|mp4)\.$")
        )
        await page.reload()
        assert asked == ["beforeunload"]
        await expect(page.locator("#left")).to_be_empty()


async def test_a_recording_is_offered_after_a_reload_and_saved(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await leave_while_recording(page)
        await expect(page.locator("#left")).to_contain_text(LEFT)
        await expect(page.locator("#left")).to_contain_text("Its last second may be missing.")
        file = await downloaded(page, page.locator("#left").get_by_role("button", name="Save"), tmp_path)

        assert sum(widths_of(file).values()) > 0
        await expect(page.locator("#left")).to_be_empty()


async def test_a_recording_that_was_left_can_be_deleted(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await leave_while_recording(page)

        await page.locator("#left").get_by_role("button", name="Delete").click()
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator("#left")).to_contain_text(LEFT)
        await page.locator("#left").get_by_role("button", name="Delete").click()
        await page.locator("#question").get_by_role("button", name="Delete").click()

        await expect(page.locator("#left")).to_be_empty()

        async def is_empty() -> bool:
            return bool(await page.evaluate(PIECES) == 0)

        await until(is_empty)


async def test_a_recording_with_a_damaged_record_is_offered_beside_the_others(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await leave_while_recording(page)
        await expect(page.locator("#left")).to_contain_text("A recording of")
        await page.evaluate(DAMAGED)

        await page.reload()
        await expect(page.locator("#left .bar")).to_have_count(2)
        lines = page.locator("#left .bar", has_text="is damaged")
        await expect(lines).to_have_count(2)
        await lines.first.get_by_role("button", name="Delete").click()
        await expect(page.locator("#question")).to_contain_text("Delete the damaged recording?")
        await page.locator("#question").get_by_role("button", name="Delete").click()
        await expect(lines).to_have_count(1)
        file = await downloaded(page, lines.get_by_role("button", name="Save"), tmp_path)

        assert sum(widths_of(file).values()) > 0


async def test_another_tab_offers_a_recording_only_once_its_tab_has_closed(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await start(page)
        await begin_recording(page)
        await pieces_kept(page, 2)
        other = await page.context.new_page()
        await other.goto(server_url)

        async def waits() -> bool:
            return bool(await other.evaluate("navigator.locks.query().then(({ pending }) => pending.length)"))

        await until(waits)

        await expect(other.locator("#left")).to_be_empty()
        await page.close()

        await expect(other.locator("#left")).to_contain_text(LEFT)


async def test_a_page_without_a_database_records_in_memory(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, script=NO_STORAGE) as page:
        await start(page)
        await begin_recording(page)
        await more_frames_shown(page, 10)

        assert sum(widths_of(await end_recording(page, tmp_path)).values()) > 0
