import asyncio
import time

import pytest
from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from tests.media.aiortc_patches.peers import Pair
from tests.times import seconds

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


async def test_a_sender_stops_after_an_exception_in_its_reports(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    failed = asyncio.Event()

    async def fails(_sender: RTCRtpSender, packets: object) -> None:
        failed.set()
        raise RuntimeError("injected")

    await pair.connect()
    await pair.receive()
    monkeypatch.setattr(RTCRtpSender, "_send_rtcp", fails)
    async with asyncio.timeout(seconds(10)):
        await failed.wait()
        await pair.caller_sender.stop()

    assert "RuntimeError: injected" in caplog.text
