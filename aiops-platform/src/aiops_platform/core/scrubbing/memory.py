"""What became of what came lately: most failures repeat, so most of it was looked through before."""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)

# What each takes besides its characters.
_EACH: Final = 100


class Memory(Generic[_T]):
    """What has nothing to hide, and what the rest became: as much as fits into two times `most` bytes.

    Who was not asked for in the meantime is forgotten. `clean` is the newest of what has nothing to hide.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self.clean: set[_T] = set()
        self._changed: dict[_T, _T] = {}
        self._older: tuple[set[_T], dict[_T, _T]] = (set(), {})

    def get(self, given: _T, length: int) -> _T | None:
        """What it became, which is itself if there is nothing to hide; None if that is not known."""
        if given in self.clean:
            return given
        clean, changed = self._older
        told = self._changed.get(given) or changed.get(given) or (given if given in clean else None)
        if told is not None:
            self.put(given, told, length)
        return told

    def put(self, given: _T, told: _T, length: int) -> None:
        """Remembers it; it has so many characters."""
        if self._size > self._most:
            self._older, self._size = (self.clean, self._changed), 0
            self.clean, self._changed = set(), {}
        if told == given:
            self.clean.add(given)
        else:
            self._changed[given] = told
        self._size += length + _EACH
