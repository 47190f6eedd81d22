"""The page in the oldest supported browsers, in unsupported ones, and when a file does not load."""

import json
import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import (
    NO_WEBRTC,
    SOON_MS,
    Browsers,
    OpenPage,
    chart_points,
    open_settings,
    start,
    until,
)
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Removes features of Chromium that Safari 15.4, Firefox ESR 115 or Chrome 108 lacks and that a page may meet.
OLD = """
for (const [owner, names] of [
  [AbortSignal, ['timeout', 'any']],
  [window, ['OffscreenCanvas', 'MediaStreamTrackProcessor', 'VideoEncoder', 'scheduler', 'Iterator']],
  [HTMLVideoElement.prototype, ['requestVideoFrameCallback', 'cancelVideoFrameCallback']],
  [RTCRtpReceiver.prototype, ['jitterBufferTarget']],
  [HTMLElement.prototype, ['popover', 'showPopover', 'inert']],
  [HTMLDialogElement.prototype, ['closedBy', 'requestClose']],
  [Array.prototype, ['toSorted', 'toReversed', 'toSpliced', 'with']],
  [Set.prototype, ['union', 'intersection', 'difference']],
  [Object, ['groupBy']], [Map, ['groupBy']], [Array, ['fromAsync']], [Promise, ['withResolvers', 'try']],
  [URL, ['canParse', 'parse']], [Navigator.prototype, ['userActivation', 'userAgentData', 'wakeLock']],
  [Document.prototype, ['startViewTransition']], [Blob.prototype, ['bytes']], [Response.prototype, ['bytes']],
]) {
  for (const name of names) {
    delete owner[name];
    if (name in owner) throw new Error(`${name} is still there`);
  }
}
for (const owner of [Document.prototype, DocumentFragment.prototype, Element.prototype]) {
  for (const name of ['querySelector', 'querySelectorAll', 'matches', 'closest']) {
    const original = owner[name];
    if (!original) continue;
    owner[name] = function (selector) {
      const unsupported = /:(open|has|popover-open|state|dir|user-valid|user-invalid)\\b/.exec(selector);
      if (unsupported) throw new DOMException(`'${selector}' is not a valid selector`, 'SyntaxError');
      return original.call(this, selector);
    };
  }
}
"""
FACES = """{
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const message = parse(text);
    if (message?.faces?.length) message.faces.push({ ...message.faces[0], id: message.faces[0].id + 1 });
    return message;
  };
}"""


@pytest.mark.parametrize("transport", ["webrtc", "jpeg"])
async def test_an_old_browser_shows_face_chart_and_figures(
    server_url: str, open_page: OpenPage, transport: str
):
    async with open_page(server_url, script=OLD + (NO_WEBRTC if transport == "jpeg" else "")) as page:
        await start(page)
        await chart_points(page, 4)

        await expect(page.locator("#way")).to_be_visible(visible=transport == "jpeg")
        await expect(page.locator("#verdict")).to_have_text(re.compile("Happy|Neutral"), timeout=SOON_MS)
        await expect(page.locator("#delay")).to_contain_text("ms", timeout=SOON_MS)
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("html")).to_have_attribute("data-state", "stopped")


async def test_an_old_browser_offers_a_choice_of_faces(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=OLD + FACES) as page:
        await start(page)

        choice = page.get_by_label("Face to follow")
        await expect(choice).to_be_visible(timeout=SOON_MS)
        await choice.select_option("Face 2")
        await expect(choice).to_have_value("2")


async def test_the_keyboard_focus_is_visible_without_the_selector_has(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        styles = [path.read_text(encoding="utf-8") for path in (ROOT / "client" / "css").glob("*.css")]
        assert not any(":has(" in style for style in styles)
        framed: list[str] = []
        for place in ("page", "settings"):
            if place == "settings":
                await open_settings(page)
            for _ in range(8):
                await page.keyboard.press("Tab")
                framed += await page.evaluate(
                    """() => {
                      const focused = document.activeElement;
                      if (!focused.matches('.file input, .pills input')) return [];
                      const text = focused.nextElementSibling;
                      return getComputedStyle(text, '::after').outlineStyle === 'solid' ? [text.textContent] : [];
                    }"""
                )

        assert framed[0] == "Use a video file"
        assert framed[1].startswith("640")
        assert framed[2] == "30"


def responding(**response: object) -> Callable[[Route], Awaitable[None]]:
    async def fulfill(route: Route) -> None:
        if response:
            await route.fulfill(**response)  # type: ignore[arg-type]
        else:
            await route.abort()

    return fulfill


async def expect_not_started(page: Page, title: str, text: str) -> None:
    await expect(page.get_by_role("alert")).to_contain_text(title)
    await expect(page.get_by_role("alert")).to_contain_text(text)
    await expect(page.locator("#state")).to_have_text("Not started")
    await expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(
    "module",
    ["main.js", "connection/peer.js", "texts/en.js"],
    ids=["the first", "one it imports", "one of many"],
)
@pytest.mark.parametrize(
    ("response", "text"),
    [
        ({"status": 404}, "A file could not be loaded from the server"),
        ({}, "A file could not be loaded from the server"),
        ({"body": "<html>", "content_type": "text/html"}, "A file could not be loaded from the server"),
        ({"body": "export class {", "content_type": "text/javascript"}, "SyntaxError"),
        ({"body": "null.x;", "content_type": "text/javascript"}, ""),
    ],
    ids=["404", "no response", "a proxy's page", "syntax error", "exception or a missing name"],
)
async def test_a_module_that_fails_shows_an_error(
    server_url: str, open_page: OpenPage, module: str, response: dict[str, object], text: str
):
    async with open_page(server_url, expect_errors=".") as page:
        await page.route(f"**/js/{module}", responding(**response))
        await page.reload()

        title = (
            "could not start"
            if "body" in response and "html" not in str(response)
            else "did not load completely"
        )
        await expect_not_started(page, title, text)


async def test_the_page_starts_without_the_chart_library(server_url: str, open_page: OpenPage):
    async with open_page(server_url, expect_errors="404") as page:
        await page.route("**/vendor/*.js", responding(status=404))
        await page.reload()

        await expect(page.locator("#chart-empty")).to_contain_text("The chart could not be loaded")
        await start(page)


async def test_a_browser_that_is_too_old_shows_the_supported_ones(server_url: str, open_page: OpenPage):
    package = json.loads((ROOT / "client" / "package.json").read_text(encoding="utf-8"))
    oldest = dict(line.split(" >= ") for line in package["browserslist"])
    async with open_page(
        server_url, script="delete Array.prototype.findLast; delete window.HTMLDialogElement;"
    ) as page:
        await expect_not_started(page, "This browser is too old", f"Safari {oldest['safari']}")


async def has_asked(held: list[Route]) -> bool:
    """The route is reported a moment after the page has asked."""
    return bool(held)


async def test_the_page_starts_when_a_slow_module_arrives(server_url: str, open_page: OpenPage):
    async with open_page(
        server_url,
        script="const wait = setTimeout; setTimeout = (f, ms) => wait(f, ms === 20000 ? 200 : ms);",
    ) as page:
        held: list[Route] = []
        await page.route("**/js/texts/en.js", lambda route: held.append(route))
        await page.reload(wait_until="commit")
        await expect_not_started(page, "did not load completely", "Reload the page")

        await until(lambda: has_asked(held))
        await held[0].continue_()

        await expect(page.locator("html")).to_have_attribute("data-state", "idle")
        await start(page)


async def test_without_javascript_the_page_shows_a_message(server_url: str, browsers: Browsers):
    context = await (await browsers.get(())).new_context(java_script_enabled=False)
    page = await context.new_page()

    await page.goto(server_url)

    # Playwright does not read the text of a noscript as part of the page.
    await expect(page.locator("noscript p")).to_be_visible()
    await expect(page.locator("noscript p")).to_contain_text("JavaScript is off in this browser")
    await expect(page.get_by_role("button")).to_have_count(0)
    await context.close()
