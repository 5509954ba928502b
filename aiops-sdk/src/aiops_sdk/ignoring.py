"""What the user never wants to hear of, ``ignore_errors``: classes, their names, and what messages say.

Decided in the thread that failed, before anything is taken down; exceptions of any making are never asked who they are.
"""

from __future__ import annotations

from aiops_sdk import chain, hostile
from aiops_sdk.noise import EXCEPTIONS, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Set, Tuple


_MRO = type.__dict__["__mro__"].__get__
_STAR = "*"

RULE = Rule(name="ignore_errors", about=EXCEPTIONS, reason="the option ignore_errors names it")


class Ignored:
    """The errors to ignore.

    A class stands for those derived from it, too, and so does a name: ``requests.exceptions.Timeout``, or ``Timeout``
    alone. A text with stars is what a message says: ``*timed out*``. Anything else is ignored itself.
    """

    def __init__(self, given: Iterable[object]) -> None:
        entries = [given] if isinstance(given, (str, type)) else list(given)
        self._classes: Set[int] = {id(entry) for entry in entries if isinstance(entry, type)}
        # They are known by their identity, so they are kept.
        self._kept = [entry for entry in entries if isinstance(entry, type)]
        texts = [entry.strip() for entry in entries if isinstance(entry, str) and entry.strip()]
        self._names = frozenset(text for text in texts if _STAR not in text)
        self._globs: Tuple[List[str], ...] = tuple(text.split(_STAR) for text in texts if _STAR in text)

    def is_exception(self, exc: BaseException) -> bool:
        """Whether this exception is to be ignored; a group, if all in it are."""
        leaves = chain.leaves_of(exc) if chain.is_group(exc) else ()
        if leaves and all(self._is_one(leaf) for leaf in leaves):
            return True
        return self._is_one(exc)

    def is_message(self, message: object) -> bool:
        """Whether what is said, without an exception, is to be ignored."""
        return bool(self._globs) and type(message) is str and self._is_said(message)

    def is_type(self, name: str) -> bool:
        """Whether an error of this name is to be ignored, of which there is no exception."""
        return name in self._names

    def _is_one(self, exc: BaseException) -> bool:
        for base in _MRO(type(exc)):
            if id(base) in self._classes or (self._names and self._is_named(base)):
                return True
        return bool(self._globs) and self._is_said(hostile.message_of(exc))

    def _is_named(self, kind: type) -> bool:
        name = hostile.qualified_name_of(kind)
        if name in self._names or hostile.name_of(kind) in self._names:
            return True
        module: Optional[str] = hostile.module_of(kind)
        return module is not None and "{}.{}".format(module, name) in self._names

    def _is_said(self, message: str) -> bool:
        return any(_matches(parts, message) for parts in self._globs)


def _matches(parts: List[str], message: str) -> bool:
    """Whether a message consists of these parts in this order, with anything between them."""
    first, *middle, last = parts
    if len(message) < len(first) + len(last) or not (message.startswith(first) and message.endswith(last)):
        return False
    at, end = len(first), len(message) - len(last)
    for part in middle:
        at = message.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
