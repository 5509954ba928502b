"""A tree back to the text that says it, in the one form that there is for it: `parse` of it is the same tree."""

import re
from typing import Final, assert_never

from aiops_platform.core.search.tree import (
    Age,
    And,
    Choice,
    Day,
    Hundreds,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    Term,
    Value,
    Word,
)

# What needs no quotes, as a value and as a word of its own.
_PLAIN: Final = re.compile(r"""[^\s"()\\<>=][^\s"()\\]*""")
_SPECIAL: Final = re.compile(r'["*\\]')
_TAKEN: Final = frozenset({"AND", "OR", "NOT"})


def written(node: Node) -> str:
    """The search as text; empty for everything."""
    match node:
        case Word(pattern):
            return _word(pattern)
        case Term(field, value):
            return f"{field}:{_value(value)}"
        case Not(part):
            return f"-{_bracketed(part, And, Or)}"
        case And(parts):
            return " ".join(_bracketed(part, Or) for part in parts)
        case Or(parts):
            return " OR ".join(written(part) for part in parts)
        case _:
            assert_never(node)


def phrased(text: str) -> Pattern:
    """This very text, without stars."""
    return Pattern((text,))


def _bracketed(node: Node, *kinds: type[Node]) -> str:
    return f"({written(node)})" if isinstance(node, kinds) else written(node)


def _word(pattern: Pattern) -> str:
    text = _text(pattern)
    is_safe = _PLAIN.fullmatch(text) and text[0] not in "-!" and ":" not in text and text not in _TAKEN
    return text if is_safe else f'"{text}"'


def _value(value: Value) -> str:
    match value:
        case Pattern():
            text = _text(value)
            said = text if _PLAIN.fullmatch(text) else f'"{text}"'
        case Choice(word):
            said = word
        case Number(comparison, number):
            said = f"{'' if comparison == '=' else comparison}{number}"
        case Hundreds(digit):
            said = f"{digit}xx"
        case Age(comparison, number, unit):
            said = f"{comparison}{number}{unit}"
        case Day(comparison, begin):
            said = f"{'' if comparison == '=' else comparison}{begin:%Y-%m-%d}"
        case Moment(comparison, at):
            said = f"{comparison}{at:%Y-%m-%dT%H:%M:%S}"
        case _:
            assert_never(value)
    return said


def _text(pattern: Pattern) -> str:
    return "*".join(_SPECIAL.sub(r"\\\g<0>", piece) for piece in pattern.pieces)
