"""The page as a person uses it: Chromium, the server, and a face in front of the camera."""

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from facestream.analysis.faces import EMOTIONS
from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    chart_points,
    open_settings,
    press_start,
    start,
)
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_annotated_face_plays_and_the_chart_fills(server_url: str, open_page: OpenPage, width: int):
    async with open_page(server_url, width=width) as page:
        await start(page)

        points = await chart_points(page, 6)
        before_s = await page.evaluate("document.getElementById('video').currentTime")
        await page.wait_for_function(
            "(t) => document.getElementById('video').currentTime > t + 1", arg=before_s
        )

        assert set(points) == {*map(str, EMOTIONS), "fps"}
        assert await page.evaluate("document.getElementById('video').videoWidth") == 640
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=SCREENSHOTS / f"page_{width}_{scheme}.png", full_page=width < 500)


async def test_the_page_shows_that_the_face_becomes_happy(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)

        await expect(page.locator("#verdict")).to_have_text("Happy", timeout=SOON_MS)
        await expect(page.locator("#fps-out")).to_contain_text("per second")
        await expect(page.locator("#stages")).to_contain_text("landmarks")


async def test_layers_can_be_switched_during_a_session(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)

        await open_settings(page)
        await page.get_by_label("Box", exact=True).uncheck()
        await page.get_by_label("Points", exact=True).check()

        await expect(page.locator("#layers")).to_have_attribute("data-in-force", "hulls label points stats")


async def test_layers_are_kept_for_the_next_visit(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await open_settings(page)
        await page.get_by_label("Outlines", exact=True).uncheck()
        await page.reload()

        await start(page)

        await expect(page.locator("#layers")).to_have_attribute("data-in-force", "box label stats")


async def test_a_line_is_kept_in_the_chart_by_keyboard(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        await chart_points(page, 2)
        row = page.get_by_role("button", name="Disgust")
        chart = page.locator("#chart")
        await expect(chart).not_to_have_attribute("data-lines", re.compile("disgust"))

        await row.press("Space")
        await expect(chart).to_have_attribute("data-lines", re.compile("disgust"))

        await row.press("Space")
        await expect(chart).not_to_have_attribute("data-lines", re.compile("disgust"))


async def test_stop_ends_the_session_and_start_opens_another(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)
        first = await page.locator("#session").text_content()

        await page.get_by_role("button", name="Stop").click()

        await expect(page.locator("#state")).to_contain_text("Stopped")
        await expect_sessions(page, server_url, 0)
        await start(page)
        assert await page.locator("#session").text_content() != first


async def test_leaving_the_page_ends_the_session(server_url: str, open_page: OpenPage):
    async with open_page(server_url) as page:
        await start(page)

        await page.goto("about:blank")

        await expect_sessions(page, server_url, 0)


async def expect_sessions(page: Page, url: str, count: int) -> None:
    async def sessions() -> int:
        response = await page.request.get(f"{url}/healthz")
        return int((await response.json())["sessions"])

    for _ in range(100):
        if await sessions() <= count:
            return
        await page.wait_for_timeout(100)
    assert await sessions() <= count


async def test_a_blocked_camera_shows_an_error(server_url: str, open_page: OpenPage):
    async with open_page(server_url, flags=("--deny-permission-prompts",)) as page:
        await press_start(page)

        await expect(page.get_by_role("alert")).to_contain_text("The camera is blocked", timeout=SOON_MS)
        await expect(page.get_by_role("button", name="Start")).to_be_enabled()


@pytest.mark.parametrize(
    ("error", "title", "state"),
    [
        ("NotFoundError", "No camera was found", "No camera"),
        ("NotReadableError", "The camera is in use", "Camera in use"),
        ("NotAllowedError", "The camera is blocked", "Camera blocked"),
    ],
)
async def test_each_camera_error_has_its_text(
    server_url: str, open_page: OpenPage, error: str, title: str, state: str
):
    # Test machines have no browser without a camera, or with a camera in use.
    script = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('x', '{error}'));"
    async with open_page(server_url, script=script) as page:
        await press_start(page)

        await expect(page.get_by_role("alert")).to_contain_text(title)
        await expect(page.locator("#state")).to_have_text(state)


async def test_a_stopping_server_and_a_missing_one_show_their_messages(tmp_path: Path, open_page: OpenPage):
    with running_server(tmp_path / "server.log") as running:
        async with open_page(running.url, expect_errors="refused") as page:
            await start(page)

            running.process.send_signal(signal.SIGTERM)

            await expect(page.get_by_role("alert")).to_contain_text("stopping", timeout=SOON_MS)
            await expect(page.get_by_role("timer")).to_contain_text("Next try in")
            await expect(page.get_by_role("alert")).to_contain_text("does not answer", timeout=SOON_MS)
            assert running.stop() == 0
            await page.get_by_role("button", name="Stop trying").click()
            await expect(page.locator("html")).to_have_attribute("data-state", "stopped")


async def test_redraws_of_the_chart_add_no_elements(server_url: str, open_page: OpenPage):
    """The chart is redrawn four times a second, so anything that each redraw adds is a leak."""
    async with open_page(server_url) as page:
        await start(page)
        # A short window has a point every eighth of a second.
        await page.get_by_label("Time span of the chart").select_option("15 s")
        await chart_points(page, 8)
        before = await page.evaluate("document.querySelectorAll('*').length")

        await chart_points(page, 24)

        assert await page.evaluate("document.querySelectorAll('*').length") <= before + 5


# How far the chart extends beyond its area or its card, and how much of its area it leaves empty, in pixels.
MISFIT = """() => {
  const rect = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [drawn, area, card] = ['#chart svg', '.lines', '.history'].map(rect);
  const beyond = (inner, outer) => Math.max(inner.bottom - outer.bottom, inner.right - outer.right);
  return Math.max(beyond(drawn, area), beyond(drawn, card), beyond(area, card), area.height - drawn.height);
}"""


async def expect_chart_fits(page: Page) -> None:
    """A text that arrives between two frames moves the chart, which is drawn anew with the next frame."""
    await page.wait_for_function(f"({MISFIT})() < 1", timeout=SOON_MS, polling=100)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (360, 740)])
async def test_the_chart_fills_its_area_and_stays_within_its_card(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await expect_chart_fits(page)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"window_{width}_idle.png")

        await start(page)
        await chart_points(page, 2)
        await expect_chart_fits(page)
        await page.screenshot(path=SCREENSHOTS / f"window_{width}_live.png")

        # The slider to look back in time makes the chart smaller.
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_label("Look back in time")).to_be_visible()
        await expect_chart_fits(page)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1440, 900), (1920, 1080)])
async def test_the_page_fits_into_a_desktop_window(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, width=width, height=height) as page:
        await start(page)
        await chart_points(page, 2)

        # On a busy test machine, the sentence about a busy server is shown below everything else.
        tall = await page.evaluate(
            "document.getElementById('busy').remove() ?? document.documentElement.scrollHeight"
        )
        assert tall <= height
