"""Frozen values with named fields, compared and printed by them: what ``dataclasses`` makes, without what it costs each start.

There, each class is written out as source and compiled anew in every process, about a millisecond for each; here, it is read.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, FrozenSet, Tuple, Type, TypeVar

    from typing_extensions import dataclass_transform

    Value = TypeVar("Value", bound="Frozen")
else:

    def dataclass_transform(**_: object) -> Callable[[Type[Any]], Type[Any]]:
        """For type checkers: the classes derived from this one are made like dataclasses."""
        return lambda cls: cls


@dataclass_transform(frozen_default=True)
class Frozen:
    """A value. Its annotations are its fields, in the order of its constructor; a value beside one is the default.

    ``hidden`` names fields that are never printed. A default is shared, so it must be one that nobody changes.
    """

    _fields: Tuple[str, ...] = ()
    _known: FrozenSet[str] = frozenset()
    _needed: FrozenSet[str] = frozenset()
    _hidden: Tuple[str, ...] = ()

    def __init_subclass__(cls, *, hidden: Tuple[str, ...] = ()) -> None:
        cls._fields = tuple(cls.__annotations__)
        cls._known = frozenset(cls._fields)
        cls._needed = frozenset([name for name in cls._fields if not hasattr(cls, name)])
        cls._hidden = hidden

    if not TYPE_CHECKING:

        def __init__(self, *given: object, **named: object) -> None:
            fields = self.__dict__
            fields.update(zip(self._fields, given))
            fields.update(named)
            if not self._needed <= fields.keys() <= self._known or len(fields) != len(given) + len(named):
                raise TypeError("{} has the fields {}".format(type(self).__name__, ", ".join(self._fields)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("{} cannot be changed: replace() makes another".format(type(self).__name__))

    def __delattr__(self, name: str) -> None:
        raise AttributeError("{} cannot be changed: replace() makes another".format(type(self).__name__))

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = [
            "{}={!r}".format(name, value)
            for name, value in zip(self._fields, self._values())
            if name not in self._hidden
        ]
        return "{}({})".format(type(self).__qualname__, ", ".join(shown))

    def _values(self) -> Tuple[object, ...]:
        return tuple([getattr(self, name) for name in self._fields])


def replace(value: Value, /, **changes: object) -> Value:
    """The same value, but for these fields."""
    return type(value)(**{**value.__dict__, **changes})
