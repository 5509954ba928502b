"""Runs the tests of others, from their source distributions, and says how each came out."""

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
    command += ["--junitxml", str(folder / "outcomes.xml"), "--basetemp", str(folder / "temporary"), *options, *tests]
    return subprocess.run(
        command,
        cwd=sources,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )


def outcomes(folder: Path) -> Outcomes:
    """How each test came out, by its name."""
    found: Outcomes = Counter()
    for case in ElementTree.parse(folder / "outcomes.xml").iter("testcase"):
        how = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        found[f"{case.get('classname')}.{case.get('name')}", how] += 1
    return found


def both(suite: str, folder: Path, plugin: str, platform_url: str) -> tuple[Outcomes, Outcomes, str]:
    """How a suite comes out without us, and with this plugin of ours; and what was printed."""
    without, attached = folder / "without", folder / "attached"
    for each in (without, attached):
        each.mkdir()
    plain = run(suite, without)
    ours = run(
        suite,
        attached,
        *("-p", plugin),
        PYTHONPATH=str(PLUGINS),
        AIOPS_API_KEY="key-of-the-test",
        AIOPS_PLATFORM_URL=platform_url,
        AIOPS_SPOOL=str(folder / "spool"),
    )
    return outcomes(without), outcomes(attached), f"{plain.stdout}\n{ours.stdout}\n{ours.stderr}"
