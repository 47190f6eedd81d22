"""What Chromium offers from the page is what the tests of the server are fed with."""

import json

import pytest
from playwright.async_api import Request

from tests.browser.conftest import OpenPage, start
from tests.recorded_offers import check_offer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_recorded_offer_is_the_one_it_makes(
    server_url: str, open_page: OpenPage, request: pytest.FixtureRequest
):
    async with open_page(server_url) as page:
        sent: list[Request] = []
        page.on("request", lambda asked: sent.append(asked) if asked.url.endswith("/offer") else None)

        await start(page)

        check_offer("chrome", json.loads(sent[0].post_data or "{}")["sdp"], request)
