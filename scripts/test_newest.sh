#!/bin/sh
# Run the unit tests on the newest supported Python of this machine, beside the Python of .venv.
# Usage: test_newest.sh [PYTEST_ARGUMENT...]
# Without a second Python: one sentence and success, but a failure in CI, which leaves no test out.
set -eu
used=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
newest=
for version in 3.13 3.12; do
    [ "$version" != "$used" ] || break
    # The second form finds what pyenv has installed but not selected.
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/"python$version"; do
        if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            newest=$python
            break 2
        fi
    done
done
if [ -z "$newest" ]; then
    echo "no supported Python newer than $used is installed; the unit tests ran on $used only"
    [ -z "${CI:-}" ]
    exit
fi
stamp=.venv-newest/.$version
if [ ! -e "$stamp" ] || [ requirements.txt -nt "$stamp" ] || [ requirements-dev.txt -nt "$stamp" ]; then
    echo "installing the Python libraries for $newest (minutes the first time)"
    rm -rf .venv-newest
    "$newest" -m venv .venv-newest
    .venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
    touch "$stamp"
fi
.venv-newest/bin/python scripts/make_importable.py
# These read the texts of the repository, and the other Python has read them.
for file in secrets words tests layers; do
    set -- "$@" "--ignore=tests/unit/test_$file.py"
done
exec .venv-newest/bin/python scripts/run_tests.py tests/unit "$@"
