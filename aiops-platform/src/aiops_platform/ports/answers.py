"""What was answered to writes that may be sent twice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What is known of a write: the hash of what was `asked`; its answer, or None while it is being done."""

    asked: bytes
    status: int | None
    body: bytes


class Answers(Protocol):
    """Remembers for a day what was answered to a write under a key, 16 bytes each. Safe to share between threads.

    Every method raises StoreUnavailableError.
    """

    def begin(self, key: bytes, asked: bytes, now: datetime) -> Answered | None:
        """What is known under this key already; None: nothing, and from now on it is being done.

        Who has begun and said nothing for a minute is gone: then it is as if nobody had.
        """
        ...

    def finish(self, key: bytes, status: int, body: bytes) -> None:
        """This was the answer."""
        ...

    def forget(self, key: bytes) -> None:
        """It was not done: whoever sends it again begins anew."""
        ...
