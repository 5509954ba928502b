"""A platform without doors: a store and an intake in memory, and the stations that work on them."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from made import NOW
from sqlalchemy import Table, func, insert, select
from tables import a_store

from aiops_platform.core.parcel import Parcel
from aiops_platform.core.retention import Retention
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.digest import Digest
from aiops_platform.pipeline.prune import Prune
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.watch import Watch
from aiops_platform.storage import schema
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.transactions import SqlStore


class Workshop:
    """Two projects, 1 and 2. Close it at the end."""

    def __init__(self, *, together: int = 200, most: int = 1_000, keep: Retention | None = None) -> None:
        self.database = a_store()
        with self.database.begin() as connection:
            rows = [{"slug": name, "name": name, "created_at": NOW} for name in ("one", "two")]
            connection.execute(insert(schema.projects), rows)
        self.store = SqlStore(self.database)
        self.opener = Bodies()
        self.intake = SqliteIntake(None)
        self.digest = Digest(self.store, self.intake, together=together, most=most)
        self.watch = Watch(self.store, self.intake)
        self.prune = Prune(self.store, self.intake, keep)
        self.triage = Triage(self.store)

    def receive(self, *parcels: Parcel) -> None:
        """As the door does."""
        self.intake.append(parcels).result(60)

    def digest_all(self, now: datetime = NOW) -> None:
        """Until nothing is left."""
        while self.digest.step(now):
            pass

    def drop_old(self, now: datetime) -> bool:
        """As the worker does, once its clock has gone steadily for an hour."""
        self.prune.step(now - timedelta(hours=1))
        return self.prune.step(now)

    def listen(self, *moments: datetime) -> None:
        """The door ticks at these moments."""
        for moment in moments:
            self.intake.tick(moment)

    def rows(self, table: Table, *columns: str) -> list[Any]:
        """Rows in the order of their making: values if one column is named, else tuples of them."""
        names = columns or tuple(column.name for column in table.columns)
        with self.database.read() as connection:
            found = connection.execute(select(*(table.c[name] for name in names)))
            return [row[0] if len(names) == 1 else tuple(row) for row in found]

    def count(self, table: Table) -> int:
        """How many rows there are."""
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def bodies(self) -> list[dict[str, Any]]:
        """The events as they are kept, in the order of their making."""
        rows = self.rows(schema.events, "dictionary_id", "body")
        with self.database.read() as connection:
            return [json.loads(self.opener.open(connection, *row)) for row in rows]

    def facts(self) -> list[str]:
        """The kinds of all facts, in order."""
        return [str(kind) for kind in self.rows(schema.facts, "kind")]

    def revision(self, topic: str, project_id: int = 1) -> int:
        """How often something of this topic has changed."""
        found = {(project, name): number for project, name, number in self.rows(schema.revisions)}
        return found.get((project_id, topic), 0)

    def close(self) -> None:
        """Lets go of everything."""
        self.intake.close()
        self.database.close()


def in_memory(parcels: Iterable[Parcel], **options: Any) -> Workshop:
    """A workshop that has digested these."""
    workshop = Workshop(**options)
    workshop.receive(*parcels)
    workshop.digest_all()
    return workshop
