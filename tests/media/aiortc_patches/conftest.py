"""A pair of peer connections, with every patch applied.

FACESTREAM_TEST_UNPATCHED=1 leaves out the patches: then the tests of patched behaviour must fail.
"""

import os
from collections.abc import AsyncIterator

import pytest

from facestream import aiortc_patches
from facestream.ice.addresses import offer_addresses
from tests.media.aiortc_patches.peers import JpegTrack, Pair

if os.environ.get("FACESTREAM_TEST_UNPATCHED") != "1":
    aiortc_patches.apply()


@pytest.fixture
def track() -> JpegTrack:
    return JpegTrack()


@pytest.fixture
async def pair(track: JpegTrack) -> AsyncIterator[Pair]:
    offer_addresses(("127.0.0.1",))
    made = Pair(track)
    yield made
    for pc in (made.caller, made.called):
        await aiortc_patches.close_peer_connection(pc, 2.0)
