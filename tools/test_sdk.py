"""Runs the SDK's tests on its built wheel: on each Python it promises, with the newest and the oldest Flask.

Every other framework is tested in the oldest version that works on the first Python, and in its newest on the last; what
needs a Redis server on a middle one, for which there is one to install.

Each combination has a virtual environment of its own under `.venvs/`, kept between runs while its lock stays the same.
A Python that is not on this machine is skipped by name; with CI=true that is an error.

With the oldest Flask the tests that touch Flask run: what does not touch it has run on the same Python beside the newest.
On the Pythons between, those of them that start no programs.
On the first and on the last Python everything runs; on those between, what Python itself has a part in: hooks, threads,
tasks, forks, the end, tracebacks, the standard library's types. What the system and our code decide alone - faults, servers,
commands, secrets, what goes over the wire - is the same on them, and where it is not, it changed from the first to the last.
How programs end and multiply is tested on every other Python.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import second_look
from test_summary import lasting_failures, outcome

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
UV = Path(sys.executable).with_name("uv")
# Compiled at once, because the tests start hundreds of little programs.
INSTALL: list[str | Path] = [UV, "pip", "install", "--quiet", "--compile-bytecode"]
LAST_LINES = 60  # of what a step printed that failed
DEADLINE = 900  # seconds for one combination; far above what it takes, so that nothing can hang for ever
# With two processors. Alone a combination waits for half of its time; but more at once make programs late that a test
# gives two seconds to end, and in `make test` the platform's tests run beside them. pytest-xdist takes a third more, as
# each worker collects everything.
AT_ONCE = 3
# Beside them, of those that wait for nearly all of their time: for servers, retries, time limits.
WAITING_AT_ONCE = 3

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
TESTS = "aiops-sdk/tests"
FAULTS = f"{TESTS}/integration/test_faults.py"
FRAMEWORKS = f"{TESTS}/integration/frameworks"
# What is no different between the first Python and the last.
DECIDED_WITHOUT_PYTHON = (
    *(f"{TESTS}/unit/{name}" for name in ("cli", "delivery", "steps")),
    *(
        f"{TESTS}/integration/test_{name}.py"
        for name in (
            "before_send",
            "celery",
            "commands",
            "fixers",
            "fixers_of_servers",
            "flask_servers",
            "heartbeats",
            "jobs",
            "own_transport",
            "pytest_plugin",
            "run",
            "servers_with_workers",
            "surroundings",
            "tls",
            "transport",
            "vanished",
        )
    ),
)
# How programs end and multiply: beside the first and the last Python on two of those between.
PROGRAMS = tuple(
    f"{TESTS}/integration/test_{name}.py"
    for name in ("crashes", "exit", "forks", "futures", "gevent", "multiprocessing")
)
# A test of ours compares: whichever test imports Flask is among these.
FLASK = (
    f"{TESTS}/corpus",
    f"{TESTS}/integration/test_decisions.py",
    f"{TESTS}/integration/test_flask.py",
    f"{TESTS}/integration/test_flask_fixers.py",
    f"{TESTS}/unit/test_wsgi.py",
)
FLASK_PROGRAMS = (f"{TESTS}/integration/test_flask_servers.py", f"{TESTS}/seed")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the tests: its name, the lock of its packages, what pytest is told, the Pythons it runs on.

    ``is_old``: its packages are old versions. ``waits``: it hardly needs a processor.
    """

    name: str
    lock: str
    tests: tuple[str, ...]
    pythons: tuple[str, ...] = PYTHONS
    is_old: bool = False
    waits: bool = False


# They begin in this order, the longest first: whatever begins last should not be what everybody waits for.
PARTS = (
    Part(name="faults", lock="sdk-newest.txt", tests=(FAULTS,), pythons=(PYTHONS[0], PYTHONS[-1]), waits=True),
    Part(name="frameworks", lock="sdk-frameworks.txt", tests=(FRAMEWORKS,), pythons=(PYTHONS[-1],), waits=True),
    Part(
        name="frameworks with Redis",
        lock="sdk-frameworks.txt",
        tests=(f"{FRAMEWORKS}/test_rq.py",),
        pythons=("3.11",),
        waits=True,
    ),
    Part(
        name="old-frameworks",
        lock="sdk-frameworks-oldest.txt",
        tests=(FRAMEWORKS,),
        pythons=(PYTHONS[0],),
        is_old=True,
        waits=True,
    ),
    Part(
        name="newest Flask",
        lock="sdk-newest.txt",
        tests=(TESTS, f"--ignore={FAULTS}", f"--ignore={FRAMEWORKS}"),
        pythons=(PYTHONS[0], PYTHONS[-1]),
    ),
    Part(
        name="newest Flask, what Python decides",
        lock="sdk-newest.txt",
        tests=(TESTS, *(f"--ignore={each}" for each in (FAULTS, FRAMEWORKS, *DECIDED_WITHOUT_PYTHON))),
        pythons=("3.10", "3.12"),
    ),
    Part(
        name="newest Flask, what Python decides within a process",
        lock="sdk-newest.txt",
        tests=(TESTS, *(f"--ignore={each}" for each in (FAULTS, FRAMEWORKS, *DECIDED_WITHOUT_PYTHON, *PROGRAMS))),
        pythons=("3.9", "3.11"),
    ),
    Part(
        name="oldest Flask",
        lock="sdk-oldest.txt",
        tests=(*FLASK, *FLASK_PROGRAMS),
        pythons=(PYTHONS[0], PYTHONS[-1]),
        is_old=True,
    ),
    Part(
        name="oldest Flask, within a process",
        lock="sdk-oldest.txt",
        tests=FLASK,
        pythons=PYTHONS[1:-1],
        is_old=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Combination:
    """One Python with one part of the tests."""

    python: str
    part: Part

    @property
    def name(self) -> str:
        """The name of its environment and of its results."""
        return f"sdk-{self.python}-{self.part.name.partition(' ')[0]}"

    @property
    def folder(self) -> Path:
        """Its environment."""
        return ROOT / ".venvs" / self.name

    @property
    def report(self) -> Path:
        """Its results."""
        return RESULTS / f"{self.name}.xml"

    @property
    def lock(self) -> Path:
        """The requirements that its environment is made from."""
        return ROOT / "requirements" / self.part.lock


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What this machine can run, each with its interpreter, and the Pythons that it has not."""

    runs: tuple[tuple[Combination, Path], ...]
    missing: tuple[str, ...]

    def complaint(self, *, ci: bool) -> str | None:
        """Why this plan may not be run; in CI every Python must be there."""
        if self.missing and ci:
            return f"CI=true wants every Python: {_not_found(self.missing)}"
        return None if self.runs else _not_found(PYTHONS)


def _not_found(versions: tuple[str, ...]) -> str:
    """What to do about Pythons that are not there."""
    return (
        f"Python {', '.join(versions)} cannot be found; install it, for example with"
        f" '.venv/bin/uv python install {' '.join(versions)}'."
    )


class TestsFailedError(Exception):
    """A combination did not pass; the message is the end of what it printed, the status how it ended."""

    def __init__(self, printed: str, status: int = 0) -> None:
        super().__init__("\n".join(printed.rstrip().splitlines()[-LAST_LINES:]))
        self.status = status


def find_python(version: str) -> Path | None:
    """The interpreter of that version on this machine, however it was installed."""
    for candidate in candidates(version):
        ask = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"]
        try:
            said = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=False)
        except OSError:
            continue
        # A version manager's stand-in exists for versions that are not active, too, and then only prints an error.
        its_version, _, path = said.stdout.strip().partition(" ")
        if its_version == version:
            return Path(path)
    return None


def candidates(version: str) -> Iterator[str]:
    """Where a Python of that version may lie: PATH, pyenv's folders, and those that uv knows."""
    on_path = shutil.which(f"python{version}")
    if on_path:
        yield on_path
    pyenv = os.environ.get("PYENV_ROOT")
    folders = [Path(pyenv) / "versions"] if pyenv else []
    # This interpreter may itself be one of pyenv's; its siblings lie beside it.
    folders.append(Path(sys.base_prefix).parent)
    for folder in folders:
        yield from (str(found) for found in sorted(folder.glob(f"{version}.*/bin/python"), reverse=True))
    find: list[str | Path] = [UV, "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    found = subprocess.run(find, capture_output=True, text=True, check=False).stdout.strip()
    if found:
        yield found


def environment(combination: Combination, interpreter: Path) -> Path:
    """The Python inside the combination's environment, which is made anew when its lock or its interpreter changed."""
    folder = combination.folder
    python = folder / "bin" / "python"
    mark = folder / "made-from"
    made_from = hashlib.sha256(combination.lock.read_bytes() + str(interpreter).encode()).hexdigest()
    if not (mark.is_file() and mark.read_text() == made_from):
        run([UV, "venv", "--quiet", "--clear", "--python", interpreter, folder])
        run([*INSTALL, "--python", python, "--require-hashes", "-r", combination.lock])
        mark.write_text(made_from)
    return python


def prepare(combination: Combination, interpreter: Path, wheel: Path) -> Path:
    """The Python of the combination's environment, with the wheel in it."""
    python = environment(combination, interpreter)
    run([*INSTALL, "--python", python, "--no-deps", "--reinstall", wheel])
    return python


def test(combination: Combination, interpreter: Path, wheel: Path) -> None:
    """Run the tests in one combination."""
    python = prepare(combination, interpreter, wheel)
    run([*command(combination, python), *second_look.arguments(combination.report)])


def test_again(combination: Combination, failure: TestsFailedError) -> None:
    """Run again what failed in one combination, if that was little. Nothing else may run now."""

    def again(looking: list[str]) -> int:
        print(f"  {combination.name}: running once more, alone, what failed", flush=True)
        try:
            run([*command(combination, combination.folder / "bin" / "python"), *looking])
        except TestsFailedError as still:
            return still.status
        return 0

    if second_look.look_again(failure.status, combination.report, again):
        raise failure


def command(combination: Combination, python: Path) -> list[str | Path]:
    """How pytest is called for a combination."""
    told: list[str | Path] = [python, "-m", "pytest", "-c", "pyproject.toml", "--color=no"]
    if combination.part.is_old:
        # What was new then is deprecated now, and that is not the SDK's doing.
        told += ["-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning"]
    return [*told, *combination.part.tests]


def run(step: list[str | Path]) -> None:
    """Run a step from the project's folder; the end of its output is shown only if it fails."""
    try:
        done = subprocess.run(
            step, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False
        )
    except subprocess.TimeoutExpired as late:
        printed = late.stdout.decode("utf-8", "replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        raise TestsFailedError(f"{printed}\nafter {DEADLINE} seconds: {' '.join(map(str, step))}") from late
    if done.returncode:
        raise TestsFailedError(f"{done.stdout}\nfailed: {' '.join(map(str, step))}", done.returncode)


def said_of(combination: Combination) -> str:
    """A line that says how its tests ended."""
    counts = outcome(combination.report)
    return f"Python {combination.python}, {combination.part.name}: {counts} in {counts.seconds:.0f} s"


def planned(find: Callable[[str], Path | None]) -> Plan:
    """The combinations of those Pythons that can be found, in the order in which they begin."""
    found = {version: find(version) for version in PYTHONS}
    runs = [
        (Combination(python=version, part=part), interpreter)
        for part in PARTS
        for version, interpreter in found.items()
        if interpreter and version in part.pythons
    ]
    return Plan(runs=tuple(runs), missing=tuple(version for version, interpreter in found.items() if not interpreter))


def main() -> int:
    """Run all combinations, some at a time, and say how each went."""
    second_look.let_interrupts_through()
    wheels = list((ROOT / "dist").glob("aiops_sdk-*.whl"))
    if len(wheels) != 1:
        sys.exit("There must be one wheel of the SDK in dist/: make wheels builds it.")
    plan = planned(find_python)
    if complaint := plan.complaint(ci=os.environ.get("CI") == "true"):
        sys.exit(complaint)
    for version in plan.missing:
        print(f"Python {version}: skipped, there is no such Python here")
    RESULTS.mkdir(exist_ok=True)
    print(
        f"Testing the SDK's wheel in {len(plan.runs)} environments, {AT_ONCE + WAITING_AT_ONCE} at a time", flush=True
    )
    failures: dict[Combination, TestsFailedError] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(WAITING_AT_ONCE) as waiting:
        running = [
            (each, (waiting if each.part.waits else pool).submit(test, each, python, wheels[0]))
            for each, python in plan.runs
        ]
        for combination, result in running:
            try:
                result.result()
                print(f"  {said_of(combination)}", flush=True)
            except TestsFailedError as failure:
                print(f"  {combination.name} failed:\n{failure}", flush=True)
                failures[combination] = failure
    failed: list[Combination] = []
    for combination, first in failures.items():
        try:
            test_again(combination, first)
            print(f"  {said_of(combination)}", flush=True)
        except TestsFailedError:
            failed.append(combination)
    for combination in failed:
        told = lasting_failures(combination.report) or [str(failures[combination])]
        print(f"  {combination.name} FAILED:", *told, sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
