"""Another size or camera while something is still under way: what was chosen last is what is sent."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.cameras import (
    CAMERAS,
    NOTHING,
    PICTURES,
    WAYS,
    WEBRTC,
    expect_state,
    expect_width,
    session_of,
    states_since,
)
from tests.browser.conftest import OpenPage, press_start, start

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Cameras open when the test lets them; those that are asked for meanwhile wait in a row.
HELD = """
window.hold = () => { window.opening = () => new Promise((go) => { window.letOpen = go; }); };
window.release = () => { window.opening = null; window.letOpen?.(); };
"""


async def choose(page: Page, *widths: str) -> None:
    """One size after the other, as quick as a test can."""
    await page.evaluate(
        "(widths) => widths.forEach((width) => document.querySelector(`[name=size][value^='${width}x']`).click())",
        list(widths),
    )


async def expect_only(page: Page, width: int) -> None:
    """This size comes back, and no other camera is left open."""
    await expect_width(page, width)
    assert await page.evaluate("window.openCameras()") == 1
    assert await page.evaluate("window.camera().size.width") == width


@pytest.mark.parametrize("way", WAYS)
async def test_a_second_quick_change_wins(server_url: str, open_page: OpenPage, way: str):
    async with open_page(server_url, script=CAMERAS + HELD + WAYS[way]) as page:
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


async def test_a_camera_that_fails_does_not_count_when_another_was_chosen(
    server_url: str, open_page: OpenPage
):
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


async def test_a_change_while_the_first_camera_opens_is_what_starts(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=f"{CAMERAS}{HELD}window.hold();") as page:
        await press_start(page)
        await expect_state(page, "starting")

        await choose(page, "1280", "320")
        await page.evaluate("() => window.release()")

        await expect_state(page, "connected")
        await expect_only(page, 320)


@pytest.mark.parametrize("opens", ["while the offer is under way", "after the connection stands"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_change_while_it_connects_is_what_is_sent(
    server_url: str, open_page: OpenPage, way: str, opens: str
):
    async with open_page(server_url, script=CAMERAS + HELD + WAYS[way]) as page:
        arrived: list[Route] = []

        async def keep(route: Route) -> None:
            arrived.append(route)
            await page.evaluate("window.offered = true")

        if way == "webrtc":
            await page.route("**/offer", keep)
        else:
            # The answer of the server is heard a moment later.
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

        if opens == "while the offer is under way":
            await page.evaluate("() => window.release()")
            await page.wait_for_function("() => window.cameras.length === 2")
        for route in arrived:
            await route.continue_()
        await page.evaluate("window.answer?.()")
        if opens != "while the offer is under way":
            await expect(page.locator("#session")).not_to_have_text(NOTHING)
            await page.evaluate("() => window.release()")

        await expect_state(page, "connected")
        await expect_only(page, 320)
        assert "reconnecting" not in await states_since(page, 0)


async def test_a_change_while_the_connection_is_lost_is_what_comes_back(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + WEBRTC, expect_errors="refused") as page:
        await start(page)
        await page.route("**/offer", lambda route: route.abort("connectionrefused"))
        await page.evaluate("window.breakConnection()")
        await expect_state(page, "reconnecting")

        await choose(page, "1280", "320")
        await page.wait_for_function("() => window.openCameras() === 1 && window.camera().size.width === 320")
        await expect_state(page, "reconnecting")
        await page.unroute("**/offer")
        # The page may have tried by itself, and then the button is hidden.
        await page.locator("#try-now").dispatch_event("click")

        await expect_state(page, "connected")
        await expect_only(page, 320)


async def test_a_connection_lost_while_a_camera_opens_comes_back_with_it(
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


async def test_stopped_while_a_camera_opens_no_camera_is_left_open(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + HELD + PICTURES) as page:
        await start(page)
        await page.evaluate("() => window.hold()")
        await choose(page, "320")
        await page.wait_for_function("() => Boolean(window.letOpen)")

        await page.get_by_role("button", name="Stop").click()
        await page.evaluate("() => window.release()")

        await page.wait_for_function("() => window.cameras.length === 2 && window.openCameras() === 0")
        await expect_state(page, "stopped")
