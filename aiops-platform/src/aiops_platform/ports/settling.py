"""What people decide of incidents, as it is written."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from aiops_platform.core.care import Assignee, CommentRow
from aiops_platform.core.incident import Incident
from aiops_platform.core.people import Actor
from aiops_platform.core.views import IncidentQuery
from aiops_platform.ports.changes import Undoing


class Settling(Protocol):
    """What people decide of incidents, and what it takes to carry that out. A part of a transaction.

    States and facts are written by `Transaction.save_incidents`.
    """

    def incidents(self, project_id: int, ids: Collection[int]) -> list[Incident]:
        """Those of these incidents that the project has, however they stand."""
        ...

    def overdue(self, now: datetime, limit: int) -> list[Incident]:
        """Incidents of every project with which something is to be done by itself by now, the longest due first."""
        ...

    def matching(
        self, project_id: int, query: IncidentQuery, now: datetime, *, after: int, upto: int | None, limit: int
    ) -> list[int]:
        """The incidents that match the query, by their number: those after this one, and up to that one."""
        ...

    def member(self, project_id: int, user_id: int) -> Assignee | None:
        """Somebody who is in the project."""
        ...

    def assigned(self, ids: Collection[int]) -> dict[int, int | None]:
        """Who cares for these incidents: users, by id."""
        ...

    def assign(self, ids: Collection[int], user_id: int | None) -> None:
        """This user cares for them from now on; None is nobody."""
        ...

    def link(self, incident_id: int, url: str | None) -> bool:
        """Notes where else it is dealt with; whether that is news."""
        ...

    def add_comment(self, incident: Incident, by: Actor, text: str, now: datetime, *, once: str | None) -> CommentRow:
        """A new comment; one that the same one has sent with this `once` before is there already."""
        ...

    def comment(self, project_id: int, incident_id: int, comment_id: int) -> CommentRow | None:
        """A comment of this incident; None when the project has no such."""
        ...

    def edit_comment(self, project_id: int, comment_id: int, text: str, now: datetime) -> None:
        """Says something else in its place."""
        ...

    def drop_comment(self, project_id: int, comment_id: int) -> None:
        """Takes a comment away."""
        ...

    def join(self, part: int, into: int) -> None:
        """Keys and events of the part are the other one's from now on, and what it has counted is added there.

        What the part has counted stays with it, too. Both have to be saved before: this counts their events anew.
        """
        ...

    def whole_of(self, project_id: int, part: int) -> Incident | None:
        """The incident, there by itself, of which this one is a part."""
        ...

    def part_from(self, part: int) -> None:
        """The reverse of `join`, for what came before that; the part's numbers are taken from what it is a part of.

        The whole's own `count` and times are left to who saves it.
        """
        ...

    def span_left(self, incident_id: int) -> tuple[datetime, datetime] | None:
        """When the first and the last of an incident's events happened, as far as what is kept of them tells."""
        ...

    def take_keys(self, ids: Collection[int], wiped_at: datetime) -> dict[int, list[dict[str, Any]]]:
        """No key leads to these any longer, and at that time they are `overdue`. Returns the keys, as JSON."""
        ...

    def give_keys(self, keys: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
        """These keys lead to those incidents again, unless they lead elsewhere by now."""
        ...

    def events_of(self, incident_id: int, limit: int) -> list[int]:
        """Some of the stored events of an incident, by the ids of their rows."""
        ...

    def wipe(self, incident_id: int) -> None:
        """All that is left of an incident but its number, its state and its events goes."""
        ...

    def deployed(self, service_id: int, release: str, at: datetime, *, by: str, url: str | None) -> tuple[int, bool]:
        """Notes that a release was put to work; the number of that note, and whether it is new."""
        ...

    def tell_pages(self, project_id: int) -> None:
        """Has open pages look again."""
        ...

    def begin_undoing(self, id_: bytes, project_id: int, act: str, by: Actor, at: datetime) -> None:
        """Notes that something is done to many incidents at once; `id_` is 16 random bytes."""
        ...

    def note_undoing(self, id_: bytes, before: Mapping[int, Mapping[str, Any]], since: datetime) -> None:
        """Notes how incidents stood before that, by their numbers, and since when they stand as they were put."""
        ...

    def undoing(self, project_id: int, id_: bytes) -> Undoing | None:
        """What was noted under this id; None when the project has no such."""
        ...

    def undoing_rows(self, id_: bytes, limit: int) -> list[tuple[int, dict[str, Any], datetime]]:
        """Some of those that are still to be put back, as `note_undoing` was told."""
        ...

    def drop_undoing_rows(self, id_: bytes, ids: Collection[int]) -> None:
        """These are put back."""
        ...

    def finish_undoing(self, id_: bytes, at: datetime) -> None:
        """All are put back."""
        ...

    def forget_undoings(self, now: datetime, limit: int) -> int:
        """Drops how incidents stood before what can be undone no longer, at most `limit`; returns how many."""
        ...
