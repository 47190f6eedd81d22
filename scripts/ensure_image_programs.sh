#!/bin/sh
# Ensure that podman, runc, debootstrap and ip are installed for the tests of the image, or say in one sentence what to
# install.
set -eu
. "$(dirname "$0")/install_missing.sh"

missing() {
    # runc beside podman: Debian's crun does not run where cgroups are those of another container.
    missing_commands podman:podman runc:runc debootstrap:debootstrap ip:iproute2
}
install_missing "programs of the image's tests"
