"""What the events of an incident said in their tags, for its page: of each tag the values that most of them said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, takewhile
from urllib.parse import quote

from aiops_platform.core.facets import RELEASE
from aiops_platform.core.views import ValueCount
from aiops_platform.web.cut import Budget

_MOST_TAGS = 6
_MOST_VALUES = 3
_LONGEST_LINK = 100
# What they may cost together, in bytes, how much of a value is shown, and what the markup around each one costs.
_BUDGET, _SHOWN, _VALUE = 5_000, 40, 150


@dataclass(frozen=True, kw_only=True)
class Share:
    """A value and which part of what was said it is; `find` is what looks for its events, empty for all others together."""

    text: str
    part: str
    find: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """A tag, or the release, with its values: those that most events said first."""

    name: str
    values: tuple[Share, ...]


def of(counts: Sequence[ValueCount]) -> tuple[Said, ...]:
    """Some tags, those with fewest values first: an id that each event has for itself tells least of all of them."""
    every = [(name, list(of_name)) for name, of_name in groupby(counts, key=lambda each: each.name) if name is not None]
    every.sort(key=lambda each: (_is_vague(each[1]), len(each[1]), each[0]))
    told = (Said(name=name, values=tuple(_shares(name, of_name))) for name, of_name in every[:_MOST_TAGS])
    budget = Budget(_BUDGET)
    return tuple(takewhile(lambda each: budget.room(_cost(each)), told))


def _cost(said: Said) -> int:
    return sum(_VALUE + len(escape(each.text[:_SHOWN]).encode()) + len(quote(each.find)) for each in said.values)


def _is_vague(counts: Sequence[ValueCount]) -> bool:
    """Whether no value was said twice."""
    return len(counts) > 1 and max(each.count for each in counts if each.value is not None) == 1


def _shares(name: str, counts: Sequence[ValueCount]) -> Iterator[Share]:
    total = sum(each.count for each in counts)
    told = sorted((each for each in counts if each.value is not None), key=lambda each: -each.count)
    for each in told[:_MOST_VALUES]:
        yield Share(text=each.value or "", part=_percent(each.count, total), find=_find(name, each.value or ""))
    others = total - sum(each.count for each in told[:_MOST_VALUES])
    if others:
        yield Share(text="others", part=_percent(others, total), find="")


def _percent(count: int, total: int) -> str:
    """In whole percents; of what is there, never none of it, and never all where there is something else."""
    part = round(100 * count / total)
    return "all" if count == total else "< 1 %" if part == 0 else f"{min(part, 99)} %"


def _find(name: str, value: str) -> str:
    """What the table of events understands; nothing where it could not be said there."""
    field = RELEASE if name == RELEASE else f"tag.{name}"
    find = f'{field}:"{value}"'
    is_sayable = not any(sign in name for sign in ' :"') and '"' not in value
    # A page has no room for longer addresses.
    return find if is_sayable and len(quote(find)) <= _LONGEST_LINK else ""
