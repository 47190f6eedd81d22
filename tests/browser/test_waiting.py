"""A server that has no place, and one that ends a session: the page says why, and what happens next."""

from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.cameras import CAMERAS, WAYS, WEBRTC, expect_state
from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage, press_start, start
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FULL = '{"title": "The server is full", "status": 503, "detail": "1 of 1 places taken; try again soon"}'


async def refuse(page: Page, status: int, retry_after: str) -> list[Route]:
    """Answer each offer so; returns those that came."""
    asked: list[Route] = []

    async def answer(route: Route) -> None:
        asked.append(route)
        headers = {"Retry-After": retry_after} if retry_after else {}
        await route.fulfill(
            status=status, headers=headers, body=FULL, content_type="application/problem+json"
        )

    await page.route("**/offer", answer)
    return asked


@pytest.mark.parametrize("way", WAYS)
async def test_a_full_server_is_waited_for_with_the_camera_off(tmp_path: Path, open_page: OpenPage, way: str):
    settings = "--max-sessions", "1", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        async with (
            open_page(running.url, script=CAMERAS) as first,
            open_page(running.url, script=CAMERAS + WAYS[way], expect_errors="503") as second,
        ):
            await start(first)

            await press_start(second)
            await expect(second.get_by_role("alert")).to_contain_text("The server is full", timeout=SOON_MS)
            await expect(second.get_by_role("alert")).to_contain_text("1 of 1 sessions")
            await expect(second.get_by_role("alert")).to_contain_text("the camera stays off until then")
            await expect(second.get_by_role("timer")).to_contain_text("Next try in")
            assert await second.evaluate("window.openCameras()") == 0

            await second.get_by_role("button", name="Try now").click()
            # Asking again opens no camera.
            await expect(second.get_by_role("timer")).to_contain_text("Next try in", timeout=SOON_MS)
            assert await second.evaluate("window.cameras.length") == 1
            await first.get_by_role("button", name="Stop").click()
            await second.get_by_role("button", name="Try now").click()

            await expect_state(second, "connected")
            assert await second.evaluate("window.openCameras()") == 1


async def test_the_page_asks_again_by_itself_when_the_server_said(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        asked = await refuse(page, 503, "1")
        await press_start(page)
        await expect_state(page, "queued")
        assert len(asked) == 1

        await page.unroute("**/offer")

        await expect_state(page, "connected")


async def test_who_does_not_want_to_wait_gives_up(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        await refuse(page, 503, "60")
        await press_start(page)
        await expect_state(page, "queued")

        await page.get_by_role("button", name="Stop trying").click()

        await expect_state(page, "stopped")
        await expect(page.get_by_role("button", name="Start")).to_be_focused()


async def test_a_full_server_that_does_not_say_when_is_not_waited_for(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        await refuse(page, 503, "")
        await press_start(page)

        await expect_state(page, "failed")
        await expect(page.get_by_role("alert")).to_contain_text("The server is full")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_the_countdown_fits_on_the_screen(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, script=CAMERAS, width=width, expect_errors="503") as page:
        await page.set_viewport_size({"width": width, "height": height})
        await refuse(page, 503, "60")
        await press_start(page)

        await expect_state(page, "queued")

        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"page_{width}_full.png")
        assert await page.evaluate(
            "(() => { const box = document.querySelector('.message');"
            " return box.scrollHeight <= box.clientHeight; })()"
        )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("time_over", "The session reached its time limit"),
        ("frame_too_large", "The video is too large for this server"),
        ("video_ended", "The video from this page ended"),
        ("a_word_of_tomorrow", "In the server's words"),
    ],
)
async def test_the_reason_of_an_ending_is_told_and_it_is_not_tried_again(
    server_url: str, open_page: OpenPage, way: str, code: str, said: str
):
    async with open_page(server_url, script=CAMERAS + WAYS[way]) as page:
        await start(page)

        await page.evaluate(
            "(notice) => window.endByServer(notice)", {"detail": "in the server's words", "code": code}
        )

        await expect_state(page, "lost")
        await expect(page.get_by_role("alert")).to_contain_text(said)


@pytest.mark.parametrize("way", WAYS)
async def test_after_a_silence_that_is_told_the_page_comes_back(
    server_url: str, open_page: OpenPage, way: str
):
    async with open_page(server_url, script=CAMERAS + WAYS[way]) as page:
        await start(page)

        await page.evaluate(
            "window.endByServer({ detail: 'nothing heard for 8 s', code: 'silence' }),"
            " window.told = document.getElementById('message-title').textContent"
        )

        assert await page.evaluate("window.told") == "The server received nothing for too long"
        await expect_state(page, "connected")


async def test_a_notice_without_a_word_is_told_as_it_is(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + WEBRTC) as page:
        await start(page)

        await page.evaluate("window.endByServer({ detail: 'this is all for today' })")

        await expect(page.get_by_role("alert")).to_contain_text("This is all for today.")
        await expect_state(page, "lost")
