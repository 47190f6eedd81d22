"""One connection of a headless peer to the server: offer and answer, channels, received video. Never reconnects."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

from aiortc import RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from facestream.aiortc_patches import close_peer_connection
from facestream.errors import FrameError, ServerUnreachableError
from facestream.ice.servers import IceServer
from facestream.messages.control import Bye
from facestream.messages.http import OfferBody
from facestream.replay import http
from facestream.replay.connection import (
    ReceiveMode,
    count_without_decoding,
    open_peer_connection,
    prefer_codec,
)
from facestream.replay.options import ReplayOptions
from facestream.replay.track import LentTrack, ReplayTrack

CONNECT_DEADLINE_S = 15.0


class LinkOwner(Protocol):
    """What a link tells the peer that it belongs to; must not raise, because aiortc would end the connection."""

    def on_state(self, link: "Link") -> None:
        """The state of its connection has changed."""

    def on_control_open(self, link: "Link") -> None:
        """Requests can be sent."""

    def on_telemetry(self, link: "Link", message: str | bytes) -> None:
        """A message of the channel `telemetry` has arrived."""

    def on_control(self, link: "Link", message: str | bytes) -> None:
        """A message of the channel `control` has arrived."""

    def on_frame(self, link: "Link", frame: VideoFrame | None) -> None:
        """A frame has arrived; None: it is not decoded."""

    def on_unreadable(self, link: "Link", what: str) -> None:
        """The rest of the video cannot be decoded, as a sentence."""


class Link:
    """Made by `open`, connected by `connect`, and closed once."""

    def __init__(
        self, options: ReplayOptions, credentials: http.Credentials, mode: ReceiveMode, owner: LinkOwner
    ) -> None:
        self._options, self._credentials, self._mode, self._owner = options, credentials, mode, owner
        self._url = http.server_url(options.url)
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.session_id = self.secret = self.resume_token = ""
        """Of the answer; empty before it."""
        self.resumed = False
        """Whether the session continues an earlier one."""
        self.kept = ""
        """A sentence, if the server keeps the results of this session; empty: it does not."""

    def open(self, ice_servers: Sequence[IceServer], track: ReplayTrack | None) -> None:
        """Make the connection; without a track, `take` gives it one later."""
        self.pc = open_peer_connection(self._options, self._url, ice_servers)
        self.pc.on("connectionstatechange", lambda: self._owner.on_state(self))
        sent = LentTrack(track) if track is not None else "video"
        self.transceiver = self.pc.addTransceiver(sent, direction="sendrecv")
        if self._options.codec is not None:
            prefer_codec(self.transceiver, self._options.codec)
        # After the transceiver: aiortc 1.16 with MAX_BUNDLE stops the shared transport when it gets the answer, if the
        # transport was created for a data channel.
        telemetry = self.pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)
        telemetry.on("message", lambda message: self._owner.on_telemetry(self, message))
        self.control = self.pc.createDataChannel("control")
        self.control.on("message", lambda message: self._owner.on_control(self, message))
        self.control.on("open", lambda: self._owner.on_control_open(self))

    async def connect(self, tasks: asyncio.TaskGroup, resume: str, first_face_id: int) -> None:
        """Post the offer and wait for the connection; raises ServerUnreachableError, also if there is none in time."""
        await self.pc.setLocalDescription(await self.pc.createOffer())
        offer = OfferBody(
            sdp=self.pc.localDescription.sdp,
            type="offer",
            resume=resume,
            first_face_id=first_face_id,
            record=self._options.record,
        )
        answer = await http.post_offer(self._url, offer, self._credentials)
        self.session_id, self.resume_token, self.secret = answer.session_id, answer.resume, answer.secret
        self.resumed = answer.resumed
        self.kept = http.recorded_words(answer.record_days) if answer.recorded else ""
        server = http.shown(self._url)
        try:
            await self.pc.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        except Exception as error:  # aiortc 1.16's parser may raise anything
            raise ServerUnreachableError(
                f"{server} returned an invalid answer ({error}); expected a facestream server: check --url"
            ) from error
        receiver = self.transceiver.receiver
        if self._mode is ReceiveMode.COUNT:
            count_without_decoding(receiver, lambda: self._owner.on_frame(self, None))
        self._task = tasks.create_task(self._receive(receiver.track), name="replay/receive")
        await self._wait_connected(server)

    @property
    def is_up(self) -> bool:
        """Whether the connection is established."""
        state: str = self.pc.connectionState
        return state == "connected"

    def take(self, track: ReplayTrack) -> None:
        """Send this track from now on."""
        self.transceiver.sender.replaceTrack(LentTrack(track))

    def let_go(self) -> None:
        """Send nothing any more; a frame that is being encoded is still sent."""
        self.transceiver.sender.replaceTrack(None)

    async def leave(self) -> bool:
        """End the session; returns whether the server has answered. Without a session, nothing is sent."""
        if not self.session_id:
            return False
        if self.control.readyState == "open":
            self.control.send(Bye(type="bye").model_dump_json())
        return await http.leave(self._url, self.session_id, self.secret, self._credentials)

    async def vanish(self) -> None:
        """Cut the connection without telling the server."""
        # Without ICE, DTLS cannot tell the server either.
        await self.transceiver.sender.transport.transport.stop()
        self.session_id = ""

    async def close(self) -> None:
        """Free the connection; may be called twice."""
        if self._closed:
            return
        self._closed = True
        await close_peer_connection(self.pc)
        if self._task is not None:
            self._task.cancel()

    async def _wait_connected(self, server: str) -> None:
        settled = asyncio.Event()
        was_up = self.is_up

        def look() -> None:
            nonlocal was_up
            was_up = was_up or self.is_up
            if self.pc.connectionState not in {"new", "connecting"}:
                settled.set()

        self.pc.on("connectionstatechange", look)
        look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                await settled.wait()
        # If the server ends the connection at once, the peer reports the notice it sent.
        if not was_up:
            raise ServerUnreachableError(
                f"{server} answered the offer, but no connection was established ({self.pc.connectionState}); "
                + self._what_to_check()
            )

    def _what_to_check(self) -> str:
        if http.is_loopback(self._url) and "127.0.0.1" not in self.pc.remoteDescription.sdp:
            # As through a gateway on this machine.
            return (
                "its media are on another machine, and for a URL on this machine this peer offers only 127.0.0.1: "
                "expected in --url the address that this machine has in its network"
            )
        return "UDP must reach the addresses that it offers: check --ice-address of the server"

    async def _receive(self, source: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await source.recv()
            except MediaStreamError:
                return
            except FrameError as error:
                self._owner.on_unreadable(self, f"the annotated video cannot be decoded: {error}")
                return
            if isinstance(frame, VideoFrame):
                self._owner.on_frame(self, frame)
