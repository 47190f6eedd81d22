"""A peer on GStreamer's webrtcbin; it needs the system's Python, for which Debian packages `gi`."""

import argparse
import threading
from pathlib import Path

import gi

for name in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402 - after the versions are chosen

from tests.clients.peers.raw_face import FPS, HEIGHT, LUMA_BYTES, WIDTH, frames, spread_of  # noqa: E402
from tests.clients.peers.seen import PING, Seen  # noqa: E402

# Only encoders of the packages base, good and bad: no x264, no libav.
ENCODERS = {
    "VP8": "vp8enc deadline=1 cpu-used=8 target-bitrate=1000000 keyframe-max-dist=30 ! rtpvp8pay",
    "H264": "openh264enc bitrate=1000000 gop-size=30 ! video/x-h264,profile=constrained-baseline ! h264parse !"
    " rtph264pay config-interval=-1 aggregate-mode=zero-latency",
}
PIPELINE = (
    "webrtcbin name=peer bundle-policy={bundle} "
    "appsrc name=face format=time is-live=true do-timestamp=true block=false "
    "caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 ! "
    "queue leaky=downstream max-size-buffers=2 ! {encoder} ! "
    "application/x-rtp,media=video,encoding-name={codec},payload=96 ! peer."
)
LOOK_AGAIN_MS = 50


class Peer:
    """One peer connection of webrtcbin, from the offer to the goodbye."""

    def __init__(self, face: Path, codec: str, bundle: str) -> None:
        self.seen = Seen("GStreamer " + ".".join(map(str, Gst.version()[:3])))
        self._loop = GLib.MainLoop()
        self._frames = frames(face)
        # webrtcbin 1.22 frees these objects while Python uses them, unless something holds a reference.
        self._kept: list[object] = []
        self._pipeline = Gst.parse_launch(
            PIPELINE.format(
                bundle=bundle, width=WIDTH, height=HEIGHT, fps=FPS, encoder=ENCODERS[codec], codec=codec
            )
        )
        self._peer = self._pipeline.get_by_name("peer")
        self._face = self._pipeline.get_by_name("face")
        self._peer.connect("on-negotiation-needed", self._make_offer)
        self._peer.connect("notify::ice-gathering-state", self._on_gathering)
        self._peer.connect("notify::connection-state", self._on_state)
        self._peer.connect("pad-added", self._on_pad)

    def run(self) -> None:
        self._pipeline.set_state(Gst.State.READY)
        self._open_channel("telemetry", "options,ordered=(boolean)false,max-retransmits=(int)0")
        self._open_channel("control", "options")
        self._pipeline.set_state(Gst.State.PLAYING)
        GLib.timeout_add(1000 // FPS, self._send)
        GLib.timeout_add(LOOK_AGAIN_MS, self._look)
        self._loop.run()
        self.seen.say_goodbye()
        self._pipeline.set_state(Gst.State.NULL)
        self.seen.report()

    def _send(self) -> bool:
        self._face.emit("push-buffer", Gst.Buffer.new_wrapped(next(self._frames)))
        return not self.seen.done

    def _look(self) -> bool:
        if self.seen.done:
            self._loop.quit()
        return not self.seen.done

    def _open_channel(self, label: str, options: str) -> None:
        channel = self._peer.emit("create-data-channel", label, Gst.Structure.new_from_string(options))
        channel.connect("on-message-string", lambda _, text: self.seen.on_message(label, text))
        if label == "control":
            channel.connect("on-open", lambda opened: opened.emit("send-string", PING))
        self._kept.append(channel)

    def _make_offer(self, *_: object) -> None:
        self._peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._on_offer))

    def _on_offer(self, promise: Gst.Promise) -> None:
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self._kept += [promise, reply, offer]
        self._peer.emit("set-local-description", offer, None)

    def _on_gathering(self, *_: object) -> None:
        if self._peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            sdp = self._peer.get_property("local-description").sdp.as_text()
            threading.Thread(target=self._post, args=(sdp,)).start()

    def _post(self, sdp: str) -> None:
        answer = self.seen.post_offer(sdp)
        if answer:
            _, message = GstSdp.SDPMessage.new_from_text(answer)
            kind = GstWebRTC.WebRTCSDPType.ANSWER
            description = GstWebRTC.WebRTCSessionDescription.new(kind, message)
            self._peer.emit("set-remote-description", description, None)

    def _on_state(self, *_: object) -> None:
        self.seen.states.append(self._peer.get_property("connection-state").value_nick)

    def _on_pad(self, _: object, pad: Gst.Pad) -> None:
        """Decode the annotated video, whatever its codec."""
        if pad.direction != Gst.PadDirection.SRC:
            return
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", self._on_decoded)
        self._pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def _on_decoded(self, _: object, pad: Gst.Pad) -> None:
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        sink.set_property("signal-handoffs", True)
        sink.connect("handoff", self._on_frame)
        self._pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def _on_frame(self, _: object, buffer: Gst.Buffer, __: object) -> None:
        self.seen.frames += 1
        self.seen.spread = spread_of(buffer.extract_dup(0, LUMA_BYTES))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("face", type=Path)
    parser.add_argument("--codec", choices=sorted(ENCODERS), default="VP8")
    parser.add_argument("--bundle", default="max-bundle")
    args = parser.parse_args()
    Gst.init(None)
    Peer(args.face, args.codec, args.bundle).run()


if __name__ == "__main__":
    main()
