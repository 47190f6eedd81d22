"""The page when the server is full or ends the session."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.cameras import CAMERAS, TRANSPORTS, WEBRTC, expect_problem, expect_state
from tests.browser.conftest import SCREENSHOTS, SOON_MS, OpenPage, press_start, start
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FULL = json.dumps(
    {
        "title": "The server is full",
        "status": 503,
        "code": "server_full",
        "detail": "1 of 1 sessions; try again soon",
    }
)


async def reject_offers(page: Page, status: int, retry_after: str) -> list[Route]:
    """Reject every offer with this status; returns the requests."""
    rejected: list[Route] = []

    async def reject(route: Route) -> None:
        rejected.append(route)
        headers = {"Retry-After": retry_after} if retry_after else {}
        await route.fulfill(
            status=status, headers=headers, body=FULL, content_type="application/problem+json"
        )

    await page.route("**/offer", reject)
    return rejected


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_page_waits_for_a_full_server_with_the_camera_off(
    tmp_path: Path, open_page: OpenPage, transport: str
):
    settings = "--max-sessions", "1", "--analysis-processes", "1"
    with running_server(tmp_path / "server.log", *settings) as running:
        async with (
            open_page(running.url, script=CAMERAS) as first,
            open_page(running.url, script=CAMERAS + TRANSPORTS[transport], expect_errors="503") as second,
        ):
            await start(first)

            await press_start(second)
            await expect_problem(second, "full")
            await expect(second.get_by_role("alert")).to_contain_text("The server is full")
            await expect(second.get_by_role("alert")).to_contain_text(
                "It cannot serve more people at the moment"
            )
            await expect(second.locator("#message-text")).to_have_attribute(
                "title", re.compile("1 of 1 sessions")
            )
            await expect(second.get_by_role("alert")).to_contain_text("the camera stays off until then")
            await expect(second.get_by_role("timer")).to_contain_text("Next try in")
            assert await second.evaluate("window.openCameras()") == 0

            await second.get_by_role("button", name="Try now").click()
            # Another try opens no camera.
            await expect(second.get_by_role("timer")).to_contain_text("Next try in", timeout=SOON_MS)
            assert await second.evaluate("window.cameras.length") == 1
            await first.get_by_role("button", name="Stop").click()
            await second.get_by_role("button", name="Try now").click()

            await expect_state(second, "connected")
            assert await second.evaluate("window.openCameras()") == 1


async def test_the_page_tries_again_after_retry_after(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        rejected = await reject_offers(page, 503, "1")
        await press_start(page)
        await expect_state(page, "queued")
        assert len(rejected) == 1

        await page.unroute("**/offer")

        await expect_state(page, "connected")


async def test_stop_trying_ends_the_wait(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        await reject_offers(page, 503, "60")
        await press_start(page)
        await expect_state(page, "queued")

        await page.get_by_role("button", name="Stop trying").click()

        await expect_state(page, "stopped")
        await expect(page.get_by_role("button", name="Start")).to_be_focused()


async def test_the_page_does_not_wait_without_retry_after(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS, expect_errors="503") as page:
        await reject_offers(page, 503, "")
        await press_start(page)

        await expect_state(page, "failed")
        await expect_problem(page, "full")
        await expect(page.get_by_role("alert")).to_contain_text("The server is full")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_the_countdown_fits_on_the_screen(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, script=CAMERAS, width=width, expect_errors="503") as page:
        await page.set_viewport_size({"width": width, "height": height})
        await reject_offers(page, 503, "60")
        await press_start(page)

        await expect_state(page, "queued")

        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"page_{width}_full.png")
        assert await page.evaluate(
            "(() => { const box = document.querySelector('.message');"
            " return box.scrollHeight <= box.clientHeight; })()"
        )


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("time_over", "The session reached its time limit"),
        ("frame_too_large", "The video is too large for this server"),
        ("video_ended", "The video from this page ended"),
        ("future_code", "In the server's words"),
    ],
)
async def test_a_permanent_ending_shows_its_reason_and_no_retry(
    server_url: str, open_page: OpenPage, transport: str, code: str, title: str
):
    async with open_page(server_url, script=CAMERAS + TRANSPORTS[transport]) as page:
        await start(page)

        await page.evaluate(
            "(notice) => window.endByServer(notice)", {"detail": "in the server's words", "code": code}
        )

        await expect_state(page, "lost")
        await expect(page.get_by_role("alert")).to_contain_text(title)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_after_the_notice_of_a_silence_the_page_reconnects(
    server_url: str, open_page: OpenPage, transport: str
):
    async with open_page(server_url, script=CAMERAS + TRANSPORTS[transport]) as page:
        await start(page)

        await page.evaluate(
            "window.endByServer({ detail: 'nothing heard for 8 s', code: 'silence' }),"
            " window.problem = document.documentElement.dataset.problem,"
            " window.title = document.getElementById('message-title').textContent"
        )

        assert await page.evaluate("window.problem") == "ended"
        assert await page.evaluate("window.title") == "The server received nothing for too long"
        await expect_state(page, "connected")


async def test_a_notice_without_a_code_is_shown_as_it_is(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS + WEBRTC) as page:
        await start(page)

        await page.evaluate("window.endByServer({ detail: 'this is all for today' })")

        await expect(page.get_by_role("alert")).to_contain_text("This is all for today.")
        await expect_state(page, "lost")
