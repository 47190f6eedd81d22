"""What Chromium offers from the page is what the tests of the server are fed with."""

import pytest

from tests.browser.conftest import OpenPage, start
from tests.recorded_offers import check_offer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


# The newest connection: its description names every address by the time it is connected, unlike what was sent.
KEEP = """
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) { super(...given); window.newest = this; }
};
"""


async def test_the_recorded_offer_is_the_one_it_makes(
    server_url: str, open_page: OpenPage, request: pytest.FixtureRequest
):
    async with open_page(server_url, script=KEEP) as page:
        await start(page)

        check_offer("chrome", await page.evaluate("window.newest.localDescription.sdp"), request)
