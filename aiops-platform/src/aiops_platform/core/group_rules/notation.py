"""How rules are written: `type:OperationalError !environment:staging -> database {{ tag.shard }}`, one in a line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.group_rules import fields
from aiops_platform.core.group_rules.rules import DEFAULT, Condition, Field, Piece, Rule, Rules, Text

# However it is written, it fits into what a form or a body may hold.
LONGEST: Final = 15_000
MOST_RULES: Final = 100
MOST_CONDITIONS: Final = 10
MOST_IN_ALL: Final = 300
_LONGEST_LINE: Final = 2_000
_LONGEST_PATTERN: Final = 200
_LONGEST_KEY: Final = 200
_MOST_STARS: Final = 5
_MOST_PROBLEMS: Final = 20

_SPACE = re.compile(r"\s*")
_ARROW = re.compile(r"->(?=\s|$)")
_CONDITION = re.compile(
    r'(?P<negated>!?)(?P<field>[A-Za-z][^\s:"]*):(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]+))(?=\s|$)'
)
_ESCAPED = re.compile(r"\\(.)")
_FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
# Databases stumble over them, and pages show something else than is written.
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line (by its number; 0 stands for all of them), and what would be right."""

    line: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The rules that could be read, and what is wrong with the others."""

    rules: Rules
    problems: tuple[Problem, ...]


class _WrongError(Exception):
    """A line that is no rule."""


def tidied(text: str) -> str:
    """The text as it is kept: with plain line breaks, and nothing at its ends."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))


def read(text: str) -> Reading:
    """The rules of a text. Empty lines, and those that begin with `#`, say nothing."""
    if len(text) > LONGEST:
        return Reading(rules=Rules(), problems=(Problem(0, f"There is room for {LONGEST:,} characters."),))
    rules: list[Rule] = []
    problems: list[Problem] = []
    for number, line in enumerate(tidied(text).split("\n"), 1):
        try:
            if rule := _rule(line.strip(), number):
                rules.append(rule)
        except _WrongError as wrong:
            problems.append(Problem(number, str(wrong)))
    if len(rules) > MOST_RULES:
        problems.append(Problem(rules[MOST_RULES].line, f"There is room for {MOST_RULES} rules."))
    if sum(len(rule.conditions) for rule in rules) > MOST_IN_ALL:
        problems.append(Problem(0, f"There is room for {MOST_IN_ALL} conditions in all."))
    return Reading(rules=Rules(tuple(rules[:MOST_RULES])), problems=tuple(problems[:_MOST_PROBLEMS]))


def _rule(line: str, number: int) -> Rule | None:
    if len(line) > _LONGEST_LINE:
        raise _WrongError(f"A rule has at most {_LONGEST_LINE:,} characters.")
    if _UNFIT.search(line):
        raise _WrongError("It holds a character that cannot be shown.")
    if not line or line.startswith("#"):
        return None
    conditions: list[Condition] = []
    place = 0
    while (arrow := _ARROW.match(line, place)) is None:
        found = _CONDITION.match(line, place)
        if found is None:
            raise _WrongError(_expected(line[place:]))
        conditions.append(_condition(found))
        spaces = _SPACE.match(line, found.end())
        place = spaces.end() if spaces else found.end()
    if not 1 <= len(conditions) <= MOST_CONDITIONS:
        raise _WrongError(f"Before `->` stand 1 to {MOST_CONDITIONS} conditions, here {len(conditions)}.")
    return Rule(text=line, line=number, conditions=tuple(conditions), key=_key(line[arrow.end() :].strip()))


def _expected(rest: str) -> str:
    if not rest:
        return "There is no `->` with a key after it, as in `type:TimeoutError -> timeout`."
    return f'At `{rest[:40]}` a condition was expected, as in `type:KeyError` or `message:"*timed out*"`.'


def _condition(found: re.Match[str]) -> Condition:
    first, dot, rest = found["field"].partition(".")
    # What a tag is called is its own affair.
    name = f"{first.lower()}{dot}{rest}"
    if not fields.is_known(name):
        raise _WrongError(f"There is no field `{name[:40]}`. Fields are {', '.join(fields.known())}.")
    quoted = found["quoted"]
    pattern = found["plain"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
    if not pattern.strip():
        raise _WrongError(f"What `{name}` is to match is empty. `!{name}:*` holds where nothing is said.")
    if len(pattern) > _LONGEST_PATTERN or pattern.count("*") > _MOST_STARS:
        raise _WrongError(f"A pattern has at most {_LONGEST_PATTERN} characters and {_MOST_STARS} stars.")
    return Condition(name=name, pattern=pattern, negated=bool(found["negated"]))


def _key(text: str) -> tuple[Piece, ...]:
    if not text:
        raise _WrongError("After `->` a key is missing, as in `-> database down` or `-> {{ default }} {{ tag.shop }}`.")
    if len(text) > _LONGEST_KEY:
        raise _WrongError(f"A key has at most {_LONGEST_KEY} characters.")
    return tuple(_pieces(text))


def _pieces(text: str) -> Iterator[Piece]:
    place = 0
    for found in _FIELD.finditer(text):
        if found.start() > place:
            yield Text(text[place : found.start()])
        name = found[1]
        if name != DEFAULT and not fields.is_known(name):
            raise _WrongError(
                f"There is no field `{name[:40]}` for `{{{{ … }}}}`: {', '.join((DEFAULT, *fields.known()))}."
            )
        yield Field(name)
        place = found.end()
    if "{{" in text[place:]:
        raise _WrongError("A `{{` has no `}}`.")
    if place < len(text):
        yield Text(text[place:])
