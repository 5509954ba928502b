"""The calls of a traceback are looked at once for each place in the code."""

from __future__ import annotations

import linecache
from types import TracebackType
from typing import Any

import pytest
from events import raised

from aiops_sdk.calls import Memory, calls_of, printed


def the_traceback(code: Any, file: str = "", names: Any = None) -> TracebackType:
    """The traceback of this failing code, without the call that runs it."""
    with pytest.raises(ZeroDivisionError) as info:
        exec(compile(code, file, "exec") if isinstance(code, str) else code, names if names is not None else {})
    tb = info.value.__traceback__
    assert tb is not None
    assert tb.tb_next is not None
    return tb.tb_next


def pretend(file: str, text: str) -> None:
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)


@pytest.fixture(autouse=True)
def no_pretences() -> Any:
    yield
    linecache.clearcache()


def test_the_second_time_nothing_is_made_anew():
    pretend("<orders>", "1 / 0\n")
    memory, tb = Memory(), the_traceback("1 / 0", "<orders>")
    assert memory.call_at(tb) is memory.call_at(tb)


def test_code_without_a_source_is_remembered_too():
    memory, tb = Memory(), the_traceback("1 / 0", "<nowhere>")
    assert memory.call_at(tb) is memory.call_at(tb)


def test_a_file_that_changed_is_read_again():
    memory, tb = Memory(), the_traceback("1 / 0", "<orders>")
    pretend("<orders>", "first = 1 / 0\n")
    assert "first = 1 / 0" in memory.call_at(tb).text
    pretend("<orders>", "second = 1 / 0\n")
    call = memory.call_at(tb)
    assert "second = 1 / 0" in call.text
    assert call.frame.source is not None
    assert call.frame.source.line == "second = 1 / 0"


def test_the_same_code_in_another_module_is_another_place():
    code = compile("1 / 0", "<shared>", "exec")
    memory = Memory()
    calls = [memory.call_at(the_traceback(code, names={"__name__": name})) for name in ("first", "second")]
    assert [call.frame.module for call in calls] == ["first", "second"]


def test_memory_is_bounded():
    memory = Memory(size=3)
    for number in range(10):
        memory.call_at(the_traceback("1 / 0", f"<file {number}>"))
    assert len(memory._known) <= 3


def test_of_too_many_calls_those_after_the_first_quarter_are_left_out():
    def deeper(depth: int) -> None:
        if depth:
            deeper(depth - 1)
        else:
            raise ValueError

    try:
        deeper(50)
    except ValueError as error:
        found, left_out = calls_of(error.__traceback__, 8)
    assert (len(found), left_out) == (8, 44)
    assert found[0].frame.function == "test_of_too_many_calls_those_after_the_first_quarter_are_left_out"
    assert found[-1].text.endswith("raise ValueError\n")


def test_an_exception_that_was_never_raised_has_none():
    assert calls_of(None, 8) == ([], 0)
    assert printed([]) == []
    assert raised(ValueError()).__traceback__ is not None
