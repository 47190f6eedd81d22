import asyncio
import contextlib
import gc
import threading
import time
from pathlib import Path

import pytest
from aiortc import RTCSessionDescription
from aiortc.rtp import RtpPacket

from facestream.aiortc_patches import close_peer_connection
from facestream.ice.addresses import offer_addresses
from tests.media.aiortc_patches.peers import JpegTrack, Pair, new_peer_connection
from tests.times import seconds

pytestmark = pytest.mark.media


def open_sockets() -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(1 for link in links if link.is_symlink() and str(link.readlink()).startswith("socket:"))


def decoder_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "decoder" in thread.name]


async def test_three_hundred_ssrcs_do_not_keep_a_connection_from_closing(pair: Pair):
    await pair.connect()
    await pair.receive()
    payload_type = pair.payload_type
    for ssrc in range(1, 301):
        packet = RtpPacket(
            payload_type=payload_type, sequence_number=ssrc, timestamp=0, ssrc=ssrc, payload=b"\x10\x01"
        )
        await pair.caller_dtls._send_rtp(packet.serialize())
    await pair.receiver_report()

    async with asyncio.timeout(seconds(2)):
        await pair.called.close()


async def test_a_hanging_close_is_forced_and_leaves_nothing_open(pair: Pair):
    sockets_before, tasks_before = open_sockets(), asyncio.all_tasks()
    await pair.connect()
    await pair.receive()

    async def never() -> None:
        await asyncio.Event().wait()

    pair.called_receiver.stop = never
    pair.caller_sender.stop = never
    started_s = time.monotonic()
    closed = [await close_peer_connection(pc, 0.3) for pc in (pair.called, pair.caller)]
    await asyncio.sleep(0.2)

    assert closed == [False, False]
    assert time.monotonic() - started_s < 2
    assert open_sockets() == sockets_before
    assert {task.get_name() for task in asyncio.all_tasks() - tasks_before} == set()
    assert decoder_threads() == []


async def test_a_connection_that_closes_itself_and_hangs_can_be_closed_twice(pair: Pair):
    await pair.connect()

    async def never() -> None:
        await asyncio.Event().wait()

    pair.called_receiver.stop = never
    closing_itself = asyncio.create_task(pair.called.close())
    await asyncio.sleep(0.05)
    await close_peer_connection(pair.called, 0.1)

    async with asyncio.timeout(seconds(1)):
        await pair.called.close()
    closing_itself.cancel()


async def test_a_partly_negotiated_connection_whose_close_raises_leaves_no_socket():
    offer_addresses(("127.0.0.1",))
    gc.collect()
    sockets_before = open_sockets()
    caller, called = new_peer_connection(), new_peer_connection()
    caller.addTransceiver("video")
    await caller.setLocalDescription(await caller.createOffer())
    offer = caller.localDescription.sdp.replace("a=group:BUNDLE 0", "a=group:BUNDLE unknown 0")
    with contextlib.suppress(Exception):
        await called.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await called.setLocalDescription(await called.createAnswer())

    await close_peer_connection(called, 1.0)
    await close_peer_connection(caller, 1.0)
    await asyncio.sleep(0.1)

    assert open_sockets() == sockets_before


async def test_twenty_connections_leave_no_thread_no_task_and_no_socket():
    offer_addresses(("127.0.0.1",))
    gc.collect()
    sockets_before, tasks_before = open_sockets(), len(asyncio.all_tasks())
    for number in range(20):
        pair = Pair(JpegTrack(width=160, height=120))
        await pair.connect("H264" if number % 2 else "VP8")
        await close_peer_connection(pair.called)
        await close_peer_connection(pair.caller)
    await asyncio.sleep(0.2)

    assert open_sockets() == sockets_before
    assert len(asyncio.all_tasks()) == tasks_before
    assert decoder_threads() == []
