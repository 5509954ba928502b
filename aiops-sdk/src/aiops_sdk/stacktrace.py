"""What an exception says of itself: its tree, its frames with the source around them, and the text that Python would print.

Pure, and safe with exceptions of any making: their texts come from ``hostile``, their links from ``chain``.
"""

from __future__ import annotations

import linecache
import os
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import List, Optional, Sequence, Tuple

from aiops_sdk import chain, hostile, printing
from aiops_sdk.event import ExceptionInfo, Frame, SourceContext

FRAME_LIMIT = 100
SOURCE_LIMIT = 100
LINES_AROUND = 5
LINE_LENGTH = 200
NOTE_LIMIT = 10

_LIBRARY_FOLDERS = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))
_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OURSELVES = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True)
class Described:
    """An exception as values: ``infos`` has the reported one first, ``text`` is the traceback as Python prints it."""

    infos: Tuple[ExceptionInfo, ...]
    text: str


def describe(exc: BaseException) -> Described:
    """All that is to be told of an exception. Its text and those of its relatives are asked once each."""
    entries = chain.tree(exc)
    values = [hostile.message_of(entry.exc) for entry in entries]
    notes = [_notes(entry.exc) for entry in entries]
    # Printed first: that makes linecache look whether a file has changed.
    text = printing.text_of(entries, values, notes)
    budget = _Budget(SOURCE_LIMIT)
    infos = tuple(_info(*told, budget) for told in zip(entries, values, notes))
    return Described(infos=infos, text=text)


def is_in_app(file: str) -> bool:
    """Whether a file is the user's own code: not a library's, not Python's, not frozen into the interpreter."""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    if any(folder in file for folder in _LIBRARY_FOLDERS):
        return False
    return not file.startswith((_STANDARD_LIBRARY, _OURSELVES))


@dataclass(frozen=True)
class _Call:
    frame: FrameType
    line: int


class _Budget:
    """How many frames may still bring their source."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _info(entry: chain.Related, value: str, notes: Tuple[str, ...], budget: _Budget) -> ExceptionInfo:
    kind = type(entry.exc)
    return ExceptionInfo(
        type=hostile.name_of(kind),
        module=hostile.module_of(kind),
        value=value,
        notes=notes,
        frames=tuple(_frame(call, budget) for call in _calls(chain.traceback_of(entry.exc))),
        parent=entry.parent,
        relation=entry.relation,
    )


def _calls(tb: Optional[TracebackType]) -> List[_Call]:
    """The calls of a traceback, oldest first; of a very long one its beginning and, longer, its end."""
    calls: List[_Call] = []
    while tb is not None:
        calls.append(_Call(tb.tb_frame, tb.tb_lineno or tb.tb_frame.f_lineno or 0))
        tb = tb.tb_next
    if len(calls) <= FRAME_LIMIT:
        return calls
    first = FRAME_LIMIT // 4
    return calls[:first] + calls[first - FRAME_LIMIT :]


def _frame(call: _Call, budget: _Budget) -> Frame:
    code = call.frame.f_code
    module = call.frame.f_globals.get("__name__")
    return Frame(
        file=hostile.clean(code.co_filename),
        function=hostile.clean(code.co_name),
        module=hostile.clean(module) if type(module) is str else None,
        line=call.line,
        in_app=is_in_app(code.co_filename),
        source=_source(call) if budget.take() else None,
    )


def _source(call: _Call) -> Optional[SourceContext]:
    lines = linecache.getlines(call.frame.f_code.co_filename, call.frame.f_globals)
    here = call.line - 1
    if not 0 <= here < len(lines):
        return None
    return SourceContext(
        before=_shortened(lines[max(0, here - LINES_AROUND) : here]),
        line=_shortened(lines[here : here + 1])[0],
        after=_shortened(lines[here + 1 : here + 1 + LINES_AROUND]),
    )


def _shortened(lines: Sequence[str]) -> Tuple[str, ...]:
    return tuple(hostile.clean(line.rstrip("\r\n")[:LINE_LENGTH]) for line in lines)


def _notes(exc: BaseException) -> Tuple[str, ...]:
    """What ``add_note()`` added. Python takes any list found there; so do we, but only lists and tuples."""
    notes = chain.attributes_of(exc).get("__notes__")
    if not isinstance(notes, (list, tuple)):
        return ()
    return tuple(hostile.text_of(note) for note in notes[:NOTE_LIMIT])
