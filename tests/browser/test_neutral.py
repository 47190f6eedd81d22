"""A neutral face: the difference to it beside the raw values, in panel, chart, files and stored sessions."""

import csv
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import (
    SOON_MS,
    OpenPage,
    chart_points,
    more_frames_shown,
    start,
)
from tests.browser.test_old_browsers import FACES
from tests.browser.test_sessions import open_past, stop
from tests.browser.test_values import expect_to_fit_both_windows, file_of, saved_files

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.timeout(150)
async def test_differences_to_a_neutral_face_are_beside_the_raw_values(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, width=1280, height=800) as page:
        notice, rows = page.locator("#notice"), page.locator(".value-row:not([hidden])")
        await page.keyboard.press("n")
        await expect(notice).to_contain_text("Start the camera")
        await start(page)
        await chart_points(page, 6)
        await expect(page.locator("#changes")).to_be_disabled()
        await page.keyboard.press("n")
        await expect(notice).to_contain_text("Face 1: the last two seconds are neutral")
        await expect(rows).to_have_count(2, timeout=SOON_MS)
        change = page.locator(".row[data-line=happy] .change")
        await expect(change).to_have_text(re.compile(r"^([+-]\d+|0)$"), timeout=SOON_MS)
        assert await page.locator(".row[data-line=happy] .share").inner_text() != ""
        await more_frames_shown(page, 30)
        await expect_to_fit_both_windows(page, "neutral")

        await page.locator("#chart-view summary").click()
        await page.get_by_label("Difference to neutral").uncheck()
        await expect(rows).to_have_count(0)
        await page.get_by_label("Difference to neutral").check()
        await page.get_by_role("button", name="Clear the neutral face").click()
        await expect(notice).to_contain_text("no neutral face any more")
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="This is neutral").click()
        await stop(page)
        await expect(page.get_by_role("button", name="This is neutral")).to_be_hidden()
        table, lines, report = await saved_files(page, tmp_path)

        await page.reload()
        await page.wait_for_function("document.documentElement.dataset.state !== 'loading'")
        await open_past(page, 0)
        await expect(rows).to_have_count(2, timeout=SOON_MS)
        again = list(csv.DictReader((await file_of(page, "csv", tmp_path)).splitlines()))

    events = [line for line in lines if str(line.get("event", "")).startswith("neutral")]
    assert [event["event"] for event in events] == ["neutral", "neutral-cleared", "neutral"]
    baseline = float(events[0]["detail"].split()[4])
    measured = [row for row in table if row["happy_change"]]
    assert 0 < len(measured) < len(table)
    first = measured[0]
    assert float(first["time_s"]) > events[0]["time_s"]
    assert float(first["happy_change"]) == pytest.approx(float(first["happy"]) - baseline, abs=0.0011)
    assert [
        line["faces"][0]["change"] for line in lines if line.get("faces") and "change" in line["faces"][0]
    ]
    assert "Neutral face set at" in report
    assert again == table


async def test_compared_faces_show_their_largest_difference_or_that_they_have_no_neutral_face(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, width=1280, height=800, script=FACES) as page:
        rows = page.locator(".value-row:not([hidden])")
        await start(page)
        await expect(page.locator(".person")).to_have_count(2, timeout=SOON_MS)
        await page.locator(".person").first.click()
        await chart_points(page, 6)
        await page.keyboard.press("n")
        await expect(page.locator("#notice")).to_contain_text("are neutral from now on")
        await page.get_by_role("button", name="Compare").click()

        await expect(rows).to_have_count(2, timeout=SOON_MS)
        await expect(rows.filter(has_text=re.compile(r"Face \d · \w+: change in points"))).to_have_count(
            1, timeout=SOON_MS
        )
        await expect(rows.filter(has_text="no neutral face at this time")).to_have_count(1)
        await expect_to_fit_both_windows(page, "neutral_compare")
        await page.get_by_role("button", name="Compare").click()
        await expect(rows.filter(has_text="Face")).to_have_count(0)
