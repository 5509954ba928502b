"""Which events are one problem: a key made of what stays the same when the same thing goes wrong again."""

from dataclasses import dataclass, field
from typing import Any

GROUPING_VERSION = 1


@dataclass(frozen=True)
class GroupKey:
    """`hash` is 16 bytes over `parts`, which are kept for people who ask why. Equal when version and hash are."""

    version: int
    hash: bytes
    parts: dict[str, Any] = field(compare=False)
