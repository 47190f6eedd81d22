"""Accept peers with RSA certificates, read every DTLS record, and log why a handshake failed.

aiortc 1.16 offers ECDSA suites only, reads one record of each datagram, logs no reason above DEBUG and sends no alert.
Here RSA suites are offered, too, and renegotiation is off. Obsolete when aiortc makes the cipher list a setting, reads
all records, and reports the errors of OpenSSL.
"""

import asyncio
import contextlib
import logging
from typing import Final

import pylibsrtp
from aiortc.clock import current_ms
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from aiortc.rtp import is_rtcp
from OpenSSL import SSL

from facestream.aiortc_patches.datagrams import FIRST_DTLS_BYTE, FIRST_RTP_BYTE, LAST_DTLS_BYTE, LAST_RTP_BYTE
from facestream.aiortc_patches.replacement import Replacement

logger = logging.getLogger(__name__)

# The suite depends on the certificate of the DTLS server: a peer that answers our ClientHello may have an RSA
# certificate, as GStreamer does. Every suite has forward secrecy. AES-CBC comes last: aiortc offers it too, for peers
# without AES-GCM.
CIPHERS = ":".join(
    f"ECDHE-{certificate}-{cipher}"
    for cipher in (
        "AES128-GCM-SHA256",
        "CHACHA20-POLY1305",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
    )
    for certificate in ("ECDSA", "RSA")
).encode()


MAX_RECORD_BYTES = 1500  # as aiortc reads them

# Private attributes of the base class; the first two are what getStats() reports as received.
RECEIVED_BYTES: Final = "_RTCDtlsTransport__rx_bytes"
RECEIVED_PACKETS: Final = "_RTCDtlsTransport__rx_packets"
HANDSHAKE_DONE: Final = "_RTCDtlsTransport__handshake_done"

_create_ssl_context = RTCCertificate._create_ssl_context
_validate_peer_identity = RTCDtlsTransport._validate_peer_identity
_recv_next = RTCDtlsTransport._recv_next
_setup_srtp = RTCDtlsTransport._setup_srtp


def _context_for_every_certificate(
    certificate: RTCCertificate, srtp_profiles: list[SRTPProtectionProfile]
) -> SSL.Context:
    context = _create_ssl_context(certificate, srtp_profiles)
    context.set_cipher_list(CIPHERS)
    # WebRTC needs no renegotiation; a peer could ask for one handshake after the other, each taking some milliseconds.
    context.set_options(SSL.OP_NO_RENEGOTIATION)
    return context


async def _do_handshake(transport: RTCDtlsTransport) -> None:
    """Run the handshake; on failure, log the reason that OpenSSL gives and send its alert to the peer.

    aiortc passes each datagram to SSL_read and drops its exceptions, including the reason.
    """
    connection = transport._ssl
    assert connection is not None
    try:
        while not transport.encrypted:
            try:
                connection.do_handshake()
                transport.encrypted = True
            except SSL.WantReadError:
                await transport._write_ssl()
                await _receive(transport, connection)
        await transport._write_ssl()
    except SSL.Error as error:
        _fail(transport, _reason(error))
        with contextlib.suppress(ConnectionError):
            await transport._write_ssl()
    except ConnectionError:
        # This side closed the connection, or it was lost; the log line of the closed session says which.
        logger.debug("DTLS ended with its connection")
        transport._set_state(State.FAILED)


async def _receive(transport: RTCDtlsTransport, connection: SSL.Connection) -> None:
    """Pass the next DTLS datagram to OpenSSL, or let it retransmit if none arrives in time."""
    try:
        async with asyncio.timeout(connection.DTLSv1_get_timeout()):
            datagram = await transport.transport._recv()
    except TimeoutError:
        connection.DTLSv1_handle_timeout()
        return
    _count(transport, datagram)
    if FIRST_DTLS_BYTE <= datagram[0] <= LAST_DTLS_BYTE:
        connection.bio_write(datagram)


async def _receive_next(transport: RTCDtlsTransport) -> None:
    """Take the next datagram: media, or every DTLS record in it; raises ConnectionError after a protocol error.

    aiortc takes one record of each datagram. The others stay in OpenSSL's memory without a bound, as does everything
    after a protocol error.
    """
    connection = transport._ssl
    assert connection is not None
    if not getattr(transport, HANDSHAKE_DONE):
        await _recv_next(transport)  # this one repeats the last flight of DTLS 1.3
        await _take_records(transport, connection)
        return
    datagram = await transport.transport._recv()
    _count(transport, datagram)
    first_byte = datagram[0]
    if FIRST_RTP_BYTE <= first_byte <= LAST_RTP_BYTE:
        await _take_media(transport, datagram)
    elif FIRST_DTLS_BYTE <= first_byte <= LAST_DTLS_BYTE:
        connection.bio_write(datagram)
        try:
            await _take_records(transport, connection)
        finally:
            await transport._write_ssl()


async def _take_records(transport: RTCDtlsTransport, connection: SSL.Connection) -> None:
    while True:
        try:
            record = connection.recv(MAX_RECORD_BYTES)
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            raise ConnectionError("DTLS has ended") from error
        if record and transport._data_receiver:
            await transport._data_receiver._handle_data(record)


async def _take_media(transport: RTCDtlsTransport, datagram: bytes) -> None:
    try:
        if is_rtcp(datagram):
            await transport._handle_rtcp_data(transport._rx_srtp.unprotect_rtcp(datagram))
        else:
            arrival_time_ms = current_ms()
            await transport._handle_rtp_data(transport._rx_srtp.unprotect(datagram), arrival_time_ms)
    except pylibsrtp.Error as error:
        logger.debug("SRTP packet dropped: %s", error)


def _count(transport: RTCDtlsTransport, datagram: bytes) -> None:
    setattr(transport, RECEIVED_BYTES, getattr(transport, RECEIVED_BYTES) + len(datagram))
    setattr(transport, RECEIVED_PACKETS, getattr(transport, RECEIVED_PACKETS) + 1)


def _validate_and_log(transport: RTCDtlsTransport, remote: RTCDtlsParameters) -> None:
    _validate_peer_identity(transport, remote)
    if transport._state is State.FAILED:
        logger.info("DTLS failed: the certificate of the peer does not match its SDP (a=fingerprint)")


def _set_up_srtp_and_log(transport: RTCDtlsTransport) -> None:
    _setup_srtp(transport)
    if transport._state is State.FAILED:
        logger.info("DTLS failed: no SRTP profile in common (use_srtp)")


def _fail(transport: RTCDtlsTransport, reason: str) -> None:
    logger.info("DTLS failed: %s", reason)
    transport._set_state(State.FAILED)


def _reason(error: SSL.Error) -> str:
    """The reason that OpenSSL gives; it contains no data of the peer."""
    reports = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(report[-1] for report in reports) or type(error).__name__


REPLACEMENTS = (
    Replacement(
        RTCCertificate,
        "_create_ssl_context",
        _context_for_every_certificate,
        "no common cipher with a peer that has an RSA certificate",
    ),
    Replacement(
        RTCDtlsTransport,
        "_do_handshake",
        _do_handshake,
        "a failed handshake is not logged, and no alert is sent",
    ),
    Replacement(RTCDtlsTransport, "_recv_next", _receive_next, "one record of each datagram is read"),
    Replacement(
        RTCDtlsTransport, "_validate_peer_identity", _validate_and_log, "a wrong fingerprint is not logged"
    ),
    Replacement(
        RTCDtlsTransport, "_setup_srtp", _set_up_srtp_and_log, "a missing SRTP profile is not logged"
    ),
)
