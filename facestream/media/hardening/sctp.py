"""What a peer may send over data channels: how large, how many, how often; aiortc 1.16 has no limit of its own.

A message over a limit is dropped; a peer that goes on with fragments without end loses its data channels, not
its video.
"""

import asyncio
import contextlib
import logging
import time
from weakref import WeakKeyDictionary

from aiortc import RTCPeerConnection
from aiortc.rtcsctptransport import DataChunk, InboundStream, RTCSctpTransport, SackChunk
from aiortc.utils import uint32_gt

from facestream.media.hardening.losses import Throttle
from facestream.media.hardening.replacement import Replacement
from facestream.media.hardening.settings import settings

logger = logging.getLogger(__name__)

MAX_STREAMS = 64
MAX_CHANNELS = 16  # the page uses two
MAX_WAITING_CHUNKS = 2048
MAX_MESSAGES_PER_S = 200  # the page sends a ping a second
MAX_TSN_AHEAD = 4096
MAX_GAP_SPAN = (
    16384  # chunks one acknowledgement may speak of: a block may claim 65535, and 290 blocks fit a packet
)
DATA_CHANNEL_OPEN = 3
WEBRTC_DCEP = 50
SENDING_QUEUES = ("_data_channel_queue", "_outbound_queue", "_sent_queue")

_handle_data = RTCSctpTransport._handle_data
_receive_data_chunk = RTCSctpTransport._receive_data_chunk
_receive_sack_chunk = RTCSctpTransport._receive_sack_chunk
_data_channel_receive = RTCSctpTransport._data_channel_receive
_get_inbound_stream = RTCSctpTransport._get_inbound_stream

_rates: WeakKeyDictionary[RTCSctpTransport, Throttle] = WeakKeyDictionary()


async def _guarded_data(sctp: RTCSctpTransport, data: bytes) -> None:
    try:
        await _handle_data(sctp, data)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the packet boundary: AssertionError, UnicodeDecodeError, struct.error ...
        logger.debug("SCTP packet dropped: %r", error)


async def _limited_data_chunk(sctp: RTCSctpTransport, chunk: DataChunk) -> None:
    last = sctp._last_received_tsn
    if last is not None and uint32_gt(chunk.tsn, (last + MAX_TSN_AHEAD) & 0xFFFFFFFF):
        return  # not acknowledged either: it comes again when its turn is near
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
    if sum(end - start + 1 for start, end in chunk.gaps) <= MAX_GAP_SPAN:
        await _receive_sack_chunk(sctp, chunk)


def _limited_inbound_stream(sctp: RTCSctpTransport, stream_id: int) -> InboundStream:
    if stream_id not in sctp._inbound_streams and len(sctp._inbound_streams) >= MAX_STREAMS:
        raise ValueError(f"stream {stream_id} is one too many, expected at most {MAX_STREAMS}")
    return _get_inbound_stream(sctp, stream_id)


async def _limited_message(sctp: RTCSctpTransport, stream_id: int, pp_id: int, data: bytes) -> None:
    rate = _rates.get(sctp)
    if rate is None:
        rate = _rates[sctp] = Throttle(1 / MAX_MESSAGES_PER_S, burst=2 * MAX_MESSAGES_PER_S)
    if rate.wait_s(time.monotonic()) > 0:
        return
    opens = pp_id == WEBRTC_DCEP and data[:1] == bytes([DATA_CHANNEL_OPEN])
    if opens and len(sctp._data_channels) >= MAX_CHANNELS:
        return
    await _data_channel_receive(sctp, stream_id, pp_id, data)


async def wait_until_sent(pc: RTCPeerConnection, deadline_s: float) -> None:
    """Wait until the peer has acknowledged everything sent on its data channels, at most until the deadline.

    aiortc's close() aborts the association and discards what has not been sent yet.
    """
    sctp = pc.sctp
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline_s):
            while any(getattr(sctp, queue, None) for queue in SENDING_QUEUES):  # noqa: ASYNC110 - aiortc has no event
                await asyncio.sleep(0.01)


REPLACEMENTS = (
    Replacement(RTCSctpTransport, "_handle_data", _guarded_data, "a malformed message ends the session"),
    Replacement(
        RTCSctpTransport, "_receive_data_chunk", _limited_data_chunk, "fragments without end grow memory"
    ),
    Replacement(
        RTCSctpTransport, "_receive_sack_chunk", _limited_sack_chunk, "one packet stalls the loop for seconds"
    ),
    Replacement(RTCSctpTransport, "_get_inbound_stream", _limited_inbound_stream, "65535 streams"),
    Replacement(
        RTCSctpTransport, "_data_channel_receive", _limited_message, "channels and messages without end"
    ),
)
