#!/bin/sh
# Makes the virtual environment named by the first argument with the first Python here that is new enough.
set -eu
venv=$1

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "Making $venv with $("$python" --version)"
        "$python" -m venv --clear "$venv" && exit 0
        echo "$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
done
echo "Python 3.11 or newer is needed, and none is on PATH (python3 is: $(python3 --version 2>&1 || echo missing))." >&2
echo "Install one, or name one: make PYTHON=/path/to/python3.12 …" >&2
exit 1
