"""What makes two incidents alike though they are two: a place, the words of a message, the innermost call of one's own.

Each is known by a short hash, so that those which share it are found without reading them. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from aiops_platform.core.folding import folded

_FEWEST_LETTERS: Final = 10
# Where `folding` took something out.
_TAKEN_OUT: Final = re.compile(r"<[a-z]+>")


class Trait(StrEnum):
    """What two incidents may have in common, the most telling first."""

    FRAME = "frame"
    PLACE = "place"
    ROUTE = "route"
    MESSAGE = "message"


@dataclass(frozen=True)
class Likeness:
    """A trait of an incident; `hash` is the same for all of a project that share it."""

    trait: Trait
    hash: bytes


def of(project_id: int, type_: str, place: str, message: str, parts: Mapping[str, Any]) -> tuple[Likeness, ...]:
    """What an incident of this project may be alike by; `parts` are those of its group key."""
    frames, route = parts.get("frames"), parts.get("path")
    words = folded(message)
    said = {
        Trait.FRAME: str(frames[-1]) if isinstance(frames, list) and frames else "",
        Trait.PLACE: f"{type_}\n{place}" if type_ and place else "",
        Trait.ROUTE: route if isinstance(route, str) else "",
        Trait.MESSAGE: words if _tells(words) else "",
    }
    return tuple(Likeness(trait, _hash(project_id, trait, text)) for trait, text in said.items() if text)


def _tells(words: str) -> bool:
    """Whether a message says enough for two that say it to be alike: what is left of `KeyError: 7` is not."""
    return sum(map(str.isalpha, _TAKEN_OUT.sub("", words))) >= _FEWEST_LETTERS


def _hash(project_id: int, trait: Trait, text: str) -> bytes:
    return blake2b(f"{project_id}\n{trait}\n{text}".encode(errors="replace"), digest_size=8).digest()
