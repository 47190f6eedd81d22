# Install what a kind of tests needs, or say in one sentence what to install. Sourced by the ensure_*.sh scripts.
#
# The script that sources this file defines missing(), which prints the Debian packages of all that is absent, separated
# by spaces or newlines, and calls `install_missing WHAT`. It exits with 1 where something is still absent afterwards.

PATH="$PATH:/usr/sbin:/sbin"

install_missing() {
    packages=$(missing | tr '\n' ' ')
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "$1 are missing; on Debian 'sudo apt-get install ${packages% }', then again" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    # Only the programs: Debian would start coturn, nginx and others as services, on ports that may be in use.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
    fi
    apt-get update -qq
    # shellcheck disable=SC2086 # one word for each package
    apt-get install -qq -y --no-install-recommends $packages
    packages=$(missing | tr '\n' ' ')
    if [ -n "$packages" ]; then
        # Ubuntu's packages of browsers may only hand over to snap.
        echo "apt-get installed no working ${packages% } here; install it by hand, put it on the PATH and try again" >&2
        exit 1
    fi
}

# Print the package of each COMMAND:PACKAGE pair whose command is absent.
missing_commands() {
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
}
