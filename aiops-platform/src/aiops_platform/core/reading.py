"""A list of incidents as somebody reads it: what comes in meanwhile is counted, and moves nothing that stands there."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63
_MOST_ROWS: Final = 100


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The rows that are shown, in their order; when they were read, and the highest number that an incident had then."""

    since: datetime
    highest: int
    shown: tuple[int, ...]

    @property
    def mark(self) -> str:
        """The same in a word, for `read`."""
        return ".".join(map(str, ((self.since - _EPOCH) // _MICRO, self.highest, *self.shown)))

    @classmethod
    def read(cls, mark: str) -> "Reading | None":
        """What a mark says; None for what is none, and where nothing is shown."""
        parts = mark.split(".")
        if not 2 < len(parts) <= _MOST_ROWS + 2 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        if any(len(part) > len(str(_LARGEST)) for part in parts):
            return None
        since, highest, *shown = map(int, parts)
        if since > 10**17 or max(highest, *shown) >= _LARGEST:
            return None
        return cls(since=_EPOCH + since * _MICRO, highest=highest, shown=tuple(shown))
