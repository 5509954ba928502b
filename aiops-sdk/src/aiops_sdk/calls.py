"""The calls of a traceback, each as a frame and as the lines that Python would print for it.

Both depend on the place in the code alone, never on values, so they are made once for each place and kept: reading
source lines and finding the failing expression in them is most of what a traceback costs.
"""

from __future__ import annotations

import linecache
import os
import traceback
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Dict, List, Optional, Sequence, Tuple

from aiops_sdk import hostile
from aiops_sdk.event import Frame, SourceContext

LINES_AROUND = 5
LINE_LENGTH = 200
MEMORY = 1024

# Python's own rule for recursion: three times the same call are shown, the others are counted.
_SHOWN_REPEATS = 3

_LIBRARY_FOLDERS = tuple(os.sep + name + os.sep for name in ("site-packages", "dist-packages"))
_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OURSELVES = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(frozen=True)
class Call:
    """One call: ``text`` is its lines in a printed traceback."""

    frame: Frame
    text: str


@dataclass(frozen=True)
class _Known:
    """A call that was looked at before. It keeps the code, by whose identity it is found, and the lines that it shows."""

    code: CodeType
    lines: Sequence[str]
    call: Call


Place = Tuple[int, int, int, Optional[str]]


class Memory:
    """The calls of the places in the code where something failed before. Forgets everything when it is full."""

    def __init__(self, size: int = MEMORY) -> None:
        self._size = size
        self._known: Dict[Place, _Known] = {}

    def call_at(self, tb: TracebackType) -> Call:
        """The call that this entry of a traceback is about."""
        frame = tb.tb_frame
        code, line = frame.f_code, tb.tb_lineno or frame.f_lineno or 0
        lines = linecache.getlines(code.co_filename, frame.f_globals)
        place = (id(code), tb.tb_lasti, line, _name(frame.f_globals.get("__name__")))
        known = self._known.get(place)
        # linecache hands out the same list as long as the file stays the same, and a new empty one where there is none.
        if known is None or (known.lines is not lines and (known.lines or lines)):
            known = _Known(code, lines, _call(tb, line, lines))
            if len(self._known) >= self._size:
                self._known.clear()
            self._known[place] = known
        return known.call


_memory = Memory()


def calls_of(tb: Optional[TracebackType], limit: int) -> Tuple[List[Call], int]:
    """The calls, oldest first, and how many were left out between the first quarter of ``limit`` and the rest."""
    entries: List[TracebackType] = []
    while tb is not None:
        entries.append(tb)
        tb = tb.tb_next
    left_out = max(0, len(entries) - limit)
    if left_out:
        entries[limit // 4 : limit // 4 + left_out] = []
    for file in {entry.tb_frame.f_code.co_filename for entry in entries}:
        linecache.checkcache(file)
    return [_memory.call_at(entry) for entry in entries], left_out


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


def is_in_app(file: str) -> bool:
    """Whether a file is the user's own code: not a library's, not Python's, not frozen into the interpreter."""
    if file.startswith("<"):
        return not file.startswith("<frozen")
    if any(folder in file for folder in _LIBRARY_FOLDERS):
        return False
    return not file.startswith((_STANDARD_LIBRARY, _OURSELVES))


def _call(tb: TracebackType, line: int, lines: Sequence[str]) -> Call:
    code = tb.tb_frame.f_code
    frame = Frame(
        file=hostile.clean(code.co_filename),
        function=hostile.clean(code.co_name),
        module=_name(tb.tb_frame.f_globals.get("__name__")),
        line=line,
        in_app=is_in_app(code.co_filename),
        source=_source(lines, line - 1),
    )
    return Call(frame, hostile.clean("".join(traceback.extract_tb(tb, limit=1).format())))


def _source(lines: Sequence[str], here: int) -> Optional[SourceContext]:
    if not 0 <= here < len(lines):
        return None
    return SourceContext(
        before=_shortened(lines[max(0, here - LINES_AROUND) : here]),
        line=_shortened(lines[here : here + 1])[0],
        after=_shortened(lines[here + 1 : here + 1 + LINES_AROUND]),
    )


def _shortened(lines: Sequence[str]) -> Tuple[str, ...]:
    return tuple(hostile.clean(line.rstrip("\r\n")[:LINE_LENGTH]) for line in lines)


def _folded(repeated: int) -> List[str]:
    more = repeated - _SHOWN_REPEATS
    return ["  [Previous line repeated {} more time{}]\n".format(more, "s" if more > 1 else "")] if more > 0 else []


def _name(module: object) -> Optional[str]:
    return hostile.clean(module) if type(module) is str else None
