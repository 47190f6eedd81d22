"""The size is changed while a camera or a connection opens: the page sends the last choice."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.cameras import (
    CAMERAS,
    JPEG,
    NOTHING,
    TRANSPORTS,
    WEBRTC,
    expect_state,
    expect_width,
    session_of,
    states_since,
)
from tests.browser.conftest import OpenPage, press_start, start

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# After `hold`, cameras open one by one, and only after `release`.
HELD = """
window.hold = () => { window.opening = () => new Promise((go) => { window.letOpen = go; }); };
window.release = () => { window.opening = null; window.letOpen?.(); };
"""


async def choose(page: Page, *widths: str) -> None:
    """Choose these sizes in quick succession."""
    await page.evaluate(
        "(widths) => widths.forEach((width) => document.querySelector(`[name=size][value^='${width}x']`).click())",
        list(widths),
    )


async def expect_only(page: Page, width: int) -> None:
    """Frames of this width come back, and no other camera is open."""
    await expect_width(page, width)
    assert await page.evaluate("window.openCameras()") == 1
    assert await page.evaluate("window.camera().size.width") == width


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_last_of_several_quick_changes_wins(server_url: str, open_page: OpenPage, transport: str):
    async with open_page(server_url, script=CAMERAS + HELD + TRANSPORTS[transport]) as page:
        await start(page)
        session = await session_of(page)
        await page.evaluate("() => window.hold()")

        await choose(page, "1280")
        await page.wait_for_function("() => Boolean(window.letOpen)")
        await choose(page, "640", "320")
        await page.evaluate("() => window.release()")

        await expect_only(page, 320)
        assert await page.evaluate("window.cameras.map(({ size }) => size.width)") == [640, 1280, 320]
        assert await session_of(page) == session


async def test_a_camera_that_fails_is_ignored_if_another_was_chosen(server_url: str, open_page: OpenPage):
    fails = (
        "window.fail = () => { window.opening = () => new Promise((_, no) => { window.letOpen = no; }); };"
    )
    async with open_page(server_url, script=CAMERAS + HELD + fails) as page:
        await start(page)
        await page.evaluate("() => window.fail()")

        await choose(page, "1280")
        await page.wait_for_function("() => Boolean(window.letOpen)")
        await choose(page, "320")
        await page.evaluate(
            "() => { window.opening = null; window.letOpen(new DOMException('busy', 'NotReadableError')); }"
        )

        await expect_only(page, 320)


async def test_a_change_while_the_first_camera_opens_applies_at_the_start(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=f"{CAMERAS}{HELD}window.hold();") as page:
        await press_start(page)
        await expect_state(page, "starting")

        await choose(page, "1280", "320")
        await page.evaluate("() => window.release()")

        await expect_state(page, "connected")
        await expect_only(page, 320)


@pytest.mark.parametrize("opens", ["during the offer", "once connected"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_change_while_the_page_connects_is_sent(
    server_url: str, open_page: OpenPage, transport: str, opens: str
):
    async with open_page(server_url, script=CAMERAS + HELD + TRANSPORTS[transport]) as page:
        arrived: list[Route] = []

        async def keep(route: Route) -> None:
            arrived.append(route)
            await page.evaluate("window.offered = true")

        if transport == "webrtc":
            await page.route("**/offer", keep)
        else:
            # Delay the first message of the server.
            await page.evaluate(
                """() => {
                  const Socket = window.WebSocket;
                  window.WebSocket = class extends Socket {
                    constructor(...given) {
                      super(...given);
                      window.offered = true;
                      window.wait = new Promise((go) => (window.answer = go));
                    }
                    set onmessage(hear) { super.onmessage = (message) => window.wait.then(() => hear(message)); }
                    get onmessage() { return super.onmessage; }
                  };
                }"""
            )
        await press_start(page)
        await page.wait_for_function("() => window.offered")
        await page.evaluate("() => window.hold()")
        await choose(page, "320")

        if opens == "during the offer":
            await page.evaluate("() => window.release()")
            await page.wait_for_function("() => window.cameras.length === 2")
        for route in arrived:
            await route.continue_()
        await page.evaluate("window.answer?.()")
        if opens != "during the offer":
            await expect(page.locator("#session")).not_to_have_text(NOTHING)
            await page.evaluate("() => window.release()")

        await expect_state(page, "connected")
        await expect_only(page, 320)
        assert "reconnecting" not in await states_since(page, 0)


async def test_a_change_while_the_connection_is_lost_applies_after_it(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + WEBRTC, expect_errors="refused") as page:
        await start(page)
        await page.route("**/offer", lambda route: route.abort("connectionrefused"))
        await page.evaluate("window.breakConnection()")
        await expect_state(page, "reconnecting")

        await choose(page, "1280", "320")
        await page.wait_for_function("() => window.openCameras() === 1 && window.camera().size.width === 320")
        await expect_state(page, "reconnecting")
        await page.unroute("**/offer")
        # The page may already have tried, and then the button is hidden.
        await page.locator("#try-now").dispatch_event("click")

        await expect_state(page, "connected")
        await expect_only(page, 320)


async def test_a_connection_lost_while_a_camera_opens_is_restored_with_that_camera(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=CAMERAS + HELD + WEBRTC) as page:
        await start(page)
        await page.evaluate("() => window.hold()")
        await choose(page, "320")

        await page.evaluate("window.breakConnection()")
        await expect_state(page, "reconnecting")
        await page.evaluate("() => window.release()")

        await expect_state(page, "connected")
        await expect_only(page, 320)


async def test_stop_while_a_camera_opens_leaves_no_camera_open(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + HELD + JPEG) as page:
        await start(page)
        await page.evaluate("() => window.hold()")
        await choose(page, "320")
        await page.wait_for_function("() => Boolean(window.letOpen)")

        await page.get_by_role("button", name="Stop").click()
        await page.evaluate("() => window.release()")

        await page.wait_for_function("() => window.cameras.length === 2 && window.openCameras() === 0")
        await expect_state(page, "stopped")
