"""Adds up the reports that pytest wrote, says what failed in them, and closes a run with one line in pytest's own form."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

# How often what failed is run again.
TURNS = (1, 2)
# Of what is said of a failure the end tells most.
LAST_LINES = 14
LONGEST_LINE = 300


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


def _read(report: Path) -> ElementTree.Element:
    return ElementTree.parse(report).getroot()  # noqa: S314  # our own pytest wrote the file a moment ago


def count(report: Path) -> Counts:
    """The counts in one report."""
    total = Counts()
    for suite in _read(report).iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        passed = tests - failed - skipped
        total += Counts(passed=passed, failed=failed, skipped=skipped, seconds=float(suite.get("time", 0)))
    return total


def again_of(report: Path, turn: int) -> Path:
    """The report of the first or the second further look at what failed in this one, if there was one."""
    return report.with_suffix(f".again-{turn}.xml")


def is_again(report: Path) -> bool:
    """Whether this is the report of such a look."""
    return ".again-" in report.name


def looks(report: Path) -> list[Path]:
    """This report, and those of the further looks that there were."""
    return [report, *(again for turn in TURNS if (again := again_of(report, turn)).is_file())]


def outcome(report: Path) -> Counts:
    """The counts in one report; what passed when it was looked at again has passed."""
    first, *further = map(count, looks(report))
    again = sum(each.passed for each in further)
    return Counts(
        passed=first.passed + again,
        failed=first.failed - again,
        skipped=first.skipped,
        seconds=first.seconds + sum(each.seconds for each in further),
        again=again,
    )


def _failed(report: Path) -> Iterator[tuple[str, str]]:
    """The tests that failed in this very report, each with what was said of it."""
    for case in _read(report).iter("testcase"):
        said = [child.text or child.get("message") or "" for child in case if child.tag in {"failure", "error"}]
        if said:
            yield _name(case), "\n".join(said)


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"


def lasting_failures(report: Path) -> list[str]:
    """Lines for the end of an output: each test that failed to the last, and the end of what was said of it."""
    if not report.is_file():
        return []
    lines = []
    for name, said in _failed(looks(report)[-1]):
        lines.append(f"FAILED {name} ({report.stem})")
        lines += [f"    {line[:LONGEST_LINE]}" for line in said.rstrip().splitlines()[-LAST_LINES:]]
    return lines


def passed_again(report: Path) -> list[str]:
    """Lines about the tests that failed in this report and passed when they were looked at again."""
    lines = []
    for turn, (before, after) in enumerate(zip(looks(report), looks(report)[1:], strict=False), 1):
        still = dict(_failed(after))
        for name, said in _failed(before):
            if name not in still:
                times = "Failed" if turn == 1 else "Failed twice"
                lines.append(f"{times}, then passed alone: {name} ({report.stem}): {_why(said)}")
    return lines


def _why(said: str) -> str:
    """The line that says what was wrong."""
    lines = said.rstrip().splitlines() or [""]
    marked = [line for line in lines if line.startswith("E  ")]
    return " ".join((marked[:1] or lines[-1:])[0].removeprefix("E").split())[:LONGEST_LINE]


def main() -> int:
    """Print the sum of all reports in the folder named by the first argument, who needed another look, and what failed."""
    total = Counts()
    again, failed = [], []
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        if not is_again(report):
            total += outcome(report)
            again += passed_again(report)
            failed += lasting_failures(report)
    print(*again, *failed, f"===== {total} in {total.seconds:.2f}s =====", sep="\n")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
