"""A peer on libwebrtc, Chrome's engine, through the PyPI package `wrtc`."""

import argparse
import asyncio
import itertools
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import webrtc

from tests.clients.peers.raw_face import FPS, HEIGHT, LUMA_BYTES, WIDTH, frames, spread_of
from tests.clients.peers.seen import PING, Seen


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("face", type=Path)
    parser.add_argument("--bundle", default="balanced")
    args = parser.parse_args()
    seen = Seen(f"wrtc {version('wrtc')}")
    pc = webrtc.RTCPeerConnection(webrtc.RTCConfiguration(bundle_policy=args.bundle))
    pc.on("connectionstatechange", lambda _: seen.states.append(str(pc.connection_state)))
    generator = webrtc.VideoTrackGenerator()
    pc.add_track(generator.track)
    open_channels(pc, seen)
    gathered = asyncio.Event()

    def look(_: webrtc.Event) -> None:
        if pc.ice_gathering_state == "complete":
            gathered.set()

    pc.on("icegatheringstatechange", look)
    async with asyncio.TaskGroup() as tasks:
        running: list[asyncio.Task[None]] = []
        pc.on("track", lambda event: running.append(tasks.create_task(watch(event.track, seen))))
        await pc.set_local_description()
        await gathered.wait()
        offer = pc.local_description
        assert offer
        answer = await asyncio.to_thread(seen.post_offer, offer.sdp)
        if answer:
            await pc.set_remote_description(webrtc.RTCSessionDescriptionInit(type="answer", sdp=answer))
            running.append(tasks.create_task(send(generator, args.face)))
        await asyncio.to_thread(seen.wait)
        await asyncio.to_thread(seen.say_goodbye)
        for task in running:
            task.cancel()
    pc.close()
    seen.report()


async def send(generator: webrtc.VideoTrackGenerator, face: Path) -> None:
    writer = generator.writable.get_writer()
    for number, frame in zip(itertools.count(), frames(face), strict=False):
        layout = webrtc.VideoFrameBufferInit(
            format="I420", coded_width=WIDTH, coded_height=HEIGHT, timestamp=number * 1_000_000 // FPS
        )
        await writer.write(webrtc.VideoFrame(frame, layout))
        await asyncio.sleep(1 / FPS)


def open_channels(pc: webrtc.RTCPeerConnection, seen: Seen) -> None:
    telemetry = pc.create_data_channel(
        "telemetry", webrtc.RTCDataChannelInit(ordered=False, max_retransmits=0)
    )
    control = pc.create_data_channel("control")
    telemetry.on("message", heard(seen, "telemetry"))
    control.on("message", heard(seen, "control"))
    control.on("open", lambda _: control.send(PING))


def heard(seen: Seen, label: str) -> Callable[[webrtc.MessageEvent], None]:
    def on_message(event: webrtc.MessageEvent) -> None:
        if isinstance(event.data, str):
            seen.on_message(label, event.data)

    return on_message


async def watch(track: webrtc.MediaStreamTrack, seen: Seen) -> None:
    processor = webrtc.MediaStreamTrackProcessor(webrtc.MediaStreamTrackProcessorInit(track))
    async for frame in processor.readable:
        if not isinstance(frame, webrtc.VideoFrame):
            continue
        with frame:
            pixels = bytearray(frame.allocation_size())
            await frame.copy_to(pixels)
            seen.frames += 1
            seen.spread = spread_of(pixels[:LUMA_BYTES])


if __name__ == "__main__":
    asyncio.run(main())
