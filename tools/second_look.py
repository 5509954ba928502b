"""Runs pytest, and what failed of it again, alone, at most twice: a test that passes then is named, and does not fail the run.

Many tests run programs beside each other, and on a machine that has other work now and then one is late. Whoever reads the
result learns which: a test that is named again and again has a fault, or its subject has. What failed is said at the end.

Called as `second_look.py REPORT ARGUMENT…`: where the report of the results goes, and what pytest is told.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from test_summary import TURNS, again_of, count, lasting_failures

# More are no accident.
FEW = 5
TESTS_FAILED = 1  # pytest's exit status
# What failed, and why, and nothing of how pytest is set up.
BRIEF = ("-q", "--no-header", "--tb=short", "-rfE")


def arguments(report: Path) -> list[str]:
    """What the first run is told, beside its tests: where its results go, and where it keeps which failed."""
    for old in (report, *(again_of(report, turn) for turn in TURNS)):
        old.unlink(missing_ok=True)
    return [*BRIEF, f"--junitxml={report}", "-o", f"cache_dir=.pytest_cache/{report.stem}"]


def arguments_again(report: Path, turn: int) -> list[str]:
    """What the first or the second run of what failed is told instead."""
    return [
        *BRIEF,
        f"--junitxml={again_of(report, turn)}",
        "-o",
        f"cache_dir=.pytest_cache/{report.stem}",
        "--last-failed",
        "--last-failed-no-failures=none",
    ]


def deserves_another(status: int, report: Path) -> bool:
    """Whether a run that ended with this status, and left this report, is looked at again."""
    return status == TESTS_FAILED and report.is_file() and 0 < count(report).failed <= FEW


def look_again(status: int, report: Path, run: Callable[[list[str]], int]) -> int:
    """Run what failed until it passes, at most twice. ``run`` gets what pytest is told, and gives its status."""
    last = report
    for turn in TURNS:
        if not deserves_another(status, last):
            break
        status, last = run(arguments_again(report, turn)), again_of(report, turn)
    return status


def let_interrupts_through() -> None:
    """What runs in a shell's background ignores these signals, and so would all programs that the tests start and end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def main() -> int:
    """Run pytest here, its output as it comes."""
    let_interrupts_through()
    report, told = Path(sys.argv[1]), sys.argv[2:]
    pytest = [sys.executable, "-m", "pytest"]
    alone = ["-n", "0"] if "-n" in told else []

    def again(looking: list[str]) -> int:
        print("Running once more, alone, what failed", flush=True)
        return subprocess.call([*pytest, *told, *looking, *alone])

    status = look_again(subprocess.call([*pytest, *told, *arguments(report)]), report, again)
    if status:
        print("\n".join(lasting_failures(report)), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
