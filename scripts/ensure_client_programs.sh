#!/bin/sh
# Ensure that Firefox, GStreamer and R are installed for tests/clients, or say in one sentence what to install.
set -eu
. "$(dirname "$0")/install_missing.sh"

gstreamer="python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
gstreamer1.0-plugins-bad gstreamer1.0-nice"
missing() {
    command -v firefox-esr >/dev/null || missing_commands firefox:firefox-esr
    missing_commands Rscript:r-base-core
    # Debian's own Python, for which Debian packages GStreamer.
    /usr/bin/python3 - 2>/dev/null <<'END' || echo "$gstreamer"
import sys
import gi
for name in ("Gst", "GstSdp", "GstWebRTC"):
    gi.require_version(name, "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
needed = "webrtcbin nicesrc appsrc decodebin vp8enc vp8dec rtpvp8pay openh264enc openh264dec rtph264pay h264parse"
sys.exit(not all(Gst.ElementFactory.find(name) for name in needed.split()))
END
}
install_missing "clients of the tests"
