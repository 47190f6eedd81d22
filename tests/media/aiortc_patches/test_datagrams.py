import asyncio
import os
import socket
import struct
from typing import Any

import pytest
from aioice.ice import Connection

from tests.media.aiortc_patches.peers import Pair

pytestmark = pytest.mark.media


def address_of(pair: Pair) -> Any:
    protocol = pair.called_dtls.transport._connection._protocols[0]
    return protocol.transport.get_extra_info("sockname")


def send_as_stranger(pair: Pair, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in datagrams:
            stranger.sendto(datagram, address_of(pair))


async def test_an_empty_datagram_from_another_address_ends_no_session(pair: Pair):
    await pair.connect()
    await pair.receive()

    send_as_stranger(pair, b"", b"", b"")
    await asyncio.sleep(0.2)

    assert pair.called_dtls.state == "connected"
    await pair.receive()


async def test_dtls_and_media_from_another_address_do_not_reach_the_session(pair: Pair):
    await pair.connect()
    seen: list[bytes] = []
    connection = pair.called_dtls.transport._connection
    took = connection.data_received

    def note(data: bytes, component: int) -> None:
        seen.append(data)
        took(data, component)

    connection.data_received = note

    send_as_stranger(pair, bytes([22, 254, 253]) + b"stranger" * 4, bytes([128, 96]) + b"stranger" * 4)
    await asyncio.sleep(0.2)

    assert not [data for data in seen if b"stranger" in data]
    await pair.receive()


async def test_malformed_stun_causes_no_exception(pair: Pair, caplog: pytest.LogCaptureFixture):
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await pair.connect()

    header = struct.pack("!HHI12s", 0x0001, 8, 0x2112A442, os.urandom(12))
    attributes = [struct.pack("!HH", 0x0020, 4) + b"abcd", struct.pack("!HH", 0x0024, 0) + bytes(4)]
    send_as_stranger(
        pair, *(header + attribute for attribute in attributes), *(bytes([1]) * n for n in range(1, 40))
    )
    await asyncio.sleep(0.2)

    assert faults == []
    await pair.receive()


async def test_the_queue_of_received_datagrams_is_bounded():
    connection = Connection(ice_controlling=True)

    for _ in range(20_000):
        connection.data_received(b"datagram", 1)

    assert connection._queue.qsize() <= 1024


async def test_a_flood_of_dtls_leaves_room_for_media():
    connection = Connection(ice_controlling=True)

    for _ in range(900):
        connection.data_received(bytes([23]) * 1400, 1)
    connection.data_received(bytes([128]) * 1400, 1)

    assert 100 < connection._queue.qsize() < 400
    datagrams = [connection._queue.get_nowait() for _ in range(connection._queue.qsize())]
    assert datagrams[-1] == (bytes([128]) * 1400, 1)


async def test_a_vanished_peer_is_noticed_within_ten_seconds():
    import aioice.ice

    longest_s = aioice.ice.CONSENT_INTERVAL * 1.2 * aioice.ice.CONSENT_FAILURES

    assert longest_s <= 10
