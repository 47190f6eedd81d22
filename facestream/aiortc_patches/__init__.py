"""Patch the parts of aiortc 1.16 and aioice 0.13 that this server cannot use unchanged.

`apply` puts all patches in place; importing this package changes nothing. Each module says what the library does,
what is done instead, and what the library would have to change to make the module obsolete. docs/aiortc-patches.md
lists all of it. A patch whose target has changed raises PatchError at start.
"""

from aioice.ice import Connection
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtcsctptransport import RTCSctpTransport

from facestream.aiortc_patches import (
    closing,
    datagrams,
    dtls,
    encoders,
    error_containment,
    gathering,
    negotiation,
    receiver,
    sctp,
    sender,
)
from facestream.aiortc_patches.closing import close_peer_connection
from facestream.aiortc_patches.replacement import PatchError, check_mentions, check_versions, install
from facestream.aiortc_patches.settings import Bitrates, FrameLimits, settings
from facestream.media.threads import MediaThreads

__all__ = ["Bitrates", "FrameLimits", "PatchError", "apply", "close_peer_connection", "replacements"]

replacements = (
    *datagrams.REPLACEMENTS,
    *error_containment.REPLACEMENTS,
    *dtls.REPLACEMENTS,
    *receiver.REPLACEMENTS,
    *sender.REPLACEMENTS,
    *encoders.REPLACEMENTS,
    *sctp.REPLACEMENTS,
    *gathering.REPLACEMENTS,
    *negotiation.REPLACEMENTS,
)


def apply(
    bitrates: Bitrates | None = None,
    frame_limits: FrameLimits | None = None,
    udp_ports: range | None = None,
    max_channel_bytes: int | None = None,
    encoding: MediaThreads | None = None,
) -> None:
    """Put all patches in place for this process, and set what is not None; may be called again.

    Raises PatchError.
    """
    check_versions()
    _check_privates()
    install(replacements)
    if bitrates is not None:
        settings.bitrates = bitrates
    if frame_limits is not None:
        settings.frame_limits = frame_limits
    if udp_ports is not None:
        settings.udp_ports = udp_ports
    if max_channel_bytes is not None:
        settings.max_channel_bytes = max_channel_bytes
    if encoding is not None:
        settings.encoding = encoding


def _check_privates() -> None:
    """Check that the private attributes which the patches use still exist; raises PatchError."""
    kept = (closing.CLOSED_FUTURE, closing.CLOSE_TASK, closing.DTLS_TRANSPORTS)
    check_mentions(RTCPeerConnection, "__init__", (*kept, closing.SCTP_TRANSPORT))
    check_mentions(
        RTCDtlsTransport, "__init__", (dtls.RECEIVED_BYTES, dtls.RECEIVED_PACKETS, dtls.HANDSHAKE_DONE)
    )
    check_mentions(RTCIceTransport, "__init__", (closing.ICE_MONITOR,))
    check_mentions(
        RTCRtpReceiver, "__init__", (receiver.STATISTICS, receiver.LAST_REPORT, receiver.LAST_REPORT_TIME)
    )
    check_mentions(RTCRtpSender, "__init__", sender.PRIVATE)
    check_mentions(RTCSctpTransport, "__init__", sctp.SENDING_QUEUES)
    ice = ("_nominated", "_check_list", "_check_list_done", "_check_list_state", "_queue", "_protocols")
    check_mentions(Connection, "__init__", (*ice, "_remote_candidates", "_query_consent_task", "_closing"))
