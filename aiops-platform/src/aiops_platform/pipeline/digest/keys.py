"""Which incident an event belongs to: by its project's own rules, else by what every event is grouped by."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import group_rules, grouping
from aiops_platform.core.event import Event
from aiops_platform.core.group_rules import Rules
from aiops_platform.core.grouping import GroupKey
from aiops_platform.ports import Store

# For so long rules that people change may not be noticed.
_LOOKS_AGAIN: Final = timedelta(seconds=2)

log = logging.getLogger(__name__)


class Keys:
    """Says keys. What people change of a project's rules holds some seconds later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked_at: datetime | None = None
        self._texts: Mapping[int, str] = {}
        self._rules: Mapping[int, Rules] = {}

    def look_again(self, now: datetime) -> None:
        """Reads the projects' rules, now and then. Not within a transaction. Raises StoreUnavailableError."""
        if self._looked_at is not None and abs(now - self._looked_at) < _LOOKS_AGAIN:
            return
        texts = self._store.group_rules()
        self._looked_at = now
        if texts != self._texts:
            self._texts = texts
            self._rules = {project_id: _read(text, project_id) for project_id, text in texts.items()}

    def of(self, event: Event, project_id: int) -> GroupKey:
        """The key of an event of this project."""
        rules = self._rules.get(project_id)
        return grouping.key_for(event) if rules is None else rules.key_for(event)


def _read(text: str, project_id: int) -> Rules:
    reading = group_rules.read(text)
    for problem in reading.problems:
        # Nobody can set such a rule; a newer program may have.
        log.warning(
            "A rule for grouping is not understood and left out",
            extra={"project": project_id, "line": problem.line, "why": problem.why},
        )
    return reading.rules
