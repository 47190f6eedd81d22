"""The page on a server that records: what the person agrees to, and which agreement does not count."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import (
    NO_WEBRTC,
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    expect_no_sideways_scroll,
    start,
    until,
)
from tests.browser.test_sessions import stop
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Keeps the body of each offer.
LISTEN = """
const send = window.fetch;
window.offers = [];
window.fetch = (url, options) => {
  if (String(url).endsWith('/offer')) window.offers.push(JSON.parse(options.body));
  return send(url, options);
};
"""


async def recorded_by(page: Page) -> list[bool]:
    answers: list[bool] = await page.evaluate("window.offers.map((offer) => offer.record)")
    return answers


async def test_the_person_agrees_to_the_record_and_the_server_keeps_it(open_page: OpenPage, tmp_path: Path):
    records = tmp_path / "records"
    with running_server(tmp_path / "server.log", "--record", str(records), "--record-days", "7") as running:
        async with open_page(running.url, locale="de-DE") as page:
            await page.get_by_role("button", name="Starten").click()
            await expect(page.get_by_role("dialog")).to_contain_text(
                "Dieser Server bewahrt die Ergebnisse dieser Sitzung auf: Emotionen, Gesichtspunkte"
            )
        async with open_page(running.url, script=LISTEN) as page:
            await expect(page.get_by_text("The server keeps the results, not the video")).to_be_visible()
            await expect(page.get_by_text("stores neither")).to_have_count(0)
            await page.get_by_role("button", name="Start").click()
            await expect(page.get_by_role("dialog")).to_contain_text(
                "This server keeps the results of this session: emotions, landmarks and times, not the video, for "
                "7 days."
            )
            await page.get_by_role("button", name="I agree").click()
            await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
            await stop(page)
            assert await recorded_by(page) == [True]
            assert await page.evaluate("window.offers[0].record_days") == 7
            await expect(page.locator("#message-text")).to_contain_text(
                "The server keeps the results of this session"
            )
            await expect(page.get_by_text("has stored nothing")).to_have_count(0)
    (folder,) = records.glob("2*")
    assert json.loads((folder / "session.json").read_text())["totals"]["frames"] > 0


async def test_an_agreement_that_does_not_name_the_record_is_asked_for_again_and_keeps_nothing(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=LISTEN) as page:
        await start(page)
        await stop(page)
        assert await recorded_by(page) == [False]

        settings = json.dumps({"recorded": True, "record_days": 0, "views": ["picture", "blur"]})
        await page.route(
            "**/config", lambda route: route.fulfill(body=settings, content_type="application/json")
        )
        await page.reload()
        await page.get_by_role("button", name="Start").click()

        await expect(page.get_by_role("dialog")).to_contain_text("without a limit of time")


async def records_in(folder: Path, count: int) -> None:
    """Wait until the server has so many folders of records."""

    async def has_them() -> bool:
        return len([each for each in folder.iterdir() if each.is_dir()]) == count

    await until(has_them)


@pytest.mark.parametrize("path", ["webrtc", "websocket"])
async def test_the_page_says_while_it_runs_that_the_server_keeps_the_session_and_deletes_it(
    path: str, open_page: OpenPage, tmp_path: Path
):
    records = tmp_path / "records"
    script = LISTEN + (NO_WEBRTC if path == "websocket" else "")
    with running_server(tmp_path / "server.log", "--record", str(records)) as running:
        async with open_page(running.url, script=script) as page:
            sign = page.get_by_role("button", name="Server keeps results")
            await expect(sign).to_be_hidden()
            await start(page)
            await expect(sign).to_be_visible()
            await records_in(records, 1)

            await sign.click()
            dialog = page.get_by_role("dialog")
            await expect(dialog).to_contain_text(
                "The session goes on, and the server keeps nothing more of it."
            )
            await dialog.get_by_role("button", name="Cancel").click()
            await expect(sign).to_be_visible()
            await sign.click()
            await dialog.get_by_role("button", name="Delete").click()

            await expect(page.locator("#notice")).to_have_text(
                "The server has deleted what it kept of this session, and keeps nothing more of it."
            )
            await expect(sign).to_be_hidden()
            await records_in(records, 0)
            await expect(page.locator("html")).to_have_attribute("data-state", "connected")
            await stop(page)
            await expect(page.locator("#message-text")).to_contain_text(
                "The server has deleted what it kept of this session."
            )
            await expect(page.locator("#record-kept")).to_be_hidden()
            await start(page)
            await expect(sign).to_be_visible()
            await records_in(records, 1)


async def test_what_the_server_keeps_can_be_deleted_after_the_session_and_a_failure_is_said(
    open_page: OpenPage, tmp_path: Path
):
    records = tmp_path / "records"
    with running_server(tmp_path / "server.log", "--record", str(records)) as running:
        async with open_page(running.url, expect_errors="Failed to load resource") as page:
            await start(page)
            await records_in(records, 1)
            await stop(page)
            line = page.locator("#record-kept")
            await expect(line).to_contain_text("The server keeps the results of this session.")
            delete = line.get_by_role("button", name="Delete on the server")
            busy = json.dumps({"code": "record_in_use", "detail": "another task works on the record"})
            for response, said in (
                (None, "Not deleted: the server cannot be reached."),
                (busy, "Not deleted: the server cannot delete the results at the moment."),
            ):
                await page.route("**/record", answering(response))
                await delete.click()
                await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
                await expect(page.locator("#notice")).to_contain_text(said)
                await page.unroute("**/record")
                await expect(delete).to_be_visible()
            await records_in(records, 1)

            await delete.click()
            await page.get_by_role("dialog").get_by_role("button", name="Delete").click()

            await expect(page.locator("#notice")).to_have_text(
                "The server has deleted what it kept of this session."
            )
            await expect(line).to_be_hidden()
            await records_in(records, 0)
            await expect(page.locator("#held")).to_be_visible()


def answering(body: str | None) -> Callable[[Route], Awaitable[None]]:
    """A server that is away (None), or that answers 503."""

    async def answer(route: Route) -> None:
        if body is None:
            await route.abort()
        else:
            await route.fulfill(status=503, body=body, content_type="application/problem+json")

    return answer


@pytest.mark.parametrize(
    ("width", "height", "locale"), [(360, 740, "en-US"), (360, 740, "de-DE"), (1280, 800, "de-DE")]
)
async def test_the_sign_hides_nothing_and_makes_nothing_wider(
    width: int, height: int, locale: str, open_page: OpenPage, tmp_path: Path
):
    german = locale == "de-DE"
    touch = "yes" if width < 600 else "no"
    with running_server(tmp_path / "server.log", "--record", str(tmp_path / "records")) as running:
        async with open_page(running.url, width=width, height=height, locale=locale, touch=touch) as page:
            await page.get_by_role("button", name="Starten" if german else "Start").click()
            await page.get_by_role("button", name="Ich stimme zu" if german else "I agree").click()
            words = "Server bewahrt Ergebnisse auf" if german else "Server keeps results"
            sign = page.get_by_role("button", name=words)
            await expect(sign).to_be_visible(timeout=SOON_MS)
            await expect(page.locator("html")).to_have_attribute("data-state", "connected", timeout=SOON_MS)
            await expect(page.locator("#verdict")).not_to_be_empty(timeout=SOON_MS)
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=SCREENSHOTS / f"record-{width}-{locale[:2]}.png")

            box = await sign.bounding_box()
            video = await page.locator("#video").bounding_box()
            await expect_no_sideways_scroll(page)
            await page.locator("#stop").click()
            await expect(page.locator("#record-kept")).to_be_visible()
            await page.screenshot(path=SCREENSHOTS / f"record-{width}-{locale[:2]}-ended.png")
            await expect_no_sideways_scroll(page)

    assert box is not None
    assert video is not None
    assert video["x"] <= box["x"]
    assert box["x"] + box["width"] <= video["x"] + video["width"]
    assert box["height"] >= (44 if touch == "yes" else 26)
