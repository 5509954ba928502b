"""Runs the tests of others, from their source distributions, and says how each came out.

With us attached all of them run; without us only what did not pass then, which is little: what passes needs no comparison.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from e2e.programs import ENVIRONMENTS, clean_environment, installed

PLUGINS = Path(__file__).parent / "foreign"
DEADLINE = 110  # seconds for one run; they take ten to twenty
Outcomes = Counter[tuple[str, str]]


def run(
    suite: str,
    folder: Path,
    *options: str,
    tests: tuple[str, ...] = ("tests",),
    deadline: int = DEADLINE,
    **environ: str,
) -> subprocess.CompletedProcess[str]:
    """Run a suite such as ``flask-suite``, in the environment of that name; in ``folder`` is left what ``outcomes`` reads."""
    sources = next((ENVIRONMENTS / suite / "sources").glob(suite.removesuffix("-suite") + "-*"))
    command = [str(installed(suite, "python")), "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    # In its old form the report names the files.
    command += ["-o", "junit_family=xunit1", "--junitxml", str(folder / "outcomes.xml")]
    command += ["--basetemp", str(folder / "temporary"), *options, *tests]
    return subprocess.run(
        command,
        cwd=sources,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )


def outcomes(folder: Path, files: frozenset[str] | None = None) -> Outcomes:
    """How each test came out, by its name; of these files, if they are named."""
    found: Outcomes = Counter()
    for case in ElementTree.parse(folder / "outcomes.xml").iter("testcase"):
        if files is None or case.get("file") in files:
            found[f"{case.get('classname')}.{case.get('name')}", _how(case)] += 1
    return found


def not_all_passed(folder: Path) -> frozenset[str]:
    """The files in which something failed, or was left out."""
    cases = ElementTree.parse(folder / "outcomes.xml").iter("testcase")
    return frozenset(case.get("file", "") for case in cases if _how(case) != "passed")


def _how(case: ElementTree.Element) -> str:
    return next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")


def assert_comes_out_the_same(
    suite: str,
    folder: Path,
    plugin: str,
    platform_url: str,
    *,
    tests: tuple[str, ...] = ("tests",),
    left_out: tuple[str, ...] = (),
    deadline: int = DEADLINE,
    at_least: int,
) -> None:
    """Run a suite with this plugin of ours: no test of at least so many comes out otherwise than without us."""
    without, attached = folder / "without", folder / "attached"
    for each in (without, attached):
        each.mkdir()
    ours = run(
        suite,
        attached,
        *("-p", plugin),
        tests=(*tests, *left_out),
        deadline=deadline,
        PYTHONPATH=str(PLUGINS),
        AIOPS_API_KEY="key-of-the-test",
        AIOPS_PLATFORM_URL=platform_url,
        AIOPS_SPOOL=str(folder / "spool"),
    )
    came_out = outcomes(attached)
    assert sum(came_out.values()) >= at_least, f"{ours.stdout}\n{ours.stderr}"
    files = not_all_passed(attached)
    if not files:
        return
    plain = run(suite, without, tests=(*sorted(files), *left_out), deadline=deadline)
    if outcomes(without) != outcomes(attached, files):
        # A test may depend on those of other files.
        plain = run(suite, without, tests=(*tests, *left_out), deadline=deadline)
        assert came_out == outcomes(without), f"{plain.stdout}\n{ours.stdout}\n{ours.stderr}"
