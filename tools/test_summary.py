"""Adds up the reports that pytest wrote, and closes a run with one line in pytest's own form."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many tests ended how, and how long they took."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            seconds=self.seconds + other.seconds,
        )

    def __str__(self) -> str:
        parts = [f"{self.failed} failed"] if self.failed else []
        parts.append(f"{self.passed} passed")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        return ", ".join(parts)


def count(report: Path) -> Counts:
    """The counts in one report."""
    total = Counts()
    root = ElementTree.parse(report).getroot()  # noqa: S314  # our own pytest wrote the file a moment ago
    for suite in root.iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        passed = tests - failed - skipped
        total += Counts(passed=passed, failed=failed, skipped=skipped, seconds=float(suite.get("time", 0)))
    return total


def main() -> int:
    """Print the sum of all reports in the folder named by the first argument."""
    total = Counts()
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        total += count(report)
    print(f"===== {total} in {total.seconds:.2f}s =====")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
