"""One headless peer: sends a clip over a real peer connection and takes what comes back; serves nobody."""

import asyncio
import contextlib
import enum
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from facestream.aiortc_patches import close_peer_connection
from facestream.errors import FrameError, ServerUnreachableError
from facestream.ice.addresses import offer_addresses
from facestream.ice.relays import IceRelays, as_rtc
from facestream.ice.servers import CredentialSource, IceServer
from facestream.media.planes import planes_of
from facestream.messages.control import Bye, ControlReply, decode_reply
from facestream.messages.telemetry import Telemetry, decode_telemetry
from facestream.replay import http
from facestream.replay.clip import open_clip
from facestream.replay.options import Codec, ReplayOptions
from facestream.replay.recording import Recording, TelemetryLog
from facestream.replay.stamp import read_stamp
from facestream.replay.summary import Summary, Tally
from facestream.replay.track import ClipTrack, ReplayTrack
from facestream.replay.watch import count_without_decoding

CONNECT_DEADLINE_S = 15.0
REPORTS_DEADLINE_S = 30.0
SILENCE_DEADLINE_S = 10.0
TAIL_DEADLINE_S = 2.0  # what is still under way when the clip ends
TAIL_SILENCE_S = 0.5
TICK_S = 0.1
MAX_KEPT_REPORTS = 2000
MAX_KEPT_REPLIES = 100

ProgressCallback = Callable[[Tally], None]
TrackFactory = Callable[[Tally], ReplayTrack]


class Watching(enum.Enum):
    """What a peer does with the pictures that come back."""

    DECODING = "decoding"  # looks at each: latency and recording
    COUNTING = "counting"  # counts them: cheap, for the many peers of a load


class ReplayPeer:
    """`async with ReplayPeer(options) as peer:` is connected inside, and has left the server afterwards."""

    def __init__(
        self,
        options: ReplayOptions,
        make_track: TrackFactory | None = None,
        watching: Watching = Watching.DECODING,
        resume: str = "",
    ) -> None:
        """Check the options; raises ClipError, ConfigError, ServerUnreachableError.

        Without `make_track`, the peer sends the clip of the options.
        """
        self.options = options
        self._resume = resume
        self.url = http.server_url(options.url)
        self._credentials = http.Credentials(options.token, options.cafile)
        self._make_track = make_track or _sending_clip(options)
        self._watching = watching
        self.tally = Tally(time.monotonic())
        self.session_id = self._secret = ""
        self.resume_token = ""
        """What another peer gives as `resume` to go on with this one's faces and counters."""
        self.states: list[str] = []
        """Every state of the connection so far, in order."""
        self.notices: deque[str] = deque(maxlen=MAX_KEPT_REPLIES)
        """What the server said in words on the control channel."""
        self._recording = Recording(options.out) if options.out else None
        self._log = TelemetryLog(options.telemetry) if options.telemetry else None
        self._reports: deque[Telemetry] = deque(maxlen=MAX_KEPT_REPORTS)
        self._replies: deque[ControlReply] = deque(maxlen=MAX_KEPT_REPLIES)
        self._news = asyncio.Event()
        self._receiving = asyncio.TaskGroup()
        self._closed = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tally = Tally(time.monotonic())
        self._open(await self._find_ice_servers())
        await self._receiving.__aenter__()
        try:
            await self._connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def clip_ended(self) -> bool:
        """Whether the last frame has been handed to the encoder."""
        return self._track.ended.is_set()

    @property
    def recording_failure(self) -> str | None:
        """Why the file of `out` lacks frames; None where it lacks none."""
        if self._recording is None:
            return None
        if self._recording.failure is not None:
            return str(self._recording.failure)
        left_out = self._recording.left_out
        return f"{left_out} frames came faster than they could be written" if left_out else None

    def summary(self) -> Summary:
        """How it went so far."""
        return self.tally.summary()

    async def finish(self, on_progress: ProgressCallback | None = None) -> None:
        """Wait until the clip is sent and back; raises ServerUnreachableError if the server leaves."""
        while not self.clip_ended:
            await asyncio.sleep(TICK_S)
            self._check_alive()
            if on_progress is not None:
                on_progress(self.tally)
        if self._track.failure is not None:
            raise self._track.failure
        deadline_s = time.monotonic() + TAIL_DEADLINE_S
        while (now_s := time.monotonic()) < deadline_s and self.tally.received < self.tally.sent:
            if now_s - self.tally.last_heard_s > TAIL_SILENCE_S:
                break
            await asyncio.sleep(TICK_S)
        if on_progress is not None:
            on_progress(self.tally)

    async def receive_reports(self, count: int, timeout_s: float = REPORTS_DEADLINE_S) -> list[Telemetry]:
        """The next `count` telemetry messages, each given out once; raises TimeoutError."""
        await self._wait_until(lambda: len(self._reports) >= count, timeout_s)
        return [self._reports.popleft() for _ in range(count)]

    async def receive_reply(self, timeout_s: float = REPORTS_DEADLINE_S) -> ControlReply:
        """The next message of the control channel, each given out once; raises TimeoutError."""
        await self._wait_until(lambda: len(self._replies) > 0, timeout_s)
        return self._replies.popleft()

    async def receive_frames(self, count: int, timeout_s: float = REPORTS_DEADLINE_S) -> None:
        """Wait until so many more pictures have come back; raises TimeoutError."""
        wanted = self.tally.received + count
        await self._wait_until(lambda: self.tally.received >= wanted, timeout_s)

    async def wait_closed(self, timeout_s: float = REPORTS_DEADLINE_S) -> None:
        """Wait until the server has ended the connection; raises TimeoutError."""
        await self._wait_until(lambda: self._pc.connectionState in {"closed", "failed"}, timeout_s)

    def send_control(self, message: str | bytes) -> None:
        """Send anything on the control channel, also what no peer should."""
        self._control.send(message)

    async def vanish(self) -> None:
        """Free everything without a word to the server, like a peer whose network is gone."""
        # Without ICE below it, DTLS cannot say goodbye either.
        await self._transceiver.sender.transport.transport.stop()
        self.session_id = ""
        await self.close()

    async def close(self) -> None:
        """Say goodbye and free everything; may be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._leave()
        finally:
            if self._recording is not None:
                await asyncio.to_thread(self._recording.close)
            if self._log is not None:
                self._log.close()

    # Setting up

    async def _find_ice_servers(self) -> list[IceServer]:
        """One STUN and one TURN server that serve; raises ServerUnreachableError where a relay is a must."""
        urls, credentials = self.options.ice_servers, self.options.ice_credentials
        if not urls:
            told = await http.fetch_ice_servers(self.url, self._credentials)
            urls = tuple(server.url for server in told)
            given = next((server.credentials for server in told if server.url.is_turn), None)
            if given is not None:
                credentials = CredentialSource(given.username, given.password)
        relays = IceRelays(urls, credentials)
        servers = await relays.current()
        if self.options.ice_policy == "relay" and not any(server.url.is_turn for server in servers):
            why = relays.failures or f"{self.url} tells none, and --ice-server names none"
            raise ServerUnreachableError(f"--ice-policy relay, but no TURN server serves ({why})")
        return servers

    def _open(self, ice_servers: Sequence[IceServer]) -> None:
        if http.is_loopback(self.url):
            # No packet of a test or a measurement on this machine leaves it.
            offer_addresses(("127.0.0.1",))
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=as_rtc(ice_servers),
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
                iceTransportPolicy=RTCIceTransportPolicy(self.options.ice_policy),
            )
        )
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._track = self._make_track(self.tally)
        self._transceiver = self._pc.addTransceiver(self._track, direction="sendrecv")
        if self.options.codec is not None:
            prefer_codec(self._transceiver, self.options.codec)
        # After the transceiver: aiortc 1.16 with MAX_BUNDLE stops the shared transport when the answer comes,
        # if it was made for a data channel.
        telemetry = self._pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)
        telemetry.on("message", self._on_telemetry)
        self._control = self._pc.createDataChannel("control")
        self._control.on("message", self._on_control)

    async def _connect(self) -> None:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        answer = await http.post_offer(
            self.url, self._pc.localDescription.sdp, self._resume, self._credentials
        )
        self.session_id, self.resume_token = answer.session_id, answer.resume
        self._secret = answer.secret
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp=answer.sdp, type="answer"))
        except Exception as error:  # aiortc 1.16 raises whatever its parser trips over
            raise ServerUnreachableError(
                f"{self.url} answered with an unusable description ({error}); is it a facestream server?"
            ) from error
        receiver = self._transceiver.receiver
        if self._watching is Watching.COUNTING:
            count_without_decoding(receiver, self.tally.count_received)
        self._tasks.append(self._receiving.create_task(self._receive(receiver.track), name="replay/receive"))
        await self._wait_connected()

    async def _wait_connected(self) -> None:
        pc = self._pc
        with contextlib.suppress(TimeoutError):
            await self._wait_until(
                lambda: pc.connectionState not in {"new", "connecting"}, CONNECT_DEADLINE_S
            )
        # A server that takes a peer and leaves at once has been connected; `finish` tells what it said.
        if self.tally.connected_s is None:
            raise ServerUnreachableError(
                f"{self.url} answered the offer, but no connection came about ({pc.connectionState}); "
                "UDP must reach the addresses it offers: see --ice-address of the server"
            )

    # Event handlers: aiortc ends the connection when one raises, so none may.

    def _on_connection_state(self) -> None:
        self.states.append(self._pc.connectionState)
        if self._pc.connectionState == "connected" and self.tally.connected_s is None:
            self.tally.connected_s = self.tally.last_heard_s = time.monotonic()
        self._news.set()

    def _on_telemetry(self, message: str | bytes) -> None:
        try:
            report = decode_telemetry(message)
        except ValueError as error:
            self.notices.append(f"telemetry that is not version 1: {error}")
            return
        self.tally.count_report(report, time.monotonic())
        self._reports.append(report)
        if self._log is not None:
            self._log.write(report)
        self._news.set()

    def _on_control(self, message: str | bytes) -> None:
        try:
            reply = decode_reply(message)
        except ValueError as error:
            self.notices.append(f"a control message that is not version 1: {error}")
            return
        self._replies.append(reply)
        if reply.type in {"notice", "error"}:
            self.notices.append(reply.detail)
        self._news.set()

    # While it runs

    async def _receive(self, source: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await source.recv()
            except MediaStreamError:
                return
            except FrameError as error:
                self.notices.append(f"the returned video cannot be shown: {error}")
                return
            now_s = time.monotonic()
            if not isinstance(frame, VideoFrame):
                continue
            self.tally.count_received(read_stamp(planes_of(frame)[0]), now_s)
            if self._recording is not None:
                self._recording.write(frame)
            self._news.set()

    def _check_alive(self) -> None:
        said = f": {self.notices[-1]}" if self.notices else ""
        if self._pc.connectionState != "connected":
            raise ServerUnreachableError(f"{self.url} ended the connection{said}")
        silent_s = time.monotonic() - self.tally.last_heard_s
        if silent_s > SILENCE_DEADLINE_S:
            raise ServerUnreachableError(f"{self.url} went silent{said}; is it still running?")

    async def _wait_until(self, reached: Callable[[], bool], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not reached():
                self._news.clear()
                await self._news.wait()

    async def _leave(self) -> None:
        if self.session_id:
            if self._control.readyState == "open":
                self._control.send(Bye(type="bye").model_dump_json())
            await http.leave(self.url, self.session_id, self._secret, self._credentials)
        self._track.stop()
        await close_peer_connection(self._pc)
        for task in self._tasks:
            task.cancel()
        await self._receiving.__aexit__(None, None, None)


def _sending_clip(options: ReplayOptions) -> TrackFactory:
    clip = open_clip(options.clip)

    def make_track(tally: Tally) -> ReplayTrack:
        return ClipTrack(clip.frames(loop=options.loop, duration_s=options.duration_s), clip.fps, tally)

    return make_track


def prefer_codec(transceiver: RTCRtpTransceiver, codec: Codec) -> None:
    """Offer one video codec only, with its retransmissions."""
    wanted = {f"video/{codec}", "video/rtx"}
    offered = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([entry for entry in offered if entry.mimeType.lower() in wanted])


async def replay(options: ReplayOptions, on_progress: ProgressCallback | None = None) -> Summary:
    """Send the clip, take what comes back; raises ClipError, ConfigError, ServerUnreachableError."""
    async with ReplayPeer(options) as peer:
        await peer.finish(on_progress)
    return peer.summary()
