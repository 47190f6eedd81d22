import asyncio
import contextlib
import os
import random
import struct
import time
from typing import Any

import pylibsrtp
import pytest

from tests.media.aiortc_patches.peers import Pair
from tests.media.aiortc_patches.test_datagrams import send_as_stranger
from tests.times import seconds, untraced

pytestmark = pytest.mark.media


async def still_serves(pair: Pair) -> None:
    await asyncio.sleep(0.2)
    assert pair.called_dtls.state == "connected"
    await pair.receive()


async def test_an_rtp_extension_of_the_wrong_length_ends_no_session(pair: Pair):
    await pair.connect()
    abs_send_time_of_one_byte = struct.pack("!HHBBxx", 0xBEDE, 1, 3 << 4, 7)

    header = struct.pack("!BBHLL", 0x90, pair.payload_type, 1, 1, 1)
    await pair.caller_dtls._send_rtp(header + abs_send_time_of_one_byte + b"payload")

    await still_serves(pair)


async def test_random_rtp_and_rtcp_from_the_peer_ends_no_session(pair: Pair):
    await pair.connect()
    chance = random.Random(5)
    for number in range(400):
        kind = chance.choice([pair.payload_type, chance.randrange(128), *range(200, 208)])
        body = chance.randbytes(chance.randrange(12, 80) & ~3)
        first = 0x80 | chance.randrange(64)
        length = len(body) // 4 - chance.choice([0, 0, 1])
        packet = struct.pack("!BBH", first, kind, length if kind >= 200 else number) + body
        with contextlib.suppress(pylibsrtp.Error):  # libsrtp itself rejects some packets
            await pair.caller_dtls._send_rtp(packet)
        if number % 20 == 0:
            await asyncio.sleep(0)

    await still_serves(pair)


async def test_a_flood_of_nacks_for_many_packets_costs_little(pair: Pair):
    await pair.connect()
    body = struct.pack("!LL", 1, pair.caller_sender._ssrc) + struct.pack("!HH", 5, 0xFFFF) * 340
    nack = struct.pack("!BBH", 0x81, 205, len(body) // 4) + body

    with untraced():
        begin_s = time.thread_time()
        for _ in range(300):
            await pair.caller_dtls._handle_rtcp_data(nack)
        spent_s = time.thread_time() - begin_s

    assert spent_s < 0.4  # without the limit each takes 3 ms


async def test_random_datagrams_from_other_addresses_end_no_session(pair: Pair):
    await pair.connect()

    for _ in range(20):
        send_as_stranger(pair, *(os.urandom(random.randrange(200)) for _ in range(50)))
        await asyncio.sleep(0.005)

    await still_serves(pair)


async def test_a_state_handler_that_raises_does_not_keep_a_connection_from_closing(pair: Pair):
    await pair.connect()

    def on_state() -> None:
        raise ValueError("a fault of ours")

    pair.called.on("connectionstatechange", on_state)

    async with asyncio.timeout(seconds(2)):
        await pair.called.close()
    assert pair.called.connectionState == "closed"


async def test_an_enormous_jitter_value_does_not_keep_a_connection_from_closing(pair: Pair):
    await pair.connect()
    await pair.receive()
    streams: dict[int, Any] = pair.called_receiver._RTCRtpReceiver__remote_streams
    for stream in streams.values():
        stream._jitter_q4 = 1 << 60
    await pair.receiver_report()

    async with asyncio.timeout(seconds(2)):
        await pair.called.close()
