"""One peer served by WebRTC: its peer connection and what happens on it; leaves no task and no socket behind."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceTransportPolicy,
    RTCPeerConnection,
)
from aiortc.mediastreams import MediaStreamTrack

from facestream.aiortc_patches import close_peer_connection
from facestream.aiortc_patches.gathering import path_kinds
from facestream.aiortc_patches.sctp import wait_until_sent
from facestream.config import Config
from facestream.errors import NoPortError, OfferError
from facestream.ice.answer import has_candidates, show_public_addresses
from facestream.ice.candidates import CandidatePolicy, admitted_candidates
from facestream.ice.relays import as_rtc
from facestream.ice.servers import IceServer
from facestream.ice.trickle import candidates_from, identity_of, parse_fragment
from facestream.messages.telemetry import ControlReply, encode_control
from facestream.sessions.base import PeerLeft, Session, SessionState
from facestream.signaling.codecs import cheapest_first
from facestream.signaling.offer import Offer
from facestream.workers.pool import AnalysisPool

FAREWELL_S = 0.5  # a peer that does not acknowledge must not hold up the end
MAX_REPLY_BACKLOG_BYTES = 64 * 1024  # a peer that asks and never reads must not make the queue grow


class WebRtcSession(Session):
    """Serves one peer from its offer to its end."""

    kind = "webrtc"

    def __init__(
        self,
        config: Config,
        pool: AnalysisPool,
        drawing: Executor,
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        super().__init__(config, pool, drawing)
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=as_rtc(ice_servers),
                # With MAX_BUNDLE, aiortc 1.16 stops the shared transport if the offer's first section is not the one
                # that addTrack made (rtcpeerconnection.py, "stop and discard old ICE transports").
                bundlePolicy=RTCBundlePolicy.BALANCED,
                iceTransportPolicy=RTCIceTransportPolicy(config.server_ice_policy),
            )
        )
        self.path = ""
        """The kinds of both ends of the path that media take; empty: no connection came about."""
        self._identity = identity_of("")
        self._candidates = 0
        """Of the peer, looked at so far."""
        self._control: RTCDataChannel | None = None
        self._farewell = False
        """Whether the peer is being told why the session ends."""
        self._source: MediaStreamTrack | None = None

    async def accept(self, offer: Offer) -> str:
        """Set up the peer connection; returns the answer's SDP. Raises OfferError, NoPortError."""
        self._identity = identity_of(offer.offered_sdp, offer.sections.transports())
        self._candidates = offer.description.sdp.count("\na=candidate:")
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_datachannel)
        self._pc.on("connectionstatechange", self._on_connection_state)
        try:
            # Before the offer is read: aiortc 1.16 looks at the preference only then.
            self._pc.addTrack(self._pipeline.track)
            self._pc.getTransceivers()[0].setCodecPreferences(cheapest_first())
            await self._pc.setRemoteDescription(offer.description)
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        except Exception as error:  # aiortc 1.16 raises whatever its parser or negotiation trips over
            raise OfferError(
                "sdp: the offer cannot be negotiated; expected a browser's first offer"
            ) from error
        if self._source is None:
            raise OfferError("sdp: no codec in common for the video; expected VP8 or H264")
        sdp = self._pc.localDescription.sdp
        if not has_candidates(sdp):
            raise NoPortError(
                "no UDP port or relay is free for the media; expected more udp_ports, a working TURN server, or an "
                "ice_address that this machine still has"
            )
        return offer.sections.complete_answer(show_public_addresses(sdp, self._config.public_address))

    async def trickle(self, body: bytes, policy: CandidatePolicy) -> None:
        """Take candidates that come after the offer; raises FragmentError, RestartError."""
        fragment = parse_fragment(body, self._identity)
        admitted = admitted_candidates(fragment.lines, policy, seen=self._candidates)
        self._candidates += len(fragment.lines)
        for candidate in candidates_from(admitted, fragment.mid):
            await self._pc.addIceCandidate(candidate)

    @property
    def connecting(self) -> bool:
        return self._pc.connectionState in {"new", "connecting"}

    async def close(self) -> None:
        self._pipeline.track.stop()
        if self._farewell and self._pc.connectionState == "connected":
            await wait_until_sent(self._pc, FAREWELL_S)
        await close_peer_connection(self._pc)
        self.state = SessionState.CLOSED

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        if self._source is None:
            raise PeerLeft("no video track")
        tasks.create_task(self._receive_frames(self._source), name=f"{self.id}/receive")

    # Event handlers: aiortc ends the connection when one raises, so none may.

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._source is None:
            self._source = track

    def _on_connection_state(self) -> None:
        if self._pc.connectionState == "connected":
            self.path = path_kinds(self._pc)
        if self._pc.connectionState in {"failed", "closed"}:
            self.leave(f"connection {self._pc.connectionState}")

    def _on_datachannel(self, channel: RTCDataChannel) -> None:
        if channel.label == "telemetry":
            self._pipeline.outbox.attach(channel)
        elif channel.label == "control":
            self._control = channel
            channel.on("message", self._on_control)
            self._say_hello()

    def _reply(self, reply: ControlReply) -> None:
        channel = self._control
        if (
            channel is None
            or channel.readyState != "open"
            or channel.bufferedAmount > MAX_REPLY_BACKLOG_BYTES
        ):
            return
        channel.send(encode_control(reply))
        self._farewell = self._farewell or reply.type == "notice"
