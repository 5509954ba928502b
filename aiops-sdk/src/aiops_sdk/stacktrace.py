"""What an exception says of itself: its tree, its frames with the source around them, and the text that Python would print.

Safe with exceptions of any making: their texts come from ``hostile``, their links from ``chain``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

from aiops_sdk import calls, chain, hostile, printing
from aiops_sdk.calls import Call
from aiops_sdk.event import ExceptionInfo

#: How many calls an exception may tell of, and a whole tree.
CALL_LIMIT = 100
CALL_LIMIT_OF_ALL = 300
NOTE_LIMIT = 10


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
    left = CALL_LIMIT_OF_ALL
    infos: List[ExceptionInfo] = []
    for entry, value, noted in zip(entries, values, notes):
        found, _ = calls.calls_of(chain.traceback_of(entry.exc), min(CALL_LIMIT, left))
        left -= len(found)
        infos.append(_info(entry, value, noted, found))
    return Described(infos=tuple(infos), text=printing.text_of(entries, values, notes))


def _info(entry: chain.Related, value: str, notes: Tuple[str, ...], found: List[Call]) -> ExceptionInfo:
    kind = type(entry.exc)
    return ExceptionInfo(
        type=hostile.name_of(kind),
        module=hostile.module_of(kind),
        value=value,
        notes=notes,
        frames=tuple(call.frame for call in found),
        parent=entry.parent,
        relation=entry.relation,
    )


def _notes(exc: BaseException) -> Tuple[str, ...]:
    """What ``add_note()`` added. Python takes any list found there; so do we, but only lists and tuples."""
    notes = chain.attributes_of(exc).get("__notes__")
    if not isinstance(notes, (list, tuple)):
        return ()
    return tuple(hostile.text_of(note) for note in notes[:NOTE_LIMIT])
