"""How long the pages take, and how long they are, over a large store: `make bench-pages`, or this file.

    python bench/pages/run.py                  1,000,000 events in 5,000 incidents; the store is made once, in minutes
    python bench/pages/run.py --quick          100,000 events in 1,000 incidents, each page ten times
    python bench/pages/run.py --pages list,incident
    python bench/pages/run.py --write          into RESULTS.md beside this file

Run it with the Python that has the platform. Nothing but the loopback interface is needed.
"""

from __future__ import annotations

import argparse
import datetime
import shlex
import sys
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "platform")]

import beside  # noqa: E402
import ours  # noqa: E402
import theirs  # noqa: E402
from looking import Browser, Looked, side_by_side  # noqa: E402
from peers import NotInstalledError, bugsink  # noqa: E402
from reporting import Progress, add_write, machine, publish, stopwatch  # noqa: E402 (what all benches share lies beside them)
from servers import Ours  # noqa: E402

MOST_SECONDS, MOST_BYTES = 0.050, 60_000
_SIZES = {False: (1_000_000, 5_000), True: (100_000, 1_000)}


def main() -> int:
    """Look at every page, and print the table."""
    given = _options()
    progress = stopwatch()
    times = 10 if given.quick else 30
    with ours.running(given.events, given.incidents, progress) as (server, browser):
        found = ours.look(server, browser, times, given.pages, progress)
        also = "" if given.alone else _beside(server, browser, given, times, progress)
    publish(_page(found, given, times) + also, given.write, progress)
    return 0


def _beside(server: Ours, browser: Browser, given: argparse.Namespace, times: int, progress: Progress) -> str:
    """What Bugsink's pages take over as much, in the same minutes."""
    try:
        version_there = bugsink().version
    except NotInstalledError as why:
        progress(f"no Bugsink: {why}")
        return ""
    mine = ours.addresses(server.data / "store.db")
    kinds = ours.kinds_of(server.data.parent)
    size = {"events": given.events, "incidents": given.incidents}
    with theirs.running(kinds, **size, quick=given.quick, progress=progress) as (other, other_browser, made):
        pages = theirs.addresses(other.folder / "db.sqlite3")
        both = {}
        for name, path in pages.items():
            if not given.pages or any(word in name for word in given.pages.split(",")):
                both[name] = side_by_side((browser, mine[name]), (other_browser, path), times=times)
                one = both[name]
                progress(f"{name}: {one.ours.median * 1000:.1f} ms, Bugsink {one.theirs.median * 1000:.1f} ms")
    size_here = (server.data / "store.db").stat().st_size
    return beside.told(both, made, events=given.events, times=times, version=version_there, our_bytes=size_here)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a smaller store, fewer looks")
    parser.add_argument("--events", type=int, metavar="MANY")
    parser.add_argument("--incidents", type=int, metavar="MANY")
    parser.add_argument(
        "--pages", metavar="WORDS", default="", help="only pages whose name has one of these words in it"
    )
    parser.add_argument("--alone", action="store_true", help="without Bugsink's pages beside them")
    add_write(parser, HERE)
    given = parser.parse_args()
    events, incidents = _SIZES[given.quick]
    given.events, given.incidents = given.events or events, given.incidents or incidents
    return given


def _page(found: dict[str, Looked], given: argparse.Namespace, times: int) -> str:
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    command = f"python bench/pages/run.py {shlex.join(sys.argv[1:])}".strip()
    parts = [
        "# How long the pages take",
        f"Command: `{command}` · {today} · {machine()} · aiops-platform {version('aiops-platform')}",
        f"{given.events:,} stored events in {given.incidents:,} incidents of 20 services in two environments, over 29 days, made of 200 "
        "recorded kinds of error (20 KB each); the loudest incident has a twentieth of them. One client, one page after "
        f"the other, each {times} times, after two looks that do not count; time is what the client waits on loopback, CPU that of all "
        f"processes of the server. Promised: a median of {MOST_SECONDS * 1000:.0f} ms, {MOST_BYTES // 1000} kB of HTML."
        + (" **A quick look: a small store.**" if given.quick else ""),
    ]
    parts.append(_table(found))
    return "\n\n".join(parts) + "\n"


def _table(found: dict[str, Looked]) -> str:
    lines = [
        "| page | median, ms | p95, ms | CPU, ms | HTML, kB | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, each in found.items():
        if each.status != 200:
            lines.append(f"| {name} | | | | | answered {each.status} |")
            continue
        missed = [
            word
            for word, is_missed in (("slow", each.median > MOST_SECONDS), ("long", each.size > MOST_BYTES))
            if is_missed
        ]
        lines.append(
            f"| {name} | {each.median * 1000:.1f} | {each.p95 * 1000:.1f} | {each.cpu * 1000:.1f} | {each.size / 1000:.1f} | "
            f"{('**' + ', '.join(missed) + '**') if missed else ''} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
