"""What is to be sent: written by stations with what became true, leased to the one that sends, kept for people to see."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, true, update

from aiops_platform.core import notices
from aiops_platform.core.access import SecretMismatchError
from aiops_platform.core.ahead import horizon
from aiops_platform.core.backoff import Outcome, Sent, Verdict
from aiops_platform.core.channels import Channel
from aiops_platform.core.facts import FactKind
from aiops_platform.core.messages import Message, message_from
from aiops_platform.ports import Claimed, Ready
from aiops_platform.storage.channel_rows import CHANNEL, answer_of, channel_from, ready_from
from aiops_platform.storage.database import Database
from aiops_platform.storage.dialects import add_missing
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import channels, deliveries, facts, projects

_LOOKED_AT: Final = 500


class SqlOutbox:
    """See `ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def channels(self, project_id: int) -> list[Channel]:
        """See `ports.Outbox`."""
        mine = select(*CHANNEL).where(channels.c.project_id == project_id, channels.c.disabled_at.is_(None))
        return [channel_from(row) for row in self._connection.execute(mine.order_by(channels.c.id)).mappings()]

    def post(self, channel_id: int, message: Message, due_at: datetime) -> bool:
        """See `ports.Outbox`."""
        wanted = select(channels.c.project_id, channels.c.disabled_at).where(channels.c.id == channel_id)
        channel = self._connection.execute(wanted).one_or_none()
        if channel is None:
            return False
        row = {
            "channel_id": channel_id,
            "key": message.key,
            "about": message.group,
            "message": message.as_data(),
            "wanted_at": due_at,
            "due_at": due_at,
            "attempts": 0,
            "answer": "",
        }
        if channel.disabled_at is not None:
            row |= {"due_at": None, "failed_at": due_at, "answer": "The channel was disabled already."}
        statement = add_missing(self._connection, deliveries, deliveries.c.id)
        if self._connection.execute(statement, [row]).first() is None:
            return False
        bump(self._connection, channel.project_id, "channels")
        return True

    def forget(self, before: datetime, limit: int) -> int:
        """See `ports.Outbox`."""
        ended = or_(deliveries.c.sent_at < before, deliveries.c.failed_at < before)
        old = select(deliveries.c.id).where(deliveries.c.due_at.is_(None), ended).order_by(deliveries.c.id).limit(limit)
        return self._connection.execute(delete(deliveries).where(deliveries.c.id.in_(old))).rowcount


class SqlDeliveries:
    """See `ports.Deliveries`. `server_secret` opens the settings of channels; `address` is that of the pages."""

    def __init__(self, database: Database, *, server_secret: bytes, address: str) -> None:
        self._database = database
        self._server_secret = server_secret
        self._address = address

    def claim(
        self, now: datetime, until: datetime, *, busy: Collection[int], limit: int, in_trouble: int
    ) -> Sequence[Claimed]:
        """See `ports.Deliveries`."""
        # Looked at first without a lock: nearly always there is nothing to be sent.
        with self._database.read() as connection:
            if limit < 1 or not _next(connection, now, busy, limit, in_trouble):
                return []
        with self._database.begin() as connection:
            ids = _next(connection, now, busy, limit, in_trouble)
            mine = (
                update(deliveries)
                .where(deliveries.c.id.in_(ids))
                .values(leased_until=until, attempts=deliveries.c.attempts + 1)
            )
            connection.execute(mine)
            whole = select(deliveries, *(column.label(f"to_{column.name}") for column in channels.c))
            rows = connection.execute(
                whole.join(channels, channels.c.id == deliveries.c.channel_id).where(deliveries.c.id.in_(ids))
            ).mappings()
            return [
                Claimed(
                    id=row["id"],
                    to=self._ready({column.name: row[f"to_{column.name}"] for column in channels.c}),
                    message=message_from(row["message"]),
                    wanted_at=row["wanted_at"],
                    attempts=row["attempts"],
                )
                for row in sorted(rows, key=lambda row: ids.index(row["id"]))
            ]

    def _ready(self, row: Mapping[str, Any]) -> Ready:
        try:
            return ready_from(row, self._server_secret)
        except SecretMismatchError:
            return Ready(channel=channel_from(row), settings={})

    def conclude(self, claimed: Claimed, outcome: Outcome, verdict: Verdict, now: datetime) -> None:
        """See `ports.Deliveries`."""
        channel = claimed.to.channel
        with self._database.begin() as connection:
            said = {"status": outcome.status, "answer": answer_of(outcome), "leased_until": None}
            ended = {
                "due_at": None,
                "sent_at": now if verdict.sent else None,
                "failed_at": now if verdict.failed else None,
            }
            mine = update(deliveries).where(deliveries.c.id == claimed.id)
            # Not what somebody took away meanwhile, by disabling the channel.
            still = mine.where(deliveries.c.due_at.is_not(None))
            if not verdict.sent and self._is_another(connection, claimed):
                # What failed was the receiver that it had before.
                connection.execute(still.values(**said, due_at=now))
                return
            if verdict.due_at is None:
                connection.execute(mine.values(**said, **ended))
            else:
                connection.execute(still.values(**said, due_at=verdict.due_at))
            stands: dict[str, Any] = {
                "failures": verdict.failures,
                "failing_since": verdict.failing_since,
                "not_before": verdict.not_before,
            }
            if isinstance(outcome, Sent):
                stands["last_sent_at"] = now
            connection.execute(update(channels).where(channels.c.id == channel.id).values(**stands))
            if verdict.disabled_why:
                self._disable(connection, channel, verdict, now)
            bump(connection, channel.project_id, "channels")

    def hurry(self, beyond: datetime, now: datetime) -> None:
        """See `ports.Deliveries`."""
        late, wanted = deliveries.c.due_at > beyond, deliveries.c.wanted_at > horizon(now)
        due = update(deliveries).where(deliveries.c.due_at.is_not(None))
        with self._database.begin() as connection:
            connection.execute(due.where(or_(late, wanted)).values(due_at=now))
            connection.execute(due.where(wanted).values(wanted_at=now))
            connection.execute(update(channels).where(channels.c.not_before > beyond).values(not_before=None))

    def release(self) -> None:
        """See `ports.Deliveries`."""
        with self._database.begin() as connection:
            leased = deliveries.c.due_at.is_not(None) & deliveries.c.leased_until.is_not(None)
            connection.execute(update(deliveries).where(leased).values(leased_until=None))

    def _is_another(self, connection: Connection, claimed: Claimed) -> bool:
        """Whether somebody changed the channel's settings since that was claimed."""
        now = connection.execute(select(channels).where(channels.c.id == claimed.to.channel.id)).one_or_none()
        return now is not None and self._ready(now._asdict()).settings != claimed.to.settings

    def _disable(self, connection: Connection, channel: Channel, verdict: Verdict, now: datetime) -> None:
        why = verdict.disabled_why
        still = update(channels).where(channels.c.id == channel.id, channels.c.disabled_at.is_(None))
        if not connection.execute(still.values(disabled_at=now, disabled_why=why, disabled_by="")).rowcount:
            return
        fail_all(connection, channel.id, f"The channel was disabled: {why}", now)
        data = {"channel": channel.id, "name": channel.name, "why": verdict.told_why}
        kind = FactKind.CHANNEL_DISABLED
        connection.execute(insert(facts).values(project_id=channel.project_id, kind=kind, at=now, data=data))
        project = connection.scalars(select(projects.c.name).where(projects.c.id == channel.project_id)).one()
        notice = notices.disabled_notice(channel, verdict.told_why, project=project, address=self._address, now=now)
        outbox = SqlOutbox(connection)
        for other in outbox.channels(channel.project_id):
            outbox.post(other.id, notice, now)


def fail_all(connection: Connection, channel_id: int, why: str, now: datetime) -> None:
    """What is still on its way to a channel has failed: it is kept, and can be sent again."""
    waiting = and_(deliveries.c.channel_id == channel_id, deliveries.c.due_at.is_not(None))
    connection.execute(
        update(deliveries).where(waiting).values(due_at=None, leased_until=None, failed_at=now, answer=why)
    )


def _next(connection: Connection, now: datetime, busy: Collection[int], limit: int, in_trouble: int) -> list[int]:
    older = deliveries.alias("older")
    # A "firing" that has to be tried again must not overtake the "over" of the same alert.
    waits_for_another = exists().where(
        older.c.channel_id == deliveries.c.channel_id,
        older.c.about == deliveries.c.about,
        older.c.id < deliveries.c.id,
        older.c.due_at.is_not(None),
    )
    first = (
        select(deliveries.c.id)
        .where(
            deliveries.c.channel_id == channels.c.id,
            deliveries.c.due_at <= now,
            or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now),
            ~waits_for_another,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(1)
        .correlate(channels)
        .scalar_subquery()
    )
    found = select(first.label("delivery"), channels.c.failures).where(*_may_send(now, busy)).subquery()
    ready = select(found).where(found.c.delivery.is_not(None)).order_by(found.c.delivery).limit(_LOOKED_AT)
    rows = connection.execute(ready).all()
    fine = [row.delivery for row in rows if not row.failures][:limit]
    failing = [row.delivery for row in rows if row.failures][: min(in_trouble, limit - len(fine))]
    return fine + failing


def _may_send(now: datetime, busy: Collection[int]) -> list[ColumnElement[bool]]:
    return [
        channels.c.disabled_at.is_(None),
        or_(channels.c.not_before.is_(None), channels.c.not_before <= now),
        channels.c.id.not_in(busy) if busy else true(),
    ]
