"""Headless Chromium with a face clip as its camera; when a test fails, console, screenshot and server log are kept."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Literal

import av
import cv2
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Playwright,
    async_playwright,
    expect,
)

from benchmarks.chromium import ALLOW_CAMERA, FLAGS, MISSING, executable
from tests.conftest import ROOT
from tests.guarded import Guarded, guarded_server
from tests.times import milliseconds

RESULTS = ROOT / "test-results"
SCREENSHOTS = ROOT / "build" / "screenshots"
SOON_MS = milliseconds(30_000)
# A script that runs before the page: hardened browsers remove the class.
NO_WEBRTC = "delete window.RTCPeerConnection; delete window.webkitRTCPeerConnection;"
NO_STORAGE = (
    "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('', 'SecurityError'); } });"
)

OpenPage = Callable[..., AbstractAsyncContextManager[Page]]


def as_line(message: ConsoleMessage) -> str:
    """A line of the console; a missing /config is not an error: a server may have no settings for the page."""
    known = message.location["url"].endswith("/config")
    return f"{'info' if known else message.type}: {message.text}"


def unexpected(console: list[str], expected: str) -> list[str]:
    """The errors on a console that this regular expression does not find; an empty one finds none."""
    errors = [line for line in console if line.startswith("error")]
    return [line for line in errors if not (expected and re.search(expected, line, re.IGNORECASE))]


@pytest.fixture(scope="session")
def camera_file(media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip with the face as concatenated JPEGs, which Chromium plays as a camera: 640x480, 30 FPS."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    with av.open(str(media_dir / "single_face.mp4")) as clip, path.open("wb") as file:
        for frame in clip.decode(video=0):
            image_bgr = cv2.resize(frame.to_ndarray(format="bgr24")[:, 80:560], (640, 480))
            done, jpeg = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
            assert done
            file.write(jpeg.tobytes())
    return path


class Browsers:
    """Chromium, started once for each set of flags; starting it costs more than most tests."""

    def __init__(self, playwright: Playwright, executable: str, camera_file: Path) -> None:
        self._playwright = playwright
        self._executable = executable
        self._camera_file = camera_file
        self._started: dict[tuple[str, ...], Browser] = {}

    async def get(self, flags: tuple[str, ...]) -> Browser:
        if flags not in self._started:
            self._started[flags] = await self._playwright.chromium.launch(
                executable_path=self._executable,
                headless=True,
                args=[*FLAGS, *flags, f"--use-file-for-fake-video-capture={self._camera_file}"],
            )
        return self._started[flags]

    async def close(self) -> None:
        for browser in self._started.values():
            await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browsers(camera_file: Path) -> AsyncIterator[Browsers]:
    chromium = executable()
    if chromium is None:
        pytest.fail(MISSING)
    async with async_playwright() as playwright:
        started = Browsers(playwright, chromium, camera_file)
        yield started
        await started.close()


@pytest.fixture
def open_page(
    browsers: Browsers, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> OpenPage:
    """`async with open_page(url) as page`: a page in a new browser context.

    Errors on its console fail the test, except those in which the regular expression `expect_errors` is found. So do
    requests to other servers than its own and those in `origins`.
    """

    @asynccontextmanager
    async def opened(
        url: str,
        *,
        width: int = 1280,
        height: int = 900,
        motion: Literal["reduce", "no-preference"] = "no-preference",
        touch: Literal["yes", "no"] = "no",
        locale: str = "en-US",
        flags: tuple[str, ...] = (ALLOW_CAMERA,),
        expect_errors: str = "",
        script: str = "",
        origins: tuple[str, ...] = (),
    ) -> AsyncIterator[Page]:
        browser = await browsers.get(flags)
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion=motion,
            has_touch=touch == "yes",
            is_mobile=touch == "yes",
            locale=locale,
        )
        page = await context.new_page()
        if script:
            await page.add_init_script(script)
        console: list[str] = []
        requested: list[str] = []
        page.on("console", lambda message: console.append(as_line(message)))
        page.on("pageerror", lambda error: console.append(f"error: {error}"))
        page.on("request", lambda sent: requested.append(sent.url))
        try:
            await page.goto(url)
            # Until the modules run, the page is only its markup: nothing is drawn, and some controls are missing.
            await page.wait_for_function(
                "document.documentElement.dataset.state !== 'loading'", timeout=SOON_MS
            )
            yield page
            own = url.partition("#")[0]
            foreign = [sent for sent in requested if not sent.startswith((own, *origins, "data:", "blob:"))]
            assert not foreign
            assert unexpected(console, expect_errors) == []
        except BaseException:
            await keep(page, console)
            raise
        finally:
            await context.close()

    async def keep(page: Page, console: list[str]) -> None:
        RESULTS.mkdir(exist_ok=True)
        name = re.sub(r"\W+", "_", request.node.name)
        (RESULTS / f"{name}.console.txt").write_text("\n".join(console))
        await page.screenshot(path=RESULTS / f"{name}.png")
        for log in sorted(
            tmp_path_factory.getbasetemp().glob("**/server.log"), key=lambda path: path.stat().st_mtime
        )[-1:]:
            shutil.copy(log, RESULTS / f"{name}.server.txt")

    return opened


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_server(tmp_path_factory.mktemp("guarded"), "--auth", "token") as running:
        yield running


async def press_start(page: Page) -> None:
    """Press "Start", and agree if the page asks for consent."""
    has_consent = await page.evaluate("sessionStorage.getItem('facestream.consent')")
    await page.get_by_role("button", name="Start").click()
    if not has_consent:
        await page.get_by_role("button", name="I agree").click()


async def start(page: Page) -> None:
    await press_start(page)
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)


async def open_settings(page: Page) -> None:
    await page.get_by_role("button", name="Settings").click()
    await expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


async def close_settings(page: Page) -> None:
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="Settings")).to_be_hidden()


async def downloaded(page: Page, button: Locator, folder: Path) -> Path:
    """Press the button; returns the file that the page saves."""
    async with page.expect_download() as download:
        await button.click()
    path = folder / (await download.value).suggested_filename
    await (await download.value).save_as(path)
    return path


async def expect_no_sideways_scroll(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition that no event of the page reports."""
    async with asyncio.timeout(SOON_MS / 1000):
        while not await condition():  # noqa: ASYNC110 - the page has no event for it
            await asyncio.sleep(0.1)


def questions_of(page: Page, answer: Literal["stay", "leave"]) -> list[str]:
    """The kinds of the browser's own questions so far; each gets this answer."""
    asked: list[str] = []

    async def on_dialog(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await (dialog.dismiss() if answer == "stay" else dialog.accept())

    page.on("dialog", on_dialog)
    return asked


async def more_frames_shown(page: Page, count: int) -> None:
    """Wait until the page has shown `count` more frames."""
    shown = "document.getElementById('video').getVideoPlaybackQuality().totalVideoFrames"
    before = await page.evaluate(shown)
    await page.wait_for_function(f"(least) => {shown} >= least", arg=before + count, timeout=SOON_MS)


async def chart_points(page: Page, at_least: int) -> dict[str, int]:
    """The number of points of each line, once every line has `at_least`."""
    await page.wait_for_function(
        "(least) => { const p = Object.values(JSON.parse(document.getElementById('chart').dataset.points));"
        " return p.length === 8 && p.every((n) => n >= least); }",
        arg=at_least,
        timeout=SOON_MS,
    )
    points: dict[str, int] = json.loads(await page.locator("#chart").get_attribute("data-points") or "{}")
    return points
