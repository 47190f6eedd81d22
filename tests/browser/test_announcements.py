"""What a screen reader hears of the expression: on request, and at each change if the person wants it."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import (
    SOON_MS,
    OpenPage,
    close_settings,
    more_frames_shown,
    open_settings,
    press_start,
    start,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SWITCH = "Announce changes of the expression"
# Every message says what window.pretended says; the camera's clip shows one expression only.
PRETEND = """
  window.pretended = { label: 'happy', likely: 0.9, unsure: '' };
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
  const ORDER = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
  Object.defineProperty(MessageEvent.prototype, 'data', { get() {
    const given = get.call(this);
    if (typeof given !== 'string' || !given.includes('"faces"')) return given;
    const message = JSON.parse(given);
    const { label, likely, unsure } = window.pretended;
    for (const face of message.faces ?? []) {
      face.label = unsure ? 'unsure' : label;
      face.unsure = unsure;
      face.probabilities = ORDER.map((emotion) => emotion === label ? likely : (1 - likely) / 6);
    }
    return JSON.stringify(message);
  } });
"""
# All that the region said, and when.
WATCH_REGION = """
  window.heard = [];
  addEventListener('DOMContentLoaded', () => {
    const said = document.getElementById('said');
    new MutationObserver(() => {
      if (said.textContent) heard.push({ text: said.textContent, ms: performance.now() });
    }).observe(said, { childList: true, characterData: true, subtree: true });
  });
"""


async def announce_often(page: Page) -> None:
    """Shorten the pause between announcements, and load the page again."""

    async def shorten(route: Route) -> None:
        response = await route.fetch()
        source = await response.text()
        assert "PACE_MS = 5000" in source
        await route.fulfill(response=response, body=source.replace("PACE_MS = 5000", "PACE_MS = 300"))

    await page.route("**/js/panels/calm.js", shorten)
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-state", "idle", timeout=SOON_MS)


async def switch_on(page: Page) -> None:
    await open_settings(page)
    await page.get_by_label(SWITCH).check()
    await close_settings(page)


async def pretend(page: Page, label: str, likely: float = 0.9, unsure: str = "") -> None:
    pretended = {"label": label, "likely": likely, "unsure": unsure}
    await page.evaluate("(pretended) => { window.pretended = pretended; }", pretended)


async def heard(page: Page) -> list[str]:
    said: list[str] = await page.evaluate("window.heard.map(({ text }) => text)")
    return said


async def test_changes_are_announced_and_nothing_that_is_unsure(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=PRETEND + WATCH_REGION) as page:
        await announce_often(page)
        await switch_on(page)
        await start(page)
        region = page.locator("#said")
        await expect(region).to_have_text("Happy 90%", timeout=SOON_MS)

        await pretend(page, "sad", 0.5)
        await expect(page.locator("#verdict")).to_have_text("Perhaps sad", timeout=SOON_MS)
        await pretend(page, "sad", 0.5, "close")
        await expect(page.locator("#verdict")).to_have_text("Unsure", timeout=SOON_MS)
        await more_frames_shown(page, 20)
        assert await heard(page) == ["Happy 90%"]

        await pretend(page, "surprise")
        await expect(region).to_have_text("Surprise 90%", timeout=SOON_MS)
        # The same word with another probability is no change.
        await pretend(page, "surprise", 0.8)
        await expect(page.locator(".verdict-share")).to_have_text("80%", timeout=SOON_MS)
        await more_frames_shown(page, 20)
        assert await heard(page) == ["Happy 90%", "Surprise 90%"]


async def test_two_announcements_are_five_seconds_apart(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=PRETEND + WATCH_REGION) as page:
        await switch_on(page)
        await start(page)
        await expect(page.locator("#said")).to_have_text("Happy 90%", timeout=SOON_MS)

        await pretend(page, "sad")
        await expect(page.locator("#said")).to_have_text("Sad 90%", timeout=SOON_MS)

        first, second = await page.evaluate("window.heard.map(({ ms }) => ms)")
        # The text is set at the next frame of the screen, which may be late for the first announcement.
        assert second - first > 4000


async def test_without_the_choice_only_a_request_is_answered(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=PRETEND + WATCH_REGION) as page:
        await start(page)
        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await pretend(page, "sad")
        await expect(page.locator("#verdict")).to_have_text("Sad", timeout=SOON_MS)
        assert await heard(page) == []

        await page.locator("#say-now").click()

        await expect(page.locator("#said")).to_contain_text("Sad 90%", timeout=SOON_MS)


async def test_the_choice_is_kept_and_also_holds_in_the_compact_view(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=PRETEND) as page:
        await switch_on(page)
        await page.goto(f"{server_url}/?view=compact")
        await expect(page.locator("html")).to_have_attribute("data-state", "idle", timeout=SOON_MS)
        await press_start(page)

        # Found by its role, so it is not hidden from screen readers.
        await expect(page.get_by_role("status").filter(has_text="Happy 90%")).to_have_count(
            1, timeout=SOON_MS
        )

        await page.goto(server_url)
        await expect(page.locator("html")).to_have_attribute("data-state", "idle", timeout=SOON_MS)
        await open_settings(page)
        await expect(page.get_by_label(SWITCH)).to_be_checked()
