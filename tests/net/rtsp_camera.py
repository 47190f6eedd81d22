"""An RTSP camera on GStreamer's server; it needs the system's Python, for which Debian packages `gi`.

Prints its port. `/clip` is the given file at its own pace, `/endless` a test pattern, `/silent` never sends.
"""

import argparse
import sys
from pathlib import Path

import gi

for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 - after the versions are chosen

SHAPE = "video/x-raw,format=I420,width=320,height=240,framerate=15/1"
PIPELINES = {
    "/clip": "( filesrc location={clip} ! qtdemux ! rtph264pay name=pay0 pt=96 )",
    "/endless": f"( videotestsrc is-live=true ! {SHAPE} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )",
    "/silent": f"( appsrc is-live=true caps={SHAPE} ! jpegenc ! rtpjpegpay name=pay0 pt=26 )",
}
TRANSPORTS = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}


def serve(clip: Path, transport: str, user: str, password: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    access = GstRtspServer.RTSPAuth()
    role = GstRtspServer.RTSPToken()
    role.set_string("media.factory.role", "viewer")
    access.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), role)
    server.set_auth(access)
    may = Gst.Structure.new_from_string("viewer, media.factory.access=true, media.factory.construct=true")
    for path, pipeline in PIPELINES.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(pipeline.format(clip=clip))
        factory.set_protocols(TRANSPORTS[transport])
        factory.add_role_from_structure(may)
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    sys.stdout.write(f"port {server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("transport", choices=TRANSPORTS)
    parser.add_argument("user")
    parser.add_argument("password")
    given = parser.parse_args()
    serve(given.clip, given.transport, given.user, given.password)
