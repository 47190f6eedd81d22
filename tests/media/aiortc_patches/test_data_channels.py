import asyncio
import struct
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from aiortc.rtcsctptransport import Chunk, DataChunk, SackChunk
from google_crc32c import value as crc32c

from facestream.aiortc_patches.settings import settings
from tests.media.aiortc_patches.peers import Pair
from tests.times import untraced

pytestmark = pytest.mark.media

FIRST, LAST, UNORDERED = 2, 1, 4
STRING, DCEP = 51, 50


async def send(
    pair: Pair, user_data: bytes, *, protocol: int = STRING, flags: int = FIRST | LAST, stream: int = 1
):
    """Send a chunk from the caller's association, without its own checks."""
    sctp = pair.caller_sctp
    chunk = DataChunk(flags=flags)
    chunk.tsn, sctp._local_tsn = sctp._local_tsn, (sctp._local_tsn + 1) % (1 << 32)
    chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = stream, 0, protocol, user_data
    await sctp._send_chunk(chunk)


async def still_serves(pair: Pair) -> None:
    await asyncio.sleep(0.2)
    assert pair.called_dtls.state == "connected"
    await pair.receive()


async def test_a_handler_that_raises_ends_no_connection(pair: Pair):
    def on_message(_: object) -> None:
        raise ValueError("not what was expected")

    pair.called.on("datachannel", lambda channel: channel.on("message", on_message))
    await pair.connect()

    pair.channel.send("hello")

    await still_serves(pair)


async def test_invalid_utf8_ends_no_connection(pair: Pair):
    await pair.connect()
    channel_id = next(iter(pair.called_sctp._data_channels))

    await send(pair, b"\xff\xfe\xfd", stream=channel_id)

    await still_serves(pair)


async def test_a_channel_opened_twice_ends_no_connection(pair: Pair):
    await pair.connect()
    channel_id = next(iter(pair.called_sctp._data_channels))

    await send(pair, struct.pack("!BBHLHH", 3, 0, 0, 0, 0, 0), protocol=DCEP, stream=channel_id)

    await still_serves(pair)


async def kept_of_fragments(pair: Pair, count: int) -> int:
    """Bytes that are kept for reassembly after `count` fragments of 1,100 bytes without an end."""
    for _ in range(count):
        await send(pair, bytes(1100), flags=0, stream=40)
        await asyncio.sleep(0)
    await asyncio.sleep(0.5)
    streams = pair.called_sctp._inbound_streams.values()
    return sum(len(chunk.user_data) for each in streams for chunk in each.reassembly)


async def test_endless_fragments_are_kept_up_to_a_limit(pair: Pair):
    await pair.connect()

    assert await kept_of_fragments(pair, 600) <= 300_000
    await still_serves(pair)


@pytest.mark.parametrize(
    ("limit", "least", "most"), [(256 * 1024, 110_000, 110_000), (32 * 1024, 0, 32 * 1024)]
)
async def test_the_setting_limits_the_bytes_kept_for_reassembly(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, limit: int, least: int, most: int
):
    monkeypatch.setattr(settings, "max_channel_bytes", limit)
    await pair.connect()

    assert least <= await kept_of_fragments(pair, 100) <= most


async def test_the_number_of_channels_is_limited(pair: Pair):
    await pair.connect()
    for stream in range(101, 301, 2):
        await send(pair, struct.pack("!BBHLHH", 3, 0, 0, 0, 0, 0), protocol=DCEP, stream=stream)
    await arrive(lambda: len(pair.called_sctp._data_channels) > 16, within_s=1.0)

    assert len(pair.called_sctp._data_channels) <= 16
    await still_serves(pair)


async def test_an_acknowledgement_of_millions_does_not_stall_the_loop(pair: Pair):
    await pair.connect()
    chunk = SackChunk()
    chunk.cumulative_tsn = (pair.called_sctp._local_tsn - 1) % (1 << 32)
    chunk.gaps = [(1, 65535)] * 250

    longest_s = 0.0
    await pair.caller_sctp._send_chunk(chunk)
    for _ in range(30):
        begin_s = time.monotonic()
        await asyncio.sleep(0.01)
        longest_s = max(longest_s, time.monotonic() - begin_s)

    assert longest_s < 0.3


def packet(pair: Pair, chunks: Sequence[Chunk]) -> bytes:
    """One packet of these chunks, as the caller's association would send it."""
    sctp = pair.called_sctp
    header = struct.pack("!HHL", sctp._remote_port, sctp._local_port, sctp._local_verification_tag)
    body = b"".join(map(bytes, chunks))
    return header + struct.pack("<L", crc32c(header + bytes(4) + body)) + body


def data_chunk(tsn: int, flags: int = UNORDERED | FIRST | LAST) -> DataChunk:
    chunk = DataChunk(flags=flags)
    chunk.tsn, chunk.stream_id, chunk.stream_seq, chunk.protocol = tsn % (1 << 32), 1, 0, STRING
    chunk.user_data = b"x"
    return chunk


def acknowledgements(pair: Pair) -> Iterator[bytes]:
    """SACKs for a message that was never sent and for thousands after it."""
    chunk = SackChunk()
    chunk.cumulative_tsn, chunk.gaps = pair.called_sctp._last_sacked_tsn, [(1, 16_384)]
    for _ in range(20):
        yield packet(pair, [chunk] * 60)


def chunks_behind_a_gap(pair: Pair) -> Iterator[bytes]:
    first = pair.called_sctp._last_received_tsn + 2
    for at in range(first, first + 4000, 60):
        yield packet(pair, [data_chunk(tsn) for tsn in range(at, at + 60)])


def repeated_fragments(pair: Pair) -> Iterator[bytes]:
    """Many fragments, then the same ones repeatedly."""
    first = pair.called_sctp._last_received_tsn + 1
    for at in [*range(first, first + 2000, 50), *[first] * 150]:
        yield packet(pair, [data_chunk(tsn, flags=0) for tsn in range(at, at + 50)])


@pytest.mark.parametrize(
    "flood",
    [acknowledgements, chunks_behind_a_gap, repeated_fragments],
    ids=lambda it: it.__name__,
)
async def test_packets_full_of_chunks_cost_little(pair: Pair, flood: Callable[[Pair], Iterator[bytes]]):
    await pair.connect()
    packets = list(flood(pair))  # at most 250 kB; without limits these take 0.6 to 1.6 s

    with untraced():
        begin_s = time.thread_time()
        for each in packets:
            await pair.called_sctp._handle_data(each)
        spent_s = time.thread_time() - begin_s

    assert spent_s < 0.3
    await still_serves(pair)


async def test_discarded_chunks_are_accepted_when_they_are_sent_again(pair: Pair):
    heard: list[object] = []
    pair.called.on("datachannel", lambda channel: channel.on("message", heard.append))
    await pair.connect()
    first = pair.called_sctp._last_received_tsn + 2
    behind_a_gap = [data_chunk(tsn) for tsn in range(first, first + 300)]
    for at in range(0, 300, 60):
        await pair.called_sctp._handle_data(packet(pair, behind_a_gap[at : at + 60]))

    await pair.called_sctp._handle_data(packet(pair, [data_chunk(first - 1)]))
    for at in range(0, 300, 60):
        await pair.called_sctp._handle_data(packet(pair, behind_a_gap[at : at + 60]))

    assert len(heard) == 301


async def test_a_message_to_a_peer_that_has_just_left_raises_nothing(pair: Pair):
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await pair.connect()
    channel = next(iter(pair.called_sctp._data_channels.values()))
    pair.called_dtls._set_state(type(pair.called_dtls._state).CLOSED)

    channel.send("telemetry")
    await asyncio.sleep(0.1)

    assert faults == []


async def test_a_flood_of_messages_is_rate_limited(pair: Pair):
    heard: list[object] = []
    pair.called.on("datachannel", lambda channel: channel.on("message", heard.append))
    await pair.connect()

    channel_id = next(iter(pair.called_sctp._data_channels))

    for number in range(1500):
        await pair.called_sctp._data_channel_receive(channel_id, STRING, str(number).encode())

    assert 400 <= len(heard) < 800
    await still_serves(pair)


async def arrive(condition: Callable[[], bool], within_s: float) -> None:
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s and not condition():  # noqa: ASYNC110 - aiortc has no event for it
        await asyncio.sleep(0.02)
