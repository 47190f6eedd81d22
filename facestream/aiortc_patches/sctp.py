"""Limit what a peer sends over data channels: size, number and rate of messages, chunks, streams and channels.

aiortc 1.16 has no limits: some packets stall the event loop for seconds, and incomplete messages grow without a bound.
Here a message over a limit is dropped. A peer that sends fragments without ever completing a message loses its data
channels, but not its video. Obsolete when aiortc bounds all of these and catches exceptions for each packet.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from aiortc import RTCPeerConnection
from aiortc.rtcsctptransport import (
    Chunk,
    DataChunk,
    ForwardTsnChunk,
    InboundStream,
    ReconfigChunk,
    RTCSctpTransport,
    SackChunk,
)
from aiortc.utils import uint32_gt

from facestream.aiortc_patches.replacement import Replacement
from facestream.aiortc_patches.settings import settings
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_STREAMS = 64
MAX_CHANNELS = 16  # the page uses two
MAX_WAITING_CHUNKS = 512  # aiortc iterates over all of them for each chunk
MAX_MESSAGES_PER_S = 200  # the page sends a ping a second
MAX_PACKETS_PER_S = 400  # a packet of 370 chunks takes half a millisecond to parse
MAX_CHUNKS_PER_S = 1000  # a chunk takes up to 0.1 ms, and a packet contains up to 60
MAX_TSN_AHEAD = 4096
MAX_MISORDERED = 256  # chunks after a gap: aiortc sorts them for each chunk
MAX_UNACKNOWLEDGED = 4096  # chunks of this server; waiting telemetry and replies are some dozens of chunks
MAX_RECONFIG_PARAMETERS = 2  # RFC 6525, section 3.1; aiortc answers each parameter
DATA_CHANNEL_OPEN = 3
WEBRTC_DCEP = 50
SENDING_QUEUES = ("_data_channel_queue", "_outbound_queue", "_sent_queue")

TSN_MODULO = 1 << 32

_handle_data = RTCSctpTransport._handle_data
_receive_chunk = RTCSctpTransport._receive_chunk
_receive_data_chunk = RTCSctpTransport._receive_data_chunk
_receive_sack_chunk = RTCSctpTransport._receive_sack_chunk
_data_channel_receive = RTCSctpTransport._data_channel_receive
_send_chunk = RTCSctpTransport._send_chunk
_get_inbound_stream = RTCSctpTransport._get_inbound_stream


@dataclass(slots=True)
class _Rates:
    """The token buckets of one peer."""

    packets: TokenBucket = field(
        default_factory=lambda: TokenBucket(1 / MAX_PACKETS_PER_S, 2 * MAX_PACKETS_PER_S)
    )
    chunks: TokenBucket = field(default_factory=lambda: TokenBucket(1 / MAX_CHUNKS_PER_S, MAX_CHUNKS_PER_S))
    messages: TokenBucket = field(
        default_factory=lambda: TokenBucket(1 / MAX_MESSAGES_PER_S, 2 * MAX_MESSAGES_PER_S)
    )


_rates: WeakKeyDictionary[RTCSctpTransport, _Rates] = WeakKeyDictionary()


def _rates_of(sctp: RTCSctpTransport) -> _Rates:
    rates = _rates.get(sctp)
    if rates is None:
        rates = _rates[sctp] = _Rates()
    return rates


async def _guarded_data(sctp: RTCSctpTransport, data: bytes) -> None:
    if _rates_of(sctp).packets.wait_s(time.monotonic()):
        return  # SCTP sends it again
    try:
        await _handle_data(sctp, data)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the packet boundary: AssertionError, UnicodeDecodeError, struct.error ...
        logger.debug("SCTP packet dropped: %r", error)


async def _limited_chunk(sctp: RTCSctpTransport, chunk: Chunk) -> None:
    # The cost of a FORWARD TSN grows with the streams it lists.
    cost = 1 + len(chunk.streams) if isinstance(chunk, ForwardTsnChunk) else 1
    if isinstance(chunk, ReconfigChunk) and len(chunk.params) > MAX_RECONFIG_PARAMETERS:
        return
    if _rates_of(sctp).chunks.wait_s(time.monotonic(), cost) == 0:
        await _receive_chunk(sctp, chunk)


async def _send_while_connected(sctp: RTCSctpTransport, chunk: Chunk) -> None:
    """Ignore chunks after the end of the connection: aiortc sends from tasks that nothing awaits."""
    with contextlib.suppress(ConnectionError):
        await _send_chunk(sctp, chunk)


async def _limited_data_chunk(sctp: RTCSctpTransport, chunk: DataChunk) -> None:
    last = sctp._last_received_tsn
    # A dropped chunk is not acknowledged, so the peer sends it again later.
    if last is not None:
        if uint32_gt(chunk.tsn, (last + MAX_TSN_AHEAD) % TSN_MODULO):
            return
        if len(sctp._sack_misordered) >= MAX_MISORDERED and chunk.tsn != (last + 1) % TSN_MODULO:
            return
    waiting = [chunk for stream in sctp._inbound_streams.values() for chunk in stream.reassembly]
    waiting_bytes = sum(len(chunk.user_data) for chunk in waiting)
    if (
        len(waiting) >= MAX_WAITING_CHUNKS
        or waiting_bytes + len(chunk.user_data) > settings.max_channel_bytes
    ):
        logger.warning(
            "a peer sent %d bytes without ending a message; its data channels are closed", waiting_bytes
        )
        sctp._inbound_streams.clear()
        await sctp._abort()
        sctp._set_state(sctp.State.CLOSED)
        return
    await _receive_data_chunk(sctp, chunk)


async def _limited_sack_chunk(sctp: RTCSctpTransport, chunk: SackChunk) -> None:
    """Drop what acknowledges more than was sent: aiortc iterates over every number of every block."""
    sent = (sctp._local_tsn - 1 - chunk.cumulative_tsn) % TSN_MODULO
    if sum(end - start + 1 for start, end in chunk.gaps) <= sent <= MAX_UNACKNOWLEDGED:
        await _receive_sack_chunk(sctp, chunk)


def _limited_inbound_stream(sctp: RTCSctpTransport, stream_id: int) -> InboundStream:
    if stream_id not in sctp._inbound_streams and len(sctp._inbound_streams) >= MAX_STREAMS:
        raise ValueError(f"stream {stream_id} is one too many, expected at most {MAX_STREAMS}")
    return _get_inbound_stream(sctp, stream_id)


async def _limited_message(sctp: RTCSctpTransport, stream_id: int, pp_id: int, data: bytes) -> None:
    if _rates_of(sctp).messages.wait_s(time.monotonic()):
        return
    opens = pp_id == WEBRTC_DCEP and data[:1] == bytes([DATA_CHANNEL_OPEN])
    if opens and len(sctp._data_channels) >= MAX_CHANNELS:
        return
    await _data_channel_receive(sctp, stream_id, pp_id, data)


async def wait_until_sent(pc: RTCPeerConnection, deadline_s: float) -> None:
    """Wait until the peer has acknowledged everything sent on its data channels, at most until the deadline.

    aiortc's close() aborts the association and discards what was not sent yet.
    """
    sctp = pc.sctp
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            while any(getattr(sctp, queue, None) for queue in SENDING_QUEUES):  # noqa: ASYNC110 - aiortc has no event
                await asyncio.sleep(0.01)


REPLACEMENTS = (
    Replacement(RTCSctpTransport, "_handle_data", _guarded_data, "a malformed message ends the session"),
    Replacement(
        RTCSctpTransport,
        "_receive_chunk",
        _limited_chunk,
        "one packet contains hundreds of chunks, each costs time",
    ),
    Replacement(
        RTCSctpTransport,
        "_send_chunk",
        _send_while_connected,
        "a peer that leaves is logged as a fault of the server",
    ),
    Replacement(
        RTCSctpTransport,
        "_receive_data_chunk",
        _limited_data_chunk,
        "fragments of messages that never end use memory without a bound",
    ),
    Replacement(
        RTCSctpTransport, "_receive_sack_chunk", _limited_sack_chunk, "one packet stalls the loop for seconds"
    ),
    Replacement(RTCSctpTransport, "_get_inbound_stream", _limited_inbound_stream, "65535 streams"),
    Replacement(
        RTCSctpTransport, "_data_channel_receive", _limited_message, "any number of channels and messages"
    ),
)
