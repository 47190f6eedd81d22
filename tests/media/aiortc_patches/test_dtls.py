"""DTLS: RSA certificates are accepted in either role, records are counted, and a failure is logged with its reason."""

import asyncio
import contextlib
import datetime
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import SRTP_AES128_CM_SHA1_80, SRTPProtectionProfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from facestream import aiortc_patches
from facestream.aiortc_patches import dtls
from facestream.ice.addresses import offer_addresses
from tests.media.aiortc_patches.peers import JpegTrack, new_peer_connection
from tests.times import seconds

DTLS_1_2 = 0xFEFD


class Dtls12Certificate(RTCCertificate):
    """Limits a peer to DTLS 1.2, as most are; in DTLS 1.3 a cipher suite does not depend on the certificate."""

    ciphers = b"DEFAULT"

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_max_proto_version(DTLS_1_2)
        context.set_cipher_list(self.ciphers)
        return context


class ForeignCipherCertificate(Dtls12Certificate):
    """Limits a peer to a cipher suite that facestream does not support."""

    ciphers = b"ECDHE-ECDSA-AES256-CCM"


class RenegotiatingCertificate(Dtls12Certificate):
    """Lets a peer ask for renegotiation, which facestream rejects."""

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = dtls._create_ssl_context(self, srtp_profiles)
        context.set_max_proto_version(DTLS_1_2)
        return context


def rsa_certificate() -> RTCCertificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return Dtls12Certificate(key=key, cert=certificate)  # type: ignore[arg-type] # aiortc names ECDSA keys only


@pytest.fixture
def certificate() -> RTCCertificate:
    """The caller's certificate; tests parametrize it."""
    return RTCCertificate.generateCertificate()


@pytest.fixture
async def caller(certificate: RTCCertificate) -> AsyncIterator[RTCPeerConnection]:
    pc = new_peer_connection()
    pc._RTCPeerConnection__certificates[:] = [certificate]  # type: ignore[attr-defined]
    pc.addTrack(JpegTrack())
    yield pc
    await aiortc_patches.close_peer_connection(pc, 2.0)


@pytest.fixture
async def called() -> AsyncIterator[RTCPeerConnection]:
    offer_addresses(("127.0.0.1",))
    pc = new_peer_connection()
    yield pc
    await aiortc_patches.close_peer_connection(pc, 2.0)


async def negotiate(
    caller: RTCPeerConnection, called: RTCPeerConnection, setup: str = "actpass", fingerprint: str = ""
) -> None:
    await caller.setLocalDescription(await caller.createOffer())
    sdp = caller.localDescription.sdp.replace("a=setup:actpass", f"a=setup:{setup}")
    if fingerprint:
        lines = sdp.splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("a=fingerprint")]
        sdp = "".join(kept) + f"a=fingerprint:sha-256 {fingerprint}\r\n"
    await called.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
    await called.setLocalDescription(await called.createAnswer())
    await caller.setRemoteDescription(called.localDescription)


async def final_state(pc: RTCPeerConnection) -> str:
    reached = asyncio.Event()
    pc.on("connectionstatechange", lambda: reached.set() if pc.connectionState != "connecting" else None)
    async with asyncio.timeout(seconds(10)):
        while pc.connectionState in {"new", "connecting"}:
            await reached.wait()
            reached.clear()
    return pc.connectionState


@pytest.mark.parametrize("certificate", [rsa_certificate()], ids=["rsa"])
@pytest.mark.parametrize("setup", ["passive", "active"])
async def test_a_peer_with_an_rsa_certificate_connects_in_either_role(
    caller: RTCPeerConnection, called: RTCPeerConnection, setup: str
):
    await negotiate(caller, called, setup)

    assert await final_state(called) == "connected"


async def test_a_wrong_fingerprint_is_logged(
    caller: RTCPeerConnection, called: RTCPeerConnection, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)

    await negotiate(caller, called, fingerprint=":".join(["00"] * 32))

    assert await final_state(called) == "failed"
    assert "DTLS failed: the certificate of the peer does not match its SDP" in caplog.text


@pytest.mark.parametrize(
    "certificate", [ForeignCipherCertificate.generateCertificate()], ids=["foreign cipher"]
)
async def test_a_missing_common_cipher_is_logged_on_both_sides(
    caller: RTCPeerConnection,
    called: RTCPeerConnection,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    await negotiate(caller, called)

    assert await final_state(called) == "failed"
    assert await final_state(caller) == "failed"
    assert "no shared cipher" in caplog.text
    assert "alert handshake failure" in caplog.text


async def test_a_missing_common_srtp_profile_is_logged(
    caller: RTCPeerConnection, called: RTCPeerConnection, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    await negotiate(caller, called)
    caller_dtls, called_dtls = (pc.getTransceivers()[0].receiver.transport for pc in (caller, called))
    assert SRTP_AES128_CM_SHA1_80 in called_dtls._srtp_profiles
    caller_dtls._srtp_profiles = [SRTP_AES128_CM_SHA1_80]
    called_dtls._srtp_profiles = [
        profile for profile in called_dtls._srtp_profiles if profile is not SRTP_AES128_CM_SHA1_80
    ]

    assert await final_state(called) == "failed"
    assert "DTLS failed: no SRTP profile in common" in caplog.text


class Heard:
    """Counts the records that reach SCTP."""

    def __init__(self) -> None:
        self.records = 0

    async def _handle_data(self, _: bytes) -> None:
        self.records += 1


async def connected(caller: RTCPeerConnection, called: RTCPeerConnection, setup: str) -> list[Any]:
    """The DTLS transports of both ends, connected."""
    await negotiate(caller, called, setup)
    assert [await final_state(pc) for pc in (caller, called)] == ["connected", "connected"]
    return [pc.getTransceivers()[0].receiver.transport for pc in (caller, called)]


async def test_every_record_of_a_datagram_is_read(caller: RTCPeerConnection, called: RTCPeerConnection):
    sending, receiving = await connected(caller, called, "actpass")
    receiving._data_receiver = heard = Heard()

    for _ in range(10):
        records = []
        for _ in range(30):
            sending._ssl.send(b"x")
            records.append(sending._ssl.bio_read(1500))
        await sending.transport._send(b"".join(records))
    await asyncio.sleep(0.3)

    assert heard.records == 300


async def test_handshake_datagrams_are_counted_as_received(
    caller: RTCPeerConnection, called: RTCPeerConnection
):
    transports = await connected(caller, called, "actpass")

    counted = [stats for each in transports for stats in each._get_stats().values()]

    assert len(counted) == 2
    assert min(each.packetsReceived for each in counted) >= 2  # a flight of handshake messages, or more
    assert min(each.bytesReceived for each in counted) > 500


@pytest.mark.parametrize(
    "certificate", [RenegotiatingCertificate.generateCertificate()], ids=["renegotiating"]
)
async def test_renegotiation_is_rejected(caller: RTCPeerConnection, called: RTCPeerConnection):
    asking, _ = await connected(caller, called, "passive")

    asking._ssl.renegotiate()
    with contextlib.suppress(SSL.Error):
        asking._ssl.do_handshake()
    await asking._write_ssl()
    await asyncio.sleep(0.3)

    # Still pending: as a server, OpenSSL takes the rejection for the end of the connection.
    assert asking._ssl.renegotiate_pending()


async def test_a_protocol_error_ends_the_connection(
    caller: RTCPeerConnection, called: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
):
    sending, receiving = await connected(caller, called, "actpass")

    def broken(_: int) -> bytes:
        raise SSL.Error([("SSL routines", "", "protocol is shutdown")])

    ended = asyncio.Event()
    called.on("connectionstatechange", ended.set)
    monkeypatch.setattr(receiving._ssl, "recv", broken)
    await sending._send_data(b"x")

    async with asyncio.timeout(seconds(5)):
        await ended.wait()
    assert receiving.state == "closed"
