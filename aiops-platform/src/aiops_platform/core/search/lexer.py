"""A search in pieces, each with its place. What they mean together is the parser's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aiops_platform.core.search.errors import SearchError

_SPACE: Final = re.compile(r"\s*")
_FIELD: Final = re.compile(r"""([A-Za-z][A-Za-z0-9_-]*(?:\.[^\s:"()]*)?):""")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# Databases stumble over them, and pages show something else than is written.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Is(Enum):
    """What a piece is."""

    OPEN = "("
    CLOSE = ")"
    NOT = "NOT"
    AND = "AND"
    OR = "OR"
    FIELD = "field"
    TEXT = "text"
    QUOTED = "quoted"
    END = "end"


@dataclass(frozen=True)
class Piece:
    """A piece and where it begins. The text of what was quoted is as it stood between the quotes."""

    what: Is
    text: str
    at: int


_WORDS: Final = {"AND": Is.AND, "OR": Is.OR, "NOT": Is.NOT}


def pieces(text: str) -> Iterator[Piece]:
    """Every piece, the end as the last. A value follows its field at once. Raises SearchError."""
    if unfit := _UNFIT.search(text):
        raise SearchError("Here is a character that cannot be shown: take it out.", unfit.start())
    place = _after_space(text, 0)
    while place < len(text):
        found = _piece(text, place)
        yield found
        place = _end(text, found)
        if found.what is Is.FIELD:
            value = _value(text, place, found)
            yield value
            place = _end(text, value)
        place = _after_space(text, place)
    yield Piece(Is.END, "", len(text))


def _piece(text: str, place: int) -> Piece:
    match text[place]:
        case "(":
            return Piece(Is.OPEN, "(", place)
        case ")":
            return Piece(Is.CLOSE, ")", place)
        case "-" | "!":
            return Piece(Is.NOT, text[place], place)
        case '"':
            return _quoted(text, place)
    if field := _FIELD.match(text, place):
        return Piece(Is.FIELD, field[1], place)
    word = _plain(text, place)
    return Piece(_WORDS.get(word, Is.TEXT), word, place)


def _value(text: str, place: int, field: Piece) -> Piece:
    if place < len(text) and text[place] == '"':
        return _quoted(text, place)
    word = _plain(text, place)
    if not word:
        raise SearchError(f"After `{field.text}:` the value is missing. There may be no space between.", place)
    return Piece(Is.TEXT, word, place)


def _quoted(text: str, place: int) -> Piece:
    found = _QUOTED.match(text, place)
    if found is None:
        raise SearchError('This quote is not closed: a `"` is missing.', place)
    if not found[1].strip():
        raise SearchError("There is nothing between the quotes.", place)
    end = found.end()
    if end < len(text) and not (text[end].isspace() or text[end] == ")"):
        raise SearchError("After a closing quote a space is missing.", end)
    return Piece(Is.QUOTED, found[1], place)


def _plain(text: str, place: int) -> str:
    """Up to the next space, or the bracket that was opened before it: `checkout()` is one word."""
    deep, end = 0, place
    while end < len(text) and not text[end].isspace():
        if text[end] == '"':
            raise SearchError('A quote inside a word: put all of it in quotes, and write `\\"` for this one.', end)
        if text[end] == "\\" and end + 1 < len(text) and text[end + 1] in '"\\':
            end += 2
            continue
        deep += (text[end] == "(") - (text[end] == ")")
        if deep < 0:
            break
        end += 1
    return text[place:end]


def _end(text: str, piece: Piece) -> int:
    extra = {Is.FIELD: 1, Is.QUOTED: 2}.get(piece.what, 0)
    return min(len(text), piece.at + len(piece.text) + extra)


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
