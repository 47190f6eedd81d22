"""Take the screenshots of the page for docs/images: `make images`.

Usage: docs_images.py [NAME...]
Each is the window of headless Chromium, at twice its pixels for the phone. NAME limits them to page, page-phone, ...
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks import chromium
from benchmarks.page import camera_file
from tests.browser.cameras import WEBRTC
from tests.conftest import ROOT, running_server
from tests.reports import report_of_clip

IMAGES = ROOT / "docs" / "images"
MEDIA = ROOT / "build" / "media"
LIVE_MS = 14_000
"""Long enough for the chart to show a change of expression."""
SOON_MS = 30_000
SIZE = (640, 480)


def several_faces(to: Path) -> Path:
    """Three of the five faces of the photograph, which two cores can follow, as a camera that moves a little."""
    photograph = cv2.imread(str(MEDIA / "multi_face.jpg"))
    assert photograph is not None
    height, width = photograph.shape[:2]
    top, shown_h = round(0.26 * height), round(0.58 * height)
    shown_w = round(shown_h * SIZE[0] / SIZE[1])
    # Chromium plays concatenated JPEGs.
    with to.open("wb") as file:
        for step in range(90):
            left = round((width - shown_w) * (0.85 + 0.01 * np.sin(step / 90 * 2 * np.pi)))
            image = cv2.resize(photograph[top : top + shown_h, left : left + shown_w], SIZE)
            file.write(cv2.imencode(".jpg", image)[1].tobytes())
    return to


async def start(page: Page) -> None:
    """Start, agree, and wait until the chart has something to show."""
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="I agree").click()
    await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
    await page.wait_for_timeout(LIVE_MS)


async def lost(page: Page) -> None:
    """A connection that breaks and cannot come back."""
    await start(page)
    await page.route("**/offer", lambda route: route.abort())
    await page.evaluate("window.breakConnection()")
    await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting", timeout=SOON_MS)


async def compare(page: Page) -> None:
    """The ribbons of several faces."""
    await start(page)
    await page.get_by_role("button", name="Compare").click()
    await page.wait_for_timeout(1000)


async def report(page: Page) -> None:
    """The report of a session with a marker, instead of the page."""
    await start(page)
    await page.keyboard.press("m")
    await page.keyboard.type("Question 2")
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(LIVE_MS)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await page.locator("#held").get_by_role("button", name="Save").click()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Report").click()
    saved = await (await download.value).path()
    await page.goto("about:blank")
    await page.set_content(await asyncio.to_thread(saved.read_text, encoding="utf-8"))


async def offline_report(page: Page) -> None:
    """The report of a clip, written without a server."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "report.html"
        await asyncio.to_thread(report_of_clip, MEDIA / "WolfgangLanger_Pexels.mp4", written)
        await page.goto(written.as_uri())


SCENES: dict[str, tuple[Callable[[Page], Awaitable[None]], dict[str, Any]]] = {
    "page": (start, {}),
    "page-dark": (start, {"color_scheme": "dark"}),
    "page-phone": (
        start,
        {
            "viewport": {"width": 360, "height": 740},
            "device_scale_factor": 2,
            "is_mobile": True,
            "has_touch": True,
        },
    ),
    "page-lost": (lost, {}),
    "page-compare": (compare, {}),
    "report": (report, {"viewport": {"width": 1280, "height": 1000}}),
    "offline-report": (offline_report, {"viewport": {"width": 1280, "height": 1000}}),
}


async def take(url: str, browser: Browser, name: str) -> None:
    """One image, in a window of its own."""
    scene, given = SCENES[name]
    context = await browser.new_context(
        **{"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **given}
    )
    page = await context.new_page()
    await page.add_init_script(WEBRTC)
    await page.goto(url)
    await scene(page)
    await page.screenshot(path=IMAGES / f"{name}.png")
    await context.close()


async def main(names: list[str]) -> None:
    """Take them all, or the named ones."""
    executable = chromium.executable()
    if executable is None:
        sys.exit(chromium.MISSING)
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder) / "server.log") as server:
        cameras = {
            "page-compare": several_faces(Path(folder) / "several.mjpeg"),
            "": camera_file(Path(folder)),
        }
        async with async_playwright() as playwright:
            for name in names or SCENES:
                # A browser has one camera.
                camera = cameras.get(name, cameras[""])
                browser = await playwright.chromium.launch(
                    executable_path=executable,
                    args=[
                        *chromium.FLAGS,
                        chromium.ALLOW_CAMERA,
                        f"--use-file-for-fake-video-capture={camera}",
                    ],
                )
                await take(server.url, browser, name)
                await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
