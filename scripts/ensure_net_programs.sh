#!/bin/sh
# Ensure that coturn, nginx, ip and openssl are installed for the network tests, or say in one sentence what to install.
set -eu
. "$(dirname "$0")/install_missing.sh"

missing() {
    missing_commands turnserver:coturn nginx:nginx-light ip:iproute2 openssl:openssl
}
install_missing "programs of the network tests"
