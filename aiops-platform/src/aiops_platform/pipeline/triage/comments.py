"""Comments: people say something about an incident, and may change and take away what they said themselves."""

from datetime import datetime

from aiops_platform.core.care import CareError, CommentRow, checked_comment
from aiops_platform.core.incident import STANDING
from aiops_platform.core.people import Actor
from aiops_platform.ports import Store


class NotYoursError(CareError):
    """Somebody else said that."""


class Comments:
    """Each answers None where this project has no such incident or comment, and raises CareError for what cannot be."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, project_id: int, incident_id: int, text: str, now: datetime, *, by: Actor, once: str | None = None
    ) -> CommentRow | None:
        """The comment as it is kept. Sent twice with the same `once` it is there once."""
        text = checked_comment(text)
        with self._store.begin() as transaction:
            incident = transaction.incident(project_id, incident_id)
            if incident is None or incident.state not in STANDING:
                return None
            return transaction.settling.add_comment(incident, by, text, now, once=once)

    def edit(
        self, project_id: int, incident_id: int, comment_id: int, text: str, now: datetime, *, by: Actor
    ) -> CommentRow | None:
        """The comment with another text. Raises NotYoursError."""
        text = checked_comment(text)
        with self._store.begin() as transaction:
            known = transaction.settling.comment(project_id, incident_id, comment_id)
            if known is None:
                return None
            _check_own(known, by)
            transaction.settling.edit_comment(project_id, comment_id, text, now)
            return transaction.settling.comment(project_id, incident_id, comment_id)

    def drop(self, project_id: int, incident_id: int, comment_id: int, *, by: Actor) -> CommentRow | None:
        """The comment that is gone. Raises NotYoursError."""
        with self._store.begin() as transaction:
            known = transaction.settling.comment(project_id, incident_id, comment_id)
            if known is not None:
                _check_own(known, by)
                transaction.settling.drop_comment(project_id, comment_id)
            return known


def _check_own(comment: CommentRow, by: Actor) -> None:
    if (comment.by.kind, comment.by.id) != (by.kind, by.id):
        raise NotYoursError("Somebody else said that: only they may change it or take it away")
