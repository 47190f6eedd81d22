"""A camera that sends no frames for a while, with or without a mute event; the session continues."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from tests.browser.cameras import (
    CAMERAS,
    JPEG,
    NOTHING,
    TRANSPORTS,
    WEBRTC,
    expect_state,
    expect_width,
    let_pass,
    session_of,
    states_since,
    states_so_far,
)
from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    close_settings,
    open_settings,
    press_start,
    start,
)
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The page detects a camera that stops without an event after three seconds, or later on a busy machine.
SILENCE_MS = 5000
SETUP_MS = 4000


@pytest.fixture(scope="module")
def impatient_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that ends a silent session soon."""
    log = tmp_path_factory.mktemp("impatient") / "server.log"
    deadlines = f"--silence-deadline-s={SILENCE_MS / 1000}", f"--setup-deadline-s={SETUP_MS / 1000}"
    with running_server(log, "--analysis-processes", "1", *deadlines) as running:
        yield running.url


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("pause", "resume"), [("mute", "unmute"), ("fallSilent", "speakAgain")])
async def test_a_paused_camera_keeps_its_session(
    impatient_url: str, open_page: OpenPage, transport: str, pause: str, resume: str
):
    async with open_page(impatient_url, script=CAMERAS + TRANSPORTS[transport]) as page:
        await start(page)
        session = await session_of(page)
        before = await states_so_far(page)

        await page.evaluate(f"window.camera().{pause}()")
        await expect(page.get_by_role("alert")).to_contain_text("The camera is paused", timeout=SOON_MS)
        await let_pass(page, SILENCE_MS + 1000)
        await expect(page.get_by_role("alert")).to_contain_text("The camera is paused")
        await expect(page.locator("#verdict")).to_have_text(NOTHING)
        await page.evaluate(f"window.camera().{resume}()")

        await expect_state(page, "connected")
        assert set(await states_since(page, before)) <= {"stalled", "paused", "connected"}
        frame = int(await page.locator("html").get_attribute("data-frame") or 0)
        await page.wait_for_function(
            "(frame) => Number(document.documentElement.dataset.frame) > frame + 10", arg=frame
        )
        assert await session_of(page) == session


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)])
async def test_the_message_of_a_pause_fits_on_the_screen(
    server_url: str, open_page: OpenPage, width: int, height: int
):
    async with open_page(server_url, script=CAMERAS, width=width) as page:
        await page.set_viewport_size({"width": width, "height": height})
        await start(page)

        await page.evaluate("window.camera().mute()")

        await expect(page.get_by_role("alert")).to_contain_text("The camera is paused")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SCREENSHOTS / f"page_{width}_paused.png")
        assert await page.evaluate(
            "(() => { const box = document.querySelector('.message');"
            " return box.scrollHeight <= box.clientHeight; })()"
        )


async def test_another_camera_ends_the_pause(impatient_url: str, open_page: OpenPage):
    async with open_page(impatient_url, script=CAMERAS) as page:
        await start(page)
        session = await session_of(page)
        await page.evaluate("window.camera().mute()")
        await expect_state(page, "paused")

        await open_settings(page)
        await page.get_by_label("320").check()
        await close_settings(page)

        await expect_state(page, "connected")
        await expect_width(page, 320)
        # Events of the previous camera are ignored.
        await page.evaluate("window.cameras[0].track.dispatchEvent(new Event('mute'))")
        await expect_state(page, "connected")
        assert await session_of(page) == session
        assert await page.evaluate("window.openCameras()") == 1


async def test_a_camera_that_opens_slowly_while_it_runs_keeps_the_session(
    impatient_url: str, open_page: OpenPage
):
    slow = f"window.opening = (_, n) => n && new Promise((go) => setTimeout(go, {SILENCE_MS + 1000}));"
    async with open_page(impatient_url, script=CAMERAS + slow) as page:
        await start(page)
        session = await session_of(page)

        await open_settings(page)
        await page.get_by_label("320").check()
        await close_settings(page)

        await expect_width(page, 320)
        assert await session_of(page) == session


async def test_stop_during_a_pause_stays_stopped(server_url: str, open_page: OpenPage):
    async with open_page(server_url, script=CAMERAS) as page:
        await start(page)
        await page.evaluate("window.camera().mute()")
        await expect_state(page, "paused")

        await page.get_by_role("button", name="Stop").click()
        await page.evaluate("window.camera().unmute()")

        await expect_state(page, "stopped")
        assert await page.evaluate("window.openCameras()") == 0


def counting_offers(page: Page) -> list[Request]:
    offers: list[Request] = []
    page.on("request", lambda sent: offers.append(sent) if sent.url.endswith("/offer") else None)
    return offers


async def test_a_connection_lost_while_muted_is_restored_when_the_camera_resumes(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=CAMERAS + WEBRTC) as page:
        offers = counting_offers(page)
        await start(page)
        await page.evaluate("window.camera().mute()")
        await expect_state(page, "paused")

        await page.evaluate("window.breakConnection()")
        await expect(page.get_by_role("alert")).to_contain_text("reconnects when the camera resumes")
        # Longer than the delay of the first retry.
        await let_pass(page, 1500)
        assert len(offers) == 1
        await page.evaluate("window.camera().unmute()")

        await expect_state(page, "connected")
        assert len(offers) == 2
        assert "resume" in (offers[1].post_data or "")


async def test_a_connection_lost_without_frames_is_restored_when_frames_return(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=CAMERAS + WEBRTC) as page:
        await start(page)
        await page.evaluate("window.camera().fallSilent()")
        await expect_state(page, "paused")

        await page.evaluate("window.breakConnection()")
        await expect(page.get_by_role("alert")).to_contain_text("reconnects when the camera resumes")
        await page.evaluate("window.camera().speakAgain()")

        await expect_state(page, "connected")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_camera_that_opens_muted_is_reported_and_opens_one_session_only(
    impatient_url: str, open_page: OpenPage, transport: str
):
    script = f"{CAMERAS}{TRANSPORTS[transport]}window.bornMuted = true;"
    async with open_page(impatient_url, script=script) as page:
        await press_start(page)
        await expect(page.get_by_role("alert")).to_contain_text("The camera is paused", timeout=SOON_MS)
        before = await states_so_far(page)

        # Before the first frame, pings do not keep the session open.
        await expect(page.get_by_role("alert")).to_contain_text(
            "reconnects when the camera resumes", timeout=SOON_MS
        )
        await let_pass(page, 1500)
        assert set(await states_since(page, before)) <= {"paused"}
        await page.evaluate("window.camera().unmute()")

        await expect_state(page, "connected")


async def test_a_dead_server_is_detected_during_a_pause(tmp_path: Path, open_page: OpenPage):
    with running_server(tmp_path / "server.log", "--analysis-processes", "1") as running:
        async with open_page(running.url, script=CAMERAS + JPEG, expect_errors="refused") as page:
            await start(page)
            await page.evaluate("window.camera().mute()")
            await expect_state(page, "paused")

            running.process.kill()

            await expect(page.get_by_role("alert")).to_contain_text(
                "reconnects when the camera resumes", timeout=SOON_MS
            )
