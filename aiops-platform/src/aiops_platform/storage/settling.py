"""What people decide of incidents, and what it takes to carry that out; see `ports.Settling`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, select, update

from aiops_platform.core import muting
from aiops_platform.core.acts import UNDONE_WITHIN
from aiops_platform.core.care import Assignee, CommentRow
from aiops_platform.core.incident import Incident, IncidentKind, IncidentState
from aiops_platform.core.people import Actor, actor_from
from aiops_platform.core.regression import Resolution
from aiops_platform.core.views import IncidentQuery
from aiops_platform.ports import Undoing
from aiops_platform.storage import joining, undoing
from aiops_platform.storage.dialects import insert, portions
from aiops_platform.storage.finding import matching, standing
from aiops_platform.storage.incident_lists import asked_of
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import comments, deploys, events, incidents, members, users


def incident_of(row: Mapping[Any, Any]) -> Incident:
    """The incident that a row of the table holds."""
    fields = {name: row[name] for name in Incident.__dataclass_fields__}
    fields["kind"], fields["state"] = IncidentKind(row["kind"]), IncidentState(row["state"])
    fields["resolved_how"], fields["mute"] = Resolution(row["resolved_how"]), muting.from_data(row["mute"])
    return Incident(**fields)


def row_of(incident: Incident) -> dict[str, Any]:
    """The row of an incident."""
    mute = incident.mute
    return {**vars(incident), "mute": muting.as_data(mute), "due_at": None if mute is None else mute.until}


class SqlSettling:
    """See `ports.Settling`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def incidents(self, project_id: int, ids: Collection[int]) -> list[Incident]:
        """See `ports.Settling`."""
        found: list[Incident] = []
        for some in portions(sorted(set(ids))):
            mine = incidents.c.project_id == project_id, incidents.c.id.in_(some)
            rows = select(incidents).where(*mine).order_by(incidents.c.id).with_for_update()
            found += map(incident_of, self._connection.execute(rows).mappings())
        return found

    def overdue(self, now: datetime, limit: int) -> list[Incident]:
        """See `ports.Settling`."""
        query = select(incidents).where(incidents.c.due_at <= now).order_by(incidents.c.due_at, incidents.c.id)
        due = query.limit(limit).with_for_update()
        return [incident_of(row) for row in self._connection.execute(due).mappings()]

    def matching(
        self, project_id: int, query: IncidentQuery, now: datetime, *, after: int, upto: int | None, limit: int
    ) -> list[int]:
        """See `ports.Settling`."""
        asked = asked_of(self._connection, project_id, query, now)
        conditions = matching(asked.search, asked.around)
        found = select(incidents.c.id).where(*conditions, standing(query.state), incidents.c.id > after)
        found = found.order_by(incidents.c.id).limit(limit)
        if upto is not None:
            found = found.where(incidents.c.id <= upto)
        return list(self._connection.execute(found).scalars())

    def member(self, project_id: int, user_id: int) -> Assignee | None:
        """See `ports.Settling`."""
        query = select(users.c.id, users.c.name).join(members, members.c.user_id == users.c.id)
        mine = members.c.project_id == project_id, users.c.id == user_id
        row = self._connection.execute(query.where(*mine)).one_or_none()
        return None if row is None else Assignee(id=row.id, name=row.name)

    def assigned(self, ids: Collection[int]) -> dict[int, int | None]:
        """See `ports.Settling`."""
        found: dict[int, int | None] = {}
        for some in portions(ids):
            query = select(incidents.c.id, incidents.c.assigned_to).where(incidents.c.id.in_(some))
            found |= {row.id: row.assigned_to for row in self._connection.execute(query)}
        return found

    def assign(self, ids: Collection[int], user_id: int | None) -> None:
        """See `ports.Settling`."""
        for some in portions(ids):
            self._set(incidents.c.id.in_(some), assigned_to=user_id)

    def link(self, incident_id: int, url: str | None) -> bool:
        """See `ports.Settling`."""
        query = select(incidents.c.tracker).where(incidents.c.id == incident_id)
        if self._connection.execute(query).scalar_one() == url:
            return False
        self._set(incidents.c.id == incident_id, tracker=url)
        return True

    def add_comment(self, incident: Incident, by: Actor, text: str, now: datetime, *, once: str | None) -> CommentRow:
        """See `ports.Settling`."""
        key = None
        if once is not None:
            told = f"{incident.project_id} {incident.id} {by.kind} {by.id} {once}"
            key = sha256(told.encode()).digest()
            known = self._connection.execute(select(comments).where(comments.c.once == key)).one_or_none()
            if known is not None:
                return comment_of(known)
        row = {"incident_id": incident.id, "by": by.as_data(), "text": text, "created_at": now, "once": key}
        made = self._connection.execute(comments.insert().values(row).returning(comments)).one()
        bump(self._connection, incident.project_id, "incidents")
        return comment_of(made)

    def comment(self, project_id: int, incident_id: int, comment_id: int) -> CommentRow | None:
        """See `ports.Settling`."""
        mine = comments.c.id == comment_id, incidents.c.id == incident_id, incidents.c.project_id == project_id
        query = select(comments).join(incidents, incidents.c.id == comments.c.incident_id).where(*mine)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else comment_of(row)

    def edit_comment(self, project_id: int, comment_id: int, text: str, now: datetime) -> None:
        """See `ports.Settling`."""
        mine = update(comments).where(comments.c.id == comment_id, comments.c.text != text)
        self._connection.execute(mine.values(text=text, edited_at=now))
        bump(self._connection, project_id, "incidents")

    def drop_comment(self, project_id: int, comment_id: int) -> None:
        """See `ports.Settling`."""
        self._connection.execute(delete(comments).where(comments.c.id == comment_id))
        bump(self._connection, project_id, "incidents")

    def join(self, part: int, into: int) -> None:
        """See `ports.Settling`."""
        joining.join(self._connection, part, into)

    def whole_of(self, project_id: int, part: int) -> Incident | None:
        """See `ports.Settling`."""
        above = joining.ancestors_of(self._connection, part)
        found = self.incidents(project_id, above[-1:])
        return found[0] if found else None

    def part_from(self, part: int) -> None:
        """See `ports.Settling`."""
        above = joining.ancestors_of(self._connection, part)
        count = select(incidents.c.count).where(incidents.c.id == part).scalar_subquery()
        joining.part_from(self._connection, part, above)
        # The last of them is the whole, which is saved with what it says itself.
        self._set(incidents.c.id.in_(above[:-1]), count=incidents.c.count - count)

    def span_left(self, incident_id: int) -> tuple[datetime, datetime] | None:
        """See `ports.Settling`."""
        return joining.span_left(self._connection, incident_id)

    def take_keys(self, ids: Collection[int], wiped_at: datetime) -> dict[int, list[dict[str, Any]]]:
        """See `ports.Settling`."""
        for some in portions(ids):
            self._set(incidents.c.id.in_(some), due_at=wiped_at)
        return undoing.take_keys(self._connection, ids)

    def give_keys(self, keys: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
        """See `ports.Settling`."""
        undoing.give_keys(self._connection, keys)

    def events_of(self, incident_id: int, limit: int) -> list[int]:
        """See `ports.Settling`."""
        return list(
            self._connection.execute(
                select(events.c.id).where(events.c.incident_id == incident_id).limit(limit)
            ).scalars()
        )

    def wipe(self, incident_id: int) -> None:
        """See `ports.Settling`."""
        undoing.wipe(self._connection, incident_id)

    def deployed(self, service_id: int, release: str, at: datetime, *, by: str, url: str | None) -> tuple[int, bool]:
        """See `ports.Settling`."""
        row = {"service_id": service_id, "release": release, "at": at, "by": by, "url": url}
        added = insert(self._connection, deploys).values(row).on_conflict_do_nothing().returning(deploys.c.id)
        new = self._connection.execute(added).scalar_one_or_none()
        if new is not None:
            return new, True
        mine = deploys.c.service_id == service_id, deploys.c.at == at, deploys.c.release == release
        return self._connection.execute(select(deploys.c.id).where(*mine)).scalar_one(), False

    def tell_pages(self, project_id: int) -> None:
        """See `ports.Settling`."""
        bump(self._connection, project_id, "incidents", "services")

    def begin_undoing(self, id_: bytes, project_id: int, act: str, by: Actor, at: datetime) -> None:
        """See `ports.Settling`."""
        undoing.begin(self._connection, id_, project_id, act=act, by=by, at=at)

    def note_undoing(self, id_: bytes, before: Mapping[int, Mapping[str, Any]], since: datetime) -> None:
        """See `ports.Settling`."""
        undoing.note(self._connection, id_, before, since)

    def undoing(self, project_id: int, id_: bytes) -> Undoing | None:
        """See `ports.Settling`."""
        return undoing.find(self._connection, project_id, id_)

    def undoing_rows(self, id_: bytes, limit: int) -> list[tuple[int, dict[str, Any], datetime]]:
        """See `ports.Settling`."""
        return undoing.rows_of(self._connection, id_, limit)

    def drop_undoing_rows(self, id_: bytes, ids: Collection[int]) -> None:
        """See `ports.Settling`."""
        undoing.drop_rows(self._connection, id_, ids)

    def finish_undoing(self, id_: bytes, at: datetime) -> None:
        """See `ports.Settling`."""
        undoing.finish(self._connection, id_, at)

    def forget_undoings(self, now: datetime, limit: int) -> int:
        """See `ports.Settling`."""
        return undoing.forget(self._connection, now - 2 * UNDONE_WITHIN, limit)

    def _set(self, condition: Any, **values: Any) -> None:
        self._connection.execute(update(incidents).where(condition).values(**values))


def comment_of(row: Any) -> CommentRow:
    """The comment that a row holds."""
    by = actor_from(row.by) or Actor("platform", None, "somebody")
    return CommentRow(id=row.id, by=by, text=row.text, created_at=row.created_at, edited_at=row.edited_at)
