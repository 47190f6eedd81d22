"""The chart: its size in every state, looking back, two faces, the table."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage, chart_points, press_start, start, until
from tests.browser.test_old_browsers import FACES
from tests.browser.test_while_it_runs import BREAK

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The last two are a window of 1280x800 at 200 % zoom, and a phone held sideways.
SIZES = [(320, 640), (360, 740), (768, 1024), (1280, 800), (1920, 1080), (640, 400), (740, 360)]
# What of the chart reaches beyond its card, and a page wider than the window.
OVERFLOW = """() => {
  const card = document.querySelector('.history').getBoundingClientRect();
  const found = [...document.querySelectorAll('.history *')].filter((each) => {
    if (each.closest('.sheet, .unseen, option, svg, .c3-tooltip-container')) return false;
    const { left, right, top, bottom, width, height } = each.getBoundingClientRect();
    if (!width || !height || getComputedStyle(each).visibility === 'hidden') return false;
    return left < card.left - 1 || right > card.right + 1 || top < card.top - 1 || bottom > card.bottom + 1;
  }).map((each) => `${each.tagName} ${each.id || each.className}`);
  if (document.documentElement.scrollWidth > innerWidth) found.push(`page ${document.documentElement.scrollWidth}`);
  const svg = document.querySelector('#chart svg').getBoundingClientRect();
  const lines = document.querySelector('.lines').getBoundingClientRect();
  if (Math.abs(svg.height - lines.height) > 1 || Math.abs(svg.width - lines.width) > 1) found.push('svg');
  return found;
}"""
# Moves the page's clock, as if minutes had passed.
SKEW = """
const now = performance.now.bind(performance);
window.skewMs = 0;
performance.now = () => now() + window.skewMs;
"""
# `hide('yes')` is another tab in front of this one.
HIDE = """
let hidden = 'no';
Object.defineProperty(document, 'hidden', { get: () => hidden === 'yes' });
window.hide = (now) => { hidden = now; document.dispatchEvent(new Event('visibilitychange')); };
"""
DRAWN = """() => JSON.stringify([
  document.querySelector('.ribbon').dataset.bands,
  document.getElementById('chart').dataset.points,
  document.getElementById('chart').dataset.lines,
  document.getElementById('time-axis').textContent,
])"""


async def expect_no_overflow(page: Page, state: str) -> None:
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        # C3 is drawn anew in the frame after the change.
        await page.wait_for_function(
            f"({OVERFLOW})().length === 0 || new Promise((later) => setTimeout(later, 200, false))",
            timeout=SOON_MS,
        )
        assert await page.evaluate(OVERFLOW) == [], f"{state}, {width}x{height}"


@pytest.mark.timeout(150)
async def test_nothing_of_the_chart_overflows_at_any_size_in_any_state(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=BREAK + FACES, expect_errors="Failed") as page:
        await expect_no_overflow(page, "at rest")
        await start(page)
        await chart_points(page, 4)
        await expect_no_overflow(page, "live")
        await page.get_by_role("button", name="Compare").click()
        await expect(page.locator(".ribbon:not([hidden])")).to_have_count(2)
        await page.set_viewport_size({"width": 1280, "height": 800})
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / "chart_compare.png")
        await page.get_by_role("button", name="Compare").click()
        await page.get_by_role("button", name="Pause").click()
        await expect_no_overflow(page, "paused")
        await page.route("**/offer", lambda route: route.abort())
        await page.evaluate("window.breakConnection()")
        await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting", timeout=SOON_MS)
        await expect_no_overflow(page, "after a lost connection")


async def test_a_paused_chart_keeps_what_it_shows_when_minutes_pass(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=SKEW) as page:
        await start(page)
        await chart_points(page, 8)
        await page.get_by_role("button", name="Pause").click()
        before = await page.evaluate(DRAWN)

        await page.evaluate("window.skewMs = 20 * 60_000")
        slider = page.get_by_label("Look back in time")
        # The session goes on meanwhile.
        await page.wait_for_function(
            "() => Number(document.getElementById('look-back').max) > 1200", timeout=SOON_MS
        )

        assert await page.evaluate(DRAWN) == before
        await slider.press("Home")
        await expect(page.locator("#time-axis span").first).to_have_text("0:00")


async def test_looking_back_reaches_the_start_and_names_the_time(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=SKEW) as page:
        await start(page)
        await chart_points(page, 6)
        await expect(page.locator("#time-axis")).to_contain_text("now")
        await page.evaluate("window.skewMs = 100_000")
        # The session is longer than the window now.
        await page.get_by_label("Time span of the chart").select_option("15")
        await page.get_by_role("button", name="Pause").click()
        slider = page.get_by_label("Look back in time")
        await expect(page.locator("#time-axis")).not_to_contain_text("now")

        await slider.press("End")
        end_s = int(await slider.input_value())
        assert end_s > 100
        await slider.press("PageDown")
        await expect(slider).to_have_js_property("value", str(end_s - 15))
        await slider.press("Home")

        await expect(slider).to_have_attribute("aria-valuetext", "0:00 to 0:15 of the session")
        await expect(page.locator("#time-axis span").first).to_have_text("0:00")
        await expect(page.locator("#time-axis span").last).to_have_text("0:15")
        await expect(page.locator(".ribbon").first).to_have_attribute(
            "data-bands", re.compile("happy|neutral")
        )


async def test_a_stopped_chart_can_still_be_looked_back_at(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=SKEW) as page:
        await start(page)
        await chart_points(page, 6)
        await page.evaluate("window.skewMs = 60_000")
        await page.get_by_role("button", name="Stop", exact=True).click()
        await expect(page.locator("#time-axis")).not_to_contain_text("now")

        slider = page.get_by_label("Look back in time")
        await slider.press("Home")

        await expect(slider).to_have_attribute("aria-valuetext", "0:00 to 0:30 of the session")
        await expect(page.locator(".ribbon").first).to_have_attribute(
            "data-bands", re.compile("happy|neutral")
        )


async def test_a_chart_that_ends_in_a_hidden_tab_is_not_live_when_the_tab_returns(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=HIDE) as page:
        await start(page)
        await chart_points(page, 4)
        await page.evaluate("hide('yes')")
        await page.evaluate("document.getElementById('stop').click()")
        await expect(page.locator("html")).to_have_attribute("data-state", "stopped")

        await page.evaluate("hide('no')")

        await expect(page.locator("#time-axis")).not_to_contain_text("now")
        await expect(page.locator("#pause")).to_be_hidden()
        await expect(page.get_by_label("Look back in time")).to_be_visible()


async def test_a_start_that_fails_leaves_no_live_chart(server_url: str, open_page: OpenPage):
    refused = (
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));"
    )
    async with open_page(server_url, script=refused) as page:
        await press_start(page)
        await expect(page.locator("html")).to_have_attribute("data-state", "failed")

        await expect(page.get_by_role("button", name="Pause")).to_be_disabled()
        await expect(page.locator("#time-axis")).not_to_contain_text("now")


async def test_two_leading_lines_are_named_at_their_ends_and_all_on_demand(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await start(page)
        await chart_points(page, 4)

        async def names() -> list[str]:
            return await page.locator(".line-end:visible").all_text_contents()

        assert sorted(await names()) == ["Happy", "Neutral"]
        await page.locator("#chart-view summary").click()
        await page.get_by_role("combobox", name="Lines").select_option("All seven and frame rate")
        await until(lambda: has_names(page, 8))


async def has_names(page: Page, count: int) -> bool:
    return await page.locator(".line-end:visible").count() == count


async def test_compare_shows_a_ribbon_for_each_face_with_its_number_and_colour(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=FACES) as page:
        await expect(page.get_by_role("button", name="Compare")).to_be_hidden()
        await start(page)
        await chart_points(page, 2)

        await page.get_by_role("button", name="Compare").click()

        badges = page.locator(".face-badge:visible")
        await expect(badges).to_have_count(2)
        numbers = [int(text) for text in await badges.all_text_contents()]
        assert numbers[1] == numbers[0] + 1
        colours = await badges.evaluate_all(
            "(all) => all.map((badge) => getComputedStyle(badge).backgroundColor)"
        )
        assert colours[0] != colours[1]
        ribbons = page.locator(".ribbon:visible")
        await expect(ribbons).to_have_count(2)
        for ribbon in await ribbons.all():
            await expect(ribbon).to_have_attribute("data-bands", re.compile("happy|neutral|unsure"))


async def test_the_past_is_a_table_on_demand(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await chart_points(page, 8)

        await page.locator("#chart-view summary").click()
        await page.get_by_role("button", name="As a table").click()

        table = page.get_by_role("table")
        await expect(table.get_by_role("columnheader")).to_have_text(
            ["Time", "Label", "Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral"]
        )
        assert await table.get_by_role("rowheader").count() >= 3
        await page.keyboard.press("Escape")
        await expect(table).to_be_hidden()
