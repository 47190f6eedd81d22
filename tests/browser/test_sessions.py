"""Sessions are kept: after Stop, after Start, after a crash; until the person deletes them."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import (
    NO_STORAGE,
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    downloaded,
    questions_of,
    start,
    until,
)
from tests.browser.test_while_it_runs import BREAK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A second face in each message, whose number stays the same when the first one is lost and found again.
FACE_9 = """{
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const message = parse(text);
    if (message?.faces?.length) message.faces.push({ ...message.faces[0], id: 9 });
    return message;
  };
}"""
COUNTS = """() => new Promise((resolve) => {
  indexedDB.open('facestream').onsuccess = ({ target }) => {
    const db = target.result, transaction = db.transaction(['sessions', 'chunks']);
    const sessions = transaction.objectStore('sessions').getAll();
    const chunks = transaction.objectStore('chunks').count();
    transaction.oncomplete = () => { db.close(); resolve([sessions.result, chunks.result]); };
  };
})"""


async def measured(page: Page) -> None:
    """Wait until there is something to save."""
    await expect(page.locator("#save summary")).to_have_attribute("aria-disabled", "false", timeout=SOON_MS)


async def stop(page: Page) -> None:
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator("#held")).to_be_visible()


async def session_over(page: Page) -> None:
    """Run a session until there is something to save, and stop it."""
    await start(page)
    await measured(page)
    await stop(page)


async def crash(page: Page) -> None:
    """Load the page again without letting it end anything."""
    await page.evaluate(
        "window.addEventListener('pagehide', (event) => event.stopImmediatePropagation(), true)"
    )
    await page.reload()


async def open_list(page: Page) -> Locator:
    """Open the list; returns its lines."""
    await page.get_by_role("button", name="Sessions").click()
    await expect(page.locator("#sessions")).to_be_visible()
    return page.locator("#sessions [data-session]")


async def open_line(line: Locator) -> None:
    await line.locator("summary").click()
    await line.get_by_role("button", name="Open").click()


async def open_past(page: Page, number: int) -> None:
    """Open a session of the list, counted from the newest."""
    await open_line((await open_list(page)).nth(number))
    await expect(page.locator("#past")).to_be_visible()


async def nothing_kept(page: Page) -> bool:
    return bool(await page.evaluate(COUNTS) == [[], 0])


async def kept_sessions(page: Page, at_least: int) -> None:
    async def are_kept() -> bool:
        return len((await page.evaluate(COUNTS))[0]) >= at_least

    await until(are_kept)


async def test_save_is_disabled_before_there_is_anything(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        summary = page.locator("#save summary")

        await expect(summary).to_have_attribute("aria-disabled", "true")
        await summary.click()
        await expect(page.locator("#save .sheet")).to_be_hidden()
        await start(page)
        await measured(page)
        await summary.click()

        await expect(page.locator("#save .sheet")).to_be_visible()


async def test_after_stop_the_page_says_what_it_holds_and_forgets_it_on_request(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await session_over(page)

        await expect(page.locator("#held")).to_contain_text(
            re.compile(r"Measurements: 0:\d\d( \(0:\d\d measured\))?, 1 face\.")
        )
        await expect(page.locator("#message-text")).to_contain_text("The measurements are under “Sessions”.")
        await page.locator("#held").get_by_role("button", name="Save").click()
        await expect(page.get_by_role("button", name="Report")).to_be_focused()
        await page.locator("#held").get_by_role("button", name="Delete").click()
        await page.locator("#question").get_by_role("button", name="Delete").click()

        await expect(page.locator("#held")).to_be_hidden()
        await expect(page.locator("#save summary")).to_have_attribute("aria-disabled", "true")
        await expect(page.locator("#message-text")).to_contain_text("The measurements are deleted.")
        await until(lambda: nothing_kept(page))


# How many lines of text an element has.
LINES = """(selector) => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(selector));
  return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
}"""


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
async def test_what_the_page_holds_leaves_the_window_to_the_video(
    server_url: str, open_page: OpenPage, locale: str
):
    # On a phone, buttons are as large as a finger.
    async with open_page(
        server_url, width=360, height=740, touch="yes", locale=locale, script=FACE_9
    ) as page:
        await page.locator("#start").click()
        await page.get_by_role("button", name=re.compile("I agree|Ich stimme zu")).click()
        await measured(page)
        await page.locator("#stop").click()
        held = page.locator("#held")
        await expect(held).to_be_visible()
        await expect(held.locator(".next-person")).to_be_visible()

        language = locale[:2]
        box = await held.bounding_box()
        assert box is not None
        assert box["height"] <= 740 / 5
        await page.screenshot(path=SCREENSHOTS / f"held-360-{language}.png")
        await page.set_viewport_size({"width": 1280, "height": 800})
        assert await page.evaluate(LINES, "#held p") <= 2
        box = await held.bounding_box()
        assert box is not None
        assert box["height"] <= 70
        names = {
            "en": ["Save measurements", "Delete measurements"],
            "de": ["Messwerte speichern", "Messwerte löschen"],
        }
        for name in names[language]:
            await expect(held.get_by_role("button", name=name)).to_be_visible()
        await page.screenshot(path=SCREENSHOTS / f"held-1280-{language}.png")


async def test_a_session_is_kept_at_the_next_start_reopened_and_saved(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await session_over(page)
        await start(page)
        await measured(page)

        lines = await open_list(page)
        await expect(lines).to_have_count(2)
        await expect(lines.nth(0)).to_contain_text("running")
        await lines.nth(1).locator("summary").click()
        tables = zipfile.ZipFile(
            await downloaded(page, lines.nth(1).get_by_role("button", name="Tables"), tmp_path)
        )
        rows = tables.read(f"{Path(tables.filename or '').stem}/measurements.csv").decode()
        await lines.nth(1).get_by_role("button", name="Open").click()

        await expect(page.locator("#past")).to_contain_text("Past session")
        await page.locator("#past").get_by_role("button", name="Save").click()
        report = await downloaded(page, page.get_by_role("button", name="Report"), tmp_path)
        assert len(rows.splitlines()) > 2
        assert "Face 1" in report.read_text()
        assert re.search(
            r"<dt>Models</dt><dd>blazeface [\d.]+, landmarks [\d.]+, emotion \d", report.read_text()
        )
        assert "<dt>Size in pixels (requested)</dt>" in report.read_text()
        await page.get_by_role("button", name="Back to live").click()
        await expect(page.locator("#past")).to_be_hidden()


async def test_a_session_has_the_name_that_the_person_types(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await session_over(page)

        field = page.locator("#held").get_by_role("textbox", name="Session name")
        await field.fill("  Class   4b ")
        await field.press("Enter")
        await expect(field).to_have_value("Class 4b")
        await until(lambda: is_named(page, "Class 4b"))
        await page.reload()
        line = (await open_list(page)).first
        await expect(line.locator("summary")).to_contain_text("Class 4b")
        await line.locator("summary").click()
        field = line.get_by_role("textbox", name="Session name")
        await field.fill("")
        await field.press("Enter")
        # A name is a line more, which must not move the button between press and release.
        await field.fill("Morning")
        await line.get_by_role("button", name="Open").click()

        await expect(page.locator("#past")).to_contain_text("Past session: Morning, ")
        await page.locator("#past").get_by_role("button", name="Save").click()
        report = await downloaded(page, page.get_by_role("button", name="Report"), tmp_path)
        assert report.name.endswith("_Morning.html")
        assert '<p class="name">Morning</p>' in report.read_text()
        await until(lambda: is_named(page, "Morning"))


async def is_named(page: Page, name: str) -> bool:
    return [session.get("name") for session in (await page.evaluate(COUNTS))[0]] == [name]


async def test_the_chosen_face_stays_with_its_session_while_a_past_one_is_open(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=FACE_9) as page:
        await session_over(page)
        await start(page)
        await measured(page)
        await open_past(page, 1)

        # A choice in the strip is about the video, not about the people of the past.
        person, badge = page.locator("#people [data-id='9']"), page.locator(".face-badge:visible")
        await person.click()
        await expect(person).to_have_attribute("aria-pressed", "true", timeout=SOON_MS)
        await expect(badge).to_have_count(0)
        await page.get_by_role("button", name="Back to live").click()

        await expect(badge).to_have_text("9")


async def test_a_session_of_a_page_that_crashed_is_in_the_list(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await kept_sessions(page, 1)
        await crash(page)

        lines = await open_list(page)

        await expect(lines).to_have_count(1)
        await expect(lines).to_contain_text(re.compile(r"\b1 face"))
        assert "running" not in await lines.inner_text()
        await expect(lines).to_contain_text("ended without Stop")


CHUNKS = COUNTS.replace(".count()", ".getAll()").replace("chunks.result", "JSON.stringify(chunks.result)")


async def has_event(page: Page, text: str) -> bool:
    """Whether an event with this text is in the database."""
    return text in (await page.evaluate(CHUNKS))[1]


async def test_a_note_that_is_typed_while_the_page_is_reloaded_is_kept(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await start(page)
        await kept_sessions(page, 1)
        await page.get_by_role("button", name="Marker", exact=True).click()
        await page.get_by_label("Note (optional)").press_sequentially("the door slams")
        # Kept a moment after the last key.
        await until(lambda: has_event(page, "the door slams"))
        await page.reload()

        line = await open_list(page)

        await line.locator("summary").click()
        messages = await downloaded(page, line.get_by_role("button", name="JSONL"), tmp_path)
        assert "the door slams" in messages.read_text()


async def test_after_a_reload_the_page_says_that_the_session_was_interrupted_and_opens_it(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        cut = page.locator("#cut")
        await session_over(page)
        await page.reload()
        await page.wait_for_timeout(500)
        await expect(cut).to_be_hidden()
        await start(page)
        await kept_sessions(page, 2)
        await page.reload()

        await expect(cut).to_contain_text("was interrupted", timeout=SOON_MS)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "cut.png")
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.screenshot(path=SCREENSHOTS / "cut-360.png")
        await cut.get_by_label("Session name").fill("Class 4b")
        await cut.get_by_role("button", name="Open").click()
        await expect(page.locator("#past")).to_contain_text("Class 4b")
        await expect(page.locator("#past")).to_contain_text("ended without Stop")
        await expect(cut).to_be_hidden()

        await start(page)
        # A crash keeps what was written before it.
        await kept_sessions(page, 3)
        await crash(page)
        await expect(cut).to_be_visible(timeout=SOON_MS)
        await page.get_by_role("button", name="Start").click()
        await expect(cut).to_be_hidden(timeout=SOON_MS)


async def test_a_session_cut_by_a_reload_says_so_and_one_of_another_tab_does_not(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await start(page)
        await kept_sessions(page, 1)
        other = await page.context.new_page()
        await other.goto(server_url)
        await expect(await open_list(other)).to_contain_text("running")
        await other.close()
        await page.reload()

        line = await open_list(page)

        await expect(line).to_contain_text("ended without Stop")
        await line.locator("summary").click()
        messages = await downloaded(page, line.get_by_role("button", name="JSONL"), tmp_path)
        events = [json.loads(text) for text in messages.read_text().splitlines()]
        assert [each["event"] for each in events if each.get("event") in ("cut", "stopped")] == ["cut"]
        assert events[-1]["event"] == "cut"
        await line.get_by_role("button", name="Open").click()
        await expect(page.locator("#past")).to_contain_text("ended without Stop")


async def marked_sessions(page: Page, markers: int) -> None:
    """Wait until the browser keeps a session with so many markers."""

    async def are_kept() -> bool:
        return markers in [session["markers"] for session in (await page.evaluate(COUNTS))[0]]

    await until(are_kept)


@pytest.mark.parametrize("view", ["big word", "note open"])
async def test_a_marker_is_kept_at_the_key_press(view: str, server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await measured(page)
        if view == "big word":
            await page.keyboard.press("w")
            await page.keyboard.press("m")
            await expect(page.locator("#notice")).to_have_text(re.compile(r"^Marker at \d+:\d\d\.\d\.?$"))
            await expect(page.locator("#marker-note")).to_be_hidden()
        else:
            await page.keyboard.press("m")
            await expect(page.get_by_role("textbox", name="Note")).to_be_focused()
        await marked_sessions(page, 1)
        await crash(page)

        lines = await open_list(page)

        await expect(lines).to_have_count(1)
        await expect(lines).to_contain_text("1 marker")
        await open_line(lines)
        await expect(page.locator("#marks .mark-event:visible")).to_have_text("Marker")


async def test_delete_removes_a_session_and_delete_all_asks(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        for _ in range(3):
            await session_over(page)
        lines = await open_list(page)
        await lines.nth(1).locator("summary").click()
        await lines.nth(1).get_by_role("button", name="Delete").click()
        await page.locator("#question").get_by_role("button", name="Delete").click()
        await expect(lines).to_have_count(2)

        await page.get_by_role("button", name="Delete all").click()
        await expect(page.locator("#question")).to_contain_text("Delete 2 sessions?")
        await page.locator("#question").get_by_role("button", name="Cancel").click()
        await expect(lines).to_have_count(2)
        await page.get_by_role("button", name="Delete all").click()
        await page.locator("#question").get_by_role("button", name="Delete").click()

        await expect(page.locator("#sessions")).to_contain_text("No sessions are kept.")
        assert await page.evaluate(COUNTS) == [[], 0]
        await page.locator("#sessions").get_by_role("button", name="Close").click()
        await expect(page.locator("#held")).to_be_hidden()
        await expect(page.locator("#message-text")).to_contain_text("The measurements are deleted.")


async def test_a_page_that_may_keep_nothing_holds_its_sessions_until_it_is_closed(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await start(page)
        await kept_sessions(page, 1)
        lines = await open_list(page)

        await page.get_by_role("checkbox", name="Keep sessions in this browser").uncheck()
        await until(lambda: nothing_kept(page))
        await expect(lines).to_have_count(1)
        await page.locator("#sessions").get_by_role("button", name="Close").click()
        await stop(page)
        await expect(page.locator("#held")).to_contain_text("In this page until you close it.")
        await page.reload()
        lines = await open_list(page)

        await expect(lines).to_have_count(0)
        assert not await page.get_by_role("checkbox", name="Keep sessions in this browser").is_checked()


async def test_what_the_page_says_before_the_start_is_true_where_nothing_is_kept(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await open_list(page)
        await page.get_by_role("checkbox", name="Keep sessions in this browser").uncheck()
        await page.locator("#sessions").get_by_role("button", name="Close").click()
        await expect(page.locator("#message-text")).to_contain_text("The numbers stay in this browser")
        await expect(page.locator("#message-text")).not_to_contain_text("keeps")
        await page.get_by_role("button", name="Start").click()
        text = page.locator("#consent .text")
        await expect(text).to_contain_text("you can delete them under “Sessions”")
        await expect(text).not_to_contain_text("keeps")
        agreed = await text.inner_text()
        await page.get_by_role("button", name="I agree").click()
        await measured(page)
        lines = await open_list(page)

        await expect(lines).to_have_count(1)
        await lines.first.locator("summary").click()
        report = await downloaded(page, lines.first.get_by_role("button", name="Report"), tmp_path)
        assert agreed in report.read_text("utf-8")


async def test_the_held_session_is_said_to_be_where_it_is(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await session_over(page)
        await expect(page.locator("#held")).to_contain_text("In this browser until you delete them")
        await open_list(page)

        await page.get_by_role("checkbox", name="Keep sessions in this browser").uncheck()

        await expect(page.locator("#held")).to_contain_text("In this page until you close it.")
        # As every other sheet, a press beside it closes it.
        await page.mouse.click(4, 4)
        await expect(page.locator("#sessions")).to_be_hidden()


async def test_leaving_asks_while_numbers_are_in_this_page_only(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        asked = questions_of(page, "stay")
        await session_over(page)
        await open_list(page)
        await page.get_by_role("checkbox", name="Keep sessions in this browser").uncheck()
        await page.keyboard.press("Escape")
        await expect(page.locator("#held")).to_contain_text("In this page until you close it.")

        await page.evaluate("location.reload()")

        await expect(page.locator("#held")).to_be_visible()
        assert asked == ["beforeunload"]
        await page.locator("#save summary").click()
        await downloaded(page, page.get_by_role("button", name="Report"), tmp_path)
        await page.reload()
        assert asked == ["beforeunload"], "what is in a file is not lost"


async def test_sessions_that_are_deleted_under_the_page_are_not_called_newer(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        asked = questions_of(page, "leave")
        await start(page)
        await measured(page)
        await page.evaluate("indexedDB.deleteDatabase('facestream')")

        await expect(page.locator("#notice")).to_contain_text(
            "The sessions that this browser kept were deleted.", timeout=SOON_MS
        )
        await stop(page)
        await expect(page.locator("#held")).to_contain_text("In this page until you close it.")
        await page.reload()

        assert asked == ["beforeunload"]
        await session_over(page)
        await expect(page.locator("#held")).to_contain_text("In this browser until you delete them")


async def test_a_file_that_cannot_be_saved_is_reported(server_url: str, open_page: OpenPage):
    no_space = "URL.createObjectURL = () => { throw new Error('no space'); };"
    async with open_page(server_url, script=no_space, expect_errors="no space") as page:
        await session_over(page)
        await page.locator("#save summary").click()

        await page.get_by_role("button", name="Report").click()

        await expect(page.locator("#notice")).to_have_text("The browser could not save the file.")


async def test_a_page_without_a_database_lists_its_sessions_and_says_so(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=NO_STORAGE) as page:
        await session_over(page)

        lines = await open_list(page)

        await expect(lines).to_have_count(1)
        await expect(page.locator("#sessions .text")).to_contain_text("stores nothing for this page")


async def test_a_database_of_a_newer_page_is_left_alone(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await page.evaluate(
            "() => new Promise((done) => { const asked = indexedDB.deleteDatabase('facestream');"
            " asked.onsuccess = asked.onblocked = () => { const open = indexedDB.open('facestream', 99);"
            " open.onsuccess = () => { open.result.close(); done(); }; }; })"
        )
        await page.reload()

        await expect(page.locator("#notice")).to_contain_text("newer version of this page")
        await open_list(page)
        await expect(page.locator("#sessions .text")).to_contain_text("newer version of this page")
        await page.keyboard.press("Escape")
        await session_over(page)
        await expect(page.locator("#held")).to_contain_text("In this page until you close it.")


async def test_a_damaged_database_is_not_said_to_be_missing(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await page.evaluate(
            "() => new Promise((done) => { const asked = indexedDB.deleteDatabase('facestream');"
            " asked.onsuccess = asked.onblocked = () => { const open = indexedDB.open('facestream', 1);"
            " open.onsuccess = () => { open.result.close(); done(); }; }; })"
        )
        await page.reload()

        await open_list(page)

        await expect(page.locator("#sessions .text")).to_contain_text("cannot be read or written")


async def test_a_full_disk_is_said_once_and_the_session_goes_on(server_url: str, open_page: OpenPage):
    full = (
        "const add = IDBObjectStore.prototype.add;"
        "window.full = false;"
        "IDBObjectStore.prototype.add = function (...given) {"
        " if (window.full) throw new DOMException('', 'QuotaExceededError'); return add.apply(this, given); };"
    )
    async with open_page(server_url, script=full) as page:
        await start(page)
        await kept_sessions(page, 1)
        await page.evaluate("window.full = true")

        await expect(page.locator("#notice")).to_contain_text("no space left", timeout=SOON_MS)
        await expect(page.locator("html")).to_have_attribute("data-state", "connected")
        await stop(page)
        lines = await open_list(page)

        await expect(lines).to_have_count(1)
        await expect(lines).to_contain_text(re.compile(r"\b1 face"))


async def test_the_key_m_marks_the_moment_with_a_note(server_url: str, open_page: OpenPage, tmp_path: Path):
    async with open_page(server_url) as page:
        await start(page)
        await measured(page)
        await page.locator("#stop").focus()
        await page.keyboard.press("m")
        note = page.get_by_role("textbox", name="Note")
        await expect(note).to_be_focused()
        await note.press_sequentially("mm smile")
        await note.press("Enter")
        await page.keyboard.press("m")
        await page.keyboard.press("Escape")
        await expect(page.locator("#notice")).to_have_text(
            re.compile(r"^Marker at \d+:\d\d\.\d, without a note\.?$")
        )
        await page.locator("#markers summary").click()
        await page.get_by_role("button", name="Stimulus starts").click()
        await page.keyboard.press("Enter")
        await stop(page)

        await page.locator("#save summary").click()
        tables = zipfile.ZipFile(await downloaded(page, page.get_by_role("button", name="Tables"), tmp_path))
        await page.locator("#save summary").click()
        messages = await downloaded(page, page.get_by_role("button", name="For programs"), tmp_path)

        folder = Path(tables.filename or "").stem
        assert tables.namelist() == [
            f"{folder}/{name}.csv" for name in ("measurements", "events", "dictionary")
        ]
        rows = [line.split(",") for line in tables.read(f"{folder}/events.csv").decode().splitlines()]
        marked = [(row[2], row[3]) for row in rows if row[2] in ("marker", "stimulus-start")]
        assert marked == [("marker", "mm smile"), ("marker", ""), ("stimulus-start", "")]
        head = rows[0]
        for row in rows[1:]:
            cells = dict(zip(head, row, strict=True))
            if cells["event"] in ("marker", "stimulus-start"):
                assert float(cells["pressed_s"]) >= float(cells["time_s"])
                assert int(cells["seq"]) >= 0
            if cells["event"] == "stimulus-start":
                assert cells["time_s"] == cells["pressed_s"]
        assert "mm smile" in messages.read_text()
        for line in messages.read_text().splitlines():
            json.loads(line)


async def test_a_marker_without_a_connection_has_the_moment_of_the_key(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, script=BREAK, expect_errors="Failed") as page:
        await start(page)
        await measured(page)
        await page.route("**/offer", lambda route: route.abort())
        await page.evaluate("window.breakConnection()")
        await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting", timeout=SOON_MS)
        await page.locator("#stop").focus()
        await page.keyboard.press("m")
        await page.keyboard.press("Enter")
        await stop(page)

        await page.locator("#save summary").click()
        messages = await downloaded(page, page.get_by_role("button", name="For programs"), tmp_path)

        events = [line for line in map(json.loads, messages.read_text().splitlines()) if "event" in line]
        lost, marker = (
            next(event for event in events if event["event"] == kind) for kind in ("lost", "marker")
        )
        assert marker["time_s"] == marker["pressed_s"] >= lost["time_s"]
        assert "seq" not in marker


async def test_line_list_axis_and_report_say_the_same_length(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, script=BREAK, expect_errors="Failed") as page:
        await start(page)
        await measured(page)
        await page.route("**/offer", lambda route: route.abort())
        await page.evaluate("window.breakConnection()")
        await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting", timeout=SOON_MS)
        lost_ms = await page.evaluate("performance.now()")

        async def is_lost_for_long() -> bool:
            return bool(await page.evaluate("performance.now()") - lost_ms > 2500)

        await until(is_lost_for_long)
        await stop(page)

        # Longer than two seconds without a frame: less was measured than the session is long.
        said = re.search(
            r"Measurements: ([\d:]+) \(([\d:]+) measured\), ", await page.locator("#held p").inner_text()
        )
        assert said
        length, part = said.groups()
        assert part < length
        await page.get_by_label("Time span of the chart").select_option("whole")
        await expect(page.locator("#time-axis > :last-child")).to_have_text(length)
        await page.locator("#save summary").click()
        report = (await downloaded(page, page.get_by_role("button", name="Report"), tmp_path)).read_text()
        assert f"<dt>Length</dt><dd>{length}</dd>" in report
        assert f"<dt>Measured</dt><dd>{part} of {length}</dd>" in report
        await expect((await open_list(page)).first).to_contain_text(f"{length} ({part} measured), 1 face")


async def test_tables_for_a_german_excel(server_url: str, open_page: OpenPage, tmp_path: Path):
    async with open_page(server_url) as page:
        await session_over(page)
        await page.locator("#save summary").click()
        await page.get_by_role("checkbox", name="German Excel").check()

        table = io.StringIO(
            (await downloaded(page, page.get_by_role("button", name="Table only"), tmp_path)).read_text(
                "utf-8-sig"
            )
        )

        head, first = table.readline().split(";"), table.readline().split(";")
        assert re.fullmatch(r"\d+,\d{3}", first[head.index("time_s")])


async def put(page: Page, store: str, value: str) -> None:
    """Write what no page writes into the browser's database; `value` is JavaScript."""
    await page.evaluate(
        "() => new Promise((done) => { indexedDB.open('facestream').onsuccess = ({ target }) => {"
        f" const transaction = target.result.transaction(['{store}'], 'readwrite');"
        f" const store = transaction.objectStore('{store}'); {value};"
        " transaction.oncomplete = () => { target.result.close(); done(); }; }; })"
    )


async def test_a_damaged_record_does_not_lock_the_list_and_can_be_deleted(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await session_over(page)
        await put(page, "sessions", "store.put({ id: 'odd' }); store.put({ id: 'date', startedMs: 'x' })")
        await page.reload()

        lines = await open_list(page)
        await expect(lines).to_have_count(3)
        await expect(lines.nth(0)).to_contain_text(re.compile(r"\b1 face"))
        damaged = page.locator("#sessions [data-session=odd]")
        await expect(damaged).to_contain_text("Damaged session")
        await damaged.locator("summary").click()
        assert await damaged.get_by_role("button").all_inner_texts() == ["Delete session"]
        await damaged.get_by_role("button", name="Delete").click()
        await page.locator("#question").get_by_role("button", name="Delete").click()
        await expect(lines).to_have_count(2)
        await open_line(lines.nth(0))

        await expect(page.locator("#past")).to_contain_text("Past session")


@pytest.mark.parametrize(
    "damage",
    ["entry.chunk.rows.times[0] = NaN", "entry.chunk.rows.cells = new Float32Array(1)", "entry.chunk = {}"],
)
async def test_damaged_measurements_are_said_to_be_unreadable(
    server_url: str, open_page: OpenPage, damage: str
):
    async with open_page(server_url) as page:
        await session_over(page)
        await put(
            page,
            "chunks",
            "store.openCursor().onsuccess = ({ target }) => { const cursor = target.result;"
            " if (!cursor) return; const entry = cursor.value;"
            f" if (entry.chunk.kind === 'frames') {{ {damage}; cursor.update(entry); }} cursor.continue(); }}",
        )
        await page.reload()

        lines = await open_list(page)
        await open_line(lines)

        await expect(page.locator("#notice")).to_contain_text("This session cannot be read.")
        await expect(page.locator("#past")).to_be_hidden()
        await expect(lines.get_by_role("button", name="Delete")).to_be_visible()


async def test_a_list_that_cannot_be_shown_is_said(server_url: str, open_page: OpenPage):
    broken = "navigator.locks.query = () => Promise.reject(new Error('no'));"
    async with open_page(server_url, script=broken) as page:
        await page.get_by_role("button", name="Sessions").click()

        await expect(page.locator("#notice")).to_contain_text("cannot be read")
