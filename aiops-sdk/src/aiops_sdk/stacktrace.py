"""What an exception says of itself: its tree, its frames with the source around them, and the text that Python would print.

In two steps. ``take`` runs where it failed: it asks each exception for its text and notes where its calls stood, and keeps
nothing of the exception itself. ``tell`` runs later, in any thread, and reads the source. Safe with exceptions of any
making: their texts come from ``hostile``, their links from ``chain``.
"""

from __future__ import annotations

from aiops_sdk import calls, chain, hostile, printing
from aiops_sdk import locals as variables
from aiops_sdk.calls import MEMORY
from aiops_sdk.event import ExceptionInfo, Later
from aiops_sdk.frozen import Frozen, replace
from aiops_sdk.printing import Thrown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Mapping, Optional, Tuple

    from aiops_sdk.event import Frame, Text


#: How many calls an exception may tell of, and a whole tree; and of how many its text may.
CALL_LIMIT = 100
CALL_LIMIT_OF_ALL = 300
TEXT_LIMIT = 2000
NOTE_LIMIT = 10


class Described(Frozen):
    """An exception as values: ``infos`` has the reported one first, ``text`` is the traceback as Python prints it."""

    infos: Tuple[ExceptionInfo, ...]
    text: Text


def take(exc: BaseException, *, with_locals: bool = False) -> Tuple[Thrown, ...]:
    """All that is needed to tell of an exception later. Its text and those of its relatives are asked once each.

    ``with_locals``: also what names stood for in the program's own calls, of the reported exception.
    """
    left = TEXT_LIMIT
    taken: List[Thrown] = []
    for entry in chain.tree(exc):
        stack = MEMORY.stack_of(chain.traceback_of(entry.exc), max(left, CALL_LIMIT))
        left -= len(stack.places)
        thrown = _thrown(entry, stack)
        if with_locals and not taken:
            thrown.locals = variables.of(chain.traceback_of(entry.exc), stack)
        taken.append(thrown)
    return tuple(taken)


def take_calls(kind: str, text: str) -> Tuple[Thrown, ...]:
    """What is no exception, as if it had been raised where it was handed over: under this name, with this text."""
    return (Thrown(type=kind, qualified=kind, module="builtins", value=text, stack=calls.running(CALL_LIMIT)),)


def tell(taken: Tuple[Thrown, ...]) -> Described:
    """What was taken, with everything that can be found out about it."""
    told = [MEMORY.told(thrown.stack) for thrown in taken]
    left = CALL_LIMIT_OF_ALL
    infos: List[ExceptionInfo] = []
    for thrown, stack in zip(taken, told):
        frames = stack.frames if not thrown.locals else _with_locals(stack.frames, thrown.locals)
        frames = _ends_of(frames, min(CALL_LIMIT, left))
        left -= len(frames)
        infos.append(_info(thrown, frames))
    return Described(infos=tuple(infos), text=_text(taken, [stack.text for stack in told]))


def _text(taken: Tuple[Thrown, ...], calls: List[str]) -> Text:
    """Many are sent with their frames alone, and then nobody wants it."""
    size = printing.size_of(taken, calls)
    return printing.text_of(taken, calls) if size is None else Later(size, lambda: printing.text_of(taken, calls))


def describe(exc: BaseException) -> Described:
    """Both at once."""
    return tell(take(exc))


def _thrown(entry: chain.Related, stack: calls.Stack) -> Thrown:
    exc = entry.exc
    kind = type(exc)
    return Thrown(
        type=hostile.name_of(kind),
        qualified=hostile.qualified_name_of(kind),
        module=hostile.module_of(kind),
        value=hostile.message_of(exc),
        notes=_notes(exc),
        stack=stack,
        parent=entry.parent,
        relation=entry.relation,
        last_lines=printing.syntax_error(exc) if issubclass(kind, SyntaxError) else None,
    )


def _with_locals(frames: Tuple[Frame, ...], told: Tuple[Optional[Mapping[str, str]], ...]) -> Tuple[Frame, ...]:
    return tuple([frame if each is None else replace(frame, locals=each) for frame, each in zip(frames, told)])


def _ends_of(frames: Tuple[Frame, ...], limit: int) -> Tuple[Frame, ...]:
    """The first quarter and the rest of what may be told; the same object where all may be."""
    if len(frames) <= limit:
        return frames
    first = limit // 4
    return frames[:first] + frames[len(frames) - limit + first :]


def _info(thrown: Thrown, frames: Tuple[Frame, ...]) -> ExceptionInfo:
    return ExceptionInfo(
        type=thrown.type,
        module=thrown.module,
        value=thrown.value,
        notes=thrown.notes,
        frames=frames,
        parent=thrown.parent,
        relation=thrown.relation,
    )


def _notes(exc: BaseException) -> Tuple[str, ...]:
    """What ``add_note()`` added. Python takes any list found there; so do we, but only lists and tuples."""
    # Not its own get(): it may be a dict of anybody's making.
    notes = dict.get(chain.attributes_of(exc), "__notes__")
    if type(notes) is list or type(notes) is tuple:
        return tuple([hostile.text_of(note) for note in notes[:NOTE_LIMIT]])
    return ()
