#!/bin/sh
# Compiles requirements/*.in into hashed locks that hold on every platform and name no registry. `make lock` runs it;
# `make lock UPGRADE=1` takes newer versions, otherwise what is locked stays.
set -eu
uv=${UV:-uv}
cd "$(dirname "$0")/.."

lock() { # lock NAME MINIMUM_PYTHON SOURCE...
    name=$1 python=$2
    shift 2
    echo "Locking requirements/$name.txt"
    "$uv" pip compile --quiet --universal --generate-hashes --python-version "$python" \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        ${UPGRADE:+--upgrade} --output-file "requirements/$name.txt" "$@"
}

lock uv 3.11 requirements/uv.in
lock run 3.11 aiops-platform/pyproject.toml requirements/run.in
lock dev 3.11 aiops-platform/pyproject.toml requirements/run.in requirements/dev.in
lock node 3.11 requirements/node.in
lock sdk-newest 3.8 requirements/sdk-newest.in
lock sdk-oldest 3.8 requirements/sdk-oldest.in
lock sdk-frameworks 3.8 requirements/sdk-frameworks.in
lock sdk-frameworks-oldest 3.8 requirements/sdk-frameworks-oldest.in
lock sdk-published 3.11 requirements/sdk-published.in
lock flask-suite 3.11 requirements/flask-suite.in
lock starlette-suite 3.11 requirements/starlette-suite.in
lock django-suite 3.11 requirements/django-suite.in
lock celery-suite 3.11 requirements/celery-suite.in
lock bench-bugsink 3.11 requirements/bench-bugsink.in
lock bench-schemathesis 3.11 requirements/bench-schemathesis.in
lock bench-atheris 3.11 requirements/bench-atheris.in
