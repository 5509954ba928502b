"""Deploys: a script tells of releases and of when they were put to work; with that the platform knows what is newer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import care
from aiops_platform.core.care import CareError
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.core.text import one_line
from aiops_platform.ports import Store, Transaction

_LONGEST: Final = 200
_AHEAD: Final = timedelta(minutes=5)
_OLDEST: Final = timedelta(days=3650)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was told of a release; `at` is our time for it, `id` the number of a deploy's note, `is_new` whether it was news."""

    id: int
    at: datetime
    is_new: bool


class Deploys:
    """Notes releases and deploys of a project's services. Told twice they are there once. Raises CareError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def released(
        self, project_id: int, service: str, environment: str, release: str, *, at: datetime | None, now: datetime
    ) -> datetime:
        """There is this release since then; the earliest time that was ever told, or seen, stays, and is returned."""
        at = _checked(at, now)
        release = _name(release, "release")
        with self._store.begin() as transaction:
            mine = _service(transaction, project_id, service, environment, now)
            _note(transaction, mine, release, at)
            return transaction.releases([mine.id])[mine.id][release]

    def deployed(
        self,
        project_id: int,
        service: str,
        environment: str,
        release: str,
        *,
        at: datetime | None,
        now: datetime,
        by: str = "",
        url: str = "",
    ) -> Told:
        """It was put to work then; with that the release is known, too."""
        at = _checked(at, now)
        release, link = _name(release, "release"), care.checked_link(url)
        with self._store.begin() as transaction:
            mine = _service(transaction, project_id, service, environment, now)
            _note(transaction, mine, release, at)
            number, is_new = transaction.settling.deployed(mine.id, release, at, by=one_line(by, 100), url=link)
            transaction.maintenance.end_with_deploy(mine, now)
            return Told(id=number, at=at, is_new=is_new)


def _note(transaction: Transaction, service: Service, release: str, at: datetime) -> None:
    transaction.note_releases({(service.id, release): at})
    transaction.settling.tell_pages(service.named.project_id)


def _service(transaction: Transaction, project_id: int, service: str, environment: str, now: datetime) -> Service:
    named = ServiceName(project_id, _name(service, "service"), _name(environment, "environment"))
    return transaction.services({named: now})[named]


def _name(text: str, what: str) -> str:
    name = one_line(text, _LONGEST)
    if not name:
        raise CareError(f"Say which {what}")
    return name


def _checked(at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if not now - _OLDEST <= at <= now + _AHEAD:
        raise CareError("A release or deploy has a time that is past, and at most ten years ago")
    return min(at, now)
