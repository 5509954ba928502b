"""What is made one at a time, and never while the process forks or ends."""

from __future__ import annotations

import _thread
import sys
import threading
import time
from pathlib import Path
from typing import List

import pytest

from aiops_sdk import loading
from aiops_sdk.loading import Loader, late


def in_a_thread(action: object) -> List[object]:
    """What the action gives there, or what it raises."""
    said: List[object] = []

    def run() -> None:
        try:
            said.append(action())  # type: ignore[operator]
        except OSError as error:
            said.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    return said


def test_a_module_is_loaded_when_it_is_asked_for():
    assert Loader().module("colorsys").__name__ == "colorsys"


def test_a_stand_in_gives_what_the_module_has():
    (chain,) = late("chain")
    assert chain.LIMIT == 50


def test_what_is_made_alone_is_given_back():
    assert in_a_thread(lambda: Loader().alone(lambda: 7)) == [7]


def test_once_the_process_ends_nothing_more_is_made(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "SECONDS", 0.01)
    loader = Loader()
    loader.end()
    (said,) = in_a_thread(lambda: loader.alone(lambda: 7))
    assert isinstance(said, OSError)


def test_the_end_waits_for_what_is_in_the_making():
    loader, begun, finish = Loader(), _thread.allocate_lock(), _thread.allocate_lock()
    begun.acquire()
    finish.acquire()
    made: List[str] = []

    def make() -> None:
        begun.release()
        finish.acquire()
        made.append("made")

    threading.Thread(target=lambda: loader.alone(make)).start()
    begun.acquire()
    threading.Timer(0.05, finish.release).start()
    loader.end()
    assert made == ["made"]


def test_nothing_is_loaded_while_the_program_imports_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    loader, begun, goes_on = Loader(), threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "signals_of_the_test", type(sys)("signals_of_the_test"))
    vars(sys.modules["signals_of_the_test"]).update(begun=begun, goes_on=goes_on)
    (tmp_path / "slow_one.py").write_text(
        "import signals_of_the_test as signals\nsignals.begun.set()\nsignals.goes_on.wait(60)\nimport chunk_of_it\n"
    )
    (tmp_path / "chunk_of_it.py").write_text("")
    (tmp_path / "ours_of_the_test.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    program = threading.Thread(target=__import__, args=("slow_one",), daemon=True)
    program.start()
    assert begun.wait(60)
    assert not loader._loads_alone("ours_of_the_test", time.monotonic())
    assert "ours_of_the_test" not in sys.modules
    goes_on.set()
    program.join(60)
    # Threads that another test left may be importing, too.
    assert loader._loads_alone("ours_of_the_test", time.monotonic() + 60)
    assert {"slow_one", "chunk_of_it", "ours_of_the_test"} <= sys.modules.keys()
    for name in ("slow_one", "chunk_of_it", "ours_of_the_test"):
        del sys.modules[name]
