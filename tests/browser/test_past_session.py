"""A session that is over, on show in the page: its word and bars at the time looked at, its faces, its markers."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage, expect_no_sideways_scroll, start
from tests.browser.test_chart import SKEW
from tests.browser.test_frame_on_show import percents
from tests.browser.test_old_browsers import FACES
from tests.browser.test_sessions import measured, open_past, stop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Puts a session of one minute into the browser: Face 1 is neutral, then happy; Face 2 is sad, and away at times. There
# is no report from 0:40 to 0:43.
SEED = """async () => {
  const { SessionLog } = await import('./js/session/session-log.js');
  const { Sessions } = await import('./js/storage/sessions.js');
  const { Storage } = await import('./js/storage/storage.js');
  const { EMOTIONS } = await import('./js/connection/telemetry.js');
  const face = (id, label, size) => ({ id, label, unsure: '', box: [10, 10, size, size],
    probabilities: EMOTIONS.map((emotion) => (emotion === label ? 0.7 : 0.05)) });
  const log = new SessionLog();
  const ms = { wait: 0, detect: 1, landmarks: 1, emotion: 1, draw: 1 };
  for (let i = 0; i < 600; i += 1) {
    const atS = i / 10;
    if (atS >= 40 && atS < 43) continue;
    const faces = [face(1, atS < 30 ? 'neutral' : 'happy', 200)];
    if (atS < 50) faces.push(face(2, 'sad', 100));
    log.add(atS, { seq: i, pts: atS, fpsIn: 10, fpsOut: 10, dropped: 0,
      analysed: true, unanalysed: '', degradationLevel: 0, ms, faces });
  }
  log.note(12, 'marker', 'smile');
  log.note(50, 'stimulus-start', '');
  const startedMs = Date.now() - 3_600_000;
  const info = { id: `${startedMs}-seed`, startedMs, touchedMs: startedMs, endedMs: startedMs + 60_000,
    lengthS: log.lastS, faces: 2, markers: 2, source: 'camera', notice: '',
    settings: { width: 640, height: 480, fps: 10 } };
  await new Sessions(new Storage(() => {})).save(info, log.takeChunks());
}"""
MARKS = """() => [...document.querySelectorAll('.mark-event:not([hidden])')]
  .map(({ textContent, style, dataset }) =>
    [textContent, dataset.text === 'before' ? 100 - parseFloat(style.right) : parseFloat(style.left)])"""

SEEN_S = "document.getElementById('video').currentTime"
CHART_TOP = "document.getElementById('drawing').getBoundingClientRect().top + scrollY"


async def marks(page: Page) -> dict[str, float]:
    """The text of each mark on the chart, and where it is, in percent of the chart's width."""
    return dict(await page.evaluate(MARKS))


async def choose_window(page: Page, seconds: str) -> None:
    await page.get_by_label("Time span of the chart").select_option(seconds)


async def look_at(page: Page, end_s: int) -> None:
    await page.get_by_label("Look back in time").fill(str(end_s))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_word_and_bars_of_a_past_session_follow_the_chart(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await page.evaluate(SEED)
        await open_past(page, 0)

        verdict, reason = page.locator("#verdict"), page.locator("#face .reason")
        await expect(verdict).to_have_text("Happy")
        await expect(reason).to_have_text("At 0:59 of the session, mean of one second")
        assert sum(await percents(page)) == 100
        title = page.locator("#message-title")
        await expect(title).to_have_text("A past session is open")
        await choose_window(page, "30")
        await look_at(page, 30)
        await expect(verdict).to_have_text("Neutral")
        await expect(reason).to_have_text("At 0:29 of the session, mean of one second")
        await expect(page.locator("#drawing")).to_have_attribute(
            "aria-label", re.compile("from 0:00 to 0:30")
        )
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"past-{width}.png")
        await look_at(page, 42)
        await expect(reason).to_have_text("No measurements at 0:41 of the session")
        assert await percents(page) == []

        await page.locator("#past").get_by_role("button", name="Close").click()

        await expect(reason).to_have_text("The analysis is not running")
        await expect(title).to_have_text("Facial expressions, live")
        await expect(page.get_by_label("Face to follow")).to_be_hidden()


async def test_a_face_of_a_past_session_can_be_followed(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await page.evaluate(SEED)
        await open_past(page, 0)
        badge = page.locator(".face-badge:visible")

        await page.get_by_label("Face to follow").select_option("2")

        await expect(badge).to_have_text("2")
        await expect(page.locator("#verdict")).to_have_text("Face 2 is not in the video")
        assert await percents(page) == []
        await choose_window(page, "30")
        await look_at(page, 40)
        await expect(page.locator("#verdict")).to_have_text("Sad")
        await page.get_by_role("button", name="Follow the largest face").click()
        await expect(page.locator("#verdict")).to_have_text("Happy")
        await expect(badge).to_have_count(0)


async def test_marks_are_on_the_chart_at_their_times(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await page.evaluate(SEED)
        await open_past(page, 0)

        await choose_window(page, "30")
        # From 0:30 to 1:00.
        assert await marks(page) == pytest.approx({"Start": 100 * 20 / 30}, abs=0.1)
        await look_at(page, 30)
        assert await marks(page) == pytest.approx({"smile": 100 * 12 / 30}, abs=0.1)
        await page.get_by_label("Time span of the chart").select_option("60")
        # As far as the session reaches, not half a minute before its start.
        both = {"Start": 100 * 50 / 60, "smile": 100 * 12 / 60}
        assert await marks(page) == pytest.approx(both, abs=2)


async def test_a_past_session_shows_its_whole_span_first(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await page.evaluate(SEED)
        window = page.get_by_label("Time span of the chart")
        await expect(window.locator("option", has_text="Whole session")).to_have_count(0)
        await open_past(page, 0)

        await expect(window.locator("option:checked")).to_have_text("Whole session")
        assert await page.locator("#time-axis span").all_inner_texts() == ["0:00", "0:20", "0:40", "1:00"]
        await expect(page.locator("#drawing")).to_have_attribute(
            "aria-label", re.compile("from 0:00 to 1:00")
        )
        both = {"smile": 100 * 12 / 60, "Start": 100 * 50 / 60}
        assert await marks(page) == pytest.approx(both, abs=0.2)
        await page.locator("#past").get_by_role("button", name="Close").click()

        await expect(window).to_have_value("30")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_a_marker_of_the_list_is_shown_in_the_chart(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await page.evaluate(SEED)
        await expect(page.locator("#markers")).to_be_hidden()
        await open_past(page, 0)
        top = await page.evaluate(CHART_TOP)
        menu = page.locator("#markers summary")
        await expect(menu).to_have_text("Markers")
        await expect(page.locator("#mark-now")).to_be_hidden()

        await menu.press("Enter")
        lines = page.locator("#markers .sheet").get_by_role("button")
        await expect(lines).to_have_text(["0:12.0 smile", "0:50.0 Start"])
        assert await page.evaluate(CHART_TOP) == pytest.approx(top, abs=1)
        await expect_no_sideways_scroll(page)
        await page.screenshot(path=SCREENSHOTS / f"markers-{width}.png")
        await page.keyboard.press("Tab")
        await expect(lines.first).to_be_focused()
        await page.keyboard.press("Enter")

        await expect(lines.first).to_be_hidden()
        await expect(page.get_by_label("Time span of the chart")).to_have_value("30")
        await expect(page.locator("#drawing")).to_have_attribute(
            "aria-label", re.compile("from 0:00 to 0:30")
        )
        assert await marks(page) == pytest.approx({"smile": 100 * 12 / 30}, abs=0.1)
        await expect(page.get_by_label("Look back in time")).to_be_focused()
        await menu.click()
        await lines.last.click()
        # As far as the session reaches.
        assert await marks(page) == pytest.approx({"Start": 100 * 20 / 30}, abs=2)
        await page.locator("#past").get_by_role("button", name="Close").click()
        await expect(page.locator("#markers")).to_be_hidden()


async def test_a_marker_of_the_running_session_is_shown_although_minutes_have_passed(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=SKEW) as page:
        await start(page)
        await measured(page)
        await page.locator("#mark-now").click()
        await page.keyboard.type("smile")
        await page.keyboard.press("Enter")
        mark = page.locator(".mark-event:visible")
        await expect(mark).to_have_text("smile", timeout=SOON_MS)
        await page.evaluate("window.skewMs = 90_000")
        await expect(mark).to_have_count(0)
        await page.get_by_label("More markers").click()
        line = page.locator("#markers .marker-list").get_by_role("button")
        await expect(line).to_contain_text("smile")

        await line.click()

        await expect(mark).to_have_text("smile")
        await expect(page.get_by_role("button", name="Resume chart")).to_be_visible()


# The visible notes, and what is wrong with their boxes: each is beside its own line and away from every other one.
NOTES = """() => {
  const all = [...document.querySelectorAll('.mark-event:not([hidden])')].map((mark) => {
    const { left, right } = mark.getBoundingClientRect();
    const side = mark.dataset.text;
    return { text: mark.textContent, side, left, right, line: side === 'before' ? right : left };
  });
  const wrong = all.filter((note) => all.some((other) => other !== note && (
    (other.line > note.left - 8 && other.line < note.right + 1 && Math.abs(other.line - note.line) > 1)
    || (note.left < other.right - 1 && other.left < note.right - 1))));
  const notes = all.map(({ text, side, left, right }) => ({ text, side, width: right - left }));
  return { notes, wrong: wrong.map(({ text }) => text) };
}"""


async def test_notes_of_marks_that_are_close_stay_at_their_own_lines(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=FACES, width=1280, height=800) as page:
        await start(page)
        await measured(page)
        await choose_window(page, "15")
        for note in ("", "Lisa laughs about a joke", "Ben looks at the window"):
            await page.keyboard.press("m")
            await page.keyboard.type(note)
            await page.keyboard.press("Enter")
            seen_s = await page.evaluate(SEEN_S)
            await page.wait_for_function(f"(past_s) => {SEEN_S} > past_s", arg=seen_s + 2, timeout=SOON_MS)

        for name in ("live", "compare"):
            if name == "compare":
                await page.get_by_role("button", name="Compare").click()
                await expect(page.locator(".ribbon:visible").nth(1)).to_be_visible()
            await expect(page.locator(".mark-event:visible")).to_have_count(3)
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=SCREENSHOTS / f"marks-{name}.png")
            found = await page.evaluate(NOTES)
            assert found["wrong"] == [], found
            assert all(note["width"] > 25 for note in found["notes"]), found


async def test_the_tooltip_at_a_mark_has_its_whole_note(server_url: str, open_page: OpenPage):
    note = "smile at <b>the second</b> question of the third row, then away"
    async with open_page(server_url) as page:
        await page.evaluate(SEED.replace("'smile'", f"'{note}'"))
        await open_past(page, 0)
        lines = await page.locator(".lines").bounding_box()
        mark = await page.locator(".mark-event:visible").first.bounding_box()
        assert lines is not None
        assert mark is not None

        await page.mouse.move(mark["x"] + 1, lines["y"] + lines["height"] / 2)

        await expect(page.locator(".c3-tooltip th")).to_have_text(f"0:11.5, Neutral · Marker: {note}")
        await page.screenshot(path=SCREENSHOTS / "mark-tooltip.png")
        box = await page.locator(".c3-tooltip").bounding_box()
        assert box is not None
        assert box["width"] <= lines["width"]


async def test_the_whole_session_has_no_slider_and_the_slider_of_a_part_reaches_the_end(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        # 1:00.9, no multiple of a point of any window.
        await page.evaluate(SEED.replace("i < 600", "i < 610"))
        await open_past(page, 0)
        slider = page.get_by_label("Look back in time")
        await expect(slider).to_be_hidden()

        for seconds in ("30", "15"):
            await choose_window(page, seconds)
            await expect(slider).to_be_visible()
            await slider.press("Home")
            await expect(slider).to_have_js_property("value", seconds)
            await slider.press("End")
            await expect(slider).to_have_js_property("value", "61")
            assert await slider.evaluate("(range) => range.value === range.max")
            await expect(slider).to_have_attribute("aria-valuetext", re.compile("to 1:01 of"))
            await slider.press("PageDown")
            for _ in range(12):
                await slider.press("ArrowRight")
            await expect(slider).to_have_js_property("value", "61")


async def test_a_mark_of_this_session_stays_at_its_time_after_stop_and_in_the_list(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await start(page)
        await measured(page)
        await page.locator("#mark-now").click()
        text = await page.locator(".marker-at").inner_text()
        seconds = re.fullmatch(r"Marker at 0:(\d\d\.\d)", text)
        assert seconds is not None
        at_s = float(seconds[1])
        await page.keyboard.type("smile")
        await page.keyboard.press("Enter")
        mark = page.locator(".mark-event:visible")
        await expect(mark).to_have_text("smile", timeout=SOON_MS)
        await stop(page)

        async def age_s() -> float:
            """How long before the end of the chart's 30 seconds the mark is."""
            return 30 * (1 - (await marks(page))["smile"] / 100)

        # The axis and the slider count in whole seconds, and the chart ends with a whole point.
        end_s = int(await page.get_by_label("Look back in time").input_value())
        assert end_s - await age_s() == pytest.approx(at_s, abs=1.1)
        await open_past(page, 0)
        await choose_window(page, "30")
        await expect(mark).to_have_text("smile")
        end_s = int(await page.get_by_label("Look back in time").input_value())
        assert end_s - await age_s() == pytest.approx(at_s, abs=1.1)


async def test_after_stop_the_panel_follows_the_chart_once_it_is_moved(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=SKEW) as page:
        await start(page)
        await measured(page)
        await page.evaluate("window.skewMs = 60_000")
        await stop(page)
        reason = page.locator("#face .reason")
        await expect(reason).to_have_text("The analysis is not running")

        await page.get_by_label("Look back in time").press("Home")

        await expect(reason).to_have_text(re.compile(r"(At|No measurements at) 0:29 of the session"))
