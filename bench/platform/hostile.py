"""Whether the API survives what its own description allows, and what it does not: no 500, nothing undescribed, no growth.

python bench/platform/hostile.py              two minutes of schemathesis against a platform that holds events
python bench/platform/hostile.py --seconds 600
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from peers import schemathesis
from run import recorded
from servers import Ours, memory_of
from trying import Bench, load

_GROWTH = 30.0  # MB that a longer life may cost: caches, and memory that the allocator keeps
_SLOWEST = 5  # seconds
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,unsupported_method"
)
# Half of the time it makes ids up, half of it there is what they name.
_KNOWN = """[parameters]
incident_id = 1
job_id = 1
service_id = 1
view_id = 1
which = "newest"
"""


def main() -> int:
    """Attack, and say how it went: 0 when all held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=120)
    options = parser.parse_args()
    command = str(schemathesis().python.with_name("schemathesis"))
    with Bench(events=recorded()).server("ours") as (server, mails):
        assert isinstance(server, Ours)
        load(server, mails["batch"], connections=2, seconds=30, most=20)
        load(server, replace(mails["beat"], path="/v1/sdk/job", bodies=_jobs()), connections=1, seconds=30, most=2)
        _attack(command, server, seconds=min(options.seconds, 20), quietly=True)
        before = memory_of(server.processes())
        failed = [
            _attack(command, server, seconds=options.seconds // 2, quietly=False, config=config)
            for config in ("", _KNOWN)
        ]
        grown = memory_of(server.processes()) - before
        faults = server.said().count("Traceback")
    print(f"memory grew by {grown:.0f} MB (at most {_GROWTH:.0f}); tracebacks in the log: {faults}")
    return int(any(failed) or grown > _GROWTH or faults > 0)


def _jobs() -> list[str]:
    named = {"signal_type": "job", "service": "shop", "state": "started"}
    return [json.dumps(named | {"job": name, "run_id": str(uuid.uuid4())}) for name in ("nightly-import", "billing")]


def _attack(command: str, server: Ours, *, seconds: int, quietly: bool, config: str = "") -> bool:
    """Whether anything was answered with a 500, as nobody would expect, or late."""
    url = f"http://{server.host}:{server.port}/api/openapi.json"
    arguments = [
        "run", url, "--header", f"Authorization: Bearer {server.token()}", "--max-time", str(seconds),
        "--checks", _CHECKS, "--max-response-time", str(_SLOWEST), "--phases", "coverage,fuzzing",
        "--continue-on-failure",
    ]  # fmt: skip
    environ = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
    # It leaves a folder where it runs.
    with TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(config, encoding="utf-8")
        done = subprocess.run(
            [command, *arguments], cwd=folder, env=environ, capture_output=True, text=True, timeout=seconds * 2 + 120,
            check=False,
        )  # fmt: skip
    if not quietly:
        print(done.stdout[-3_000:])
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
