"""Flask's own tests, from its source distribution, come out the same with the SDK attached to every app that they make."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from loopback import Platform as Loopback

from e2e.programs import ENVIRONMENTS, clean_environment, installed

PLUGIN = Path(__file__).parent / "foreign"
DEADLINE = 110  # seconds for one run; it takes about ten
Outcomes = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.stop()


def run_flasks_tests(folder: Path, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    sources = next((ENVIRONMENTS / "flask-suite" / "sources").glob("flask-*"))
    command = [str(installed("flask-suite", "python")), "-m", "pytest", "-p", "no:cacheprovider", "--color=no"]
    command += ["--junitxml", str(folder / "outcomes.xml"), "--basetemp", str(folder / "temporary"), *options, "tests"]
    return subprocess.run(
        command,
        cwd=sources,
        env=clean_environment(**environ),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def outcomes(folder: Path) -> Outcomes:
    """How each test came out, by its name."""
    found: Outcomes = Counter()
    for case in ElementTree.parse(folder / "outcomes.xml").iter("testcase"):
        how = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        found[f"{case.get('classname')}.{case.get('name')}", how] += 1
    return found


@pytest.mark.timeout(2 * DEADLINE + 10)
def test_flasks_own_tests_come_out_the_same_with_the_sdk_attached_to_every_app(
    tmp_path: Path, loopback: Loopback
) -> None:
    without, attached = tmp_path / "without", tmp_path / "attached"
    for folder in (without, attached):
        folder.mkdir()

    plain = run_flasks_tests(without)
    ours = run_flasks_tests(
        attached,
        *("-p", "attach_to_every_app"),
        PYTHONPATH=str(PLUGIN),
        AIOPS_API_KEY="key-of-the-test",
        AIOPS_PLATFORM_URL=loopback.url,
        AIOPS_SPOOL=str(tmp_path / "spool"),
    )

    assert outcomes(attached) == outcomes(without), f"{plain.stdout}\n{ours.stdout}\n{ours.stderr}"
    assert sum(outcomes(without).values()) > 400
    # It was listening: these tests raise, abort and log on purpose.
    assert len(loopback.wait_for_events(20)) >= 20
