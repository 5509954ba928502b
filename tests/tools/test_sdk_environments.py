"""In which environments the SDK is tested, and what is said of a Python that is not there."""

import re
from collections.abc import Callable
from pathlib import Path

import test_sdk

ROOT = Path(__file__).resolve().parents[2]


def finding(*versions: str) -> Callable[[str], Path | None]:
    """A machine that has those Pythons."""
    return lambda version: Path("/opt", version, "bin/python") if version in versions else None


def test_each_python_runs_with_the_newest_and_with_the_oldest_flask() -> None:
    plan = test_sdk.planned(finding(*test_sdk.PYTHONS))

    ran = {(combination.python, combination.part.name.partition(",")[0]) for combination, _ in plan.runs}
    assert ran >= {(python, flask) for python in test_sdk.PYTHONS for flask in ("newest Flask", "oldest Flask")}
    assert plan.missing == ()
    assert plan.complaint(ci=True) is None


def test_each_combination_runs_on_the_interpreter_that_was_found_for_it() -> None:
    plan = test_sdk.planned(finding(*test_sdk.PYTHONS))

    assert {combination.python: path for combination, path in plan.runs} == {
        python: Path("/opt", python, "bin/python") for python in test_sdk.PYTHONS
    }


def test_a_python_that_is_not_there_is_left_out_and_named_once() -> None:
    plan = test_sdk.planned(finding("3.8", "3.11"))

    assert {combination.python for combination, _ in plan.runs} == {"3.8", "3.11"}
    assert plan.missing == ("3.9", "3.10", "3.12", "3.13")
    assert plan.complaint(ci=False) is None


def test_in_ci_a_python_that_is_not_there_is_an_error_that_names_it() -> None:
    plan = test_sdk.planned(finding("3.8", "3.10", "3.11", "3.12"))

    assert plan.complaint(ci=True) == (
        "CI=true wants every Python: Python 3.9, 3.13 cannot be found; install it, for example with"
        " '.venv/bin/uv python install 3.9 3.13'."
    )


def test_where_there_is_no_python_at_all_nothing_passes() -> None:
    plan = test_sdk.planned(finding())

    assert (plan.complaint(ci=False) or "").startswith("Python 3.8, 3.9, 3.10, 3.11, 3.12, 3.13 cannot be found")


def test_each_combination_has_an_environment_and_results_of_its_own() -> None:
    names = [combination.name for combination, _ in test_sdk.planned(finding(*test_sdk.PYTHONS)).runs]

    assert len(set(names)) == len(names)


def test_the_first_and_the_last_python_run_every_test_and_those_between_what_python_has_a_part_in() -> None:
    told: dict[str, set[str]] = {python: set() for python in test_sdk.PYTHONS}
    for combination, _ in test_sdk.planned(finding(*test_sdk.PYTHONS)).runs:
        if combination.part.lock == "sdk-newest.txt":
            told[combination.python] |= set(combination.part.tests)

    always = {test_sdk.TESTS, f"--ignore={test_sdk.FAULTS}", f"--ignore={test_sdk.FRAMEWORKS}"}
    between = {f"--ignore={each}" for each in test_sdk.DECIDED_WITHOUT_PYTHON}
    programs = {f"--ignore={each}" for each in test_sdk.PROGRAMS}
    left_out = (test_sdk.FAULTS, *test_sdk.DECIDED_WITHOUT_PYTHON, *test_sdk.PROGRAMS)
    assert all((ROOT / each).exists() for each in left_out)
    assert told == {
        "3.8": always | {test_sdk.FAULTS},
        "3.9": always | between | programs,
        "3.10": always | between,
        "3.11": always | between | programs,
        "3.12": always | between,
        "3.13": always | {test_sdk.FAULTS},
    }


def test_the_other_frameworks_are_tested_in_their_newest_and_in_their_oldest_versions() -> None:
    parts = {part.lock: part for part in test_sdk.PARTS if part.tests == (test_sdk.FRAMEWORKS,)}

    assert parts["sdk-frameworks.txt"].pythons == ("3.13",)
    assert parts["sdk-frameworks-oldest.txt"].pythons == ("3.8",)


def test_every_test_that_imports_flask_runs_with_the_oldest_flask_on_the_first_and_the_last_python() -> None:
    (oldest,) = (part for part in test_sdk.PARTS if part.name == "oldest Flask")
    named = [ROOT / name for name in oldest.tests]
    chosen = {file for name in named for file in ([name] if name.is_file() else name.rglob("*.py"))}
    # Also where the import stands in the text of a program that a test starts.
    imports_flask = re.compile(r"^\s*(?:from|import)\s+(?:flask|werkzeug)\b", re.MULTILINE)

    importing = {
        file
        for file in (ROOT / test_sdk.TESTS).rglob("test_*.py")
        if ROOT / test_sdk.FRAMEWORKS not in file.parents and imports_flask.search(file.read_text("utf-8"))
    }

    assert importing
    assert importing <= chosen
    assert all(name.exists() for name in named)
    assert oldest.pythons == (test_sdk.PYTHONS[0], test_sdk.PYTHONS[-1])
    assert set(test_sdk.FLASK) < set(oldest.tests)
