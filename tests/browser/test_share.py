"""The dialog that shares the page: a link with a token that expires, or the page's address."""

import json
import re
from typing import Literal

import cv2
import numpy as np
import pytest
from playwright.async_api import Locator, Page, Route, expect

from benchmarks.chromium import ALLOW_CAMERA
from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage
from tests.browser.test_for_everyone import violations
from tests.conftest import running_server
from tests.guarded import Guarded

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Chromium logs each response with an error status.
UNAUTHORIZED, FORBIDDEN, NOT_FOUND = "status of 401", "status of 403", "status of 404"


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Share")


async def open_dialog(page: Page) -> None:
    await page.get_by_role("button", name="Share").click()
    await expect(dialog(page)).to_be_visible()


async def create_link(page: Page, admin_token: str) -> str:
    """Open the dialog, create a link, and return it."""
    await open_dialog(page)
    await dialog(page).get_by_label("Admin token").fill(admin_token)
    await dialog(page).get_by_role("button", name="Create link").click()
    await expect(dialog(page).get_by_role("img", name="QR code")).to_be_visible(timeout=SOON_MS)
    return await dialog(page).get_by_label("Link", exact=True).input_value()


async def kept_in(page: Page) -> str:
    """Everything that the page keeps in the browser or shows in its address and elements."""
    kept: str = await page.evaluate(
        """async () => JSON.stringify([
          location.href, { ...localStorage }, { ...sessionStorage }, document.cookie, history.state,
          await indexedDB.databases(), document.documentElement.outerHTML,
          [...document.querySelectorAll('input')].map((input) => input.value),
        ])"""
    )
    return kept


async def test_a_person_who_opens_the_link_starts_a_session(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        link = await create_link(page, guarded.admin_token)

        assert link.startswith(f"{guarded.url}/#token=")
        async with open_page(link) as other:
            await other.get_by_role("button", name="Start").click()
            await other.get_by_role("button", name="I agree").click()
            await expect(other.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def test_the_lifetime_and_the_name_that_were_chosen_are_asked_for(
    guarded: Guarded, open_page: OpenPage
):
    async with open_page(guarded.url) as page:
        await open_dialog(page)
        await dialog(page).get_by_label("24", exact=True).check()
        await dialog(page).get_by_label("Name for the server").fill("  workshop ")
        await dialog(page).get_by_label("Admin token").fill(guarded.admin_token)
        async with page.expect_request("**/tokens") as sent:
            await page.keyboard.press("Enter")

        request = await sent.value
        assert request.post_data_json == {
            "lifetime_h": 24,
            "subject": "workshop",
            "url": f"{guarded.url}/",
        }
        await expect(dialog(page)).to_contain_text("Whoever has this link can use the server until")
        shown = await dialog(page).locator(".share-until").text_content() or ""
        # In 24 hours it is another day.
        expected = await page.evaluate(
            "new Date(Date.now() + 86_400_000).toLocaleDateString('en', { dateStyle: 'medium' })"
        )
        assert expected in shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_camera_reads_the_code_from_the_screen(guarded: Guarded, open_page: OpenPage, scheme: str):
    async with open_page(guarded.url, width=360, height=740) as page:
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        link = await create_link(page, guarded.admin_token)

        assert await read_code(page) == link


async def test_neither_the_admin_token_nor_the_link_is_kept(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        link = await create_link(page, guarded.admin_token)
        assert guarded.admin_token not in await kept_in(page)

        await page.keyboard.press("Escape")
        await expect(dialog(page)).to_be_hidden()

        kept = await kept_in(page)
        assert link.partition("#token=")[2] not in kept
        assert "data:image/svg+xml" not in kept
        # Nor when the dialog is closed before a link was made.
        await open_dialog(page)
        await dialog(page).get_by_label("Admin token").fill("half a token")
        await page.keyboard.press("Escape")
        await expect(dialog(page)).to_be_hidden()
        assert "half a token" not in await kept_in(page)


@pytest.mark.parametrize("kind", ["unknown", "a peer's"])
async def test_a_token_that_is_not_an_admins_is_named_as_such(
    guarded: Guarded, open_page: OpenPage, kind: str
):
    wrong, text = {
        "unknown": ("wrong", "This admin token is not valid on this server."),
        "a peer's": (guarded.token, "This token is for using the page."),
    }[kind]
    async with open_page(guarded.url, expect_errors=f"{UNAUTHORIZED}|{FORBIDDEN}") as page:
        await open_dialog(page)
        await dialog(page).get_by_label("Admin token").fill(wrong)
        await dialog(page).get_by_role("button", name="Create link").click()

        await expect(dialog(page).get_by_role("alert")).to_contain_text(text)
        await expect(dialog(page).get_by_label("Admin token")).to_be_focused()
        # What is typed now replaces the wrong token.
        await page.keyboard.insert_text(guarded.admin_token)
        await page.keyboard.press("Enter")
        await expect(dialog(page).get_by_role("img", name="QR code")).to_be_visible(timeout=SOON_MS)
        await expect(dialog(page).get_by_role("alert")).to_be_hidden()


async def test_a_server_without_admins_says_what_its_operator_can_do(
    tmp_path_factory: pytest.TempPathFactory, open_page: OpenPage
):
    folder = tmp_path_factory.mktemp("no_admins")
    (folder / "tokens.txt").write_text("a-token-of-a-list-that-is-long-enough\n")
    settings = "--auth", "token", "--tokens-file", str(folder / "tokens.txt"), "--analysis-processes", "1"
    with running_server(folder / "server.log", *settings) as running:
        async with open_page(running.url, expect_errors=NOT_FOUND) as page:
            await open_dialog(page)
            await dialog(page).get_by_label("Admin token").fill("any")
            await dialog(page).get_by_role("button", name="Create link").click()

            await expect(dialog(page).get_by_role("alert")).to_contain_text(
                "Its operator can create one with “facestream token --admin”"
            )


async def test_the_link_is_copied(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        link = await create_link(page, guarded.admin_token)
        await expect(dialog(page).get_by_role("button", name="Copy link")).to_be_focused()

        await page.keyboard.press("Enter")

        await expect(dialog(page).get_by_role("status").last).to_have_text("Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == link


async def test_without_tokens_the_address_of_the_page_is_shared(server_url: str, open_page: OpenPage):
    async with open_page(f"{server_url}/?lang=of-no-use", origins=(server_url,)) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await open_dialog(page)

        await expect(dialog(page).get_by_label("Admin token")).to_be_hidden()
        await expect(dialog(page).get_by_label("Address of this page")).to_have_value(f"{server_url}/")
        # The tests' server is on loopback, where the page cannot be opened from another device.
        await expect(dialog(page)).to_contain_text("the server listens on this computer only")
        await expect(dialog(page)).to_contain_text(
            re.compile("certs.*facestream token --admin.*serve --host 0.0.0.0")
        )
        await expect(dialog(page).get_by_role("button", name="Copy address")).to_have_class(
            re.compile(r"\bquiet\b")
        )
        await expect(dialog(page).get_by_role("img", name="QR code")).to_be_hidden()
        await dialog(page).get_by_role("button", name="Copy address").click()
        await expect(dialog(page).get_by_role("status").last).to_have_text("Copied.")
        assert await page.evaluate("navigator.clipboard.readText()") == f"{server_url}/"


async def says(page: Page, **config: object) -> None:
    """Load the page again from a server that says this."""
    body = json.dumps({"auth": "none", **config})
    await page.route("**/config", lambda route: route.fulfill(body=body, content_type="application/json"))
    await page.reload()


async def read_code(page: Page) -> str:
    """What a camera reads from the QR code on the screen."""
    code = dialog(page).get_by_role("img", name="QR code")
    await expect(code).to_be_visible(timeout=SOON_MS)
    await code.scroll_into_view_if_needed()
    screen = cv2.imdecode(np.frombuffer(await page.screenshot(scale="device"), np.uint8), cv2.IMREAD_COLOR)
    assert screen is not None
    text, _corners, _code = cv2.QRCodeDetector().detectAndDecode(cv2.resize(screen, None, fx=3, fy=3))
    return str(text)


async def test_on_localhost_the_addresses_for_other_devices_are_offered_with_their_codes(
    server_url: str, open_page: OpenPage
):
    addresses = ["https://192.0.2.7:8080", "http://198.51.100.4:8080"]
    async with open_page(server_url, width=360, height=740) as page:
        await says(page, listens="network", addresses=addresses)
        await open_dialog(page)

        await expect(dialog(page).get_by_label("Address of this page")).to_have_value(f"{addresses[0]}/")
        await expect(dialog(page).locator(".share-here")).to_be_hidden()
        assert await read_code(page) == f"{addresses[0]}/"
        assert await violations(page) == []

        await dialog(page).get_by_label("Address for other devices").select_option(f"{addresses[1]}/")
        await expect(dialog(page).get_by_label("Address of this page")).to_have_value(f"{addresses[1]}/")
        await expect(dialog(page)).to_contain_text("browsers on other devices give no camera")
        await expect(dialog(page)).to_contain_text("facestream certs")
        # The old code is gone before the new one comes.
        assert await read_code(page) == f"{addresses[1]}/"


async def test_a_server_that_does_not_say_where_it_listens_leaves_the_old_warning(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url) as page:
        await says(page, listens="", addresses=[])
        await open_dialog(page)

        await expect(dialog(page)).to_contain_text("works only on this computer")


async def test_a_code_that_the_server_does_not_draw_is_left_out(server_url: str, open_page: OpenPage):
    async with open_page(server_url, expect_errors=NOT_FOUND) as page:
        await says(page, listens="network", addresses=["https://192.0.2.7:8080"])
        await page.route("**/qr", lambda route: route.fulfill(status=404, body="{}"))
        async with page.expect_response("**/qr"):
            await open_dialog(page)

        await expect(dialog(page).get_by_label("Address of this page")).to_have_value(
            "https://192.0.2.7:8080/"
        )
        await expect(dialog(page).get_by_role("img", name="QR code")).to_be_hidden()


async def test_an_admins_link_begins_with_an_address_for_other_devices(guarded: Guarded, open_page: OpenPage):
    asked: list[str | None] = []
    config = json.dumps({"auth": "token", "listens": "network", "addresses": ["https://192.0.2.7:8080"]})

    async def answer(route: Route) -> None:
        token = await route.request.header_value("authorization")
        asked.append(token)
        if token == f"Bearer {guarded.admin_token}":
            await route.fulfill(body=config, content_type="application/json")
        else:
            await route.continue_()

    async with open_page(guarded.url) as page:
        await page.route("**/config", answer)
        await page.reload()
        link = await create_link(page, guarded.admin_token)

        assert asked == [None, f"Bearer {guarded.admin_token}"]
        assert link.startswith("https://192.0.2.7:8080/#token=")
        await expect(dialog(page).locator(".share-here")).to_be_hidden()
        assert await read_code(page) == link


@pytest.mark.parametrize("token", ["with a token", "without a token"])
async def test_a_page_opened_from_elsewhere_shares_the_address_and_never_a_token(
    guarded: Guarded, open_page: OpenPage, token: str
):
    # To the server and the page, another name is another machine.
    port = guarded.url.rpartition(":")[2]
    address = f"http://faces.test:{port}"
    opened = f"{address}/#token={guarded.token}" if token == "with a token" else address
    flags = (ALLOW_CAMERA, "--host-resolver-rules=MAP faces.test 127.0.0.1")
    async with open_page(opened, width=360, height=740, flags=flags, origins=(address,)) as page:
        await open_dialog(page)

        await expect(dialog(page)).to_contain_text("needs an access token of their own")
        await expect(dialog(page).get_by_label("Admin token")).to_be_hidden()
        await expect(dialog(page).get_by_label("Address of this page")).to_have_value(f"{address}/")
        await expect(dialog(page).get_by_role("button", name="Copy address")).to_be_focused()
        if token == "with a token":
            assert await read_code(page) == f"{address}/"
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"share-elsewhere-{token.replace(' ', '-')}.png")
        assert await violations(page) == []

        # An operator may be elsewhere, too.
        await dialog(page).get_by_text("Create a link with a token").click()
        await expect(dialog(page).get_by_label("Address of this page")).to_be_hidden()
        await dialog(page).get_by_label("Admin token").fill(guarded.admin_token)
        await dialog(page).get_by_role("button", name="Create link").click()
        await expect(dialog(page).get_by_label("Link", exact=True)).to_have_value(
            re.compile(f"^{re.escape(address)}/#token=")
        )
        await expect(dialog(page).get_by_text("Create a link with a token")).to_be_hidden()


async def test_a_browser_without_a_clipboard_copies_what_is_selected(server_url: str, open_page: OpenPage):
    without = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
    async with open_page(server_url, script=without) as page:
        await open_dialog(page)
        await page.evaluate("document.execCommand = () => false")
        await dialog(page).get_by_role("button", name="Copy address").click()

        await expect(dialog(page).get_by_role("status").last).to_contain_text("copy it by hand")
        assert await page.evaluate("getSelection().toString()") == f"{server_url}/"


async def test_where_there_are_apps_to_send_with_the_link_goes_to_them(server_url: str, open_page: OpenPage):
    apps = "navigator.share = async (what) => { window.sent = what; };"
    async with open_page(server_url, script=apps) as page:
        await open_dialog(page)
        await dialog(page).get_by_role("button", name="Send with an app").click()

        assert await page.evaluate("window.sent") == {"title": "facestream", "url": f"{server_url}/"}


async def expect_no_violations(page: Page) -> None:
    """Axe finds nothing in the light and in the dark theme."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)
        assert await violations(page) == []


@pytest.mark.parametrize("width", [1280, 320])
async def test_axe_finds_nothing_in_the_dialog(guarded: Guarded, open_page: OpenPage, width: int):
    async with open_page(guarded.url, width=width, motion="reduce", expect_errors=UNAUTHORIZED) as page:
        await open_dialog(page)
        await dialog(page).get_by_label("Admin token").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(dialog(page).get_by_role("alert")).to_be_visible()
        await expect_no_violations(page)

        await dialog(page).get_by_label("Admin token").fill(guarded.admin_token)
        await page.keyboard.press("Enter")
        await expect(dialog(page).get_by_role("img", name="QR code")).to_be_visible(timeout=SOON_MS)
        await expect_no_violations(page)
        assert await dialog(page).evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")


async def test_the_focus_returns_to_the_button(guarded: Guarded, open_page: OpenPage):
    async with open_page(guarded.url) as page:
        await page.locator("#open-share").focus()
        await page.keyboard.press("Enter")
        await expect(dialog(page).get_by_label("Admin token")).to_be_focused()

        await page.keyboard.press("Escape")

        await expect(page.locator("#open-share")).to_be_focused()
