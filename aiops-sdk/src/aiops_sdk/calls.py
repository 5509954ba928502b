"""The calls of a traceback: noted where something failed, told later as frames and as the lines that Python would print.

Noting happens in the thread that failed, so it takes nothing but where each call stood; the exception and its frames are
let go at once. Telling reads files, so it happens in the thread that sends. What is told of a place in the code never
depends on values: each place is told once, and remembered, and so is each stack of places.
"""

from __future__ import annotations

import linecache
import os
import sys
import time
import traceback
from itertools import islice

from aiops_sdk import _safety, hostile
from aiops_sdk.event import Frame, SourceContext
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType
    from typing import Any, Dict, List, Optional, Sequence, Tuple


LINES_AROUND = 5
LINE_LENGTH = 200

#: How many places, stacks, and told stacks are remembered.
PLACES = 4096
STACKS = 1024
TOLD_STACKS = 64
#: Files of which it is remembered when they were looked at, and the seconds after which they are looked at again.
FILES = 1024
SECONDS = 1.0

# To choose its marks, Python parses the line; until 3.11.8 two threads that parse at the same moment can both fail, and one
# of them is the host's (python/cpython#106905).
_MARKS_SAFELY = sys.version_info[:2] != (3, 11) or sys.version_info >= (3, 11, 8)

# Python's own rule for recursion: three times the same call are shown, the others are counted.
_SHOWN_REPEATS = 3

_LIBRARY_FOLDERS = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))
_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
# What modules were compiled from is named as it lay where that was done, mostly without its folders.
_COMPILED = (".pyx", ".pxi", ".pxd")
_OURSELVES = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Call(Frozen):
    """One call, told: ``text`` is its lines in a printed traceback."""

    frame: Frame
    text: str


class Place:
    """Where a call stood: an instruction of a function, in a module. It keeps code alive, and never a frame."""

    __slots__ = ("call", "code", "file", "function", "in_app", "instruction", "line", "lines", "loader", "module")

    def __init__(
        self, code: CodeType, instruction: int, line: int, module: Optional[str], names: Dict[str, Any]
    ) -> None:
        self.code = code
        self.instruction = instruction
        self.line = line
        self.module = module
        self.file = hostile.clean(code.co_filename)
        self.function = hostile.clean(code.co_name)
        self.in_app = is_in_app(self.file, dict.get(names, "__file__"))
        #: Who may know the source where there is no file; forgotten once the place was told.
        self.loader: object = dict.get(names, "__loader__")
        #: What was told of it, from which lines.
        self.call: Optional[Call] = None
        self.lines: Sequence[str] = ()


class Stack:
    """The calls that led to one failure, oldest first. ``left_out`` of them are missing after the first quarter of the limit.

    The same calls give the same object, as long as it is remembered.
    """

    __slots__ = ("left_out", "places", "split")

    def __init__(self, places: Tuple[Place, ...], left_out: int = 0, split: int = 0) -> None:
        self.places = places
        self.left_out = left_out
        #: How many calls stand before those that are missing.
        self.split = split

    @property
    def where(self) -> Optional[Tuple[str, int, str]]:
        """File, line and function of where it happened: the innermost call of the application's own, else the innermost."""
        if not self.places:
            return None
        found = next((place for place in reversed(self.places) if place.in_app), self.places[-1])
        return found.file, found.line, found.function


class Told:
    """A stack, told: ``text`` is all its calls as Python prints them, without a heading."""

    __slots__ = ("calls", "frames", "looked", "stack", "text")

    def __init__(self, stack: Stack, calls: Tuple[Call, ...]) -> None:
        #: It keeps the stack by whose identity it is found.
        self.stack = stack
        self.calls = calls
        self.frames: Tuple[Frame, ...] = tuple([call.frame for call in calls])
        self.text = _text(calls, stack)
        #: When its files were looked at (monotonic).
        self.looked = 0.0


_NO_CALLS = Stack(())


class Memory:
    """What is known of places and stacks. Safe in many threads without a lock: at worst, something is made twice.

    Each part forgets everything when it is full.
    """

    def __init__(self, places: int = PLACES, seconds: float = SECONDS) -> None:
        self._limit = places
        self._seconds = seconds
        self._places: Dict[Tuple[int, int, int, Optional[str]], Place] = {}
        self._stacks: Dict[Tuple[Tuple[Place, ...], int], Stack] = {}
        self._told: Dict[int, Told] = {}
        self._looked: Dict[str, Tuple[float, Sequence[str]]] = {}

    # Where something failed.

    def stack_of(self, tb: Optional[TracebackType], limit: int) -> Stack:
        """The calls of a traceback, at most ``limit``."""
        if tb is None:
            return _NO_CALLS
        places: List[Place] = []
        # Written out, because it runs for each call of each failure: what is known is found here, the rest by _place().
        known, value_in = self._places.get, dict.get
        while tb is not None:
            frame, instruction, line = tb.tb_frame, tb.tb_lasti, tb.tb_lineno
            name = value_in(frame.f_globals, "__name__")
            place = known((id(frame.f_code), instruction, line, name)) if type(name) is str else None
            places.append(place or self._place(frame, instruction, line))
            tb = tb.tb_next
        left_out = max(0, len(places) - limit)
        if left_out:
            places[limit // 4 : limit // 4 + left_out] = []
        return self._stack(tuple(places), left_out, limit)

    def stack_from(self, frame: Optional[FrameType], limit: int) -> Stack:
        """The calls that are running: ``frame`` and those that led to it."""
        frames: List[FrameType] = []
        while frame is not None and len(frames) < limit:
            frames.append(frame)
            frame = frame.f_back
        return self._stack(
            tuple([self._place(each, each.f_lasti, each.f_lineno) for each in reversed(frames)]), 0, limit
        )

    def _place(self, frame: FrameType, instruction: int, line: Optional[int]) -> Place:
        code = frame.f_code
        # Not its own get(): a program may run with names that are a dict of its own making.
        name = dict.get(frame.f_globals, "__name__")
        if type(name) is not str:
            name = None
        key = (id(code), instruction, line or 0, name)
        place = self._places.get(key)
        if place is None:
            module = None if name is None else hostile.clean(name)
            line = line or frame.f_lineno or 0
            place = Place(code, instruction, line, module, frame.f_globals)
            if len(self._places) >= self._limit:
                self._places.clear()
            # It keeps the code by whose identity it is found.
            self._places[key] = place
        return place

    def _stack(self, places: Tuple[Place, ...], left_out: int, limit: int) -> Stack:
        key = (places, left_out)
        stack = self._stacks.get(key)
        if stack is None:
            stack = Stack(places, left_out, limit // 4 if left_out else 0)
            if len(self._stacks) >= STACKS:
                self._stacks.clear()
            self._stacks[key] = stack
        return stack

    # Where it is told.

    def told(self, stack: Stack) -> Told:
        """The stack as frames and as text: the same object again, as long as its files stay the same."""
        now = time.monotonic()
        known = self._told.get(id(stack))
        if known is not None and now - known.looked < self._seconds:
            return known
        calls = tuple([self.call_at(place) for place in stack.places])
        if known is None or known.calls != calls:
            known = Told(stack, calls)
            if len(self._told) >= TOLD_STACKS:
                self._told.clear()
            self._told[id(stack)] = known
        known.looked = now
        return known

    def call_at(self, place: Place) -> Call:
        """What is to be told of one place."""
        lines = self._lines(place)
        if place.call is None or place.lines is not lines:
            place.call, place.lines = _call(place, lines), lines
            place.loader = None
        return place.call

    def _lines(self, place: Place) -> Sequence[str]:
        """The lines of the place's file: the same list as long as the file stays the same."""
        file, now = place.code.co_filename, time.monotonic()
        looked = self._looked.get(file)
        if looked is not None and now - looked[0] < self._seconds:
            return looked[1]
        nothing: Sequence[str] = () if looked is None else looked[1]
        lines = _safety.attempt(lambda: _read(file, place), nothing)
        if not lines and not nothing:
            # The standard library makes a new empty list each time.
            lines = nothing
        if len(self._looked) >= FILES:
            self._looked.clear()
        self._looked[file] = (now, lines)
        return lines


MEMORY = Memory()


def running(limit: int) -> Stack:
    """The calls that led into this package."""
    frame: Optional[FrameType] = sys._getframe()
    while frame is not None and hostile.clean(frame.f_code.co_filename).startswith(_OURSELVES):
        frame = frame.f_back
    return MEMORY.stack_from(frame, limit)


def printed(calls: Sequence[Call]) -> List[str]:
    """The lines of all calls, with repetitions folded as Python folds them."""
    texts: List[str] = []
    last: Optional[Tuple[str, int, str]] = None
    repeated = 0
    for call in calls:
        place = (call.frame.file, call.frame.line, call.frame.function)
        if place != last:
            texts.extend(_folded(repeated))
            last, repeated = place, 0
        repeated += 1
        if repeated <= _SHOWN_REPEATS:
            texts.append(call.text)
    texts.extend(_folded(repeated))
    return texts


def is_in_app(file: str, home: object = None) -> bool:
    """Whether a file is the user's own code: not a library's, not Python's, not frozen into the interpreter.

    ``home`` is the module's own file, where that is known: it tells where compiled code is, which Cython and mypyc name
    after sources that lay somewhere else.
    """
    if file.startswith("<"):
        return not file.startswith("<frozen")
    is_compiled = file.endswith(_COMPILED)
    if (is_compiled or not os.path.isabs(file)) and type(home) is str and home:
        file = home
    elif is_compiled:
        return False
    if any(folder in file for folder in _LIBRARY_FOLDERS):
        return False
    return not file.startswith((_STANDARD_LIBRARY, _OURSELVES))


def _read(file: str, place: Place) -> Sequence[str]:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    loader: Any = place.loader
    if lines or loader is None or place.module is None:
        return lines
    # No such file: the code came out of an archive, perhaps. Its loader may be of anybody's making, so it is asked aside.
    source = hostile.answer_of(lambda: loader.get_source(place.module), limit=None)
    if source is None:
        return lines
    lines = source.splitlines(True)
    # Where Python, too, puts what it learns so.
    linecache.cache[file] = (len(source), None, lines, file)
    return lines


def _call(place: Place, lines: Sequence[str]) -> Call:
    frame = Frame(
        file=place.file,
        function=place.function,
        module=place.module,
        line=place.line,
        in_app=place.in_app,
        source=_source(lines, place.line - 1),
    )
    return Call(frame, hostile.clean(_safety.attempt(lambda: _printed(place, lines), _plain(frame))))


def _printed(place: Place, lines: Sequence[str]) -> str:
    """The call as the standard library prints it, so that it marks the failing part of a line in its own way."""
    code = place.code
    where: Tuple[Optional[int], ...] = (None, None, None, None)
    if sys.version_info >= (3, 11) and place.instruction >= 0:
        where = next(islice(code.co_positions(), place.instruction // 2, None), where)
    marks = dict(zip(("end_lineno", "colno", "end_colno"), where[1:])) if _MARKS_SAFELY and where[2] is not None else {}
    call = traceback.FrameSummary(code.co_filename, place.line, code.co_name, lookup_line=False, **marks)  # type: ignore[arg-type]  # since 3.11
    text = "".join(traceback.StackSummary.from_list([call]).format())
    return text if marks or not 0 < place.line <= len(lines) else text + _mark(lines[place.line - 1], place.line, where)


def _mark(text: str, line: int, where: Sequence[Optional[int]]) -> str:
    """What marks a part of a line, without a look at what stands there: that would take a parser."""
    _, end_line, *columns = where
    if None in columns:
        return ""
    start, end = (len(text.encode()[:column].decode("utf-8", "replace")) for column in columns)
    indent, length = len(text) - len(text.lstrip()), len(text.strip())
    if end_line != line:
        end = indent + length
    return "" if end - start >= length else "    {}{}\n".format(" " * (start - indent), "^" * (end - start))


def _plain(frame: Frame) -> str:
    return '  File "{}", line {}, in {}\n'.format(frame.file, frame.line, frame.function)


def _text(calls: Sequence[Call], stack: Stack) -> str:
    texts = printed(calls[: stack.split])
    if stack.left_out:
        texts.append("  [{} calls are left out here]\n".format(stack.left_out))
    texts.extend(printed(calls[stack.split :]))
    return "".join(texts)


def _source(lines: Sequence[str], here: int) -> Optional[SourceContext]:
    if not 0 <= here < len(lines):
        return None
    return SourceContext(
        before=_shortened(lines[max(0, here - LINES_AROUND) : here]),
        line=_shortened(lines[here : here + 1])[0],
        after=_shortened(lines[here + 1 : here + 1 + LINES_AROUND]),
    )


def _shortened(lines: Sequence[str]) -> Tuple[str, ...]:
    return tuple(hostile.clean(line.rstrip("\r\n"), LINE_LENGTH) for line in lines)


def _folded(repeated: int) -> List[str]:
    more = repeated - _SHOWN_REPEATS
    return ["  [Previous line repeated {} more time{}]\n".format(more, "s" if more > 1 else "")] if more > 0 else []
