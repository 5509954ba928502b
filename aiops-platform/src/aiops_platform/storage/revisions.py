"""Revision numbers: how open pages learn cheaply that something they show has changed."""

from typing import Literal

from sqlalchemy import Connection

from aiops_platform.storage.dialects import add_up
from aiops_platform.storage.schema import revisions

Topic = Literal["incidents", "services", "jobs", "buried", "channels", "alerts", "fixes"]


def bump(connection: Connection, project_id: int, *topics: Topic) -> None:
    """Call it in every transaction that changes what pages show of a topic."""
    rows = [{"project_id": project_id, "topic": topic, "number": 1} for topic in topics]
    connection.execute(add_up(connection, revisions, revisions.c.number), rows)
