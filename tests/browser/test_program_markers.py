"""Markers that programs set over HTTP are on the page like its own, and markers of the page reach programs."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Response, expect

from facestream.messages.http import OWNER_HEADER
from tests.browser.conftest import NO_WEBRTC, SOON_MS, OpenPage, downloaded, start
from tests.browser.test_while_it_runs import BREAK
from tests.conftest import running_server
from tests.times import seconds

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Keeps what the server answers to an offer or to `open`, with the secret of the session.
ADMISSION = """
window.admissions = [];
const keep = (value) => (value?.secret && window.admissions.push(value), value);
const { parse } = JSON;
JSON.parse = (...given) => keep(parse(...given));
const { json } = Response.prototype;
Response.prototype.json = async function () { return keep(await json.call(this)); };
"""


async def test_a_marker_of_a_program_is_kept_and_one_of_the_page_reaches_it(
    server_url: str, open_page: OpenPage, tmp_path: Path
):
    answers: list[Response] = []
    async with open_page(server_url, width=1280, height=800) as page, aiohttp.ClientSession() as program:
        page.on("response", lambda got: answers.append(got) if got.url.endswith("/offer") else None)
        await start(page)
        await expect(page.locator("#save summary")).to_have_attribute(
            "aria-disabled", "false", timeout=SOON_MS
        )
        answer = await answers[-1].json()
        path, owner = f"{server_url}/sessions/{answer['session_id']}", {OWNER_HEADER: answer["secret"]}

        async with program.get(f"{path}/events", headers=owner) as events:
            cat = {"name": "cat 7", "note": "<b>left"}
            async with program.post(f"{path}/markers", json=cat, headers=owner) as marked:
                assert marked.status == 201
            await expect(page.locator("#marks .mark-event").filter(has_text="cat 7: <b>left")).to_be_visible(
                timeout=SOON_MS
            )
            await page.keyboard.press("m")
            names: list[str] = []
            async with asyncio.timeout(seconds(20)):
                async for line in events.content:
                    if line.startswith(b"data: ") and b'"name"' in line:
                        names.append(json.loads(line[6:])["name"])
                        if len(names) == 2:
                            break

        await page.keyboard.press("Escape")
        await page.locator("#save summary").click()
        lines = (await downloaded(page, page.locator("#save-jsonl"), tmp_path)).read_text().splitlines()

    assert names == ["cat 7", "marker"]
    assert [line for line in lines if "cat 7: <b>left" in line]


@pytest.mark.parametrize("path", ["webrtc", "websocket"])
async def test_a_note_of_the_page_reaches_programs_and_the_record_as_one_marker(
    path: str, open_page: OpenPage, tmp_path: Path
):
    records = tmp_path / "records"
    script = ADMISSION + (NO_WEBRTC if path == "websocket" else "")
    with running_server(tmp_path / "server.log", "--record", str(records)) as running:
        async with (
            open_page(running.url, width=1280, height=800, script=script) as page,
            aiohttp.ClientSession() as program,
        ):
            await start(page)
            answers = await page.evaluate("window.admissions")
            owner = {OWNER_HEADER: answers[-1]["secret"]}
            address = f"{running.url}/sessions/{answers[-1]['session_id']}/events"
            async with program.get(address, headers=owner) as events, asyncio.timeout(seconds(40)):
                await page.locator("#stop").focus()
                await page.keyboard.press("m")
                note = page.get_by_role("textbox", name="Note")
                await note.press_sequentially("left, \u201cred\u201d")
                await note.press("Enter")
                await page.keyboard.press("m")
                await page.keyboard.press("Escape")
                got = [event async for event in marker_events(events.content, 3)]
            await page.get_by_role("button", name="Stop").click()
            await expect(page.locator("html")).to_have_attribute("data-state", "stopped")

    first, noted, second = got
    assert (first["name"], first["note"], second["note"]) == ("marker", "", "")
    assert noted == {
        "id": first["id"],
        "name": "marker",
        "note": "left, \u201cred\u201d",
        "pts": first["pts"],
    }
    (folder,) = records.glob("2*")
    with (folder / "events.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["name"], row["note"]) for row in csv.DictReader(file)] == [
            ("marker", "left, \u201cred\u201d"),
            ("marker", ""),
        ]
    assert "left, \u201cred\u201d" in (folder / "report.html").read_text()


async def marker_events(lines: aiohttp.StreamReader, count: int) -> AsyncIterator[dict[str, Any]]:
    async for line in lines:
        if line.startswith(b"data: ") and b'"name"' in line:
            yield json.loads(line[6:])
            count -= 1
            if not count:
                return


async def test_a_note_that_the_server_did_not_get_stays_on_the_page_which_says_so(
    server_url: str, open_page: OpenPage
):
    async with open_page(server_url, script=BREAK, expect_errors="Failed") as page:
        await start(page)
        await page.locator("#stop").focus()
        await page.keyboard.press("m")
        await page.route("**/offer", lambda route: route.abort())
        await page.evaluate("window.breakConnection()")
        await expect(page.locator("html")).to_have_attribute("data-state", "reconnecting", timeout=SOON_MS)
        note = page.get_by_role("textbox", name="Note")
        await note.press_sequentially("left")
        await note.press("Enter")

        await expect(page.locator("#notice")).to_have_text(
            "The note stays on this page: the server did not get it."
        )
        await expect(page.locator("#marks .mark-event").filter(has_text="left")).to_be_visible()
