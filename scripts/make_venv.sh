#!/bin/sh
# Make the virtual environment .venv, or say in one sentence what is missing.
# Usage: make_venv.sh PYTHON
set -eu
python=$1

if ! command -v "$python" >/dev/null; then
    echo "$python is not installed; expected Python 3.11 or newer: on Debian 'apt-get install python3 python3-venv'," \
        "or name another with 'make setup PYTHON=/path/to/python3.11'" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old; expected Python 3.11 or newer: name one with" \
        "'make setup PYTHON=/path/to/python3.11'" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python cannot make virtual environments; on Debian and Ubuntu 'apt-get install python3-venv', then again" >&2
    exit 1
fi
"$python" -m venv .venv
