"""``aiops-sdk run``: programs that know nothing of the SDK, real ones, in processes of their own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import venv
from pathlib import Path
from typing import Dict, Mapping, Optional, Sequence

import pytest
from children import DEADLINE, Ended, environment
from loopback import Platform

import aiops_sdk
from aiops_sdk.attaching import FOLDER

SOURCES = Path(aiops_sdk.__file__).parent.parent


def run(
    folder: Path, *words: str, platform: Optional[Platform] = None, more: Optional[Mapping[str, str]] = None
) -> Ended:
    """``aiops-sdk run`` with these words, to its end."""
    begun = time.monotonic()
    done = subprocess.run(
        command(words),
        cwd=str(folder),
        env=variables(platform, more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(), time.monotonic() - begun)


def command(words: Sequence[str]) -> Sequence[str]:
    return [sys.executable, "-m", "aiops_sdk", "run", *words]


def variables(platform: Optional[Platform], more: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
    made = environment(platform.url if platform else None, more)
    # The Python that the test runs in is the first that is found.
    made["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), made.get("PATH", os.defpath)])
    return made


def written(folder: Path, name: str, code: str) -> str:
    (folder / name).write_text(textwrap.dedent(code), encoding="utf-8")
    return name


LOGS = """
    import logging, sys
    logging.getLogger("shop").error("it broke in %s", sys.argv[1:])
"""


@pytest.mark.parametrize("words", [["python", "app.py"], [sys.executable, "app.py"], ["app.py"], ["-m", "app"]])
def test_a_program_is_attached_without_a_change(platform: Platform, tmp_path: Path, words: Sequence[str]):
    written(tmp_path, "app.py", LOGS)
    ended = run(tmp_path, *words, "--version", "-x", platform=platform)
    assert (ended.code, ended.out, ended.err) == (0, "", "it broke in ['--version', '-x']\n")
    (event,) = platform.wait_for_events()
    assert event["message"] == "it broke in ['--version', '-x']"


def test_words_may_be_set_off(platform: Platform, tmp_path: Path):
    written(tmp_path, "app.py", "raise ValueError('no')")
    ended = run(tmp_path, "--", "python", "app.py", platform=platform)
    assert ended.code == 1
    assert ended.err.endswith("ValueError: no\n")
    (event,) = platform.wait_for_events()
    assert (event["error_type"], event["source"]) == ("ValueError", "process")


def test_python_programs_that_it_starts_are_attached_too(platform: Platform, tmp_path: Path):
    written(tmp_path, "child.py", LOGS)
    written(tmp_path, "app.sh", 'cd /; exec python "$1/child.py" grandchild')
    run(tmp_path, "sh", "app.sh", str(tmp_path), platform=platform)
    (event,) = platform.wait_for_events()
    assert event["message"] == "it broke in ['grandchild']"


def test_the_exit_status_is_the_program_s(tmp_path: Path, platform: Platform):
    assert run(tmp_path, "sh", "-c", "exit 7", platform=platform).code == 7
    assert run(tmp_path, "python", "-c", "import sys; sys.exit(5)", platform=platform).code == 5


def test_it_becomes_the_program_and_signals_are_the_program_s(tmp_path: Path, platform: Platform):
    written(
        tmp_path,
        "app.py",
        """
            import os, signal, sys, time
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))
            print(os.getpid(), flush=True)
            # A signal right before one long sleep would be heard after it.
            for _ in range(1200): time.sleep(0.05)
        """,
    )
    started = subprocess.Popen(
        command(["python", "app.py"]), cwd=str(tmp_path), env=variables(platform), stdout=subprocess.PIPE
    )
    assert started.stdout is not None
    with started, started.stdout:
        assert int(started.stdout.readline()) == started.pid
        started.send_signal(signal.SIGTERM)
        assert started.wait(DEADLINE) == 42


def test_without_a_key_the_program_runs_and_one_line_says_so(tmp_path: Path):
    written(tmp_path, "app.py", "import sys; print('runs', 'aiops_sdk' in sys.modules)")
    ended = run(tmp_path, "python", "app.py")
    assert (ended.code, ended.out) == (0, "runs False\n")
    (line,) = ended.err.splitlines()
    assert line.startswith("aiops-sdk: No API key: ")
    assert line.endswith(" The program runs without it.")


def test_a_child_that_has_lost_the_key_runs_and_says_so_itself(tmp_path: Path, platform: Platform):
    ended = run(tmp_path, "sh", "-c", "AIOPS_API_KEY= python -c 'print(1)'", platform=platform)
    assert (ended.code, ended.out) == (0, "1\n")
    assert ended.err.startswith("aiops-sdk: No API key: ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "Which program?"),
        (["no-such-program"], 127, "There is no program 'no-such-program' on PATH."),
        (["./data.txt"], 126, "./data.txt may not be executed: chmod +x ./data.txt"),
        (["--reload", "app.py"], 2, "--reload is no program."),
        (["./broken"], 126, "cannot be run: "),
    ],
)
def test_what_cannot_be_run_is_said(tmp_path: Path, platform: Platform, words: Sequence[str], status: int, said: str):
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "broken").write_bytes(b"\x7fELF nothing")
    (tmp_path / "broken").chmod(0o755)
    ended = run(tmp_path, *words, platform=platform)
    assert ended.code == status
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_the_program_finds_its_path_as_without_us(tmp_path: Path, platform: Platform):
    library = tmp_path / "library"
    library.mkdir()
    looks = "import sys; print(sys.path, 'sitecustomize' in sys.modules, sys.argv)"
    written(tmp_path, "app.py", looks)
    more = {"PYTHONPATH": os.pathsep.join([str(library), str(SOURCES)])}
    without = subprocess.run(
        [shutil.which("python", path=variables(None)["PATH"]) or "", "app.py", "a"],
        cwd=str(tmp_path),
        env=variables(platform, more),
        capture_output=True,
        timeout=DEADLINE,
    )
    attached = run(tmp_path, "python", "app.py", "a", platform=platform, more=more)
    # This file of ours stays known by its name where there is no other of it.
    assert attached.out.replace("True", "False") == without.stdout.decode().replace("True", "False")


def test_a_sitecustomize_that_was_there_is_still_run(tmp_path: Path, platform: Platform):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    written(theirs, "sitecustomize.py", "MARK = 'theirs'\nimport logging\nlogging.raiseExceptions = False")
    written(
        tmp_path,
        "app.py",
        "import logging, sitecustomize\nprint(sitecustomize.MARK, sitecustomize.__file__)\nlogging.error('x')",
    )
    more = {"PYTHONPATH": os.pathsep.join([str(theirs), str(SOURCES)])}
    ended = run(tmp_path, "python", "app.py", platform=platform, more=more)
    assert ended.out == f"theirs {theirs / 'sitecustomize.py'}\n"
    platform.wait_for_events()


@pytest.mark.parametrize("fault", ["import no_such_module", "1 / 0"])
def test_one_that_is_broken_is_told_by_python_as_ever(tmp_path: Path, platform: Platform, fault: str):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    written(theirs, "sitecustomize.py", fault)
    written(tmp_path, "app.py", LOGS)
    more = {"PYTHONPATH": os.pathsep.join([str(theirs), str(SOURCES)])}
    ended = run(tmp_path, "python", "app.py", platform=platform, more=more)
    assert ended.code == 0
    # Once by the Python in which the command runs, and once by the program's.
    first, second = ended.err.split("Error in sitecustomize; set PYTHONVERBOSE for traceback:\n")[1:]
    assert second == first + "it broke in []\n"
    platform.wait_for_events()


def test_a_python_without_the_sdk_gets_it_from_where_it_lies(tmp_path: Path, platform: Platform):
    home = tmp_path / "home"
    shutil.copytree(str(SOURCES / "aiops_sdk"), str(home / "aiops_sdk"), ignore=shutil.ignore_patterns("__pycache__"))
    (home / "neighbour.py").write_text("")
    written(
        tmp_path,
        "app.py",
        """
            import importlib.util, logging, sys
            logging.error("it broke")
            print(sys.modules["aiops_sdk"].__file__, importlib.util.find_spec("neighbour"))
        """,
    )
    # What the command does, in a Python whose environment has no SDK.
    venv.create(str(tmp_path / "bare"))
    ended = subprocess.run(
        [str(tmp_path / "bare" / "bin" / "python"), "app.py"],
        cwd=str(tmp_path),
        env={**variables(platform), "PYTHONPATH": str(home / "aiops_sdk" / "attaching" / "path")},
        capture_output=True,
        timeout=DEADLINE,
    )
    assert ended.stdout.decode() == f"{home / 'aiops_sdk' / '__init__.py'} None\n"
    platform.wait_for_events()


def test_an_older_sdk_that_comes_first_is_left_alone(tmp_path: Path, platform: Platform):
    older = tmp_path / "older" / "aiops_sdk"
    older.mkdir(parents=True)
    (older / "__init__.py").write_text("")
    written(tmp_path, "app.py", "print('runs')")
    ended = run(tmp_path, "env", f"PYTHONPATH={FOLDER}:{older.parent}", "python", "app.py", platform=platform)
    assert (ended.code, ended.out) == (0, "runs\n")
    assert ended.err == "aiops-sdk: Python finds an older aiops-sdk first. The program runs without it.\n"


@pytest.mark.parametrize("words", [["-m", "pip", "--version"], ["-m", "venv", "--help"], ["-m", "compileall", "-h"]])
def test_tools_are_left_alone(tmp_path: Path, platform: Platform, words: Sequence[str]):
    if importlib.util.find_spec(words[1]) is None:
        pytest.skip(f"this environment has no {words[1]}")
    ended = run(tmp_path, "python", *words, platform=platform)
    assert ended.code == 0
    assert platform.received == []


def test_the_version_and_the_help_are_told(tmp_path: Path):
    for words, said in (
        (["--version"], "aiops-sdk 0."),
        (["--help"], "send-test"),
        (["run", "--help"], "gunicorn shop:app"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "aiops_sdk", *words],
            env=environment(None),
            cwd=str(tmp_path),
            capture_output=True,
            timeout=DEADLINE,
        )
        assert done.returncode == 0
        assert said in done.stdout.decode()
