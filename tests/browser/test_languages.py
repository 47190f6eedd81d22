"""German by the browser and by the menu; a made-up language from right to left finds what knows English only."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import (
    NO_STORAGE,
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    expect_no_sideways_scroll,
    more_frames_shown,
    open_settings,
    start,
)
from tests.browser.test_layout import expect_inside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE, SIDEWAYS, LAPTOP = (360, 740), (740, 360), (1280, 800)
# Each text of English with accents, 40 % longer, from right to left. The tag is of Hebrew, for its numbers.
PSEUDO = """
const MARK = '\\u200f';
const FROM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TO = [...'áƀćđéƒğĥíĵķĺɱńóþɋŕśťúṽŵẋýžÁɃĆĐÉƑĞĤÍĴĶĹṀŃÓÞɊŔŚŤÚṼŴẊÝŽ'];
function inPseudo(text) {
  if (typeof text === 'function') return (...given) => inPseudo(text(...given));
  if (text && typeof text === 'object') {
    return Object.fromEntries(Object.entries(text).map(([key, value]) => [key, inPseudo(value)]));
  }
  if (typeof text !== 'string' || !text) return text;
  const accented = [...text].map((letter) => TO[FROM.indexOf(letter)] ?? letter).join('');
  if (accented.includes(MARK)) return accented;
  const words = accented.split(' ');
  const longer = words.map((word) => word + 'ŏ'.repeat(Math.round(word.length * 0.4))).join(' ');
  return MARK + longer + MARK;
}
LANGUAGES.he = { name: 'Pseudo', direction: 'rtl', load: async () => inPseudo({ ...en }) };
"""
# Visible texts, names and tooltips with a word that is not of the made-up language. Names of the browser's cameras, of
# languages, of the session and of keys are the same in all languages, and so are units.
LEFT_IN_ENGLISH = """() => {
  const same = '#camera, #language, #session, #codec, kbd, option[lang], script, style, noscript';
  const units = /\\b(facestream|fps|ms|kbit|Mbit|MP4|WebM|VP8|VP9|H264|JPEG|AV1)\\b/g;
  const found = new Set();
  const look = (text, where) => {
    if (/[A-Za-z]{2,}/.test(text.replace(units, ''))) found.add(`${where}: ${text.trim().slice(0, 80)}`);
  };
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest(same)) continue;
    const drawn = element.localName === 'option' ? element.parentElement : element;
    if (!drawn.getClientRects().length) continue;
    const where = `${element.localName}${element.id && '#' + element.id}.${element.getAttribute('class') ?? ''}`;
    for (const child of element.childNodes) if (child.nodeType === Node.TEXT_NODE) look(child.data, where);
    for (const name of ['title', 'aria-label', 'placeholder', 'aria-valuetext', 'alt']) {
      look(element.getAttribute(name) ?? '', `${where} ${name}`);
    }
  }
  return [...found];
}"""


async def open_in_pseudo(page: Page) -> None:
    """Load the page again in the made-up language."""

    async def add_language(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, body=await response.text() + PSEUDO)

    await page.route("**/js/texts/languages.js", add_language)
    await page.evaluate("localStorage.setItem('facestream.language', 'he')")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("dir", "rtl", timeout=SOON_MS)
    await expect(page.locator("html")).to_have_attribute("data-state", "idle", timeout=SOON_MS)


async def start_without_words(page: Page) -> None:
    """Start by ids, because the names are made up."""
    await page.locator("#start").click()
    await page.locator("#consent button[value=yes]").click()
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
    await expect(page.locator("#verdict")).to_have_text("\u200fĤáþþýŏŏ\u200f", timeout=SOON_MS)


@pytest.mark.parametrize(("width", "height"), [PHONE, SIDEWAYS, LAPTOP])
async def test_a_longer_language_from_right_to_left_fits_the_window(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await open_in_pseudo(page)
        await expect_no_sideways_scroll(page)
        await expect_inside(page, "#start")

        await start_without_words(page)
        await expect_no_sideways_scroll(page)
        await expect_inside(page, "#video", "#verdict", "#stop")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"pseudo_{width}x{height}.png")
        await page.locator("#open-settings").click()
        await expect_no_sideways_scroll(page)


async def test_from_right_to_left_the_word_is_left_of_the_video_and_bars_grow_to_the_left(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, width=1280, height=800) as page:
        await open_in_pseudo(page)
        await start_without_words(page)

        boxes = await page.evaluate(
            "['.stage', '.face', '.row .name', '.row .share']"
            ".map((part) => document.querySelector(part).getBoundingClientRect().left)"
        )
        assert boxes[1] < boxes[0]
        assert boxes[3] < boxes[2]
        origin = await page.locator(".row .fill").first.evaluate(
            "(fill) => parseFloat(getComputedStyle(fill).transformOrigin) / fill.offsetWidth"
        )
        assert origin == pytest.approx(1, abs=0.02)
        assert (
            await page.locator("#time-axis").evaluate("(axis) => getComputedStyle(axis).direction") == "ltr"
        )


async def test_no_text_is_kept_outside_the_languages(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=1280, height=800) as page:
        await open_in_pseudo(page)
        assert await page.evaluate(LEFT_IN_ENGLISH) == []

        await start_without_words(page)
        await page.locator("#figures summary").click()
        await page.locator("#markers .mark-now").click()
        await page.locator("#record").click()
        await expect(page.locator("#stages li").first).to_be_visible(timeout=SOON_MS)
        await page.locator("#save summary").click()
        assert await page.evaluate(LEFT_IN_ENGLISH) == []

        for opener, sheet in (
            ("#open-settings", "#settings"),
            ("#open-shortcuts", "#shortcuts"),
            ("#open-meaning", "#meaning"),
            ("#open-sessions", "#sessions"),
            ("#open-share", "#share"),
        ):
            await page.locator(opener).click()
            await expect(page.locator(sheet)).to_be_visible()
            assert await page.evaluate(LEFT_IN_ENGLISH) == []
            await page.keyboard.press("Escape")
            await expect(page.locator(sheet)).to_be_hidden()
        await page.locator("#stop").click()
        await expect(page.locator("#held")).to_be_visible(timeout=SOON_MS)
        assert await page.evaluate(LEFT_IN_ENGLISH) == []


@pytest.mark.parametrize(("width", "height"), [PHONE, SIDEWAYS, LAPTOP])
async def test_a_german_browser_shows_german(server_url: str, open_page: OpenPage, width: int, height: int):
    async with open_page(server_url, width=width, height=height, locale="de-AT") as page:
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        await page.get_by_role("button", name="Kamera starten").click()
        await page.get_by_role("button", name="Ich stimme zu").click()

        await expect(page.locator("#verdict")).to_have_text("Fröhlich", timeout=SOON_MS)
        # The labels in the video are German too.
        await expect(page.locator("#layers")).to_have_attribute("data-language", "de")
        await expect_inside(page, "#video", "#verdict", "#stop")
        await expect_no_sideways_scroll(page)
        await page.screenshot(path=SCREENSHOTS / f"german_{width}x{height}.png")


async def test_the_menu_changes_the_language_and_the_choice_is_kept(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await open_settings(page)
        await page.get_by_label("Language / Sprache").select_option(label="Deutsch")

        await expect(page.get_by_role("button", name="Kamera starten")).to_be_visible(timeout=SOON_MS)
        await page.reload()
        await expect(page.get_by_role("button", name="Kamera starten")).to_be_visible(timeout=SOON_MS)
        await page.get_by_role("button", name="Einstellungen").click()
        await page.get_by_label("Sprache / Language").select_option(label="English")
        await expect(page.get_by_role("button", name="Start camera")).to_be_visible(timeout=SOON_MS)


async def test_while_a_session_runs_the_language_stays(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        menu = page.locator("#language")

        await expect(menu).to_be_disabled()
        await expect(menu).to_have_attribute(
            "title", "The language can be changed once the video is stopped, because the page reloads for it."
        )
        await page.get_by_role("button", name="Stop").click()
        await expect(menu).to_be_enabled(timeout=SOON_MS)
        await expect(menu).to_have_attribute("title", "")


async def test_before_a_session_that_only_the_page_holds_is_lost_the_menu_asks(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=NO_STORAGE) as page:
        await start(page)
        await more_frames_shown(page, 5)
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator("#held")).to_be_visible(timeout=SOON_MS)
        await open_settings(page)

        await page.locator("#language").select_option("de")
        await page.get_by_role("button", name="Cancel").click()

        await expect(page.locator("#language")).to_have_value("en")
        await expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize(
    ("locale", "title"),
    [("de-DE", "Die Seite wurde nicht vollständig geladen"), ("fr", "This page did not load completely")],
)
async def test_a_page_that_does_not_load_says_so_in_the_browsers_language(
    server_url: str, open_page: OpenPage, locale: str, title: str
):
    async with open_page(server_url, locale=locale, expect_errors="ERR_FAILED") as page:
        await page.route("**/js/visit/visit.js", lambda route: route.abort())
        await page.reload()

        await expect(page.locator("#message-title")).to_have_text(title, timeout=SOON_MS)
