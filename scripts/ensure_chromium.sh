#!/bin/sh
# See to it that Chromium and its driver are there for the browser tests, or say in one sentence what to install.
set -eu

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium or its driver is missing; expected the commands chromium and chromedriver:" \
        "on Debian 'sudo apt-get install chromium chromium-driver', then again" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends chromium chromium-driver
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
    # Ubuntu's packages of these names may only hand over to snap.
    echo "apt-get installed no command chromium or chromedriver here; install both and put them on the PATH" >&2
    exit 1
fi
