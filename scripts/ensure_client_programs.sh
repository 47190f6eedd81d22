#!/bin/sh
# See to it that Firefox and GStreamer are there for tests/clients, or say in one sentence what to install.
set -eu

gstreamer="python3-gi gir1.2-gst-plugins-bad-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
gstreamer1.0-plugins-bad gstreamer1.0-nice"
missing() {
    command -v firefox-esr >/dev/null || command -v firefox >/dev/null || echo firefox-esr
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

packages=$(missing | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "clients of the tests are missing; on Debian 'sudo apt-get install $packages', then again" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
apt-get install -qq -y --no-install-recommends $packages
packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
    # Ubuntu's packages of Firefox may only hand over to snap.
    echo "apt-get installed no working $packages here; install it by hand and try again" >&2
    exit 1
fi
