"""Set up the peer connection of a headless peer: STUN and TURN servers, codec, what happens to received video."""

import enum
import logging
from collections.abc import Callable, Sequence

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
)
from aiortc.rtp import RtpPacket
from yarl import URL

from facestream import aiortc_patches
from facestream.errors import ServerUnreachableError
from facestream.ice.addresses import offer_addresses
from facestream.ice.relays import IceServerChoice, as_rtc
from facestream.ice.servers import CredentialSource, IceServer
from facestream.replay import http
from facestream.replay.options import Codec, ReplayOptions

ReceivedCallback = Callable[[], None]


class ReceiveMode(enum.Enum):
    """What a peer does with the video that it receives."""

    DECODE = "decode"  # needed for latency and recording
    COUNT = "count"  # cheap, for the many peers of a load test


def prepare_libraries() -> None:
    """Make aiortc and aioice ready for a process whose peers are headless: with the server's patches, and quiet."""
    # They log a warning with addresses for every lost packet.
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # With the server's patches, the peer uses the same cheap encoder and sends each frame without waiting for the next.
    aiortc_patches.apply()


async def find_ice_servers(
    options: ReplayOptions, url: URL, credentials: http.Credentials
) -> list[IceServer]:
    """One working STUN server and one working TURN server, from the options or the server's configuration.

    Raises ServerUnreachableError if the ICE policy needs a TURN server and none responds.
    """
    urls, turn_credentials = options.ice_servers, options.ice_credentials
    if not urls:
        offered = await http.fetch_ice_servers(url, credentials)
        urls = tuple(server.url for server in offered)
        given = next((server.credentials for server in offered if server.url.is_turn), None)
        if given is not None:
            turn_credentials = CredentialSource(given.username, given.password)
    relays = IceServerChoice(urls, turn_credentials)
    servers = await relays.current()
    if options.ice_policy == "relay" and not any(server.url.is_turn for server in servers):
        why = relays.failures or f"{http.shown(url)} names no TURN server, and --ice-server is not set"
        raise ServerUnreachableError(f"--ice-policy relay, but no TURN server responds ({why})")
    return servers


def open_peer_connection(
    options: ReplayOptions, url: URL, ice_servers: Sequence[IceServer]
) -> RTCPeerConnection:
    """A new peer connection; for a server on loopback it offers only 127.0.0.1."""
    if http.is_loopback(url):
        # A test or measurement on this machine must send no packet to another machine.
        offer_addresses(("127.0.0.1",))
    return RTCPeerConnection(
        RTCConfiguration(
            iceServers=as_rtc(ice_servers),
            bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            iceTransportPolicy=RTCIceTransportPolicy(options.ice_policy),
        )
    )


def prefer_codec(transceiver: RTCRtpTransceiver, codec: Codec) -> None:
    """Offer one video codec only, with its retransmissions."""
    wanted = {f"video/{codec}", "video/rtx"}
    offered = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([entry for entry in offered if entry.mimeType.lower() in wanted])


def count_without_decoding(receiver: RTCRtpReceiver, on_received: ReceivedCallback) -> None:
    """Count received frames by their last packets and decode none, so that one machine can run many peers.

    Such a peer requests no retransmission and reports no loss, so the server's encoder stays at its initial bitrate.
    aiortc 1.16 has no public way: every receiver decodes, even if its track is not read.
    """

    async def count(packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG001 - the library's signature
        if packet.marker:
            on_received()

    if not hasattr(receiver, "_handle_rtp_packet"):
        msg = "this version of aiortc passes packets to receivers in another way; expected 1.16"
        raise NotImplementedError(msg)
    receiver._handle_rtp_packet = count  # type: ignore[method-assign]  # noqa: SLF001 - see above
