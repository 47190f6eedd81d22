"""The recorded offer of Chromium, which the server's tests use, matches the present one."""

import pytest

from tests.browser.conftest import OpenPage, start
from tests.recorded_offers import check_offer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


# Keeps the newest connection: once it is connected, its description names every address, unlike the sent offer.
KEEP = """
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) { super(...given); window.newest = this; }
};
"""


async def test_the_recorded_offer_matches_the_browser(
    server_url: str, open_page: OpenPage, request: pytest.FixtureRequest
):
    async with open_page(server_url, script=KEEP) as page:
        await start(page)

        check_offer("chrome", await page.evaluate("window.newest.localDescription.sdp"), request)
