#!/bin/sh
# Ensure that coturn, nginx, ip, openssl and GStreamer's RTSP server are installed for the network tests, or say in one
# sentence what to install.
set -eu
. "$(dirname "$0")/install_missing.sh"

rtsp="python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
missing() {
    missing_commands turnserver:coturn nginx:nginx-light ip:iproute2 openssl:openssl
    # Debian's own Python, for which Debian packages GStreamer.
    /usr/bin/python3 - 2>/dev/null <<'END' || echo "$rtsp"
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
sys.exit(not all(Gst.ElementFactory.find(name) for name in "qtdemux rtph264pay jpegenc rtpjpegpay appsrc".split()))
END
}
install_missing "programs of the network tests"
