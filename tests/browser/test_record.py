"""The page on a server that records: what the person agrees to, and which agreement does not count."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SOON_MS, OpenPage, start
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
            await expect(page.get_by_text("The server keeps the results of this session")).to_be_visible()
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
