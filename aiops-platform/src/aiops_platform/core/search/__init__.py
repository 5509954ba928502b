"""How incidents are looked for: one small language for pages, API and command line. Text to a tree, a tree to text."""

from typing import Final

from aiops_platform.core.search.completion import value as quoted
from aiops_platform.core.search.errors import SearchError
from aiops_platform.core.search.parser import LONGEST, MOST_BYTES, parse
from aiops_platform.core.search.printer import phrased, written
from aiops_platform.core.search.tree import (
    EVERYTHING,
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
    Word,
    both,
    either,
    terms_of,
    without,
)

# Who asks for one of these says itself which states are meant; else only open incidents are.
_STANDINGS: Final = frozenset({"open", "resolved", "muted"})


def says_states(node: Node) -> bool:
    """Whether it is said which states are meant."""
    return any(
        term.field == "state"
        or (term.field == "is" and isinstance(term.value, Choice) and term.value.word in _STANDINGS)
        for term in terms_of(node)
    )


__all__ = [
    "EVERYTHING",
    "LONGEST",
    "MOST_BYTES",
    "Age",
    "And",
    "Choice",
    "Day",
    "Hundreds",
    "Moment",
    "Node",
    "Not",
    "Number",
    "Or",
    "Pattern",
    "SearchError",
    "Term",
    "Word",
    "both",
    "either",
    "parse",
    "phrased",
    "quoted",
    "says_states",
    "terms_of",
    "without",
    "written",
]
