"""Rules in their order: the first whose conditions all hold says the key. Without regular expressions, so never slow."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from aiops_platform.core import grouping
from aiops_platform.core.event import Event
from aiops_platform.core.group_rules.fields import Said, filled_in
from aiops_platform.core.grouping import GroupKey

DEFAULT: Final = "default"
_KEY_LIMIT: Final = 300


@dataclass(frozen=True)
class Text:
    """A piece of a key as it stands there."""

    text: str


@dataclass(frozen=True)
class Field:
    """A piece of a key that each event fills in; `default` is the key it would have without the rule."""

    name: str


Piece: TypeAlias = Text | Field


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The field of that name matches a pattern, or does not. `*` stands for anything, capital letters do not matter."""

    name: str
    pattern: str
    negated: bool = False
    # What is to be found in this order in the text of the field; the first and the last with the line's borders, unless
    # the pattern begins or ends with a star.
    _parts: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = f"\n{self.pattern.casefold()}\n".split("*")
        object.__setattr__(self, "_parts", tuple(part for part in parts if part not in ("", "\n")))

    def holds(self, said: Said) -> bool:
        """Whether it is so."""
        told, parts = said[self.name], self._parts
        if len(parts) == 1:
            return (parts[0] in told) is not self.negated
        return _finds(told, parts) is not self.negated


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`text` is the rule as people wrote it, in the line of that number."""

    text: str
    line: int
    conditions: tuple[Condition, ...]
    key: tuple[Piece, ...]

    def fits(self, said: Said) -> bool:
        """Whether all of its conditions hold."""
        for condition in self.conditions:  # noqa: SIM110 (twice as fast as `all`, for each event and rule)
            if not condition.holds(said):
                return False
        return True

    def key_for(self, event: Event) -> GroupKey:
        """The key of an event that it fits. Two rules that say the same key lead to one incident."""
        default = grouping.key_for(event) if Field(DEFAULT) in self.key else None
        said = "".join(_filled_in(piece, event) for piece in self.key)
        return grouping.key_by_rule(self.text, said[:_KEY_LIMIT], default)


@dataclass(frozen=True)
class Rules:
    """A project's rules. Without any, every event has the key that it has by itself."""

    rules: tuple[Rule, ...] = ()

    def rule_for(self, event: Event) -> Rule | None:
        """The first that fits."""
        said = Said(event)
        return next((rule for rule in self.rules if rule.fits(said)), None)

    def key_for(self, event: Event) -> GroupKey:
        """The key of the incident that this event belongs to."""
        rule = self.rule_for(event)
        return grouping.key_for(event) if rule is None else rule.key_for(event)


NO_RULES: Final = Rules()


def _filled_in(piece: Piece, event: Event) -> str:
    match piece:
        case Text(text):
            return text
        case Field(name):
            return "{{ default }}" if name == DEFAULT else filled_in(event, name)


def _finds(told: str, parts: tuple[str, ...]) -> bool:
    """Whether these are found in this order in one of the lines."""
    if not parts:
        return bool(told)
    if not all(part in told for part in parts):
        return False
    first, *others = parts
    place = told.find(first)
    while place >= 0:
        # A line ends with the border at which the next one begins.
        end = told.find("\n", place + 1) + 1
        if _in_order(told, others, place + len(first), end):
            return True
        place = told.find(first, end - 1) if end else -1
    return False


def _in_order(told: str, parts: list[str], place: int, end: int) -> bool:
    for part in parts:
        # The earliest place leaves most room for the rest; a border is found nowhere else.
        place = told.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
