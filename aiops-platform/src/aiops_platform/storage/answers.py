"""What was answered to writes, for a day: sent again under the same key they are answered so again, and not done again."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, delete, insert, or_, select, update

from aiops_platform.ports.answers import Answered
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import answers

_KEPT: Final = timedelta(days=1)
_AT_WORK: Final = timedelta(minutes=1)


class SqlAnswers:
    """The port `Answers` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, key: bytes, asked: bytes, now: datetime) -> Answered | None:
        """See `ports.Answers`."""
        unfinished = and_(answers.c.status.is_(None), answers.c.at < now - _AT_WORK)
        # Those of a clock that was ahead are as old as any.
        over = or_(answers.c.at < now - _KEPT, answers.c.at > now + _KEPT, unfinished)
        with self._database.begin() as connection:
            connection.execute(delete(answers).where(over))
            known = connection.execute(select(answers).where(answers.c.key == key)).one_or_none()
            if known is not None:
                return Answered(asked=known.asked, status=known.status, body=known.body)
            connection.execute(insert(answers).values(key=key, asked=asked, at=now, body=b""))
            return None

    def finish(self, key: bytes, status: int, body: bytes) -> None:
        """See `ports.Answers`."""
        with self._database.begin() as connection:
            connection.execute(update(answers).where(answers.c.key == key).values(status=status, body=body))

    def forget(self, key: bytes) -> None:
        """See `ports.Answers`."""
        with self._database.begin() as connection:
            connection.execute(delete(answers).where(answers.c.key == key))
