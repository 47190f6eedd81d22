"""Closes a peer connection within a deadline, and takes away its sockets, tasks and threads where it does not end.

aiortc's close() is a chain of waits without a deadline, and stops at the first that raises (1.16).
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

# aiortc keeps these to itself; `apply` checks that they are still there.
CLOSED_FUTURE = "_RTCPeerConnection__isClosed"
CLOSE_TASK = "_RTCPeerConnection__closeTask"
DTLS_TRANSPORTS = "_RTCPeerConnection__dtlsTransports"
SCTP_TRANSPORT = "_RTCPeerConnection__sctp"
ICE_MONITOR = "_RTCIceTransport__monitor_task"


async def close_peer_connection(pc: RTCPeerConnection, deadline_s: float = CLOSE_DEADLINE_S) -> bool:
    """Close it; False where it had to be forced. May be called twice; nothing of it is left afterwards."""
    # A task of its own: a close() that is cancelled while it waits for another cancels what that one waits for too.
    closing = asyncio.create_task(pc.close(), name="close-peer-connection")  # noqa: TID251 - ended below, always
    try:
        await asyncio.wait({closing}, timeout=deadline_s)
        if not closing.done():
            logger.warning("a peer connection did not close within %.1f s and was forced", deadline_s)
        elif not closing.cancelled() and (error := closing.exception()) is not None:
            # aiortc raises whatever a half-made connection trips over; what matters is that nothing stays.
            logger.warning("a peer connection could not close and was forced: %r", error)
        return closing.done() and not closing.cancelled() and closing.exception() is None
    finally:
        closing.cancel()
        # Also after a clean close, which forgets transports that no transceiver uses; freeing twice does nothing.
        free_peer_connection(pc)


def free_peer_connection(pc: RTCPeerConnection) -> None:
    """Close every socket and cancel every task it owns, at once, waiting for nothing."""
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
    # Else a second close() waits for ever, or ends as cancelled.
    closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    closed.set_result(True)
    setattr(pc, CLOSED_FUTURE, closed)
    _cancel(getattr(pc, CLOSE_TASK, None))
    pc.remove_all_listeners()


def _transports(pc: RTCPeerConnection) -> set[RTCDtlsTransport]:
    transports: set[RTCDtlsTransport] = set(getattr(pc, DTLS_TRANSPORTS, ()))
    return transports | {transceiver.receiver.transport for transceiver in pc.getTransceivers()} - {None}


def _free_connection(connection: Connection) -> None:
    """What aioice's own close() does, without waiting and without being stopped by a check that hangs."""
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
            # Abort rather than close: close() waits until the socket has taken what is buffered.
            getattr(transport, "abort", transport.close)()
    connection._nominated.clear()
    connection._queue.put_nowait(None)


def _cancel(task: "asyncio.Future[Any] | None") -> None:
    if task is not None and not task.done():
        task.cancel()
