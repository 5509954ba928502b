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
    #: Those of the passed that failed at first.
    again: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            seconds=self.seconds + other.seconds,
            again=self.again + other.again,
        )

    def __str__(self) -> str:
        parts = [f"{self.failed} failed"] if self.failed else []
        parts.append(f"{self.passed} passed")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        if self.again:
            parts.append(f"{self.again} passed only alone")
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


def again_of(report: Path) -> Path:
    """The report of the second look at what failed in this one, if there was one."""
    return report.with_suffix(".again.xml")


def outcome(report: Path) -> Counts:
    """The counts in one report; what passed when it was looked at again has passed."""
    first, second = count(report), again_of(report)
    if not second.is_file():
        return first
    again = count(second)
    return Counts(
        passed=first.passed + again.passed,
        failed=first.failed - again.passed,
        skipped=first.skipped,
        seconds=first.seconds + again.seconds,
        again=again.passed,
    )


def passed_again(report: Path) -> list[str]:
    """The names of the tests that failed in this report and passed when they were looked at again."""
    if not again_of(report).is_file():
        return []
    root = ElementTree.parse(again_of(report)).getroot()  # noqa: S314  # as above
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in root.iter("testcase")
        if not {child.tag for child in case} & {"failure", "error", "skipped"}
    ]


def main() -> int:
    """Print the sum of all reports in the folder named by the first argument, and who needed a second look."""
    total = Counts()
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        if report.suffixes[-2:] != [".again", ".xml"]:
            total += outcome(report)
            for name in passed_again(report):
                print(f"Failed, then passed alone: {name} ({report.stem})")
    print(f"===== {total} in {total.seconds:.2f}s =====")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
