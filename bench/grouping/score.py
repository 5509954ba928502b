"""How well keys sort events into problems, by pairs: two events have the same key, or not; and should they?"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

Problem = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Pairs of events. `together`: have the same key; `belong`: are the same problem; `right`: both."""

    together: int
    belong: int
    right: int

    @property
    def precision(self) -> float:
        """Of the pairs that were put together, the share that belongs together."""
        return self.right / self.together if self.together else 1.0

    @property
    def recall(self) -> float:
        """Of the pairs that belong together, the share that was put together."""
        return self.right / self.belong if self.belong else 1.0


def score(problems: Sequence[Hashable], keys: Sequence[Hashable]) -> Score:
    """Over all pairs of events; what cannot meet in one incident has different problems and different keys."""
    return Score(
        together=_pairs(keys),
        belong=_pairs(problems),
        right=_pairs(list(zip(problems, keys, strict=True))),
    )


def split(problems: Sequence[Problem], keys: Sequence[Hashable]) -> list[Problem]:
    """The problems that have more than one key."""
    found: dict[Problem, set[Hashable]] = {}
    for problem, key in zip(problems, keys, strict=True):
        found.setdefault(problem, set()).add(key)
    return [problem for problem, its in found.items() if len(its) > 1]


def merged(problems: Sequence[Problem], keys: Sequence[Hashable]) -> list[tuple[Problem, Problem]]:
    """The pairs of problems that share a key."""
    by_key: dict[Hashable, dict[Problem, None]] = {}
    for problem, key in zip(problems, keys, strict=True):
        by_key.setdefault(key, {})[problem] = None
    return list(dict.fromkeys(pair for its in by_key.values() for pair in combinations(its, 2)))


def _pairs(labels: Sequence[Hashable]) -> int:
    return sum(many * (many - 1) // 2 for many in Counter(labels).values())
