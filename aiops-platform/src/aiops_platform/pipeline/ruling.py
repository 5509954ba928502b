"""Ruling: people say themselves which events of their project are one problem, and look first what that would do."""

from dataclasses import dataclass
from typing import Final

from aiops_platform.core import group_rules
from aiops_platform.core.group_rules import Problem, Rehearsal, Rules
from aiops_platform.core.group_rules.notation import tidied
from aiops_platform.ports import Reads, Store

# So many of the newest events are looked at: in about a fifth of a second.
MOST_TRIED: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What is wrong with the rules. Nothing was changed."""

    problems: tuple[Problem, ...]


class Ruling:
    """Every method may be called from any thread, and raises StoreUnavailableError."""

    def __init__(self, store: Store, reads: Reads) -> None:
        self._store = store
        self._reads = reads

    def group_rules(self, project_id: int) -> str:
        """The project's rules as they were written."""
        return self._reads.group_rules(project_id)

    def rehearse(self, project_id: int, text: str) -> Rehearsal | Refused:
        """What these rules would have done with the newest events that are stored. Changes nothing."""
        reading = group_rules.read(text)
        if reading.problems:
            return Refused(problems=reading.problems)
        return group_rules.rehearse(reading.rules, self._reads.last_events(project_id, MOST_TRIED))

    def set_group_rules(self, project_id: int, text: str) -> Rules | Refused:
        """From now on these hold, for what is digested some seconds later. What is stored stays where it is."""
        reading = group_rules.read(text)
        if reading.problems:
            return Refused(problems=reading.problems)
        with self._store.begin() as transaction:
            transaction.save_group_rules(project_id, tidied(text))
        return reading.rules
