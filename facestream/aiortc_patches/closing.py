"""Close a peer connection within a deadline, and free its sockets, tasks and threads if it does not close.

The close() of aiortc 1.16 waits for several things without a deadline and stops at the first exception. Here close()
gets a deadline, and everything that it leaves is freed. Obsolete when close() has a deadline and always frees
everything.
"""

import asyncio
import contextlib
import logging
from typing import Any

from aioice.ice import Connection
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport

from facestream.aiortc_patches.receiver import PatchedReceiver
from facestream.aiortc_patches.sender import PatchedSender

logger = logging.getLogger(__name__)

CLOSE_DEADLINE_S = 3.0

# Private attributes of aiortc; `apply` checks that they exist.
CLOSED_FUTURE = "_RTCPeerConnection__isClosed"
CLOSE_TASK = "_RTCPeerConnection__closeTask"
DTLS_TRANSPORTS = "_RTCPeerConnection__dtlsTransports"
SCTP_TRANSPORT = "_RTCPeerConnection__sctp"
ICE_MONITOR = "_RTCIceTransport__monitor_task"


async def close_peer_connection(pc: RTCPeerConnection, deadline_s: float = CLOSE_DEADLINE_S) -> bool:
    """Close a peer connection and free all it owns; False if it did not close by itself. May be called twice."""
    # Use a separate task: cancelling a close() that waits for another close() also cancels what the other one waits
    # for.
    closing = asyncio.create_task(pc.close(), name="close-peer-connection")  # noqa: TID251 - always ended below
    try:
        await asyncio.wait({closing}, timeout=deadline_s)
        if not closing.done():
            logger.warning("a peer connection did not close within %.1f s and was forced", deadline_s)
        elif not closing.cancelled() and (error := closing.exception()) is not None:
            # A connection that was set up only in part may raise anything; it is freed below.
            logger.warning("a peer connection could not close and was forced: %r", error)
        return closing.done() and not closing.cancelled() and closing.exception() is None
    finally:
        closing.cancel()
        # Free everything after a clean close, too: it leaves transports that no transceiver uses. Freeing twice does
        # nothing.
        free_peer_connection(pc)


def free_peer_connection(pc: RTCPeerConnection) -> None:
    """Close all sockets and cancel all tasks of a peer connection at once, without waiting."""
    for sender in pc.getSenders():
        if isinstance(sender, PatchedSender):
            sender.release()
    for receiver in pc.getReceivers():
        if isinstance(receiver, PatchedReceiver):
            receiver.release()
    sctp = getattr(pc, SCTP_TRANSPORT, None)
    if sctp is not None:
        with contextlib.suppress(Exception):
            sctp._set_state(sctp.State.CLOSED)
    for dtls in _transports(pc):
        _cancel(dtls._task)
        _free_connection(dtls.transport._connection)
        _cancel(getattr(dtls.transport, ICE_MONITOR, None))
    # Otherwise a second close() waits for ever or is cancelled.
    closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    closed.set_result(True)
    setattr(pc, CLOSED_FUTURE, closed)
    _cancel(getattr(pc, CLOSE_TASK, None))
    pc.remove_all_listeners()


def _transports(pc: RTCPeerConnection) -> set[RTCDtlsTransport]:
    transports: set[RTCDtlsTransport] = set(getattr(pc, DTLS_TRANSPORTS, ()))
    return transports | {transceiver.receiver.transport for transceiver in pc.getTransceivers()} - {None}


def _free_connection(connection: Connection) -> None:
    """Do what aioice's close() does, without waiting for a connectivity check that hangs."""
    connection._closing = True
    _cancel(connection._query_consent_task)
    for pair in connection._check_list:
        _cancel(pair.task)
    if not connection._check_list_done:
        connection._check_list_done = True
        connection._check_list_state.put_nowait(2)  # ICE_FAILED
    for protocol in connection._protocols:
        transport: Any = getattr(protocol, "transport", None)
        if transport is not None:
            # Abort: close() waits until the socket has sent what is buffered.
            getattr(transport, "abort", transport.close)()
    connection._nominated.clear()
    connection._queue.put_nowait(None)


def _cancel(task: "asyncio.Future[Any] | None") -> None:
    if task is not None and not task.done():
        task.cancel()
