"""Which exceptions belong together: causes, contexts and the members of groups, as Python links them.

Read with the interpreter's own descriptors, because a class can hide them behind code of its own. Cycles and endless
chains are cut.
"""

from __future__ import annotations

import builtins
import sys

from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Dict, Iterator, List, Optional, Tuple


LIMIT = 50

CAUSE = "cause"
CONTEXT = "context"
MEMBER = "member"

# The interpreter's own way to read them. Bound here: this runs for each failure, in the thread that failed.
_CAUSE = BaseException.__dict__["__cause__"].__get__
_CONTEXT = BaseException.__dict__["__context__"].__get__
_SUPPRESSED = BaseException.__dict__["__suppress_context__"].__get__
_TRACEBACK = BaseException.__dict__["__traceback__"].__get__
_ATTRIBUTES = BaseException.__dict__["__dict__"].__get__

# Exception groups came with Python 3.11.
_GROUP: Optional[type] = getattr(builtins, "BaseExceptionGroup", None)


class Related(Frozen):
    """One exception of the tree. ``parent`` is the index of the entry it belongs to; the first has none."""

    exc: BaseException
    parent: Optional[int] = None
    relation: Optional[str] = None


def tree(exc: BaseException, limit: int = LIMIT) -> List[Related]:
    """The exception and all that Python would print with it, each once, parents before children."""
    found = [Related(exc)]
    if is_alone(exc):
        return found
    known = {id(exc)}
    for index, entry in _growing(found):
        for other, relation in _children(entry.exc):
            if len(found) >= limit:
                return found
            if id(other) not in known:
                known.add(id(other))
                found.append(Related(other, index, relation))
    return found


def ancestors(exc: BaseException, limit: int = LIMIT) -> Iterator[BaseException]:
    """What was being handled when ``exc`` was raised, and so on back; also where ``from None`` hides it."""
    waiting = [exc]
    known = {id(exc)}
    while waiting and len(known) <= limit:
        newer = waiting.pop(0)
        for older in (cause_of(newer), context_of(newer)):
            if older is not None and id(older) not in known:
                known.add(id(older))
                waiting.append(older)
                yield older


def behind(exc: BaseException) -> BaseException:
    """What this exception tells of: itself, or, if it was never raised, the one that it keeps as the original.

    So Flask's handlers of 500 get one of Werkzeug's that was made for them, and is tied to the failure by nothing else.
    """
    if _TRACEBACK(exc) is not None:
        return exc
    original: Any = dict.get(_ATTRIBUTES(exc), "original_exception")
    return original if issubclass(type(original), BaseException) else exc


def is_alone(exc: BaseException) -> bool:
    """Whether it has neither cause nor context, and is no group: like most."""
    return _CAUSE(exc) is None and _CONTEXT(exc) is None and not is_group(exc)


def cause_of(exc: BaseException) -> Optional[BaseException]:
    """What the exception was raised ``from``."""
    cause: Optional[BaseException] = _CAUSE(exc)
    return cause


def context_of(exc: BaseException) -> Optional[BaseException]:
    """What was being handled when it was raised."""
    context: Optional[BaseException] = _CONTEXT(exc)
    return context


def traceback_of(exc: BaseException) -> Optional[TracebackType]:
    """Where it was raised, and how it came here."""
    tb: Optional[TracebackType] = _TRACEBACK(exc)
    return tb


def attributes_of(exc: BaseException) -> Dict[str, object]:
    """The exception's own ``__dict__``, also where a class hides it."""
    attributes: Dict[str, object] = _ATTRIBUTES(exc)
    return attributes


def is_group(exc: BaseException) -> bool:
    """Whether it is a group of exceptions, of Python's own kind or the backport's."""
    return _group_kind(exc) is not None


def members_of(exc: BaseException) -> Tuple[BaseException, ...]:
    """The exceptions of a group, of Python's own kind or the backport's; empty for every other exception."""
    kind = _group_kind(exc)
    if kind is None:
        return ()
    members = kind.__dict__["exceptions"].__get__(exc)
    return tuple(member for member in members if issubclass(type(member), BaseException))


def leaves_of(exc: BaseException, limit: int = LIMIT) -> Tuple[BaseException, ...]:
    """The members of a group, and of the groups within it, that are no groups themselves. None of a larger group than ``limit``."""
    waiting = list(members_of(exc))
    known = {id(exc)}
    leaves: List[BaseException] = []
    while waiting:
        member = waiting.pop()
        if id(member) in known:
            continue
        known.add(id(member))
        if len(known) > limit:
            return ()
        inner = members_of(member)
        waiting.extend(inner)
        leaves.extend(() if inner else (member,))
    return tuple(leaves)


def _children(exc: BaseException) -> Iterator[Tuple[BaseException, str]]:
    cause, context = cause_of(exc), context_of(exc)
    if cause is not None:
        yield cause, CAUSE
    elif context is not None and not _SUPPRESSED(exc):
        yield context, CONTEXT
    for member in members_of(exc):
        yield member, MEMBER


def _growing(found: List[Related]) -> Iterator[Tuple[int, Related]]:
    """Every entry, also those that are added meanwhile."""
    index = 0
    while index < len(found):
        yield index, found[index]
        index += 1


def _group_kind(exc: BaseException) -> Optional[type]:
    # Not isinstance(): that asks the exception for its class.
    kind = type(exc)
    if _GROUP is not None and issubclass(kind, _GROUP):
        return _GROUP
    backport = sys.modules.get("exceptiongroup")
    if backport is None:
        return None
    theirs = getattr(backport, "BaseExceptionGroup", None)
    return theirs if isinstance(theirs, type) and issubclass(kind, theirs) else None
