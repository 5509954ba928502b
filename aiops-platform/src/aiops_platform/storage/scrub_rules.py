"""What people said is secret in a project, besides what is everywhere."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, and_, delete, select

from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing.rules import RuleKind
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


def put(connection: Connection, project_id: int, kind: RuleKind, text: str) -> None:
    """Adds a rule; one that is there stays."""
    row = {"project_id": project_id, "kind": kind, "text": text}
    connection.execute(insert(connection, scrub_rules).on_conflict_do_nothing(), row)


def drop(connection: Connection, project_id: int, kind: RuleKind, text: str) -> bool:
    """Removes a rule; whether there was one."""
    mine = and_(scrub_rules.c.project_id == project_id, scrub_rules.c.kind == kind, scrub_rules.c.text == text)
    return bool(connection.execute(delete(scrub_rules).where(mine)).rowcount)
