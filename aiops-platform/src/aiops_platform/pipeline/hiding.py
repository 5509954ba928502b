"""Hiding: people say what is secret in their project besides what is everywhere; the worker hides it from then on."""

from collections.abc import Sequence

from aiops_platform.core.scrubbing.rules import NO_RULES, RuleKind, checked, is_same
from aiops_platform.ports import Store


class Hiding:
    """Every method may be called from any thread, and raises StoreUnavailableError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rules(self, project_id: int) -> Sequence[tuple[RuleKind, str]]:
        """The rules of the project, names first; values as they are, which nobody needs to see."""
        rules = self._store.scrub_rules().get(project_id, NO_RULES)
        return [*((RuleKind.NAME, each) for each in rules.names), *((RuleKind.VALUE, each) for each in rules.values)]

    def add(self, project_id: int, kind: RuleKind, text: str) -> None:
        """From now on hidden in what is digested; what is stored stays as it is. Raises WrongRuleError."""
        text = checked(kind, text)
        with self._store.begin() as transaction:
            transaction.add_scrub_rule(project_id, kind, text)

    def remove(self, project_id: int, kind: RuleKind, text: str) -> bool:
        """Hidden by this rule no longer; whether there was one. A name is meant in any spelling."""
        mine = [each for known, each in self.rules(project_id) if known is kind and is_same(kind, each, text)]
        with self._store.begin() as transaction:
            return sum(transaction.drop_scrub_rule(project_id, kind, each) for each in mine) > 0
