"""Revision numbers: how open pages learn cheaply that something they show has changed."""

from typing import Literal

from sqlalchemy import Connection

from aiops_platform.storage.dialects import insert
from aiops_platform.storage.schema import revisions

Topic = Literal["incidents", "services", "jobs"]


def bump(connection: Connection, project_id: int, *topics: Topic) -> None:
    """Call it in every transaction that changes what pages show of a topic."""
    for topic in topics:
        statement = insert(connection, revisions).values(project_id=project_id, topic=topic, number=1)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[revisions.c.project_id, revisions.c.topic],
                set_={"number": revisions.c.number + 1},
            )
        )
