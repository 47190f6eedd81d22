"""The page in Chromium on a host that reaches the server's media only through coturn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from benchmarks.chromium import ALLOW_CAMERA, MISSING, executable
from tests.browser.conftest import Browsers, camera_file, chart_points, start
from tests.net.test_turn import Row, direct_server, row

__all__ = ["camera_file", "direct_server", "row"]

# Send the offer without waiting for candidates: this relay responds before the page's wait of 100 ms ends.
OFFER_AT_ONCE = (
    "const wait = setTimeout; window.setTimeout = (f, ms, ...a) => wait(f, ms === 100 ? 0 : ms, ...a);"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def far_browsers(row: Row, camera_file: Path) -> AsyncIterator[Browsers]:
    """Chromium on the peer's host."""
    chromium = executable()
    if chromium is None:
        pytest.fail(MISSING)
    there = row.logs / "chromium"
    there.write_text(f'#!/bin/sh\nexec ip netns exec {row.hosts.peer} {chromium} "$@"\n')
    there.chmod(0o755)
    async with async_playwright() as playwright:
        started = Browsers(playwright, str(there), camera_file)
        yield started
        await started.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_page_connects_through_the_relay(far_browsers: Browsers, direct_server: str):
    # A camera needs HTTPS or this flag; this test needs no certificate.
    trusting = f"--unsafely-treat-insecure-origin-as-secure={direct_server}"
    browser = await far_browsers.get((ALLOW_CAMERA, trusting))
    page = await (await browser.new_context()).new_page()
    await page.add_init_script(OFFER_AT_ONCE)
    responses: list[tuple[int, str]] = []
    page.on(
        "response", lambda response: responses.append((response.status, response.request.post_data or ""))
    )
    await page.goto(direct_server)

    await start(page)
    await chart_points(page, 10)

    assert any(status == 204 and " typ relay" in body for status, body in responses)
