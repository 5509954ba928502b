"""The channels of projects: what people make of them, and what was sent to each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, select, update

from aiops_platform.core.backoff import Outcome, Sent
from aiops_platform.core.channels import (
    MOST_CHANNELS,
    SECRET_BYTES,
    Channel,
    ChannelError,
    ChannelKind,
    Checked,
    Delivery,
    checked_name,
    webhook_secret,
)
from aiops_platform.core.messages import Message
from aiops_platform.ports import Ready
from aiops_platform.storage.channel_rows import CHANNEL, answer_of, channel_from, ready_from, sealed
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import add_missing
from aiops_platform.storage.outbox import fail_all
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import channels, deliveries

_UID_BYTES: Final = 16
_BOTH_SIGN_FOR: Final = timedelta(days=1)


class SqlChannels:
    """See `ports.Channels`. `server_secret` seals the settings."""

    def __init__(self, database: Database, *, server_secret: bytes) -> None:
        self._database = database
        self._server_secret = server_secret

    def all(self, project_id: int) -> Sequence[Channel]:
        """See `ports.Channels`."""
        mine = select(*CHANNEL).where(channels.c.project_id == project_id)
        with self._database.read() as connection:
            rows = connection.execute(mine.order_by(func.lower(channels.c.name), channels.c.id)).mappings()
            return [channel_from(row) for row in rows]

    def one(self, project_id: int, channel_id: int) -> Channel | None:
        """See `ports.Channels`."""
        with self._database.read() as connection:
            row = _row(connection, project_id, channel_id)
        return None if row is None else channel_from(row)

    def ready(self, project_id: int, channel_id: int) -> Ready | None:
        """See `ports.Channels`."""
        with self._database.read() as connection:
            row = _row(connection, project_id, channel_id)
        return None if row is None else ready_from(row, self._server_secret)

    def add(
        self, project_id: int, name: str, kind: ChannelKind, checked: Checked, *, by: str, now: datetime
    ) -> tuple[Channel, str | None]:
        """See `ports.Channels`."""
        secret = webhook_secret(token_bytes(SECRET_BYTES)) if kind is ChannelKind.WEBHOOK else None
        settings = dict(checked.settings) | ({} if secret is None else {"secret": secret})
        uid = token_bytes(_UID_BYTES)
        with self._database.begin() as connection:
            name = _free_name(connection, project_id, name)
            if _count(connection, project_id) >= MOST_CHANNELS:
                raise ChannelError(f"There are {MOST_CHANNELS} channels already: delete one first")
            row = {
                "project_id": project_id,
                "uid": uid,
                "name": name,
                "kind": kind,
                "settings": sealed(settings, uid, self._server_secret),
                "hint": checked.hint,
                "created_at": now,
                "created_by": by,
                "failures": 0,
                "disabled_by": "",
                "disabled_why": "",
            }
            made = connection.execute(insert(channels).values(row).returning(channels)).mappings().one()
            bump(connection, project_id, "channels")
        return channel_from(made), secret

    def change(self, project_id: int, channel_id: int, *, name: str, checked: Checked | None) -> Channel | None:
        """See `ports.Channels`."""
        with self._database.begin() as connection:
            row = _row(connection, project_id, channel_id)
            if row is None:
                return None
            new: dict[str, object] = {"name": _free_name(connection, project_id, name, but=channel_id)}
            if checked is not None:
                before = ready_from(row, self._server_secret).settings
                secrets = {name: before[name] for name in ("secret", "old_secret", "old_until") if name in before}
                settings = sealed(dict(checked.settings) | secrets, row["uid"], self._server_secret)
                # What failed was another receiver.
                new |= {"settings": settings, "hint": checked.hint, "failures": 0}
                new |= {"failing_since": None, "not_before": None}
            return self._changed(connection, row, new)

    def switch(self, project_id: int, channel_id: int, *, on: bool, by: str, now: datetime) -> Channel | None:
        """See `ports.Channels`."""
        with self._database.begin() as connection:
            row = _row(connection, project_id, channel_id)
            if row is None or (row["disabled_at"] is None) == on:
                return None if row is None else channel_from(row)
            new: dict[str, object] = {"failures": 0, "failing_since": None, "not_before": None, "disabled_by": by}
            new |= {"disabled_at": None if on else now, "disabled_why": "" if on else f"{by} disabled it"}
            if not on:
                fail_all(connection, channel_id, f"The channel was disabled by {by}.", now)
            return self._changed(connection, row, new)

    def remove(self, project_id: int, channel_id: int) -> Channel | None:
        """See `ports.Channels`."""
        with self._database.begin() as connection:
            row = _row(connection, project_id, channel_id)
            if row is None:
                return None
            connection.execute(delete(deliveries).where(deliveries.c.channel_id == channel_id))
            connection.execute(delete(channels).where(channels.c.id == channel_id))
            bump(connection, project_id, "channels")
        return channel_from(row)

    def new_secret(self, project_id: int, channel_id: int, now: datetime) -> str | None:
        """See `ports.Channels`."""
        with self._database.begin() as connection:
            row = _row(connection, project_id, channel_id)
            if row is None or row["kind"] != ChannelKind.WEBHOOK:
                return None
            settings = dict(ready_from(row, self._server_secret).settings)
            secret = webhook_secret(token_bytes(SECRET_BYTES))
            settings |= {"old_secret": settings["secret"], "old_until": (now + _BOTH_SIGN_FOR).isoformat()}
            settings["secret"] = secret
            self._changed(connection, row, {"settings": sealed(settings, row["uid"], self._server_secret)})
        return secret

    def deliveries(
        self, project_id: int, channel_id: int, *, limit: int, before: int | None = None
    ) -> Sequence[Delivery]:
        """See `ports.Channels`."""
        mine = (deliveries.c.channel_id == channel_id, _is_of(project_id))
        wanted = select(deliveries).join(channels).where(*mine).order_by(deliveries.c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(deliveries.c.id < before)
        with self._database.read() as connection:
            return [_delivery(row) for row in connection.execute(wanted).mappings()]

    def send_again(self, project_id: int, channel_id: int, delivery_id: int | None, now: datetime) -> int:
        """See `ports.Channels`."""
        with self._database.begin() as connection:
            row = _row(connection, project_id, channel_id)
            if row is None:
                return 0
            if row["disabled_at"] is not None:
                raise ChannelError("Enable the channel first: what is disabled is sent nothing")
            failed = and_(deliveries.c.channel_id == channel_id, deliveries.c.failed_at.is_not(None))
            if delivery_id is not None:
                failed = and_(failed, deliveries.c.id == delivery_id)
            anew = {"wanted_at": now, "due_at": now, "failed_at": None, "attempts": 0}
            many = connection.execute(update(deliveries).where(failed).values(**anew)).rowcount
            bump(connection, project_id, "channels")
        return many

    def note_test(self, channel: Channel, message: Message, outcome: Outcome, now: datetime) -> None:
        """See `ports.Channels`."""
        sent = isinstance(outcome, Sent)
        row = {
            "channel_id": channel.id,
            "key": message.key,
            "about": message.group,
            "message": message.as_data(),
            "wanted_at": now,
            "attempts": 1,
            "sent_at": now if sent else None,
            "failed_at": None if sent else now,
            "status": outcome.status,
            "answer": answer_of(outcome),
        }
        with self._database.begin() as connection:
            if _row(connection, channel.project_id, channel.id) is None:
                return
            connection.execute(add_missing(connection, deliveries), [row])
            if sent:
                fine = {"failures": 0, "failing_since": None, "not_before": None, "last_sent_at": now}
                connection.execute(update(channels).where(channels.c.id == channel.id).values(**fine))
            bump(connection, channel.project_id, "channels")

    def disabled(self, project_id: int) -> int:
        """See `ports.Channels`."""
        by_itself = and_(channels.c.disabled_at.is_not(None), channels.c.disabled_by == "")
        with self._database.read() as connection:
            query = select(func.count()).select_from(channels).where(_is_of(project_id), by_itself)
            return connection.execute(query).scalar_one()

    def _changed(self, connection: Connection, row: RowMapping, new: dict[str, object]) -> Channel:
        statement = update(channels).where(channels.c.id == row["id"]).values(**new).returning(channels)
        changed = connection.execute(statement).mappings().one()
        bump(connection, row["project_id"], "channels")
        return channel_from(changed)


def _is_of(project_id: int) -> ColumnElement[bool]:
    return channels.c.project_id == project_id


def _row(connection: Connection, project_id: int, channel_id: int) -> RowMapping | None:
    one = select(channels).where(channels.c.id == channel_id, _is_of(project_id))
    return connection.execute(one).mappings().one_or_none()


def _count(connection: Connection, project_id: int) -> int:
    return connection.execute(select(func.count()).select_from(channels).where(_is_of(project_id))).scalar_one()


def _free_name(connection: Connection, project_id: int, text: str, *, but: int | None = None) -> str:
    name = checked_name(text)
    taken = connection.scalar(select(channels.c.id).where(_is_of(project_id), channels.c.name == name))
    if taken not in (None, but):
        raise ChannelError(f"There is a channel named '{name}' already: choose another name")
    return name


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        id=row["id"],
        channel_id=row["channel_id"],
        title=row["message"]["title"],
        state=row["message"]["state"],
        created_at=row["wanted_at"],
        **{name: row[name] for name in ("due_at", "attempts", "sent_at", "failed_at", "status", "answer")},
    )
