#!/bin/sh
# Ensure that Chromium and its driver are installed for the browser tests, or say in one sentence what to install.
set -eu
. "$(dirname "$0")/install_missing.sh"

missing() {
    missing_commands chromium:chromium chromedriver:chromium-driver
}
install_missing "programs of the browser tests"
