"""Doing something with a module once it is there, without a hand in its loading."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Iterator, List

import pytest
from children import run_program

from aiops_sdk import _safety, modules


@pytest.fixture
def meta_path(monkeypatch: pytest.MonkeyPatch) -> List[object]:
    """A list of finders that is put back afterwards."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    return sys.meta_path  # type: ignore[return-value]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package whose first module has something to wait for."""
    folder = tmp_path / "package_of_the_test"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import first, second\n")
    (folder / "first.py").write_text("import json.tool\nclass Wanted: pass\n")
    (folder / "second.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder.name
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_a_module_that_is_there_is_handed_over_at_once(meta_path: List[object]):
    got: List[ModuleType] = []
    before = list(meta_path)
    modules.when_loaded("json", "dumps", got.append)
    assert [module.__name__ for module in got] == ["json"]
    assert meta_path == before


def test_one_that_comes_is_handed_over_once_it_has_what_is_needed(meta_path: List[object], package: str):
    got: List[bool] = []
    sys.modules.pop("json.tool", None)
    modules.when_loaded(package + ".first", "Wanted", lambda module: got.append(hasattr(module, "Wanted")))
    assert got == []
    importlib.import_module(package)
    assert got == [True]


def test_how_it_was_loaded_shows_nothing_of_us(meta_path: List[object], package: str):
    modules.when_loaded(package + ".first", "Wanted", lambda module: None)
    found = importlib.import_module(package + ".first")
    assert found.__spec__ is not None
    assert type(found.__loader__).__module__ == type(importlib.import_module("json").__loader__).__module__


def test_waiting_can_be_ended(meta_path: List[object], package: str):
    got: List[ModuleType] = []
    modules.when_loaded(package + ".first", "Wanted", got.append)()
    importlib.import_module(package)
    assert got == []


def test_there_is_one_finder_for_all(meta_path: List[object]):
    for _ in range(3):
        modules.when_loaded("no_such_module", "Wanted", lambda module: None)
    assert len([finder for finder in meta_path if isinstance(finder, modules.Lookout)]) == 1


def test_what_fails_in_us_does_not_fail_the_import(meta_path: List[object], package: str, our_errors_are_kept: None):
    called: List[ModuleType] = []

    def fails(module: ModuleType) -> None:
        called.append(module)
        raise ZeroDivisionError

    modules.when_loaded(package + ".first", "Wanted", fails)
    importlib.import_module(package)
    assert called == [sys.modules[package + ".first"]]


@pytest.fixture
def our_errors_are_kept() -> Iterator[None]:
    """As outside of tests: the guard swallows what fails."""
    from aiops_sdk import _safety

    token = _safety._strict.set(False)
    yield
    _safety._strict.reset(token)


def test_what_we_import_ourselves_is_no_occasion(meta_path: List[object], package: str):
    got: List[ModuleType] = []
    modules.when_loaded(package + ".first", "Wanted", got.append)
    with _safety.guarded():
        importlib.import_module(package)
    assert got == []
    sys.modules.pop("json.tool", None)
    importlib.import_module("json.tool")
    assert [module.__name__ for module in got] == [package + ".first"]


TWO_THREADS = """
import sys, threading
from aiops_sdk import modules

waits, goes_on = threading.Event(), threading.Event()
sys.modules["signals"] = type(sys)("signals")
sys.modules["signals"].__dict__.update(waits=waits, goes_on=goes_on)

def then(module):
    goes_on.set()
    import package_of_the_test.second

modules.when_loaded("package_of_the_test.first", "Wanted", then)
other = threading.Thread(target=__import__, args=("package_of_the_test",), daemon=True)
other.start()
waits.wait()
import colorsys
other.join()
print("both are done")
"""


def test_two_threads_that_import_do_not_wait_for_each_other(package: str, tmp_path: Path):
    folder = tmp_path / package
    folder.joinpath("second.py").write_text(
        "import signals\nfrom package_of_the_test import first\nfirst.Wanted = 1\n"
        "signals.waits.set()\nsignals.goes_on.wait()\n"
        "import time\ntime.sleep(0.2)  # until the other waits for us\nimport wave\n"
    )
    folder.joinpath("first.py").write_text("")
    # Without a key: nothing of ours is started.
    assert run_program(tmp_path, TWO_THREADS, platform_url=None).out == "both are done\n"
