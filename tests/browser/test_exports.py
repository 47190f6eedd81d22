"""Exported files are complete and match the session."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import av
import cv2
import pytest
from playwright.async_api import Page, expect

from facestream.messages.telemetry import decode_telemetry
from tests.browser.conftest import SCREENSHOTS, OpenPage, chart_points, downloaded, more_frames_shown, start
from tests.browser.test_for_everyone import violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def saved(page: Page, button: str, folder: Path) -> Path:
    """Press the button; returns the file that the page saves."""
    if not await page.get_by_role("button", name=button).is_visible():
        await page.locator("#save summary").click()
    return await downloaded(page, page.get_by_role("button", name=button), folder)


async def test_snapshot_and_recording_contain_the_annotated_frame(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await start(page)

        await page.get_by_role("button", name="Record").click()
        snapshot = await saved(page, "Snapshot", tmp_path)
        await more_frames_shown(page, 30)
        recording = await saved(page, "Stop recording", tmp_path)

        image_bgr = cv2.imread(str(snapshot))
        assert image_bgr is not None
        assert image_bgr.shape == (480, 640, 3)
        with av.open(str(recording)) as clip:
            assert sum(1 for _ in clip.decode(video=0)) > 5
        await expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()

        # The session says when each part began and ended.
        await page.get_by_role("button", name="Stop").click()
        lines = (await saved(page, "For programs", tmp_path)).read_text().splitlines()
        records = [json.loads(line) for line in lines]
        begun, ended = [r for r in records if r.get("event", "").startswith("recording-")]
        assert [begun["event"], ended["event"]] == ["recording-start", "recording-end"]
        assert (begun["detail"], ended["detail"]) == ("1", "1")
        assert ended["seq"] > begun["seq"] >= 0
        assert ended["pressed_s"] > begun["pressed_s"] >= begun["time_s"]


async def test_table_messages_and_report_match_the_session_and_need_no_network(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    async with open_page(server_url) as page:
        await start(page)
        await chart_points(page, 8)
        await page.get_by_role("button", name="Stop").click()

        rows = list(csv.DictReader(io.StringIO((await saved(page, "Table only", tmp_path)).read_text())))
        lines = (await saved(page, "For programs", tmp_path)).read_text().splitlines()
        report = await saved(page, "Report", tmp_path)

        assert {"happy", "yaw_deg", "detect_ms", "frames"} <= set(rows[0])
        records = [json.loads(line) for line in lines]
        times_s = [record.pop("time_s") for record in records]
        messages = [record for record in records if "event" not in record]
        assert len(rows) >= len(messages) > 10
        for message in messages:
            decode_telemetry(json.dumps(message))
        # The first frames too are as far apart as they were captured, though the browser sends them late.
        frames = [(t, r["pts"]) for t, r in zip(times_s, records, strict=True) if "pts" in r]
        first_s, first_pts = frames[0]
        early = [(t - first_s, pts - first_pts) for t, pts in frames if pts - first_pts < 0.3]
        assert [t for t, _ in early] == pytest.approx([pts for _, pts in early], abs=0.003)
        # One clock for all: the session begins at 0, and nothing in it comes later than its end.
        assert times_s == sorted(times_s)
        kinds = [record.get("event", "message") for record in records]
        assert (kinds[0], kinds[-1]) == ("began", "stopped"), [*zip(times_s, kinds, strict=True)][-5:]
        assert times_s[0] == pytest.approx(0, abs=0.5)
        passed = datetime.fromisoformat(rows[-1]["clock"]) - datetime.fromisoformat(records[0]["clock"])
        assert passed.total_seconds() == pytest.approx(float(rows[-1]["time_s"]) - times_s[0], abs=0.01)

        opened = await page.context.new_page()
        requested: list[str] = []
        opened.on("request", lambda request: requested.append(request.url))
        await page.context.set_offline(True)
        await opened.goto(report.as_uri())
        await expect(opened.get_by_role("heading", name="Face 1", level=2)).to_be_visible()
        assert await opened.locator("svg path[d^=M]").count() >= 7
        assert requested == [report.as_uri()]
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await opened.screenshot(path=SCREENSHOTS / "report.png", full_page=True)

        # The summary is on the first screen, also on a phone, where nothing scrolls sideways.
        for width, height in ((1280, 800), (360, 740)):
            await opened.set_viewport_size({"width": width, "height": height})
            summary = opened.get_by_role("region", name="Summary")
            await expect(summary.get_by_role("heading", name="Face 1")).to_be_in_viewport()
            await expect(summary.locator(".share").first).to_be_in_viewport()
            assert await opened.evaluate("document.documentElement.scrollWidth") <= width
        assert await violations(opened) == []
        # The numbers of a face appear on demand.
        await expect(opened.get_by_role("table")).to_have_count(0)
        await opened.get_by_text("All numbers of face 1").click()
        await expect(opened.get_by_role("row", name="Happy")).to_be_visible()


async def test_the_save_menu_fits_on_a_phone(server_url: str, open_page: OpenPage):
    async with open_page(server_url, width=360) as page:
        await page.locator("#save summary").click()

        box = await page.locator("#save .sheet").bounding_box()

        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
