"""A server that asks who comes in, as a person at its page meets it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from facestream.credentials.tokens import Purpose, issue, make_key
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The browser writes a line for each refusal of HTTP.
REFUSED = "error: Failed to load resource: the server responded with a status of 401 (Unauthorized)"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A server that wants a token, and one that holds."""

    url: str
    token: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    key = make_key(folder / "token.key")
    settings = "--auth", "token", "--token-key-file", str(folder / "token.key"), "--analysis-processes", "1"
    with running_server(folder / "server.log", *settings) as running:
        yield Guarded(running.url, issue(key, Purpose.PEER, "requesting_client", 1))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Access token required")


async def agree(page: Page) -> None:
    await page.get_by_role("button", name="I agree").click()
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_person_types_the_token_and_comes_in(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.get_by_role("button", name="Start").click()
        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()
        await agree(page)

        await page.get_by_role("button", name="Stop").click()
        await page.reload()
        await page.get_by_role("button", name="Start").click()

        # Once a visit.
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_link_brings_the_token_and_the_address_bar_forgets_it(guarded: Guarded, open_page: OpenPage):
    async with open_page(f"{guarded.url}/#token={guarded.token}") as page:
        assert await page.evaluate("location.href") == f"{guarded.url}/"

        await page.get_by_role("button", name="Start").click()
        await agree(page)

        assert await page.evaluate("localStorage.getItem('facestream.token')") is None


async def test_a_wrong_token_is_told_and_asked_again(guarded: Guarded, open_page: OpenPage):
    async with open_page(f"{guarded.url}/#token=wrong", expect_errors=REFUSED) as page:
        await page.get_by_role("button", name="Start").click()
        await page.get_by_role("button", name="I agree").click()

        await expect(dialog(page)).to_contain_text("This token is not valid on this server")
        await expect(page.locator("#message-title")).to_have_text("Access token required")
        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()

        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_who_has_no_token_can_go_back(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.get_by_role("button", name="Start").click()
        await dialog(page).get_by_role("button", name="Not now").click()

        await expect(dialog(page)).to_be_hidden()
        await expect(page.locator("html")).to_have_attribute("data-state", "idle")


async def test_the_dialog_can_be_used_by_everybody(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url, width=360) as page:
        await page.get_by_role("button", name="Start").click()

        await expect(dialog(page).get_by_label("Token")).to_be_focused()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.keyboard.press("Escape")
        await expect(dialog(page)).to_be_hidden()


async def test_a_refusal_for_an_address_is_told_in_words(tmp_path: Path, open_page: OpenPage):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        async with open_page(running.url, expect_errors="429") as page:
            problem = (
                '{"title": "Too many sessions", "status": 429, "detail": "your address has 4 of 4 sessions"}'
            )
            await page.route(
                "**/offer",
                lambda route: route.fulfill(
                    status=429,
                    headers={"Retry-After": "7"},
                    body=problem,
                    content_type="application/problem+json",
                ),
            )
            await page.get_by_role("button", name="Start").click()
            await page.get_by_role("button", name="I agree").click()

            await expect(page.locator("#message-title")).to_have_text("Too many sessions from your network")
            await expect(page.locator("#message-text")).to_contain_text("Your address has 4 of 4 sessions. ")
            await expect(page.locator("#message-text")).to_contain_text("the camera stays off until then")
            await expect(page.get_by_role("timer")).to_contain_text("Next try in 7 s")
