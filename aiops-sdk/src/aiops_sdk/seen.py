"""One failure, one event: which exceptions have been captured already, however they come back, and who quotes whom.

A captured exception carries a mark in its ``__dict__``: plain built-in values, so that it can still be pickled and read
where this package is not installed, and no reference that would keep its frames alive.
"""

from __future__ import annotations

import re
import time

from aiops_sdk import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

    # The event that tells of the exception, when it was captured (monotonic), and whether it has passed its event on.
    Mark = Tuple[str, float, bool]


_MARK = "__aiops_sdk_seen__"
_BESIDE = "__aiops_sdk_beside__"

#: The id of no event: there is nothing to tell of the exception, whoever sees it.
NOTHING = ""

#: Characters from which a message is long enough to be recognised within a log line, and of a long one those that count.
SHORT = 8
LONG = 500


def known_event(exc: BaseException, since: float = 0.0) -> Optional[str]:
    """The event that already tells of this failure, or None. The answer is remembered on the exception.

    Known is: the exception itself; one that was raised from, or while handling, a captured one; a group of which each
    member is known. ``since`` (monotonic) is when the current request began: what was captured before is not a failure
    of this request, for some programs raise the same exception object again and again.
    """
    own = _event_of(exc, since)
    if own is not None or chain.is_alone(exc):
        return own
    event_id = _inherited(exc, since) or _shared(exc, since)
    if event_id is not None:
        _write(exc, (event_id, time.monotonic(), False))
    return event_id


def mark(exc: BaseException, event_id: str) -> None:
    """From now on the exception is known, and what the event shows as its causes and members, too.

    Not its context: what was being handled is often the real failure, and is still to be reported.
    """
    now = time.monotonic()
    _write(exc, (event_id, now, False))
    if chain.is_alone(exc):
        return
    explicit = {0}
    for index, entry in enumerate(chain.tree(exc)):
        if entry.parent in explicit and entry.relation != chain.CONTEXT:
            explicit.add(index)
            _write(entry.exc, (event_id, now, True))


def note_beside(exc: BaseException, event_id: str) -> None:
    """This was captured while the exception was being handled: it may be about that, or about something else."""
    dict.__setitem__(chain.attributes_of(exc), _BESIDE, event_id)


def beside(exc: BaseException) -> Optional[object]:
    """What was captured last while this exception was being handled."""
    found: Optional[object] = dict.get(chain.attributes_of(exc), _BESIDE)
    return found


def quotes(line: str, message: str) -> bool:
    """Whether a log line tells of the same failure as ``message`` does: it says that, as words of its own.

    A short message ("failed") stands in many lines that have nothing to do with it: it must be all that is said, or what
    is said after a colon ("Loading failed: 'id'").
    """
    if len(message) < SHORT:
        return re.search(r"(?:^|[:=(\[]\s*)" + re.escape(message) + r"[)\].]*$", line.strip()) is not None
    if len(message) > LONG:
        return message[:LONG] in line
    return re.search(r"(?<!\w)" + re.escape(message) + r"(?!\w)", line) is not None


def quotes_exception(line: str, kind: str, message: str) -> bool:
    """Whether a log line says what an exception of this class says: its text, its ``repr``, or a traceback's last line."""
    if not message:
        return line.rstrip().endswith((kind, kind + "()"))
    return quotes(line, message) or (kind + "(" in line and message[:LONG] in line)


def _inherited(exc: BaseException, since: float) -> Optional[str]:
    """The event of a captured exception that ``exc`` followed from.

    Each captured exception passes its event on once: a loop inside an ``except`` block raises one new exception after
    the other, all with the same context, and only the first of them is the same failure.
    """
    for older in chain.ancestors(exc):
        found = _read(older)
        if found is not None and found[1] >= since and not found[2]:
            event_id, at, _ = found
            _write(older, (event_id, at, True))
            return event_id
    return None


def _shared(exc: BaseException, since: float) -> Optional[str]:
    """The last member's event, if every member of this group has one."""
    events = [_event_of(member, since) for member in chain.leaves_of(exc)]
    return events[-1] if events and None not in events else None


def _event_of(exc: BaseException, since: float) -> Optional[str]:
    found = _read(exc)
    return found[0] if found is not None and found[1] >= since else None


def _read(exc: BaseException) -> Optional[Mark]:
    # Not its own get(), here and below: it may be a dict of anybody's making.
    found = dict.get(chain.attributes_of(exc), _MARK)
    return found if type(found) is tuple and len(found) == 3 else None


def _write(exc: BaseException, found: Mark) -> None:
    dict.__setitem__(chain.attributes_of(exc), _MARK, found)
