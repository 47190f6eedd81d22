"""Offers of other clients: other section orders, audio, other bundles. Each gets its video back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack
from av import VideoFrame

from facestream.ice.addresses import offer_addresses
from tests.conftest import RunningServer, running_server
from tests.media.aiortc_patches.peers import JpegTrack
from tests.media.offers import read_offer
from tests.times import seconds

STUN_COOKIE = b"\x21\x12\xa4\x42"
LIGHT = ("--analysis-processes", "0")
FRAMES = 5
DEADLINE_S = seconds(30.0)
Order = Callable[[RTCPeerConnection], None]


def video(pc: RTCPeerConnection) -> None:
    pc.addTrack(JpegTrack(fps=15))


def audio(pc: RTCPeerConnection) -> None:
    pc.addTrack(AudioStreamTrack())


def silent_audio(pc: RTCPeerConnection) -> None:
    pc.addTransceiver("audio", direction="recvonly")


def channels(pc: RTCPeerConnection) -> None:
    pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)


ORDERS: dict[str, tuple[Order, ...]] = {
    "video": (video,),
    "video, channels": (video, channels),
    "audio, video, channels": (audio, video, channels),
    "audio, video": (audio, video),
    "video, audio, channels": (video, audio, channels),
    "four audios, video, channels": (audio, silent_audio, silent_audio, silent_audio, video, channels),
}


@asynccontextmanager
async def connected(
    server: RunningServer, order: tuple[Order, ...], policy: RTCBundlePolicy, change: Callable[[str], str]
) -> AsyncIterator[tuple[RTCPeerConnection, MediaStreamTrack, str]]:
    """A connected peer as in aiortc's examples, its returned video, and the answer."""
    offer_addresses(("127.0.0.1",))
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=policy))
    returned: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    pc.on("track", lambda track: returned.put_nowait(track) if track.kind == "video" else None)
    for add in order:
        add(pc)
    try:
        await pc.setLocalDescription(await pc.createOffer())
        status, answer = await post(server, change(pc.localDescription.sdp))
        assert status == 200, answer
        await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        yield pc, await returned.get(), answer["sdp"]
    finally:
        await pc.close()


async def post(server: RunningServer, sdp: str) -> tuple[int, dict[str, str]]:
    body = {"sdp": sdp, "type": "offer"}
    async with aiohttp.ClientSession() as http, http.post(f"{server.url}/offer", json=body) as answer:
        return answer.status, json.loads(await answer.text())


async def frames_from(track: MediaStreamTrack) -> list[VideoFrame]:
    return [frame for _ in range(FRAMES) if isinstance(frame := await track.recv(), VideoFrame)]


@pytest.mark.parametrize("policy", RTCBundlePolicy)
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_the_video_comes_back_whatever_sections_precede_it(
    server: RunningServer, order: tuple[Order, ...], policy: RTCBundlePolicy
):
    async with (
        asyncio.timeout(DEADLINE_S),
        connected(server, order, policy, lambda sdp: sdp) as (_, returned, answer),
    ):
        frames = await frames_from(returned)

    assert len(frames) == FRAMES
    assert answer.count("a=inactive") == sum(add in (audio, silent_audio) for add in order)


async def test_the_data_channel_may_precede_the_video(server: RunningServer):
    def swap(sdp: str) -> str:
        session, first, second = sdp.split("m=")
        return "m=".join((session.replace("BUNDLE 0 1", "BUNDLE 1 0"), second, first))

    async with asyncio.timeout(DEADLINE_S):
        offer_addresses(("127.0.0.1",))
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        video(pc)
        channels(pc)
        await pc.setLocalDescription(await pc.createOffer())
        status, answer = await post(server, swap(pc.localDescription.sdp))
        await pc.close()

    assert status == 200
    assert [line.split()[0] for line in answer["sdp"].splitlines() if line.startswith("m=")] == [
        "m=application",
        "m=video",
    ]
    assert answer["sdp"].count("a=candidate") >= 2


async def test_without_a_bundle_each_section_works_on_its_own_transport(server: RunningServer):
    def unbundled(sdp: str) -> str:
        return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=group:"))

    async with asyncio.timeout(DEADLINE_S):
        offer_addresses(("127.0.0.1",))
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        returned: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        pc.on("track", returned.put_nowait)
        video(pc)
        telemetry = pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)
        messages: asyncio.Queue[str] = asyncio.Queue()
        telemetry.on("message", messages.put_nowait)
        try:
            await pc.setLocalDescription(await pc.createOffer())
            status, answer = await post(server, unbundled(pc.localDescription.sdp))
            assert status == 200, answer
            await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
            frames = await frames_from(await returned.get())
            message = json.loads(await messages.get())
        finally:
            await pc.close()

    assert len(frames) == FRAMES
    assert message["v"] == 1
    assert "BUNDLE" not in answer["sdp"]


@pytest.mark.parametrize(
    "left_out", [(), ("a=ice-", "a=fingerprint", "a=setup")], ids=["whole", "without a transport"]
)
async def test_firefox_with_max_bundle_gets_live_data_channels(
    server: RunningServer, left_out: tuple[str, ...]
):
    session, video_section, channel_section = read_offer("firefox").split("m=")
    dropped = ("a=candidate", *left_out)
    kept = [line for line in channel_section.splitlines() if not line.startswith(dropped)]
    kept[0] = kept[0].replace("application 9", "application 0")
    offered = "m=".join((session, video_section, "\r\n".join([*kept, "a=bundle-only", ""])))

    status, answer = await post(server, offered)

    assert status == 200, answer
    assert "m=application 0" not in answer["sdp"]
    assert "a=sctp-port:5000" in answer["sdp"]


@pytest.mark.parametrize("section", [1, 2], ids=["first", "last"])
async def test_the_server_uses_a_trickled_candidate_of_any_bundled_section(tmp_path: Path, section: int):
    heard = asyncio.get_running_loop().create_future()

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _addr: object) -> None:
            if data[4:8] == STUN_COOKIE and not heard.done():
                heard.set_result(data)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Listener, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    parts = read_offer("firefox").split("m=")
    parts = ["".join(line for line in part.splitlines(True) if "candidate" not in line) for part in parts]
    parts[section] += f"a=candidate:1 1 udp 2122260223 127.0.0.1 {port} typ host\r\n"
    try:
        with running_server(tmp_path / "server.log", "--remote-candidates", "lan", *LIGHT) as lan_server:
            status, _ = await post(lan_server, "m=".join(parts))
            async with asyncio.timeout(DEADLINE_S):
                await heard
    finally:
        transport.close()

    assert status == 200
