"""What a project says is secret, besides what everybody's rules know."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.scrubbing.names import normalised

# Shorter ones would be found in other words, longer ones are none.
_SHORTEST_NAME: Final = 3
_SHORTEST_VALUE: Final = 4
_LONGEST: Final = 1_000
_SHOWN: Final = 2
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


class WrongRuleError(PlatformError):
    """A rule would hide nearly everything, or nothing."""


class RuleKind(StrEnum):
    """What is looked for."""

    NAME = "name"
    VALUE = "value"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """`names` tell by being part of a name, in any spelling; `values` are secret wherever they stand."""

    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


NO_RULES: Final = Rules()


def checked(kind: RuleKind, text: str) -> str:
    """The rule as it is kept. Raises WrongRuleError."""
    text = text.strip()
    if _UNFIT.search(text):
        raise WrongRuleError(f"A {kind} to be hidden is text: this one holds a character that no report can hold")
    length, shortest = (
        (len(normalised(text)), _SHORTEST_NAME) if kind is RuleKind.NAME else (len(text), _SHORTEST_VALUE)
    )
    if not shortest <= length <= _LONGEST:
        raise WrongRuleError(
            f"A {kind} to be hidden has {shortest} to {_LONGEST} characters, this one {length}: "
            "a shorter one would be found in other words"
        )
    return text


def is_same(kind: RuleKind, one: str, other: str) -> bool:
    """Whether two texts make the same rule."""
    return normalised(one.strip()) == normalised(other.strip()) if kind is RuleKind.NAME else one == other.strip()


def told(kind: RuleKind, text: str) -> str:
    """A rule for people to recognize: of a value only how it begins, and how long it is."""
    return text if kind is RuleKind.NAME else f"{text[:_SHOWN]}… ({len(text)} characters)"
