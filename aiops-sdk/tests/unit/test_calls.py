"""The calls of a traceback: noted at once, told later, and each place told once."""

from __future__ import annotations

import gc
import linecache
import sys
import weakref
from types import TracebackType
from typing import Any, List

import pytest
from events import raised

from aiops_sdk.calls import Memory, Place, Stack, printed


def the_traceback(code: Any, file: str = "", names: Any = None) -> TracebackType:
    """The traceback of this failing code, without the call that runs it."""
    with pytest.raises(ZeroDivisionError) as info:
        exec(compile(code, file, "exec") if isinstance(code, str) else code, names if names is not None else {})
    tb = info.value.__traceback__
    assert tb is not None
    assert tb.tb_next is not None
    return tb.tb_next


def the_place(memory: Memory, tb: TracebackType) -> Place:
    (place,) = memory.stack_of(tb, 8).places
    return place


def attentive() -> Memory:
    """Looks at each file each time."""
    return Memory(seconds=0.0)


def pretend(file: str, text: str) -> None:
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)


@pytest.fixture(autouse=True)
def no_pretences() -> Any:
    yield
    linecache.clearcache()


def test_the_second_time_nothing_is_made_anew():
    pretend("<orders>", "1 / 0\n")
    memory, tb = attentive(), the_traceback("1 / 0", "<orders>")
    stack = memory.stack_of(tb, 8)
    assert memory.stack_of(tb, 8) is stack
    assert memory.told(stack) is memory.told(stack)
    assert memory.told(stack).frames[0] is memory.call_at(the_place(memory, tb)).frame


def test_code_without_a_source_is_remembered_too():
    memory, tb = attentive(), the_traceback("1 / 0", "<nowhere>")
    stack = memory.stack_of(tb, 8)
    assert memory.told(stack) is memory.told(stack)


def test_a_file_that_changed_is_read_again():
    memory, tb = attentive(), the_traceback("1 / 0", "<orders>")
    pretend("<orders>", "first = 1 / 0\n")
    place = the_place(memory, tb)
    assert "first = 1 / 0" in memory.call_at(place).text
    pretend("<orders>", "second = 1 / 0\n")
    call = memory.call_at(place)
    assert "second = 1 / 0" in call.text
    assert call.frame.source is not None
    assert call.frame.source.line == "second = 1 / 0"
    assert memory.told(memory.stack_of(tb, 8)).text == call.text


def test_a_file_is_not_looked_at_for_each_failure():
    memory, tb = Memory(seconds=1000.0), the_traceback("1 / 0", "<orders>")
    pretend("<orders>", "first = 1 / 0\n")
    before = memory.call_at(the_place(memory, tb))
    pretend("<orders>", "second = 1 / 0\n")
    assert memory.call_at(the_place(memory, tb)) is before


def test_the_same_code_in_another_module_is_another_place():
    code = compile("1 / 0", "<shared>", "exec")
    memory = Memory()
    places = [the_place(memory, the_traceback(code, names={"__name__": name})) for name in ("first", "second")]
    assert [memory.call_at(place).frame.module for place in places] == ["first", "second"]


def test_memory_is_bounded():
    memory = Memory(places=3)
    for number in range(10):
        memory.call_at(the_place(memory, the_traceback("1 / 0", f"<file {number}>")))
    assert len(memory._places) <= 3


def test_code_that_has_no_file_is_told_by_its_loader():
    class Loader:
        def get_source(self, name: str) -> str:
            return f"1 / 0  # from the archive of {name}\n"

    names = {"__name__": "shop.orders", "__loader__": Loader()}
    memory = attentive()
    place = the_place(memory, the_traceback("1 / 0", "/no/such/archive.zip/orders.py", names))
    call = memory.call_at(place)
    assert "1 / 0  # from the archive of shop.orders" in call.text
    assert place.loader is None
    assert memory.call_at(place) is call


@pytest.mark.parametrize("answer", [ZeroDivisionError(), 42, None])
def test_a_loader_can_answer_what_it_likes(answer: Any):
    class Loader:
        def get_source(self, name: str) -> Any:
            if isinstance(answer, BaseException):
                raise answer
            return answer

    memory = attentive()
    tb = the_traceback("1 / 0", "/no/such/archive.zip/orders.py", {"__name__": "shop", "__loader__": Loader()})
    assert memory.call_at(the_place(memory, tb)).frame.source is None


def test_what_is_remembered_keeps_no_frame_alive():
    class Canary:
        pass

    def fail() -> weakref.ref[Canary]:
        canary = Canary()
        try:
            raise ValueError
        except ValueError as error:
            stacks.append(memory.stack_of(error.__traceback__, 8))
        return weakref.ref(canary)

    memory: Memory = Memory()
    stacks: List[Stack] = []
    canary = fail()
    gc.collect()
    assert (canary(), len(stacks)) == (None, 1)


def deeper(depth: int) -> None:
    if depth:
        deeper(depth - 1)
    else:
        raise ValueError


def test_of_too_many_calls_those_after_the_first_quarter_are_left_out():
    try:
        deeper(50)
    except ValueError as error:
        memory = Memory()
        stack = memory.stack_of(error.__traceback__, 8)
        told = memory.told(stack)
    assert (len(stack.places), stack.left_out, stack.split) == (8, 44, 2)
    assert told.frames[0].function == "test_of_too_many_calls_those_after_the_first_quarter_are_left_out"
    assert told.text.endswith("raise ValueError\n")
    assert "  [44 calls are left out here]\n" in told.text


def test_the_calls_that_are_running_can_be_told_too():
    memory = Memory()
    frames = memory.told(memory.stack_from(sys._getframe(), 3)).frames
    assert len(frames) == 3
    assert frames[-1].function == "test_the_calls_that_are_running_can_be_told_too"


def test_where_it_happened_is_the_innermost_call_of_the_application_s_own():
    try:
        exec(compile("import json; json.loads('{')", "<app>", "exec"), {})
    except ValueError as error:
        stack = Memory().stack_of(error.__traceback__, 8)
    assert stack.where == ("<app>", 1, "<module>")
    assert not stack.places[-1].in_app


def test_an_exception_that_was_never_raised_has_none():
    memory = Memory()
    nothing = memory.stack_of(None, 8)
    assert (nothing.places, nothing.where, memory.told(nothing).text, printed([])) == ((), None, "", [])
    assert raised(ValueError()).__traceback__ is not None
