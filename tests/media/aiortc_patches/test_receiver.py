import asyncio
import random
import time
from itertools import pairwise
from statistics import median

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, is_rtcp

from tests.media.aiortc_patches.peers import JpegTrack, Pair, number_of

pytestmark = pytest.mark.media


def lose(pair: Pair, is_lost) -> None:
    """Drop the caller's packets for which `is_lost(packet)`, retransmissions too; replaces an earlier rule."""
    send = getattr(pair.caller_dtls._send_rtp, "whole", pair.caller_dtls._send_rtp)

    async def lossy(packet: bytes) -> None:
        if is_rtcp(packet) or not is_lost(packet):
            await send(packet)

    lossy.whole = send  # type: ignore[attr-defined]
    pair.caller_dtls._send_rtp = lossy


def feedback(pair: Pair) -> list[tuple[float, object]]:
    """The RTCP packets that the called peer sends, with their times; the list grows."""
    asked: list[tuple[float, object]] = []
    handle = pair.caller_dtls._handle_rtcp_data

    async def note(data: bytes) -> None:
        asked.extend((time.monotonic(), packet) for packet in RtcpPacket.parse(data))
        await handle(data)

    pair.caller_dtls._handle_rtcp_data = note
    return asked


async def arrivals(pair: Pair, duration_s: float) -> list[float]:
    times_s = [time.monotonic()]
    end_s = times_s[0] + duration_s
    while (left_s := end_s - time.monotonic()) > 0:
        try:
            await pair.receive(left_s)
        except TimeoutError:
            break
        times_s.append(time.monotonic())
    return [*times_s, time.monotonic()]


def longest_gap_s(times_s: list[float]) -> float:
    return max(after - before for before, after in pairwise(times_s))


@pytest.mark.parametrize("track", [JpegTrack(fps=10)])
async def test_a_frame_is_returned_without_waiting_for_the_next(pair: Pair, track: JpegTrack):
    await pair.connect()
    latencies_s = []
    for _ in range(15):
        frame = await pair.receive()
        latencies_s.append(time.monotonic() - track.sent_s[number_of(frame)])

    assert median(latencies_s) < 0.06  # the interval alone is 100 ms


async def test_a_lost_packet_stops_the_frames_for_half_a_second_at_most(pair: Pair):
    await pair.connect()
    await arrivals(pair, 1.0)
    lost: list[bytes] = []

    def first_and_its_repeats(packet: bytes) -> bool:
        if not lost or (packet[2:4] == lost[0][2:4] and packet[8:12] == lost[0][8:12]) or len(packet) < 300:
            lost.append(packet)
        return packet[2:4] == lost[0][2:4] or (packet[8:12] != lost[0][8:12])

    lose(pair, first_and_its_repeats)

    assert longest_gap_s(await arrivals(pair, 3.0)) < 0.5


async def test_five_percent_loss_leaves_no_gap_of_half_a_second(pair: Pair):
    await pair.connect()
    chance = random.Random(7)
    lose(pair, lambda packet: chance.random() < 0.05)

    times_s = await arrivals(pair, 5.0)

    assert longest_gap_s(times_s) < 0.5


async def test_after_an_outage_of_a_second_frames_return_within_half_a_second(pair: Pair):
    await pair.connect()
    await arrivals(pair, 1.0)
    begin_s = time.monotonic()
    lose(pair, lambda packet: time.monotonic() - begin_s < 1.0)

    times_s = await arrivals(pair, 2.5)

    first_s = next(at_s - begin_s for at_s in times_s if at_s - begin_s > 1.0)
    assert first_s < 1.5


async def test_a_lost_packet_is_requested_more_than_once(pair: Pair):
    await pair.connect()
    await arrivals(pair, 0.5)
    asked = feedback(pair)
    gone: set[bytes] = set()

    def one_for_a_while(packet: bytes) -> bool:
        if not gone:
            gone.add(packet[2:4])
        return packet[2:4] in gone or packet[8:12] not in first_ssrc(pair)

    lose(pair, one_for_a_while)
    await arrivals(pair, 1.0)

    nacks = [packet for _, packet in asked if isinstance(packet, RtcpRtpfbPacket)]
    assert len(nacks) >= 3


def first_ssrc(pair: Pair) -> set[bytes]:
    return {pair.caller_sender._ssrc.to_bytes(4, "big")}


async def test_keyframe_requests_are_limited(pair: Pair):
    await pair.connect()
    asked = feedback(pair)
    lose(pair, lambda packet: True)
    await asyncio.sleep(0.3)
    chance = random.Random(3)
    lose(pair, lambda packet: chance.random() < 0.6)
    begin_s = time.monotonic()

    await arrivals(pair, 3.0)

    requests = [at_s for at_s, packet in asked if isinstance(packet, RtcpPsfbPacket) and packet.fmt == 1]
    assert 1 <= len(requests) <= (time.monotonic() - begin_s + 0.5) / 0.3 + 1


async def test_a_timestamp_that_steps_back_does_not_shift_the_frame_times(pair: Pair):
    await pair.connect()
    times = [(await pair.receive()).pts or 0]
    jumps = iter([-9000])
    send = pair.caller_dtls._send_rtp

    async def back(packet: bytes) -> None:
        if not is_rtcp(packet) and (jump := next(jumps, 0)):
            stamp = (int.from_bytes(packet[4:8], "big") + jump) % (1 << 32)
            packet = packet[:4] + stamp.to_bytes(4, "big") + packet[8:]
        await send(packet)

    pair.caller_dtls._send_rtp = back
    times += [(await pair.receive()).pts or 0 for _ in range(10)]

    assert max(abs(pts - times[0]) for pts in times) < 90000
