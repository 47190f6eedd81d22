"""The report that is written without a server, in Chromium without a network: window, phone, dark, print."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from facestream.analysis.drawing.words import Language
from facestream.results.report.session import ReportOptions, ReportSession
from facestream.results.report.writer import ReportWriter
from tests.browser.conftest import SCREENSHOTS, Browsers
from tests.browser.test_for_everyone import violations
from tests.reports import report_of_clip

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def report(media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the clip with a face that changes its expression, with images."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    clip = media_dir / "WolfgangLanger_Pexels.mp4"
    await asyncio.to_thread(report_of_clip, clip, path, ReportOptions(images=True), 3)
    return path


@pytest_asyncio.fixture(loop_scope="session")
async def page(browsers: Browsers) -> AsyncIterator[Page]:
    """A page without a network; a message on its console or a request fails the test."""
    browser = await browsers.get(())
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    opened = await context.new_page()
    console: list[str] = []
    requested: list[str] = []
    opened.on("console", lambda message: console.append(message.text))
    opened.on("request", lambda request: requested.append(request.url))
    yield opened
    await context.close()
    assert console == []
    assert all(url.startswith(("file:", "data:image/jpeg;base64,")) for url in requested)


async def test_the_summary_fits_into_the_window_and_onto_a_phone(page: Page, report: Path):
    await page.goto(report.as_uri())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    for width, height in ((1280, 800), (360, 740)):
        await page.set_viewport_size({"width": width, "height": height})
        summary = page.get_by_role("region", name="Summary")
        await expect(summary.get_by_role("heading", name="Face 1")).to_be_in_viewport()
        await expect(summary.get_by_text("Happy")).to_be_in_viewport()
        await expect(summary.get_by_text("Data quality")).to_be_in_viewport()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.screenshot(path=SCREENSHOTS / f"offline-report-{width}.png")


async def test_a_long_name_without_spaces_fits_onto_a_phone(page: Page, tmp_path: Path):
    path = tmp_path / "report.html"
    with path.open("w", encoding="utf-8") as file:
        ReportWriter(
            file, ReportSession(source="a_long_name_" * 15 + "<script>.mp4"), ReportOptions()
        ).close()
    await page.set_viewport_size({"width": 360, "height": 740})

    await page.goto(path.as_uri())

    await expect(page.get_by_text("a_long_name_")).to_contain_text("<script>.mp4")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_timeline_images_and_head_pose_are_drawn(page: Page, report: Path):
    await page.goto(report.as_uri())

    face = page.locator("#face-1")
    lines = await face.locator("svg path.line").evaluate_all(
        "(lines) => lines.map((line) => [line.getTotalLength(), getComputedStyle(line).stroke])"
    )
    assert len(lines) == 2
    assert all(length > 100 for length, _ in lines)
    assert lines[0][1] != lines[1][1]
    ribbon = face.get_by_role("img", name="The most frequent label of each moment")
    happy = ribbon.locator(".happy").last
    assert await happy.evaluate("(surface) => surface.getBoundingClientRect().width") > 100
    images = face.locator("img")
    assert await images.count() >= 2
    assert await images.evaluate_all("(all) => all.every((image) => image.naturalWidth > 20)")
    assert await face.locator(".pose rect").count() > 3


async def test_axe_finds_nothing_in_both_themes(page: Page, report: Path):
    await page.goto(report.as_uri())

    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await violations(page) == []
        await page.screenshot(path=SCREENSHOTS / f"offline-report-{scheme}.png", full_page=True)


async def test_it_prints_on_a4_in_light_colours(page: Page, report: Path):
    await page.goto(report.as_uri())
    await page.emulate_media(media="print", color_scheme="dark")

    assert await page.evaluate("getComputedStyle(document.body).color") == "rgb(19, 33, 30)"
    printed = await page.pdf(path=SCREENSHOTS / "offline-report.pdf", prefer_css_page_size=True)
    # A4 in points, as a page box says it.
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed or b"/MediaBox [0 0 595 842]" in printed
    assert printed.count(b"/Type /Page\n") <= 5
    kept = await page.locator("h2, h2 + p, h3").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).breakAfter)"
    )
    assert set(kept) == {"avoid"}, "a heading alone at the end of a page"


async def test_the_german_report_says_so(page: Page, media_dir: Path, tmp_path: Path):
    path = tmp_path / "bericht.html"
    options = ReportOptions(language=Language.GERMAN)
    await asyncio.to_thread(report_of_clip, media_dir / "single_face.mp4", path, options, 3)

    await page.goto(path.as_uri())

    await expect(page.get_by_role("heading", name="Gesicht 1", level=2)).to_be_visible()
    await expect(page.get_by_text("Schätzungen, oft falsch.")).to_be_visible()
