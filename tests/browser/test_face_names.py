"""A name that a person types for a face: on the page, in every file, in a stored session, and nowhere else."""

import csv
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import (
    SCREENSHOTS,
    SOON_MS,
    OpenPage,
    chart_points,
    expect_no_sideways_scroll,
    more_frames_shown,
    start,
)
from tests.browser.test_old_browsers import FACES
from tests.browser.test_sessions import COUNTS, open_past, stop
from tests.browser.test_values import expect_to_fit_both_windows, file_of, saved_files
from tests.conftest import running_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HOSTILE = "<img src=x onerror=alert(1)> مريم"
# What the page sends over the control channel.
SENT = """
window.sent = [];
const { send } = RTCDataChannel.prototype;
RTCDataChannel.prototype.send = function (text) { window.sent.push(text); return send.call(this, text); };
"""


async def name_face(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Name this face").click()
    await page.locator("#face-name input").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#face-name")).to_be_hidden()


@pytest.mark.timeout(150)
async def test_a_name_is_shown_kept_with_the_session_and_sent_to_nobody(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url, width=1280, height=800, script=SENT) as page:
        await start(page)
        await chart_points(page, 2)
        button, who = page.get_by_role("button", name="Name this face"), page.locator("#face .who")
        await name_face(page, HOSTILE)
        await expect(who).to_have_text(HOSTILE, timeout=SOON_MS)
        await expect(button).to_be_focused()
        await expect(page.locator("#chart-caption")).to_contain_text(HOSTILE)
        await expect_to_fit_both_windows(page, "face_name")
        await page.set_viewport_size({"width": 1280, "height": 800})
        await button.click()
        await expect(page.locator("#face-name input")).to_have_value(HOSTILE)
        await page.keyboard.press("Escape")
        await stop(page)
        sent = await page.evaluate("window.sent.join()")
        table, lines, report = await saved_files(page, tmp_path)

        await page.reload()
        await page.wait_for_function("document.documentElement.dataset.state !== 'loading'")
        await open_past(page, 0)
        await expect(who).to_have_text(HOSTILE, timeout=SOON_MS)
        await name_face(page, "=1+1")
        await expect(who).to_have_text("=1+1")
        again = await file_of(page, "csv", tmp_path)
        [[info], _] = await page.evaluate(COUNTS)
        await name_face(page, "")
        await expect(who).to_have_text("Face 1")
        assert HOSTILE not in page.url

    assert "face_name" not in sent
    assert {row["name"] for row in table if row["face"] == "1"} == {HOSTILE}
    assert {face["name"] for line in lines for face in line.get("faces", [])} == {HOSTILE}
    assert "<img" not in report
    assert "(Face 1)</h2>" in report
    assert ",1,'=1+1," in again
    assert info["faceNames"] == {"1": "=1+1"}


async def test_a_name_is_in_the_strip_the_list_and_the_table(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360, height=740, script=FACES) as page:
        await start(page)
        await expect(page.locator(".person")).to_have_count(2, timeout=SOON_MS)
        await page.locator(".person").first.click()
        await name_face(page, "Ada")
        await expect(page.locator(".person .person-name").first).to_have_text("Ada", timeout=SOON_MS)
        await expect(page.locator("#face select option:checked")).to_have_text("Ada", timeout=SOON_MS)
        await expect_no_sideways_scroll(page)
        await page.screenshot(path=SCREENSHOTS / "face_name_strip.png", full_page=True)
        await page.get_by_role("button", name="Compare").click()
        await page.locator("#chart-view summary").click()
        await page.get_by_role("button", name="As a table").click()
        await expect(page.locator("#table-dialog thead")).to_contain_text("Ada")


@pytest.mark.timeout(150)
async def test_a_server_that_keeps_the_session_gets_names_and_neutral_faces(
    open_page: OpenPage, tmp_path: Path
):
    records = tmp_path / "records"
    arguments = ("--record", str(records), "--analysis-processes", "1")
    with running_server(tmp_path / "server.log", *arguments) as running:
        async with open_page(running.url, width=1280, height=800) as page:
            await start(page)
            await chart_points(page, 6)
            await name_face(page, "Ada مريم")
            await page.keyboard.press("n")
            await expect(page.locator("#notice")).to_contain_text("are neutral from now on")
            await more_frames_shown(page, 10)
            await stop(page)
    [file] = records.glob("*/session.json")
    session = json.loads(file.read_text())
    rows = list(csv.DictReader((file.parent / "faces.csv").read_text().splitlines()))

    assert session["names"] == {"1": "Ada مريم"}
    assert "1" in session["neutral"]
    assert any(row["happy_change"] for row in rows)
