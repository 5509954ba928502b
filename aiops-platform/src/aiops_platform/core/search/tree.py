"""What a search says: words and terms, put together by and, or and not. Values know nothing of how they are looked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

Comparison: TypeAlias = Literal["<", "<=", "=", ">=", ">"]
Ordering: TypeAlias = Literal["<", "<=", ">=", ">"]


@dataclass(frozen=True)
class Pattern:
    """A text; between its pieces anything may stand. One piece is a text without stars."""

    pieces: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether there is no star in it."""
        return len(self.pieces) == 1

    def is_in(self, text: str) -> bool:
        """Whether the text holds it, in whatever case."""
        place, told = 0, text.casefold()
        for piece in self.pieces:
            found = told.find(piece.casefold(), place)
            if found < 0:
                return False
            place = found + len(piece.casefold())
        return True


@dataclass(frozen=True)
class Choice:
    """One of the words that a field knows."""

    word: str


@dataclass(frozen=True)
class Number:
    """How a number compares."""

    comparison: Comparison
    number: int


@dataclass(frozen=True)
class Hundreds:
    """All statuses that begin with this digit: `5xx`."""

    digit: int


@dataclass(frozen=True)
class Age:
    """How long ago something is: `<2d` is less than two days. Units are m, h, d and w."""

    comparison: Literal["<", ">"]
    number: int
    unit: str

    @property
    def seconds(self) -> int:
        """The span in seconds."""
        return self.number * UNITS[self.unit]


@dataclass(frozen=True)
class Day:
    """How a time compares with a whole day, by its beginning in UTC: `>` is after its end, `=` within it."""

    comparison: Comparison
    begin: datetime


@dataclass(frozen=True)
class Moment:
    """How a time compares with another, in UTC."""

    comparison: Ordering
    at: datetime


Value: TypeAlias = Pattern | Choice | Number | Hundreds | Age | Day | Moment


@dataclass(frozen=True)
class Word:
    """A text that stands anywhere in what is looked through."""

    pattern: Pattern


@dataclass(frozen=True)
class Term:
    """A field, by its first name, and what it is to be. A tag's name follows `tag.` as it was written."""

    field: str
    value: Value


@dataclass(frozen=True)
class Not:
    """What must not hold."""

    part: "Node"


@dataclass(frozen=True)
class And:
    """What must all hold; without parts everything does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """Of these at least one."""

    parts: tuple["Node", ...]


Node: TypeAlias = Word | Term | Not | And | Or

EVERYTHING: Final = And(())
UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def both(*parts: Node) -> Node:
    """All of them, in the one form that there is for it."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def either(*parts: Node) -> Node:
    """One of them at least, likewise. There must be one part."""
    flat = tuple(each for part in parts for each in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def without(part: Node) -> Node:
    """The opposite; that of an opposite is the thing itself."""
    return part.part if isinstance(part, Not) else Not(part)


def terms_of(node: Node) -> Iterator[Term]:
    """Every term in it, however deep."""
    match node:
        case Term():
            yield node
        case Not(part):
            yield from terms_of(part)
        case And(parts) | Or(parts):
            for each in parts:
                yield from terms_of(each)
        case Word():
            return
