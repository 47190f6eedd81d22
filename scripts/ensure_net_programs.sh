#!/bin/sh
# See to it that coturn, nginx, ip and openssl are there for the network tests, or say in one sentence what to install.
set -eu

PATH="$PATH:/usr/sbin:/sbin"
missing() {
    for pair in turnserver:coturn nginx:nginx-light ip:iproute2 openssl:openssl; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair##*:}"
    done
}

packages=$(missing | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "programs of the network tests are missing; on Debian 'sudo apt-get install $packages', then again" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# Only the programs: Debian would start coturn and nginx as services, on ports that may be somebody else's.
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
    echo "apt-get installed no command of $packages here; install it and put it on the PATH" >&2
    exit 1
fi
