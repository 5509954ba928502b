"""What fails is looked at again, alone, at most twice, and is named; what fails to the last is told at the end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def looked(folder: Path, tests: str, *told: str) -> tuple[int, str]:
    """The status and the output of a run of these tests and of the summary behind it."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(tests)
    results = folder / "results"
    ran: list[str | Path] = [sys.executable, ROOT / "tools/second_look.py", results / "it.xml", *told, "test_it.py"]
    # What others add to pytest is not asked here, and takes longer to load than these tests.
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    said = subprocess.run(ran, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False)
    summed = subprocess.run(
        [sys.executable, ROOT / "tools/test_summary.py", results],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (said.returncode == 0) == (summed.returncode == 0)
    return said.returncode, said.stdout + summed.stdout


PASSES = "def test_good(): pass\n"
LATE = """
from pathlib import Path
def test_late_NUMBER_times():
    times = Path(__file__).with_name("was-here-NUMBER")
    before = times.read_text() if times.exists() else ""
    times.write_text(before + "I")
    assert len(before) >= NUMBER, "too late"
"""
FAILS = "def test_bad():\n    there = 4\n    assert there == 5\n"
INTERRUPTS = """
import signal
import pytest
def test_it():
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGQUIT) is signal.SIG_DFL
"""


def late(times: int) -> str:
    """A test that fails so many times."""
    return LATE.replace("NUMBER", str(times))


def test_what_passes_alone_is_named_and_does_not_fail_the_run(tmp_path: Path) -> None:
    status, said = looked(tmp_path, PASSES + late(1) + late(2), "-p", "xdist", "-n", "2")
    assert status == 0
    assert "\nFailed, then passed alone: test_it::test_late_1_times (it): AssertionError: too late\n" in said
    assert "\nFailed twice, then passed alone: test_it::test_late_2_times (it): AssertionError: too late\n" in said
    assert "===== 3 passed, 2 passed only alone in" in said


def test_what_fails_to_the_last_fails_the_run_and_is_told_at_the_end(tmp_path: Path) -> None:
    status, said = looked(tmp_path, PASSES + late(1) + late(3) + FAILS)
    assert status == 1
    end = said[said.rindex("Running once more") :]
    assert "FAILED test_it::test_bad (it)\n    test_it.py:" in end
    assert "\n    E   assert 4 == 5\n" in end
    assert "FAILED test_it::test_late_3_times (it)" in end
    assert "===== 2 failed, 2 passed, 1 passed only alone in" in end


def test_what_is_started_in_the_background_can_be_interrupted_like_anything_else(tmp_path: Path) -> None:
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGQUIT)}
    try:
        status, said = looked(tmp_path, INTERRUPTS)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert status == 0, said


def test_many_that_fail_are_not_looked_at_again(tmp_path: Path) -> None:
    status, said = looked(tmp_path, "".join(FAILS.replace("bad", f"bad_{n}") for n in range(6)))
    assert status == 1
    assert "once more" not in said


def test_a_run_that_could_not_begin_has_failed(tmp_path: Path) -> None:
    status, said = looked(tmp_path, "import nothing_of_this_name\n")
    assert status not in (0, 1)
    assert "once more" not in said
