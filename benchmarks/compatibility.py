"""Compare the cost of the compatibility mode (JPEGs over a WebSocket) with WebRTC, at the same server, in one run."""

import asyncio
import json
import time
from dataclasses import dataclass

import aiohttp

from benchmarks import measured, servers
from benchmarks.baselines.websocket_jpeg import as_jpegs
from benchmarks.clips import TURN_S, face_clip, frames_of
from benchmarks.latency import FPS, WARM_UP_S, Plan, over_webrtc
from benchmarks.measured import percentile, say
from benchmarks.processes import usage
from facestream.messages.jpeg_socket import JpegFrame, decode_jpeg_message, encode_jpeg_message


@dataclass(frozen=True, slots=True)
class Back:
    """One received frame."""

    at_s: float
    delay_ms: float
    """From the time of its capture; without encoding and decoding at the peer, as in `latency`."""
    size_bytes: int


async def send_jpeg_frames(url: str, jpegs: list[bytes], seconds: float) -> list[Back]:
    """Send like a camera of 30 FPS for this many seconds; returns the received frames."""
    back: list[Back] = []
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/pictures", max_msg_size=0) as peer:
        await peer.send_str(json.dumps({"type": "open"}))
        await peer.receive_str()  # `opened`: before it, the server reads 5 kB at most
        started_s = time.monotonic()

        async def receive() -> None:
            async for message in peer:
                if message.type is not aiohttp.WSMsgType.BINARY:
                    continue
                frame, now_s = decode_jpeg_message(message.data), time.monotonic()
                delay_ms = 1000 * (now_s - started_s) - frame.time_ms
                back.append(Back(now_s, delay_ms, len(message.data)))

        async with asyncio.TaskGroup() as tasks:
            receiving = tasks.create_task(receive(), name="jpegs/receive")
            for number in range(int(seconds * FPS)):
                due_s = number / FPS
                await asyncio.sleep(max(0.0, started_s + due_s - time.monotonic()))
                frame = JpegFrame(round(1000 * due_s), jpegs[number % len(jpegs)])
                await peer.send_bytes(encode_jpeg_message(frame))
            receiving.cancel()
    return back


async def over_websocket(seconds: float) -> dict[str, object]:
    """One peer in compatibility mode."""
    jpegs = await asyncio.to_thread(lambda: as_jpegs(frames_of(face_clip())))
    with servers.running(servers.OURS) as server:
        await send_jpeg_frames(server.url, jpegs, WARM_UP_S)
        cpu_before_s = usage(server.pid).cpu_s
        back = await send_jpeg_frames(server.url, jpegs, seconds)
        cpu_ms = 1000 * (usage(server.pid).cpu_s - cpu_before_s)
    delays_ms = [frame.delay_ms for frame in back]
    return {
        "fps_back": round(len(back) / seconds, 2),
        "delay_ms": {"p50": percentile(delays_ms, 50), "p95": percentile(delays_ms, 95)},
        "server_cpu_ms_per_frame": round(cpu_ms / max(1, len(back)), 2),
        "kbps_up": round(8 * FPS * sum(map(len, jpegs)) / len(jpegs) / 1000),
        "kbps_down": round(8 * sum(frame.size_bytes for frame in back) / seconds / 1000),
    }


async def measure(plan: Plan) -> dict[str, object]:
    """Measure both in turn, several times."""
    webrtc, frames = [], []
    for number in range(1, plan.rounds + 1):
        say(f"compatibility: round {number} of {plan.rounds}")
        window = await over_webrtc(servers.OURS, plan.seconds, codec="h264", length_s=plan.clip_length_s)
        webrtc.append(window.as_json())
        frames.append(await over_websocket(plan.seconds))
    return {"webrtc_rounds": webrtc, "compatibility_rounds": frames}


def main() -> None:
    """Measure and write the JSON."""
    args = measured.parser(__doc__ or "").parse_args()
    plan = Plan(3.0, 1, TURN_S) if args.quick else Plan(15.0, 3)
    measured.run("compatibility", args, measure(plan))


if __name__ == "__main__":
    main()
