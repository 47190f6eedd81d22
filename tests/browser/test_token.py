"""The token dialog, with a server that requires a token."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.cameras import CAMERAS, expect_problem
from tests.browser.conftest import SOON_MS, OpenPage
from tests.conftest import running_server
from tests.guarded import Guarded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Chromium logs each response with an error status.
UNAUTHORIZED = "status of 401"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Access token required")


async def agree(page: Page) -> None:
    await page.get_by_role("button", name="I agree").click()
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_person_enters_the_token_and_is_admitted(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.get_by_role("button", name="Start").click()
        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()
        await agree(page)

        await page.get_by_role("button", name="Stop").click()
        await page.reload()
        await page.get_by_role("button", name="Start").click()

        # The page asks only once per visit.
        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_a_token_in_a_link_is_used_and_removed_from_the_address_bar(
    guarded: Guarded, open_page: OpenPage
):
    async with open_page(f"{guarded.url}/#token={guarded.token}") as page:
        assert await page.evaluate("location.href") == f"{guarded.url}/"

        await page.get_by_role("button", name="Start").click()
        await agree(page)

        assert await page.evaluate("localStorage.getItem('facestream.token')") is None


@pytest.mark.parametrize("put", ["{}%E2%80%8B", "%E2%80%9E{}%E2%80%9C"])
async def test_a_token_in_a_link_from_a_chat_works(guarded: Guarded, open_page: OpenPage, put: str):
    async with open_page(f"{guarded.url}/#token={put.format(guarded.token)}") as page:
        await page.get_by_role("button", name="Start").click()
        await agree(page)


async def test_a_token_that_no_header_can_carry_is_wrong_before_the_camera_opens(
    guarded: Guarded, open_page: OpenPage
):
    async with open_page(
        f"{guarded.url}/#token=%F0%9F%98%80", script=CAMERAS, expect_errors=UNAUTHORIZED
    ) as page:
        await page.get_by_role("button", name="Start").click()
        await expect(dialog(page)).to_contain_text("This token is not valid")
        await dialog(page).get_by_label("Token").fill("   ")
        await dialog(page).get_by_role("button", name="Continue").click()
        await expect(dialog(page)).to_be_visible()
        assert await page.evaluate("window.cameras.length") == 0
        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()
        await agree(page)


async def test_an_empty_token_is_removed_from_the_address_and_not_used(guarded: Guarded, open_page: OpenPage):
    async with open_page(f"{guarded.url}/#token=") as page:
        assert await page.evaluate("location.href") == f"{guarded.url}/"

        await page.get_by_role("button", name="Start").click()

        await expect(dialog(page)).to_contain_text("Enter the token")


async def test_after_a_wrong_token_the_page_asks_again(guarded: Guarded, open_page: OpenPage):
    async with open_page(f"{guarded.url}/#token=wrong", script=CAMERAS) as page:
        offers: list[str] = []
        page.on("request", lambda sent: offers.append(sent.url) if sent.url.endswith("/offer") else None)
        await page.get_by_role("button", name="Start").click()

        await expect(dialog(page)).to_contain_text("This token is not valid on this server")
        await dialog(page).get_by_label("Token").fill("also wrong")
        await dialog(page).get_by_role("button", name="Continue").click()
        await expect(dialog(page).get_by_label("Token")).to_have_value("")
        await expect(dialog(page)).to_contain_text("This token is not valid on this server")
        # The camera does not open, and no session is asked for, before the token is right.
        assert await page.evaluate("window.cameras.length") == 0
        assert offers == []

        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()
        await agree(page)


async def test_a_token_that_the_server_rejects_after_the_check_is_asked_for_again(
    guarded: Guarded, open_page: OpenPage
):
    async with open_page(f"{guarded.url}/#token=wrong", expect_errors=UNAUTHORIZED) as page:
        # As if it had expired in between, or on a server that does not check tokens before an offer.
        settings = '{"auth": "token", "websocket": true, "views": []}'
        await page.route("**/config", lambda route: route.fulfill(body=settings))
        await page.get_by_role("button", name="Start").click()
        await page.get_by_role("button", name="I agree").click()

        await expect_problem(page, "token")
        await expect(dialog(page)).to_contain_text("This token is not valid on this server")
        await expect(page.locator("#message-title")).to_have_text("Access token required")
        await dialog(page).get_by_label("Token").fill(guarded.token)
        await dialog(page).get_by_role("button", name="Continue").click()

        await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_the_dialog_can_be_closed_without_a_token(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.get_by_role("button", name="Start").click()
        await dialog(page).get_by_role("button", name="Not now").click()

        await expect(dialog(page)).to_be_hidden()
        await expect(page.locator("html")).to_have_attribute("data-state", "idle")


async def test_the_dialog_is_usable_by_keyboard_and_on_a_phone(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url, width=360) as page:
        await page.get_by_role("button", name="Start").click()

        await expect(dialog(page).get_by_label("Token")).to_be_focused()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.keyboard.press("Escape")
        await expect(dialog(page)).to_be_hidden()


async def test_a_rejection_for_the_address_shows_its_reason(tmp_path: Path, open_page: OpenPage):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        async with open_page(running.url, expect_errors="429") as page:
            problem = (
                '{"title": "Too many sessions", "status": 429, "code": "too_many_sessions_for_address",'
                ' "detail": "your address has 4 of 4 sessions"}'
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

            await expect_problem(page, "tooMany")
            await expect(page.locator("#message-title")).to_have_text("Too many sessions from your network")
            await expect(page.locator("#message-text")).to_contain_text("Other pages or devices in your")
            await expect(page.locator("#message-text")).to_contain_text("the camera stays off until then")
            await expect(page.get_by_role("timer")).to_contain_text("Next try in 7 s")
