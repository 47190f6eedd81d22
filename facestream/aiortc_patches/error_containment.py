"""Stop an exception at the packet or the event handler that caused it.

aiortc 1.16 lets such exceptions reach the task that reads from the network, which ends the connection. Here they are
logged, and the packet is dropped; ConnectionError and cancellation pass, because aiortc uses them to end its tasks.
Obsolete when aiortc catches exceptions for each packet and each handler, and limits RTCP and the SSRCs that it routes.
"""

import logging
import time
from typing import Any
from weakref import WeakKeyDictionary

from aiortc import RTCDataChannel, RTCPeerConnection
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcdtlstransport import RTCDtlsTransport, RtpReceiver, RtpRouter
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import RTCSctpTransport
from aiortc.rtp import RtpPacket
from pyee.asyncio import AsyncIOEventEmitter

from facestream.aiortc_patches.replacement import Replacement
from facestream.token_bucket import TokenBucket

logger = logging.getLogger(__name__)

MAX_ROUTED_SSRCS = 32  # a browser uses 2 to 6 per connection
MAX_RTCP_BYTES_PER_S = 32_768
"""A browser sends 1 to 10 kB; 1.4 kB can list 5,800 lost packets, which take 3 ms."""

_handle_rtp_data = RTCDtlsTransport._handle_rtp_data
_handle_rtcp_data = RTCDtlsTransport._handle_rtcp_data
_route_rtp = RtpRouter.route_rtp

_rtcp_rates: WeakKeyDictionary[RTCDtlsTransport, TokenBucket] = WeakKeyDictionary()


async def _guarded_rtp(transport: RTCDtlsTransport, data: bytes, arrival_time_ms: int) -> None:
    try:
        await _handle_rtp_data(transport, data, arrival_time_ms)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the packet boundary: struct.error (F16) and others
        logger.debug("RTP packet dropped: %r", error)


async def _guarded_rtcp(transport: RTCDtlsTransport, data: bytes) -> None:
    rate = _rtcp_rates.get(transport)
    if rate is None:
        rate = _rtcp_rates[transport] = TokenBucket(1 / MAX_RTCP_BYTES_PER_S, MAX_RTCP_BYTES_PER_S)
    if rate.wait_s(time.monotonic(), len(data)):
        return
    try:
        await _handle_rtcp_data(transport, data)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the packet boundary
        logger.debug("RTCP packet dropped: %r", error)


def _limited_route_rtp(router: RtpRouter, packet: RtpPacket) -> RtpReceiver | None:
    if packet.ssrc not in router.ssrc_table and len(router.ssrc_table) >= MAX_ROUTED_SSRCS:
        return None
    return _route_rtp(router, packet)


def _guarded_emit(emitter: AsyncIOEventEmitter, event: str, *args: Any, **kwargs: Any) -> bool:
    try:
        return AsyncIOEventEmitter.emit(emitter, event, *args, **kwargs)
    except Exception:
        # A fault of this server, not of the peer: it is logged, and the connection continues.
        logger.exception("an event handler raised")  # pyee would emit it as the event "error"
        return True


_EMITTERS = (
    RTCPeerConnection,
    RTCDataChannel,
    MediaStreamTrack,
    RTCSctpTransport,
    RTCDtlsTransport,
    RTCIceTransport,
)

REPLACEMENTS = (
    Replacement(
        RTCDtlsTransport, "_handle_rtp_data", _guarded_rtp, "F16: a malformed RTP packet ends the session"
    ),
    Replacement(
        RTCDtlsTransport, "_handle_rtcp_data", _guarded_rtcp, "a malformed RTCP packet ends the session"
    ),
    Replacement(RtpRouter, "route_rtp", _limited_route_rtp, "F2: the SSRC table grows with every new SSRC"),
    *(
        Replacement(each, "emit", _guarded_emit, "F4: a handler that raises ends the connection")
        for each in _EMITTERS
    ),
)
