"""Where things are: video and word in the first window, nothing beyond its width; light, shortcuts, presentation."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.cameras import CAMERAS, WEBRTC, expect_state
from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    close_settings,
    expect_no_sideways_scroll,
    open_settings,
    start,
)
from tests.browser.test_past_session import SEED

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE, SIDEWAYS, ZOOMED, SMALL, LAPTOP, LOW_LAPTOP, BEAMER = (
    (360, 740),
    (740, 360),
    (640, 400),
    (320, 568),
    (1280, 800),
    (1366, 768),
    (1920, 1080),
)
# Three more faces in each message.
FOUR_FACES = """{
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const message = parse(text);
    if (message?.faces?.length === 1) {
      const [face] = message.faces;
      for (const id of [2, 3, 4]) message.faces.push({ ...face, id, box: [10 * id, 10, 9, 9] });
    }
    return message;
  };
}"""
# Whether all of an element is inside the window, without scrolling.
IS_INSIDE = """([selector]) => {
  const { left, top, right, bottom, width, height } = document.querySelector(selector).getBoundingClientRect();
  const fits = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  return scrollY === 0 && width > 0 && height > 0 && fits;
}"""


# The same, after scrolling too.
IS_IN_WINDOW = """(selector) => {
  const { left, top, right, bottom } = document.querySelector(selector).getBoundingClientRect();
  return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
}"""


async def smallest_side(page: Page, selector: str) -> float:
    """The width or height of the first match, in CSS pixels."""
    box = await page.locator(selector).first.bounding_box()
    assert box
    return min(box["width"], box["height"])


async def expect_inside(page: Page, *selectors: str) -> None:
    for selector in selectors:
        await page.wait_for_function(IS_INSIDE, arg=[selector], timeout=SOON_MS)


@pytest.mark.parametrize(("width", "height"), [PHONE, SIDEWAYS, ZOOMED, LAPTOP, BEAMER])
async def test_video_and_word_are_in_the_first_window(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await start(page)

        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await expect_inside(page, "#video", "#verdict", "#stop")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"layout_{width}x{height}.png")


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize(("width", "height"), [LAPTOP, LOW_LAPTOP])
async def test_video_word_bars_quality_and_chart_are_seen_together(
    server_url: str, open_page: OpenPage, width: int, height: int, locale: str
):
    everything = "#video", "#verdict", "#face .rows", "#quality", ".history"
    async with open_page(server_url, width=width, height=height, locale=locale, script=FOUR_FACES) as page:
        await page.evaluate(SEED)
        await page.locator("#open-sessions").click()
        await page.locator("#sessions [data-session] summary").click()
        await page.locator("#sessions .session-actions button").first.click()
        await expect(page.locator("#past")).to_be_visible()
        await expect_inside(page, *everything, "#past")
        # The whole session has no slider.
        await page.locator("#window").select_option("15")
        await expect_inside(page, *everything, "#past", "#look-back")
        await page.locator("#past .back").click()

        await page.locator("#start").click()
        await page.locator("#consent .primary").click()
        await expect_state(page, "connected")
        await expect(page.locator("#people .person")).to_have_count(4, timeout=SOON_MS)
        await expect_inside(page, *everything)
        await page.locator("#compare").click()
        await expect(page.locator(".ribbon:visible")).to_have_count(4, timeout=SOON_MS)
        await expect_inside(page, *everything, ".ribbon:nth-child(4)")
        await page.locator("#pause").click()
        await expect_inside(page, *everything, ".ribbon:nth-child(4)", "#look-back")


async def test_on_a_beamer_the_page_uses_the_whole_width(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=1920, height=1080) as page:
        left = await page.locator(".stage").evaluate("(stage) => stage.getBoundingClientRect().left")
        right = await page.locator(".face").evaluate(
            "(face) => innerWidth - face.getBoundingClientRect().right"
        )

        assert left < 48
        assert right < 48


@pytest.mark.parametrize(("width", "height"), [SMALL, PHONE, SIDEWAYS, LAPTOP, BEAMER])
async def test_nothing_is_wider_than_the_window_in_any_state(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(
        server_url, width=width, height=height, script=CAMERAS + WEBRTC, expect_errors="refused"
    ) as page:
        await expect_no_sideways_scroll(page)
        await start(page)
        await expect_no_sideways_scroll(page)
        await page.locator("#figures summary").click()
        await expect_no_sideways_scroll(page)
        await open_settings(page)
        await expect_no_sideways_scroll(page)
        beyond = await page.get_by_role("dialog").evaluate(
            """(dialog) => [...dialog.querySelectorAll('*')]
              .filter((part) => part.getBoundingClientRect().right > innerWidth)
              .map(({ tagName, className, textContent }) => `${tagName} ${className} ${textContent}`)"""
        )
        assert beyond == []
        await close_settings(page)
        await page.evaluate("window.camera().mute()")
        await expect_state(page, "paused")
        await expect_no_sideways_scroll(page)
        await page.evaluate("window.camera().unmute()")
        await expect_state(page, "connected")
        await page.route("**/offer", lambda route: route.abort("connectionrefused"))
        await page.evaluate("window.breakConnection()")
        await expect_state(page, "reconnecting")
        await expect_no_sideways_scroll(page)


async def test_on_touch_screens_every_button_is_large_enough(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740, touch="yes") as page:
        await start(page)

        small = await page.evaluate(
            """() => ['header button', '.controls button', '.controls summary', '.quality summary']
              .flatMap((selector) => [...document.querySelectorAll(selector)])
              .filter((found) => found.checkVisibility?.() ?? found.offsetWidth)
              .map((found) => [found.id || found.className, found.getBoundingClientRect()])
              .filter(([, { width, height }]) => width < 43.5 || height < 43.5)
              .map(([name]) => name)"""
        )

        assert small == []


async def test_the_figures_are_closed_until_a_person_opens_them_and_stay_open(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await expect(page.locator("#fps-out")).to_be_hidden()
        await page.locator("#figures summary").click()
        await expect(page.locator("#fps-out")).to_be_visible()

        await page.reload()

        await expect(page.locator("#fps-out")).to_be_visible()


async def test_the_light_tells_the_quality(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await expect(page.locator("#quality")).to_have_attribute("data-grade", "")
        await start(page)

        # A busy test machine is slow.
        await page.wait_for_function(
            "() => ['good', 'slow', 'poor'].includes(document.getElementById('quality').dataset.grade)",
            timeout=SOON_MS,
        )
        await expect(page.locator(".quality-sentence")).not_to_have_text("Quality")


async def test_big_word_shows_only_video_and_word_and_escape_leaves_it(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await page.evaluate("document.activeElement.blur()")

        await page.keyboard.press("w")

        await expect(page.locator(".history")).to_be_hidden()
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await expect_inside(page, "#video", "#verdict", "#leave-word")
        size = await page.locator("#verdict").evaluate("(word) => word.getBoundingClientRect().height")
        assert size > 100
        await page.keyboard.press("Escape")
        await expect(page.locator(".history")).to_be_visible()
        await expect(page.locator("#leave-word")).to_be_hidden()


async def test_stop_on_a_phone_held_sideways_leaves_what_the_page_holds_in_view(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, width=740, height=360, touch="yes") as page:
        await start(page)
        await expect(page.locator("#save summary")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON_MS
        )
        await page.evaluate("scrollTo(0, 0)")

        await page.locator("#stop").tap()

        await expect(page.locator("#held")).to_be_in_viewport()
        assert await page.evaluate("scrollY") == 0


async def test_a_note_that_is_typed_in_the_big_word_presses_no_key(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("w")
        await expect(page.locator("#leave-word")).to_be_visible()
        await page.keyboard.press("m")
        await expect(page.locator("#notice")).to_contain_text("Marker at")

        await page.keyboard.type("loud noise, for Rosa mwf")

        await expect_state(page, "connected")
        await expect(page.locator("#leave-word")).to_be_visible()
        await expect(page.locator("#record")).to_have_attribute("data-recording", "no")
        await page.keyboard.press("Escape")
        await expect(page.locator("#leave-word")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (740, 360), (360, 740), (320, 568)])
async def test_the_menu_for_the_video_is_inside_the_window_and_closes_at_a_choice(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await start(page)
        await page.locator("#view summary").click()
        await expect_inside(page, "#view-word", "#view-full", "#view-small")
        heights = await page.locator("#view .sheet button:visible").evaluate_all(
            "(buttons) => buttons.map((button) => button.clientHeight)"
        )
        assert len(set(heights)) == 1, "each has one line"

        await page.locator("#view-word").click()
        await expect(page.locator("#leave-word")).to_be_visible()
        await page.keyboard.press("Escape")

        await expect(page.locator("#view summary")).to_be_visible()
        await expect(page.locator("#view-word")).to_be_hidden()


async def test_the_space_bar_stops_only_where_no_control_needs_it(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await page.locator("#figures summary").focus()
        await page.keyboard.press("Space")
        await expect(page.locator("#fps-out")).to_be_visible()
        await expect_state(page, "connected")

        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("Space")

        await expect_state(page, "stopped")


async def test_a_question_mark_lists_the_shortcuts_and_none_works_behind_the_list(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await page.keyboard.press("?")
        listed = page.get_by_role("dialog", name="Keyboard shortcuts")
        await expect(listed).to_contain_text("Full screen")

        await page.keyboard.press("w")

        await expect(page.locator("html")).not_to_have_attribute("data-present", "word")
        await page.keyboard.press("Escape")
        await expect(listed).to_be_hidden()
        await expect(page.locator("#start")).to_have_attribute(
            "title", "Start or stop; pause or continue a file (key: Space)"
        )


@pytest.mark.parametrize(("width", "height"), [PHONE, LAPTOP])
async def test_a_long_note_stays_inside_the_chart(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await start(page)
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await page.keyboard.press("m")
        await page.get_by_role("textbox", name="Note").fill("The second question of the unit " * 6)
        await page.keyboard.press("Enter")

        mark = page.locator(".mark-event:not([hidden])")
        await expect(mark).to_have_text(
            "The second question of the unit " * 5 + "The second question of the unit"
        )
        await expect_no_sideways_scroll(page)
        inside = """([mark, chart]) => {
          const [text, all] = [mark, chart].map((each) => document.querySelector(each).getBoundingClientRect());
          return text.width > 40 && text.left >= all.left && text.right <= all.right + 2;
        }"""
        await page.wait_for_function(inside, arg=[".mark-event:not([hidden])", "#marks"], timeout=SOON_MS)
        assert await mark.evaluate("(mark) => getComputedStyle(mark).textOverflow") == "ellipsis"


async def test_the_tools_of_the_chart_have_one_row_while_a_session_runs(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=1280, height=800) as page:
        await start(page)
        await expect(page.locator(".mark-now")).to_be_visible()
        # The camera goes on.
        await expect(page.locator("#pause")).to_have_text("Pause chart")

        tops = await page.locator("#window, #pause, #chart-view, #markers, #save").evaluate_all(
            "(tools) => tools.map((tool) => tool.getBoundingClientRect())"
            ".map(({ top, height }) => top + height / 2)"
        )
        assert len(tops) == 5
        assert max(tops) - min(tops) < 8


@pytest.mark.parametrize(("width", "height"), [SMALL, PHONE, SIDEWAYS])
async def test_at_rest_there_is_no_menu_for_the_video(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height, touch="yes") as page:
        await expect(page.locator("#clip-label")).to_be_visible()
        await expect(page.locator("#view")).to_be_hidden()
        assert await smallest_side(page, "#window") >= 24
        await start(page)
        stop, view = await page.locator("#stop, #view").evaluate_all(
            "(each) => each.map((one) => one.getBoundingClientRect().top)"
        )
        assert abs(stop - view) < 8


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
async def test_the_menus_of_the_chart_open_inside_the_window_of_a_phone(
    server_url: str, open_page: OpenPage, locale: str
):
    async with open_page(server_url, width=320, height=568, touch="yes", locale=locale) as page:
        await page.locator("#start").click()
        await page.locator("#consent .primary").click()
        await expect_state(page, "connected")
        await expect(page.locator("#markers")).to_be_visible(timeout=SOON_MS)
        # Before the first measurement, there is nothing to save.
        await expect(page.locator("#save summary")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON_MS
        )
        for width, height in (SMALL, PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            for menu in ("#chart-view", "#save"):
                await page.locator(f"{menu} summary").click()
                await expect(page.locator(f"{menu} .sheet")).to_be_visible()
                await page.wait_for_function(IS_IN_WINDOW, arg=f"{menu} .sheet", timeout=SOON_MS)
                await page.keyboard.press("Escape")
                await expect(page.locator(f"{menu} .sheet")).to_be_hidden()


async def test_no_button_moves_when_a_recording_starts(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740, touch="yes") as page:
        await start(page)
        record = page.locator("#record")
        await expect(record).to_be_visible()
        before = [await page.locator(each).bounding_box() for each in ("#stop", "#record", "#view")]
        await record.tap()

        await expect(record.locator(".record-time")).to_have_text(re.compile("0:0[1-9]"), timeout=SOON_MS)
        await expect(page.get_by_role("button", name="Stop recording (0:0")).to_be_visible()
        assert None not in before
        assert [await page.locator(each).bounding_box() for each in ("#stop", "#record", "#view")] == before


@pytest.mark.parametrize(("width", "height"), [SIDEWAYS, (568, 320)])
async def test_in_german_too_the_controls_of_a_phone_on_its_side_are_one_row_in_the_window(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height, touch="yes", locale="de-DE") as page:
        await page.locator("#start").click()
        await page.locator("#consent .primary").click()
        await expect(page.get_by_role("button", name="Aufnahme")).to_be_visible(timeout=SOON_MS)

        await expect_inside(page, "#stop", "#snapshot", "#record", "#view")
        tops = await page.locator("#stop, #snapshot, #record, #view").evaluate_all(
            "(each) => each.map((one) => one.getBoundingClientRect().top)"
        )
        assert max(tops) - min(tops) < 8
        # The bars and the samples of the lines do not touch the words.
        gaps = await page.locator(".row").evaluate_all(
            """(rows) => rows.flatMap((row) => {
              const text = document.createRange();
              text.selectNodeContents(row.querySelector('.name'));
              const [sample, words, bar] = [row.querySelector('.swatch'), text, row.querySelector('.track')]
                .map((part) => part.getBoundingClientRect());
              return [words.left - sample.right, bar.left - words.right];
            })"""
        )
        assert min(gaps) >= 4


async def test_the_box_for_german_tables_is_beside_its_text(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740, touch="yes", locale="de-DE") as page:
        await page.locator("#start").click()
        await page.locator("#consent .primary").click()
        await expect(page.locator("#markers")).to_be_visible(timeout=SOON_MS)
        # Before the first measurement, there is nothing to save.
        await expect(page.locator("#save summary")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON_MS
        )
        for width, height in (SMALL, PHONE):
            await page.set_viewport_size({"width": width, "height": height})
            await page.locator("#save summary").click()
            box = await page.locator("#german-excel").bounding_box()
            text = await page.locator("#german-excel + span").bounding_box()
            sheet = await page.locator("#save .sheet").bounding_box()
            assert box
            assert text
            assert sheet
            assert box["x"] + box["width"] < text["x"]
            assert text["y"] <= box["y"] + box["height"] / 2 <= text["y"] + text["height"]
            assert text["x"] + text["width"] <= sheet["x"] + sheet["width"]
            await page.keyboard.press("Escape")


async def test_at_a_zoom_of_200_percent_a_phone_shows_all_texts(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=180, height=370) as page:
        await expect_no_sideways_scroll(page)
        below, overlap = await page.evaluate(
            """() => {
              const [message, status, actions] = ['.message', '.state', '.actions']
                .map((selector) => document.querySelector(selector));
              const [end, begin] = [status.getBoundingClientRect(), actions.getBoundingClientRect()];
              return [message.scrollHeight - message.clientHeight, end.right > begin.left && end.bottom > begin.top];
            }"""
        )
        assert below <= 0
        assert not overlap
        await page.get_by_role("button", name="Start").click()
        assert await page.evaluate(IS_IN_WINDOW, "#consent")
        await page.get_by_role("button", name="I agree").click()
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await expect_no_sideways_scroll(page)


async def test_in_a_low_compact_view_the_word_and_the_first_bars_are_in_the_window(
    server_url: str, open_page: OpenPage
):
    async with open_page(
        f"{server_url}/?view=compact", width=320, height=300, touch="yes", origins=(server_url,)
    ) as page:
        await start(page)
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)

        video = await page.locator("#video").bounding_box()
        assert video
        assert video["height"] <= 135
        await expect(page.locator("#verdict")).to_be_in_viewport(ratio=1)
        await expect(page.locator(".row").nth(1)).to_be_in_viewport(ratio=1)
        assert await smallest_side(page, ".row") >= 24


async def test_the_row_that_a_finger_touched_is_not_highlighted(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740, touch="yes") as page:
        row = page.locator(".row").first
        await row.tap()

        await expect(row).to_have_attribute("aria-pressed", "true")
        await expect(row).to_have_css("background-color", "rgba(0, 0, 0, 0)")


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
@pytest.mark.parametrize(("width", "height"), [PHONE, (360, 640), SMALL, (568, 320)])
async def test_the_answers_to_the_consent_stay_in_the_window_while_its_text_scrolls(
    server_url: str, open_page: OpenPage, width: int, height: int, locale: str
):
    async with open_page(server_url, width=width, height=height, touch="yes", locale=locale) as page:
        await page.locator("#start").click()
        consent = page.locator("#consent")
        await expect(consent).to_be_visible()

        # From its beginning.
        assert await consent.evaluate("(dialog) => dialog.scrollTop") == 0
        for scroll in ("0", "dialog.scrollHeight"):
            await consent.evaluate(f"(dialog) => dialog.scrollTo(0, {scroll})")
            for answer in ("yes", "no"):
                await page.wait_for_function(IS_IN_WINDOW, arg=f"#consent [value={answer}]")
        below = """(dialog) => dialog.querySelector('.answers').getBoundingClientRect().top
          - dialog.querySelector('.text').getBoundingClientRect().bottom"""
        assert await consent.evaluate(below) >= 0


@pytest.mark.parametrize(("width", "height"), [PHONE, SIDEWAYS, LAPTOP])
async def test_the_big_word_says_whose_it_is_and_that_it_is_an_estimate(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height, script=FOUR_FACES) as page:
        await start(page)
        await expect(page.locator("#people .person")).to_have_count(4, timeout=SOON_MS)
        await expect(page.locator(".whose")).to_be_hidden()
        await page.locator("#people [data-id='2']").click()
        await page.evaluate("document.activeElement.blur()")

        await page.keyboard.press("w")

        await expect(page.locator(".whose")).to_have_text("Face 2", timeout=SOON_MS)
        number, strip = [
            await page.locator(selector).evaluate(
                "(each) => getComputedStyle(each).getPropertyValue('--face')"
            )
            for selector in (".whose", "#people [data-id='2'] .person-name")
        ]
        assert number == strip != ""
        await page.evaluate("scrollTo(0, 0)")
        await expect_inside(page, "#video", "#verdict", ".whose", ".caution")
        size = await page.locator(".caution").evaluate(
            "(line) => parseFloat(getComputedStyle(line).fontSize)"
        )
        assert size >= max(16, 0.03 * height)


async def test_settings_list_the_shortcuts_where_the_header_has_no_room(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740) as page:
        await expect(page.locator("#open-shortcuts")).to_be_hidden()
        await open_settings(page)
        await page.get_by_role("button", name="Keyboard shortcuts").click()

        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await expect(page.get_by_role("dialog", name="Settings")).to_be_hidden()
    async with open_page(server_url, width=360, height=740, touch="yes") as page:
        await open_settings(page)
        await expect(page.locator("#settings-shortcuts")).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
async def test_at_a_zoom_of_200_percent_a_laptop_shows_bars_and_the_list_of_faces(
    server_url: str, open_page: OpenPage, locale: str
):
    async with open_page(server_url, width=640, height=400, locale=locale, script=FOUR_FACES) as page:
        await page.locator("#start").click()
        await page.locator("#consent .primary").click()
        await expect(page.locator("#people .person")).to_have_count(4, timeout=SOON_MS)

        await expect_no_sideways_scroll(page)
        track = await page.locator(".track").first.bounding_box()
        assert track
        assert track["width"] >= 40
        beyond = await page.locator("#face").evaluate(
            """(panel) => [...panel.querySelectorAll('select, .share, .caution > *')]
              .filter((part) => part.getBoundingClientRect().right > panel.getBoundingClientRect().right - 8)
              .map(({ className, tagName }) => `${tagName} ${className}`)"""
        )
        assert beyond == []
