"""A peer on plain aiortc, used as in its own examples, without our patches."""

import argparse
import asyncio
from importlib.metadata import version

import av
import numpy as np
from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack

from tests.clients.peers.seen import PING, Seen


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("--order", nargs="+", default=["video", "channels"])
    parser.add_argument("--bundle", default="balanced")
    parser.add_argument("--codec", default="")
    args = parser.parse_args()
    seen = Seen(f"aiortc {version('aiortc')}", wants_channels="channels" in args.order)
    policy = RTCBundlePolicy(args.bundle)
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=policy))
    pc.on("connectionstatechange", lambda: seen.states.append(pc.connectionState))
    video = MediaPlayer(args.clip, loop=True).video
    assert video
    async with asyncio.TaskGroup() as tasks:
        watching: list[asyncio.Task[None]] = []
        pc.on("track", lambda track: watching.append(tasks.create_task(watch(track, seen))))
        for part in args.order:
            if part == "video":
                pc.addTrack(video)
                prefer(pc, args.codec)
            elif part == "audio":
                pc.addTrack(AudioStreamTrack())
            elif part == "listen":
                pc.addTransceiver("audio", direction="recvonly")
            else:
                open_channels(pc, seen)
        await pc.setLocalDescription(await pc.createOffer())
        answer = await asyncio.to_thread(seen.post_offer, pc.localDescription.sdp)
        if answer:
            await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.to_thread(seen.wait)
        await asyncio.to_thread(seen.say_goodbye)
        await pc.close()
        # Without a connection, aiortc 1.16 does not end the track.
        for task in watching:
            task.cancel()
    seen.report()


def prefer(pc: RTCPeerConnection, codec: str) -> None:
    """Offer only this codec; empty: all."""
    if codec:
        known = RTCRtpSender.getCapabilities("video").codecs
        pc.getTransceivers()[-1].setCodecPreferences(
            [each for each in known if each.mimeType.upper() == f"VIDEO/{codec}"]
        )


def open_channels(pc: RTCPeerConnection, seen: Seen) -> None:
    telemetry: RTCDataChannel = pc.createDataChannel("telemetry", ordered=False, maxRetransmits=0)
    control: RTCDataChannel = pc.createDataChannel("control")
    telemetry.on("message", lambda text: seen.on_message("telemetry", text))
    control.on("message", lambda text: seen.on_message("control", text))
    control.on("open", lambda: control.send(PING))


async def watch(track: MediaStreamTrack, seen: Seen) -> None:
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if isinstance(frame, av.VideoFrame):
            seen.frames += 1
            seen.spread = float(np.std(frame.to_ndarray(format="gray")))


if __name__ == "__main__":
    asyncio.run(main())
