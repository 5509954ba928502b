"""A workshop in which alerts fire: a channel that is told, a desk for people, and what was said."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from made import NOW, a_body, a_parcel
from sqlalchemy import Table, delete, insert, text, update
from workshop import Workshop

from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.rules import Rule, When
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.channels import ChannelKind
from aiops_platform.core.messages import Message, message_from
from aiops_platform.core.people import Actor
from aiops_platform.pipeline.alerting import AlertDesk, Alerting
from aiops_platform.storage import alert_tables, schema
from aiops_platform.storage.alert_reads import SqlAlertReads

ANA = Actor("user", 1, "Ana")
KEY = links.key_from(b"secret")
OPS, NIGHT = 1, 2


class Newsroom(Workshop):
    """A workshop whose first project has the channel #ops, and more on demand."""

    number = 0

    def __init__(self) -> None:
        super().__init__()
        self.troubles: dict[str, str] = {}
        self.reads = SqlAlertReads(self.database)
        self.desk = AlertDesk(self.store, self.reads, KEY)
        self.restart()
        self.add_channel("#ops")

    def restart(self) -> None:
        place = Place(project="", address="http://aiops.test", key=KEY)
        self.alerting = Alerting(self.store, self.reads, place, troubles=lambda _: self.troubles)

    def add_channel(self, name: str, project_id: int = 1) -> None:
        said = {"project_id": project_id, "name": name, "kind": "webhook", "settings": b"", "hint": ""}
        with self.database.begin() as connection:
            connection.execute(
                insert(schema.channels).values(**said, created_at=NOW, created_by="Ana", failures=0, **_blank())
            )

    def make(self, channel: int, kind: ChannelKind) -> None:
        with self.database.begin() as connection:
            connection.execute(update(schema.channels).where(schema.channels.c.id == channel).values(kind=kind))

    def keep(self, table: Table, most: int) -> None:
        """Only the first rows; the next one has the number of the first that is gone, as after a restored backup."""
        with self.database.begin() as connection:
            connection.execute(delete(table).where(table.c.id > most))
            connection.execute(
                text("UPDATE sqlite_sequence SET seq = :most WHERE name = :name"), {"most": most, "name": table.name}
            )

    def put_through(self, file: Path, change: Callable[[Path], None]) -> None:
        """Has the marks of this store changed in a file."""
        with closing(sqlite3.connect(file)) as other, other:
            other.execute("CREATE TABLE platform_notes (name PRIMARY KEY, note)")
            other.execute("CREATE TABLE alerts (id INTEGER PRIMARY KEY AUTOINCREMENT)")
            other.executemany(
                "INSERT INTO alerts (id) VALUES (?)", [(each,) for each in self.rows(alert_tables.alerts, "id")]
            )
        change(file)
        with closing(sqlite3.connect(file)) as other:
            ((name, note),) = other.execute("SELECT * FROM platform_notes").fetchall()
        with self.database.begin() as connection:
            connection.execute(insert(alert_tables.platform_notes).values(name=name, note=json.loads(note)))

    def switch_off(self, channels: set[int]) -> None:
        """Somebody has switched off these, and no other."""
        table = schema.channels
        with self.database.begin() as connection:
            connection.execute(update(table).values(disabled_at=None, disabled_by=""))
            off = update(table).where(table.c.id.in_(channels)).values(disabled_at=NOW, disabled_by="Ana")
            connection.execute(off)

    def waiting(self) -> int:
        return sum(at is None for at in self.rows(alert_tables.tellings, "told_at"))

    def report(self, *problems: str, now: datetime = NOW, **fields: object) -> None:
        for problem in problems:
            self.number += 1
            self.receive(a_parcel(self.number, a_body(error_type=problem, message="no", **fields), received_at=now))
        self.digest_all(now)

    def tell(self, now: datetime = NOW) -> None:
        while self.alerting.step(now):
            pass

    def messages(self, channel: int = OPS) -> list[Message]:
        rows = self.rows(schema.deliveries, "channel_id", "message")
        return [message_from(message) for channel_id, message in rows if channel_id == channel]

    def titles(self, channel: int = OPS) -> list[str]:
        return [message.heading for message in self.messages(channel)]

    def states(self) -> list[str]:
        return [str(state) for state in self.rows(alert_tables.alerts, "state")]

    def rule(self, when: When = When.NEW, **fields: Any) -> Rule:
        """The only rule that there is from now on."""
        with self.database.begin() as connection:
            connection.execute(delete(alert_tables.alert_rules))
        rule = self.desk.save_rule(1, Rule(**{"name": "It", "when": when} | fields), NOW)
        assert rule is not None
        return rule


def _blank() -> dict[str, Any]:
    return {"uid": bytes(16), "disabled_by": "", "disabled_why": ""}
