"""Runs pytest, and what failed of it once more, alone: a test that passes then is named, and does not fail the run.

Many tests run programs beside each other, and on a machine that has other work now and then one is late. Whoever reads the
result learns which: a test that is named again and again has a fault, or its subject has.

Called as `second_look.py REPORT ARGUMENT…`: where the report of the results goes, and what pytest is told.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from test_summary import again_of, count

# More are no accident.
FEW = 5
TESTS_FAILED = 1  # pytest's exit status


def arguments(report: Path) -> list[str]:
    """What the first run is told, beside its tests: where its results go, and where it keeps which failed."""
    report.with_suffix(".xml").unlink(missing_ok=True)
    again_of(report).unlink(missing_ok=True)
    return [f"--junitxml={report}", "-o", f"cache_dir=.pytest_cache/{report.stem}"]


def deserves_another(status: int, report: Path) -> bool:
    """Whether a run that ended with this status is looked at again."""
    return status == TESTS_FAILED and report.is_file() and 0 < count(report).failed <= FEW


def arguments_again(report: Path) -> list[str]:
    """What the second run is told instead."""
    return [
        f"--junitxml={again_of(report)}",
        "-o",
        f"cache_dir=.pytest_cache/{report.stem}",
        "--last-failed",
        "--last-failed-no-failures=none",
    ]


def main() -> int:
    """Run pytest here, its output as it comes."""
    report, told = Path(sys.argv[1]), sys.argv[2:]
    pytest = [sys.executable, "-m", "pytest"]
    status = subprocess.call([*pytest, *arguments(report), *told])
    if deserves_another(status, report):
        print("Running once more, alone, what failed", flush=True)
        alone = ["-n", "0"] if "-n" in told else []
        status = subprocess.call([*pytest, *arguments_again(report), *told, *alone])
    return status


if __name__ == "__main__":
    sys.exit(main())
