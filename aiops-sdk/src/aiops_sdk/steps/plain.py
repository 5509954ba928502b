"""What others handed in, as JSON can say it: a copy, within limits, that runs no code of theirs."""

from __future__ import annotations

import math
from itertools import islice

from aiops_sdk import hostile, values
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List


class Limits(Frozen):
    """Characters of a text, entries of a list or an object, entries of all of them, and how deep they may lie."""

    text: int = 8_192
    entries: int = 200
    all_entries: int = 5_000
    depth: int = 8


USUAL = Limits()
#: For what the user's own function returns, which was within all limits before.
WHOLE = Limits(text=65_536 + 100, entries=1_000, all_entries=50_000, depth=16)

_LEFT_OUT = "…"
_BITS = 64


def plain(given: object, limits: Limits = USUAL) -> object:
    """The same in dictionaries with texts as keys, lists, texts, finite numbers, booleans and None."""
    return _Copy(limits).of(given, limits.depth)


def _number(given: Any) -> object:
    """One that JSON and the platform can hold, or its text."""
    if type(given) is float:
        return given if math.isfinite(given) else repr(given)
    return given if given.bit_length() < _BITS else values.shown(given)


class _Copy:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.all_entries

    def of(self, given: object, depth: int) -> object:
        kind = type(given)
        if given is None or kind is bool:
            return given
        if kind is int or kind is float:
            return _number(given)
        if kind is dict and depth > 0:
            return self._object(given, depth)  # type: ignore[arg-type]  # it is one
        if (kind is list or kind is tuple or kind is set or kind is frozenset) and depth > 0:
            return self._list(given, depth)
        return self._text(given)

    def _text(self, given: Any) -> str:
        limit = self._limits.text
        if type(given) is bytes or type(given) is bytearray:
            text = bytes(given[:limit]).decode("utf-8", "backslashreplace")
            # It shows where it was cut: what stands there may be half of a secret.
            return hostile.clean(text + _LEFT_OUT if len(given) > limit else text, limit)
        return hostile.clean(given if issubclass(type(given), str) else values.shown(given), limit)

    def _object(self, given: Dict[object, object], depth: int) -> Dict[str, object]:
        told: Dict[str, object] = {}
        try:
            # All at once: another thread may change it meanwhile.
            pairs = list(islice(given.items(), self._limits.entries))
        except RuntimeError:
            return told
        for key, value in pairs:
            if self._left <= 0:
                break
            self._left -= 1
            name = key if type(key) is str else values.shown(key)
            told[hostile.clean(name, 512)] = self.of(value, depth - 1)
        if len(told) < len(given):
            told[_LEFT_OUT] = "{} more".format(len(given) - len(told))
        return told

    def _list(self, given: object, depth: int) -> List[object]:
        try:
            some = list(islice(given, self._limits.entries))  # type: ignore[call-overload]  # it can be walked through
        except RuntimeError:
            return []
        told: List[object] = []
        for each in some:
            if self._left <= 0:
                break
            self._left -= 1
            told.append(self.of(each, depth - 1))
        length = len(given)  # type: ignore[arg-type]  # it has one
        if len(told) < length:
            told.append("{} {} more".format(_LEFT_OUT, length - len(told)))
        return told
