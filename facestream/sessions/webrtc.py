"""One session over WebRTC: its peer connection and the events on it; leaves no task and no socket behind."""

import asyncio
from collections.abc import Sequence

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceTransportPolicy,
    RTCPeerConnection,
)
from aiortc.exceptions import OperationError
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
from facestream.media.outbox import SEND_ERRORS
from facestream.media.threads import MediaThreads
from facestream.messages.control import ControlReply, NoticeCode, encode_control
from facestream.messages.http import SessionState
from facestream.metrics import Measures
from facestream.sessions.base import Session
from facestream.sessions.ending import Ending
from facestream.signaling.offer import Offer, cheapest_first
from facestream.workers.pool import AnalysisPool

NOTICE_DEADLINE_S = 0.5  # a peer that does not acknowledge its notice must not delay the end
NEGOTIATION_ERRORS = (ValueError, OperationError)
"""What aiortc 1.16 raises for an offer that it can parse but not negotiate, such as one without RTCP multiplexing or
without a common codec. Fuzzing (tests/media/test_malformed_offers.py) finds no others."""
MAX_REPLY_BACKLOG_BYTES = 64 * 1024  # bounds the queue of a peer that sends requests and never reads


class WebRtcSession(Session):
    """Serves one peer from its offer to its end."""

    kind = "webrtc"

    def __init__(
        self,
        config: Config,
        pool: AnalysisPool,
        drawing: MediaThreads,
        measures: Measures,
        ice_servers: Sequence[IceServer] = (),
        *,
        node: str = "",
    ) -> None:
        super().__init__(config, pool, drawing, measures, node=node)
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=as_rtc(ice_servers),
                # With MAX_BUNDLE, aiortc 1.16 stops the shared transport unless the first section of the offer is the
                # one that addTrack made (rtcpeerconnection.py, "stop and discard old ICE transports").
                bundlePolicy=RTCBundlePolicy.BALANCED,
                iceTransportPolicy=RTCIceTransportPolicy(config.server_ice_policy),
            )
        )
        self.path = ""
        """Candidate types of both ends of the media path, as in `host-srflx`; empty: never connected."""
        self._identity = identity_of("")
        self._candidates = 0
        """Number of the peer's candidates that were checked so far, whether admitted or rejected."""
        self._control: RTCDataChannel | None = None
        self._notice_sent = False
        """Whether `close` waits until the peer has acknowledged its last notice."""
        self._source: MediaStreamTrack | None = None

    async def accept(self, offer: Offer) -> str:
        """Set up the peer connection; returns the answer's SDP.

        Raises OfferError and NoPortError. Any other exception is a fault of this server, not of the offer.
        """
        self._identity = identity_of(offer.offered_sdp, offer.sections.transports())
        self._candidates = offer.candidates
        self._pc.on("track", self._on_track)
        self._pc.on("datachannel", self._on_datachannel)
        self._pc.on("connectionstatechange", self._on_connection_state)
        # Set the codec preference before the offer: aiortc 1.16 applies it only while reading the offer.
        self._pc.addTrack(self._pipeline.track)
        self._pc.getTransceivers()[0].setCodecPreferences(cheapest_first())
        try:
            await self._pc.setRemoteDescription(offer.description)
        except NEGOTIATION_ERRORS as error:
            raise OfferError(
                "sdp: the offer cannot be negotiated; expected a browser's first offer"
            ) from error
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        if self._source is None:
            raise OfferError("sdp: no codec in common for the video; expected VP8 or H264")
        sdp = self._pc.localDescription.sdp
        if not has_candidates(sdp):
            raise NoPortError("the server has no free media port; tell its operator")
        return offer.sections.complete_answer(show_public_addresses(sdp, self._config.public_address))

    async def trickle(self, body: bytes, policy: CandidatePolicy) -> None:
        """Add candidates that the peer sends after its offer; raises FragmentError, RestartError."""
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
        if self._notice_sent and self._pc.connectionState == "connected":
            await wait_until_sent(self._pc, NOTICE_DEADLINE_S)
        await close_peer_connection(self._pc)
        self.state = SessionState.CLOSED

    def _start(self, tasks: asyncio.TaskGroup) -> None:
        assert self._source is not None, "accept() rejects an offer without video"
        tasks.create_task(self._receive_frames(self._source), name=f"{self.id}/receive")

    # Event handlers must not raise: aiortc would end the connection.

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._source is None:
            self._source = track

    def _on_connection_state(self) -> None:
        if self._pc.connectionState == "connected":
            self.path = path_kinds(self._pc)
        if self._pc.connectionState in {"failed", "closed"}:
            self.request_end(Ending.CONNECTION_LOST, f"connection {self._pc.connectionState}")

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
        message = encode_control(reply)
        try:
            channel.send(message)
        except SEND_ERRORS:
            return
        self._notice_sent = self._notice_sent or (reply.type == "notice" and reply.code != NoticeCode.MOVE)
