"""What an exception says of itself."""

from __future__ import annotations

import os
import sysconfig
from typing import Any

import pytest
from events import ExceptionGroup, raised

from aiops_sdk import stacktrace
from aiops_sdk.calls import is_in_app


def place_order(quantity: int) -> None:
    raise ValueError(f"cannot order {quantity}")


def an_order_that_fails() -> Exception:
    try:
        place_order(0)
    except ValueError as error:
        return error
    raise AssertionError


def test_an_exception_has_its_type_module_and_text():
    info = stacktrace.describe(an_order_that_fails()).infos[0]
    assert (info.type, info.module, info.value, info.parent) == ("ValueError", "builtins", "cannot order 0", None)


def test_frames_are_oldest_first_and_know_where_they_are():
    oldest, newest = stacktrace.describe(an_order_that_fails()).infos[0].frames
    assert (oldest.function, newest.function) == ("an_order_that_fails", "place_order")
    assert (newest.file, newest.module, newest.in_app) == (__file__, __name__, True)


def test_a_frame_shows_its_line_and_the_lines_around_it():
    source = stacktrace.describe(an_order_that_fails()).infos[0].frames[1].source
    assert source is not None
    assert source.line == '    raise ValueError(f"cannot order {quantity}")'
    assert source.before[-1] == "def place_order(quantity: int) -> None:"
    assert (len(source.before), len(source.after)) == (5, 5)


def test_code_without_a_file_has_no_source():
    error = ran("1 / 0", "<made up>")
    frame = stacktrace.describe(error).infos[0].frames[-1]
    assert (frame.file, frame.source, frame.in_app) == ("<made up>", None, True)


def test_an_exception_that_was_never_raised_has_no_frames():
    described = stacktrace.describe(ValueError("never raised"))
    assert (described.infos[0].frames, str(described.text)) == ((), "ValueError: never raised\n")


def test_causes_and_members_are_told():
    cause = an_order_that_fails()
    group = ExceptionGroup("two", [KeyError("a"), cause])
    group.__cause__ = OSError("disk")
    told = [(info.type, info.parent, info.relation) for info in stacktrace.describe(group).infos]
    assert told == [
        ("ExceptionGroup", None, None),
        ("OSError", 0, "cause"),
        ("KeyError", 0, "member"),
        ("ValueError", 0, "member"),
    ]


def test_notes_are_told_whatever_they_are():
    error = ValueError("noted")
    error.__notes__ = ["first", 2, Rude()]  # type: ignore[attr-defined]
    assert stacktrace.describe(error).infos[0].notes == ("first", "2", "<Rude without a usable text>")
    error.__notes__ = 42  # type: ignore[attr-defined]
    assert stacktrace.describe(error).infos[0].notes == ()


def test_an_exception_is_asked_for_its_text_once():
    class Counted(Exception):
        asked = 0

        def __str__(self) -> str:
            Counted.asked += 1
            return "counted"

    described = stacktrace.describe(raised(Counted()))
    assert (described.infos[0].value, "Counted: counted" in str(described.text), Counted.asked) == ("counted", True, 1)


def test_of_a_long_traceback_the_ends_are_kept():
    frames = stacktrace.describe(deep(400)).infos[0].frames
    assert len(frames) == 100
    assert (frames[0].function, frames[-1].function) == ("deep", "place_order")


def test_lines_are_shortened():
    error = ran("x = 1 / 0  # " + "long " * 1000, __file__ + ".missing")
    assert stacktrace.describe(error).infos[0].frames[-1].source is None


def test_an_exception_class_can_do_nothing_about_it():
    class Rude(Exception):
        __cause__ = __context__ = __traceback__ = __notes__ = property(lambda self: 1 / 0)  # type: ignore[assignment]

        def __str__(self) -> str:
            raise ZeroDivisionError

        __repr__ = __str__

        def __getattribute__(self, name: str) -> Any:
            raise ZeroDivisionError

    error: BaseException = Rude()
    try:
        raise error
    except BaseException:
        described = stacktrace.describe(error)
    assert described.infos[0].value == "<Rude without a usable text>"
    assert described.infos[0].frames[0].function == "test_an_exception_class_can_do_nothing_about_it"


def test_globals_can_be_anything():
    error = ran("1 / 0", "<made up>", {"__name__": 42, "__loader__": Rude()})
    assert stacktrace.describe(error).infos[0].frames[-1].module is None


class Rude:
    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __str__


LIBRARY = sysconfig.get_paths()["purelib"] + "/flask/app.py"


@pytest.mark.parametrize(
    ("file", "in_app"),
    [
        ("/srv/shop/orders.py", True),
        ("orders.py", True),
        ("<stdin>", True),
        ("<string>", True),
        ("<frozen importlib._bootstrap>", False),
        (os.__file__, False),
        (LIBRARY, False),
        ("/usr/lib/python3/dist-packages/flask/app.py", False),
        (stacktrace.__file__, False),
    ],
)
def test_the_user_s_own_code_is_told_from_libraries(file: str, in_app: bool):
    assert is_in_app(file) is in_app


SITE = sysconfig.get_paths()["platlib"]


@pytest.mark.parametrize(
    ("file", "home", "in_app"),
    [
        ("yarl/_quoting_c.pyx", SITE + "/yarl/_quoting_c.cpython-313-x86_64-linux-gnu.so", False),
        ("/build/wheel/pandas/_libs/index.pyx", SITE + "/pandas/_libs/index.so", False),
        ("black/__init__.py", SITE + "/black/__init__.cpython-313-x86_64-linux-gnu.so", False),
        ("shop/fast.pyx", "/srv/shop/fast.cpython-313-x86_64-linux-gnu.so", True),
        ("/build/shop/fast.pyx", "/srv/shop/fast.so", True),
        ("yarl/_quoting_c.pyx", None, False),
        ("yarl/_quoting_c.pyx", Rude, False),
        ("orders.py", "orders.py", True),
        ("orders.py", "/srv/orders.py", True),
        ("/srv/shop/orders.py", SITE + "/somebody_else.py", True),
        ("<string>", SITE + "/attr/_make.py", True),
    ],
)
def test_compiled_code_belongs_to_whom_its_module_does(file: str, home: Any, in_app: bool):
    names = {"__name__": "some.module", "__file__": home() if home is Rude else home}
    error = ran("1 / 0", file, names)
    assert stacktrace.describe(error).infos[0].frames[-1].in_app is in_app


def deep(depth: int) -> Exception:
    try:
        deeper(depth)
    except ValueError as error:
        return error
    raise AssertionError


def deeper(depth: int) -> None:
    if depth:
        deeper(depth - 1)
    place_order(0)


def ran(code: str, file: str, names: Any = None) -> BaseException:
    try:
        exec(compile(code, file, "exec"), names if names is not None else {})
    except BaseException as error:
        return error
    raise AssertionError
