"""Markers that programs set over HTTP are on the page like its own, and markers of the page reach programs."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Response, expect

from facestream.messages.http import OWNER_HEADER
from tests.browser.conftest import SOON_MS, OpenPage, downloaded, start
from tests.times import seconds

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


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
