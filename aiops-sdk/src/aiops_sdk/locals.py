"""What names stood for in the program's own calls, as short texts: taken at once, because it changes; so within a budget.

Only values of exactly the built-in types are looked into, and of large ones only a few parts. No code of anybody's runs:
no ``repr``, no property, no comparison. Everything else shows as its class.
"""

from __future__ import annotations

import sys
import time
from itertools import islice

from aiops_sdk import hostile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, TracebackType
    from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

    from aiops_sdk.calls import Stack

    Variables = Optional[Mapping[str, str]]


#: Seconds for all calls of a failure, and characters for all of them.
SECONDS = 0.0004
CHARACTERS = 20_000
#: Calls that tell of their variables, the innermost first; variables of one; characters of one.
CALLS = 20
VARIABLES = 30
LENGTH = 200

_PARTS = 10
_DEPTH = 2
_BITS = 256
# A collection that was much larger once is slow to walk through: so many bytes for each entry are usual.
_USUAL_ENTRY = 512

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED: a function's own variables, not a namespace that anybody made
_BRACKETS = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}"), "frozenset": ("{", "}"), "dict": ("{", "}")}
# The frame's reference, ours, and the one with which that is asked: nobody has called locals() and keeps what it gave.
_OURS_ALONE = 3
_NEEDS_CLEARING = sys.version_info < (3, 13)
_MODULE, _FUNCTION = type(sys), type(lambda: None)

_NONE: Tuple[Variables, ...] = ()


def of(tb: Optional[TracebackType], stack: Stack) -> Tuple[Variables, ...]:
    """For each call of the stack its variables by name, None where they are not told; empty where none are."""
    frames: List[FrameType] = []
    while tb is not None:
        frames.append(tb.tb_frame)
        tb = tb.tb_next
    if stack.left_out:
        frames[stack.split : stack.split + stack.left_out] = []
    places = stack.places
    if len(frames) != len(places):
        return _NONE
    budget = _Budget()
    told: List[Variables] = [None] * len(frames)
    looked = 0
    for index in range(len(frames) - 1, -1, -1):
        if places[index].in_app:
            if looked >= CALLS or budget.is_spent():
                break
            looked += 1
            told[index] = _variables(frames[index], budget)
    return tuple(told) if any(told) else _NONE


class _Budget:
    """Time and characters that are left."""

    def __init__(self) -> None:
        self.until = time.perf_counter() + SECONDS
        self.left = CHARACTERS

    def is_spent(self) -> bool:
        return self.left <= 0 or time.perf_counter() > self.until


def _variables(frame: FrameType, budget: _Budget) -> Variables:
    told: Dict[str, str] = {}
    for name, value in _named(frame):
        # What the compiler makes for itself, and what every module has.
        if type(name) is not str or name.startswith((".", "__")):
            continue
        if budget.is_spent() or len(told) >= VARIABLES:
            told["…"] = "more"
            break
        text = shown(value)
        budget.left -= len(text) + len(name)
        told[hostile.clean(name, LENGTH)] = text
    return told or None


def _named(frame: FrameType) -> Iterable[Tuple[object, object]]:
    variables: object = frame.f_locals
    if frame.f_code.co_flags & _OPTIMIZED:
        # A dictionary, or since Python 3.13 a view of the frame.
        several = list(islice(variables.items(), 2 * VARIABLES))  # type: ignore[attr-defined]  # both have items
        if _NEEDS_CLEARING and sys.gettrace() is None and sys.getrefcount(variables) == _OURS_ALONE:
            _let_go(variables, frame.f_code)
        return several
    if type(variables) is not dict:
        # The body of a class, whose metaclass chose where its names go.
        return ()
    several = list(islice(variables.items(), 20 * VARIABLES))
    return [pair for pair in several if not issubclass(type(pair[1]), (_MODULE, _FUNCTION, type))]


def _let_go(variables: Any, code: CodeType) -> None:
    """Before Python 3.13, what was asked for of a function's variables is kept as long as the function runs.

    Python writes all of them anew whenever somebody asks again; what else the program itself put there remains.
    """
    for names in (code.co_varnames, code.co_cellvars, code.co_freevars):
        for name in names:
            variables.pop(name, None)


def shown(value: object, depth: int = _DEPTH) -> str:
    """One value, in at most ``LENGTH`` characters, more or less."""
    kind = type(value)
    if kind is str or kind is bytes or kind is bytearray:
        return _text(value)
    if value is None or value is True or value is False or kind is float or kind is complex:
        return repr(value)
    if kind is int:
        bits = value.bit_length()  # type: ignore[attr-defined]  # it is an int
        return repr(value) if bits <= _BITS else "<a number of {} bits>".format(bits)
    if kind is list or kind is tuple or kind is dict or kind is set or kind is frozenset:
        return _collection(value, depth)
    return _class(kind)


def _text(value: object) -> str:
    length = len(value)  # type: ignore[arg-type]  # texts have a length
    if length <= LENGTH:
        return hostile.clean(repr(value), 5 * LENGTH)
    return hostile.clean(repr(value[:LENGTH]), 5 * LENGTH) + "… {} in all".format(length)  # type: ignore[index]


def _collection(value: object, depth: int) -> str:
    kind, length = type(value), len(value)  # type: ignore[arg-type]  # collections have a length
    opening, closing = _BRACKETS[kind.__name__]
    if not length:
        return "set()" if kind is set or kind is frozenset else opening + closing
    is_sparse = sys.getsizeof(value) > _USUAL_ENTRY * (length + _PARTS) and kind is not list and kind is not tuple
    if depth <= 0 or is_sparse:
        return "<{} of {}>".format(kind.__name__, length)
    try:
        walk: Iterable[Any] = value.items() if kind is dict else value  # type: ignore[attr-defined,assignment]  # it can be walked
        some = list(islice(walk, _PARTS))
    except RuntimeError:
        # Another thread changes it meanwhile.
        return "<{} of {}>".format(kind.__name__, length)
    parts: List[str] = []
    characters = 0
    for each in some:
        part = "{}: {}".format(shown(each[0], 0), shown(each[1], depth - 1)) if kind is dict else shown(each, depth - 1)
        parts.append(part)
        characters += len(part)
        if characters > LENGTH:
            break
    more = ", … {} in all".format(length) if len(parts) < length else ""
    return opening + ", ".join(parts) + more + closing


def _class(kind: type) -> str:
    module = hostile.module_of(kind)
    name = hostile.qualified_name_of(kind)
    return "<{}>".format(name if module is None else "{}.{}".format(module, name))[:LENGTH]
