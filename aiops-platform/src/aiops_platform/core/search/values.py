"""What stands after a field's colon, read as that field takes it; and back to text."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, cast

from aiops_platform.core.search import fields
from aiops_platform.core.search.errors import SearchError
from aiops_platform.core.search.fields import TAG, Field, Kind
from aiops_platform.core.search.tree import (
    Age,
    Choice,
    Comparison,
    Day,
    Hundreds,
    Moment,
    Number,
    Ordering,
    Pattern,
    Value,
)

_MOST_STARS: Final = 5
_LARGEST: Final = 2**53
_COMPARED: Final = re.compile(r"(<=|>=|<|>|=)?(.*)", re.DOTALL)
_STATUS: Final = re.compile(r"([1-9])xx", re.IGNORECASE)
_AGE: Final = re.compile(r"([0-9]{1,5})([mhdw])", re.IGNORECASE)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PIECE: Final = re.compile(r'\\(["*\\])|(\*)|(.)', re.DOTALL)


def pattern(text: str, at: int) -> Pattern:
    """A text with stars; after a backslash a star, a quote or a backslash is itself. Raises SearchError."""
    built, stars = [""], 0
    for found in _PIECE.finditer(text):
        escaped, star, plain = found.groups()
        if star:
            stars += 1
            # Many together are as one.
            if not (found.start() and built[-1] == "" and len(built) > 1):
                built.append("")
        else:
            built[-1] += escaped or plain
    if stars > _MOST_STARS:
        raise SearchError(f"There may be {_MOST_STARS} stars in a text.", at)
    return Pattern(tuple(built))


def read(field: Field, text: str, at: int, *, quoted: bool) -> Value:
    """The value of that field; `at` is where it begins. Raises SearchError."""
    is_known = text.lower() in (field.choices or {})
    match field.kind:
        case Kind.CHOICE | Kind.MEMBER if is_known or field.kind is Kind.CHOICE:
            return _choice(field, text, at)
        case Kind.FIELD:
            return _said(field, text, at)
        case Kind.TEXT | Kind.PART | Kind.MEMBER:
            if not quoted and text[0] in "<>=":
                raise SearchError(
                    f'Only numbers and times are compared. `{field.name}:"{text}"` looks for the text.', at
                )
            return pattern(text, at)
        case Kind.NAME:
            return _name(field, text, at)
        case Kind.NUMBER | Kind.STATUS:
            return _number(field, text, at)
        case Kind.TIME:
            return _time(field, text, at)


def _name(field: Field, text: str, at: int) -> Pattern:
    whole = pattern(text, at)
    if not whole.is_plain:
        raise SearchError(f"`{field.name}:` takes no star: of people only a hash is kept.", at)
    return whole


def _choice(field: Field, text: str, at: int) -> Choice:
    words = field.choices or {}
    word = text.lower()
    if word not in words:
        raise SearchError(f"`{field.name}:` knows no `{text[:40]}`{_rather(word, words)}", at)
    return Choice(word)


def _said(field: Field, text: str, at: int) -> Choice:
    if text[: len(TAG)].lower() == TAG and len(text) > len(TAG) and not re.search(r'[\s:"()]', text):
        return Choice(TAG + text[len(TAG) :])
    named = fields.find(text)
    word = named.name if named else text.lower()
    words = field.choices or {}
    if word not in words:
        raise SearchError(f"`has:` knows no `{text[:40]}`{_rather(word, [*words, fields.TAG_FIELD.name])}", at)
    return Choice(word)


def _number(field: Field, text: str, at: int) -> Number | Hundreds:
    comparison, rest = _compared(text)
    if field.kind is Kind.STATUS and not comparison and (hundreds := _STATUS.fullmatch(rest)):
        return Hundreds(int(hundreds[1]))
    if not (rest.isascii() and rest.isdigit() and len(rest) < 20 and int(rest) <= _LARGEST):
        raise SearchError(
            f"`{field.name}:` takes a number: {_either(field.examples)}.", at + len(comparison if rest else "")
        )
    return Number(cast("Comparison", comparison or "="), int(rest))


def _time(field: Field, text: str, at: int) -> Age | Day | Moment:
    comparison, rest = _compared(text)
    here = at + len(comparison)
    if age := _AGE.fullmatch(rest):
        # Two days ago to the second is nothing that anybody asks for.
        return Age(">" if comparison in {">", ">="} else "<", int(age[1]), age[2].lower())
    wrong = SearchError(
        f"`{field.name}:` takes a span or a day: `{field.name}:<2d` is less than two days ago (m, h, d, w), "
        f"`{field.name}:>=2026-11-20` is from that day on.",
        here,
    )
    try:
        told = datetime.fromisoformat(rest)
        told = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError) as cause:
        raise wrong from cause
    if not 1970 <= told.year < 9999:
        raise wrong
    if _DAY.fullmatch(rest):
        return Day(cast("Comparison", comparison or "="), told)
    if comparison in {"", "="}:
        raise SearchError(f"Before or after it? `{field.name}:>={rest}` is from that moment on.", at)
    return Moment(cast("Ordering", comparison), told.replace(microsecond=0))


def _compared(text: str) -> tuple[str, str]:
    found = _COMPARED.fullmatch(text)
    return (found[1] or "", found[2]) if found else ("", text)


def _rather(word: str, words: Iterable[str]) -> str:
    known = list(words)
    near = get_close_matches(word[:40], known, n=1)
    return f": did you mean `{near[0]}`?" if near else f"; there are {_either(known, 'and')}."


def _either(words: Iterable[str], between: str = "or") -> str:
    *first, last = (f"`{word}`" for word in words)
    return f"{', '.join(first)} {between} {last}" if first else last
