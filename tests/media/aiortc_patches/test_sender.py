import asyncio
import time

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from tests.media.aiortc_patches.peers import Pair

pytestmark = pytest.mark.media


async def test_a_flood_of_keyframe_requests_causes_one_keyframe_per_second(pair: Pair):
    await pair.connect()
    await pair.receive()
    encoder = pair.caller_sender._RTCRtpSender__encoder
    encode, keyframes = encoder.encode, []

    def note(frame, force_keyframe):
        keyframes.append(force_keyframe)
        return encode(frame, force_keyframe)

    encoder.encode = note
    sender_ssrc = pair.caller_sender._ssrc
    request = bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=sender_ssrc))
    begin_s = time.monotonic()
    while (
        time.monotonic() - begin_s < 2.0
    ):  # the duration of the measurement, so it is not scaled on a slow machine
        await pair.called_dtls._send_rtp(request)
        await asyncio.sleep(0.01)

    assert 2 <= sum(keyframes) <= 4
