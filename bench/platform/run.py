"""What the platform takes, keeps and costs, beside Bugsink, measured here and now: `make bench-platform`, or this file.

    python bench/platform/run.py                  everything, about half an hour
    python bench/platform/run.py --quick          a look, a few minutes
    python bench/platform/run.py --rows long,kills --only ours
    python bench/platform/run.py --stored 10000000 --rows growth
    python bench/platform/run.py --write          everything, into RESULTS.md beside this file

Run it with the Python that has the platform. It makes Bugsink's environment under .venvs/ from a lock; after that it needs
nothing but the loopback interface.
"""

from __future__ import annotations

import argparse
import datetime
import json
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import figures
import measurements
from bodies import Event
from peers import NotInstalledError, bugsink
from recording import KINDS
from servers import FailedError
from trying import SERVERS, Bench

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from reporting import Progress, add_write, listed, machine, publish, stopwatch  # noqa: E402 (what all benches share lies beside them)

_HOW_IT_IS_COUNTED = (
    "Quotas are off in all rows but that about them. CPU and memory are of all of a server's processes, from `/proc`, until "
    "everything is digested. What is lost is looked up by the ids that were acknowledged."
)
_A_MILLION = 1_000_000


def main() -> int:
    """Measure what was asked for, and print the table."""
    options = _options()
    progress = stopwatch()
    servers = ["ours", *(name for name in options.only if name != "ours")]
    versions = _versions(servers, progress)
    servers = [name for name in servers if name in versions]
    progress("recording the events")
    bench = Bench(events=_read(options.events) if options.events else recorded())
    effort = measurements.QUICK if options.quick else measurements.FULL
    wanted = [
        each
        for each in [*measurements.MEASUREMENTS, measurements.growth_to(options.stored)]
        if not options.rows or each.name in options.rows
    ]
    found: dict[str, dict[str, figures.Value]] = {name: {} for name in servers}
    for measurement in wanted:
        for name in servers if measurement.of_all else ["ours"]:
            found[name] |= _taken(measurement, bench, name, effort, progress)
    text = _page(versions, found, servers, bench=bench, quick=options.quick)
    publish(text, options.write, progress)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a look: shorter, fewer rounds, a smaller store")
    parser.add_argument("--only", type=listed(list(SERVERS)), default=list(SERVERS), help="ours is always there")
    rows = [each.name for each in measurements.MEASUREMENTS] + ["growth"]
    parser.add_argument("--rows", type=listed(rows), default=[], help=f"some of {','.join(rows)}")
    parser.add_argument("--stored", type=int, metavar="MANY", help="events in the large store (1,000,000)")
    parser.add_argument(
        "--events", type=Path, metavar="FILE", help="what recording.py has written, instead of a new recording"
    )
    add_write(parser, HERE)
    options = parser.parse_args()
    options.stored = options.stored or (_A_MILLION // 10 if options.quick else _A_MILLION)
    return options


def _versions(servers: list[str], progress: Progress) -> dict[str, str]:
    """What is compared; without Bugsink ours is measured alone."""
    found = {"ours": f"aiops-platform {version('aiops-platform')}"}
    if "bugsink" in servers:
        try:
            found["bugsink"] = f"Bugsink {bugsink().version}"
        except NotInstalledError as why:
            progress(f"Bugsink could not be installed: {why}")
    return found


def recorded() -> list[Event]:
    """The events of a new recording, made in a process of its own, so that this one has no SDK."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        done = subprocess.run(
            [sys.executable, str(HERE / "recording.py"), str(path)], capture_output=True, text=True, timeout=120, check=False
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"the events could not be recorded: {done.stderr.strip().splitlines()[-1]}")
        return _read(path)


def _read(path: Path) -> list[Event]:
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if len(events) < KINDS:
        raise SystemExit(f"only {len(events)} of {KINDS} kinds of error were recorded")
    return events


def _taken(
    measurement: measurements.Measurement, bench: Bench, name: str, effort: measurements.Effort, progress: Progress
) -> dict[str, figures.Value]:
    try:
        found: dict[str, figures.Value] = dict(measurement.take(bench, name, effort))
    except FailedError as why:
        found = {measurement.name: str(why)}
    except Exception as why:  # noqa: BLE001 (a fault of this benchmark: the other rows took minutes, and stand)
        found = {measurement.name: f"{type(why).__name__}: {why}"}
    said = ", ".join(
        f"{key} {value:,.2f}" if isinstance(value, float) else f"{key}: {value}" for key, value in found.items()
    )
    progress(f"{name}: {said}")
    return found


def _page(
    versions: dict[str, str],
    found: dict[str, dict[str, figures.Value]],
    servers: list[str],
    *,
    bench: Bench,
    quick: bool,
) -> str:
    from bodies import ours_long, ours_short

    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    long, short = (
        sum(map(len, mail.bodies)) / len(mail.bodies) for mail in (ours_long(bench.events), ours_short(bench.events))
    )
    command = f"python bench/platform/run.py {shlex.join(sys.argv[1:])}".strip()
    parts = [
        "# What the platform takes, keeps and costs, beside Bugsink",
        f"Command: `{command}` · {today} · {machine()} · {', '.join(versions.values())}",
        f"{len(bench.events)} kinds of error of a made-up Flask shop, captured by our SDK ({long / 1000:.1f} KB each on average; "
        f"cut to {short / 1000:.1f} KB for the short ones), for Bugsink the same as envelopes of Sentry's protocol. Each request "
        "has ids of its own. One server at a time, fresh for each row, on the machine that also runs the load generator: "
        "16 connections, the next request when the answer has come; rows at 100/s send by the clock."
        + (" **A quick look: too short to be quoted.**" if quick else ""),
        figures.page(found, servers),
        _HOW_IT_IS_COUNTED,
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
