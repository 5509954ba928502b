"""What people said is secret in a project, besides what is everywhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, and_, delete, select

from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import scrub_rules


def all_of(connection: Connection) -> Mapping[int, Rules]:
    """The rules by project, where there are any."""
    found: defaultdict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    wanted = select(scrub_rules).order_by(scrub_rules.c.project_id, scrub_rules.c.kind, scrub_rules.c.text)
    for row in connection.execute(wanted):
        found[row.project_id][row.kind].append(row.text)
    return {
        project_id: Rules(names=tuple(each[RuleKind.NAME]), values=tuple(each[RuleKind.VALUE]))
        for project_id, each in found.items()
    }


def rules_of(database: Database, project_id: int) -> Sequence[tuple[RuleKind, str]]:
    """The rules of one project in the order in which they are shown. Raises StoreUnavailableError."""
    with database.read() as connection:
        rules = all_of(connection).get(project_id, Rules())
    return [*((RuleKind.NAME, each) for each in rules.names), *((RuleKind.VALUE, each) for each in rules.values)]


def add(database: Database, project_id: int, kind: RuleKind, text: str) -> None:
    """Adds a rule; one that is there stays. Raises StoreUnavailableError."""
    with database.begin() as connection:
        row = {"project_id": project_id, "kind": kind, "text": text}
        connection.execute(insert(connection, scrub_rules).on_conflict_do_nothing(), row)


def remove(database: Database, project_id: int, kind: RuleKind, text: str) -> bool:
    """Removes a rule; whether there was one. Raises StoreUnavailableError."""
    mine = and_(scrub_rules.c.project_id == project_id, scrub_rules.c.kind == kind, scrub_rules.c.text == text)
    with database.begin() as connection:
        return bool(connection.execute(delete(scrub_rules).where(mine)).rowcount)
