"""What fails is looked at once more, alone, and is named; what fails twice has failed."""

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
    said = subprocess.run(ran, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
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
FAILS_ONCE = """
from pathlib import Path
def test_late():
    mark = Path(__file__).with_name("was-here")
    before = mark.exists()
    mark.touch()
    assert before
"""
FAILS = "def test_bad(): assert False\n"


def test_what_passes_alone_is_named_and_does_not_fail_the_run(tmp_path: Path) -> None:
    status, said = looked(tmp_path, PASSES + FAILS_ONCE, "-n", "2")
    assert status == 0
    assert "Failed, then passed alone: test_it::test_late (it)" in said
    assert "===== 2 passed, 1 passed only alone in" in said


def test_what_fails_twice_fails_the_run(tmp_path: Path) -> None:
    status, said = looked(tmp_path, PASSES + FAILS_ONCE + FAILS)
    assert status == 1
    assert "===== 1 failed, 2 passed, 1 passed only alone in" in said


def test_many_that_fail_are_not_looked_at_again(tmp_path: Path) -> None:
    status, said = looked(tmp_path, "".join(FAILS.replace("bad", f"bad_{n}") for n in range(6)))
    assert status == 1
    assert "once more" not in said


def test_a_run_that_could_not_begin_has_failed(tmp_path: Path) -> None:
    status, said = looked(tmp_path, "import nothing_of_this_name\n")
    assert status not in (0, 1)
    assert "once more" not in said
