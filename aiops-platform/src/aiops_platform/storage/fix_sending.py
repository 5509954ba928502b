"""Requests on their way to services: handed to the door, which carries them, and to the worker, which pushes them.

Whoever sends one notes it first: then it may have been done, whatever happens to who sends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, select

from aiops_platform.core import access
from aiops_platform.core.access import KeyKind, SecretMismatchError
from aiops_platform.core.event import FixResult
from aiops_platform.core.facts import FactKind
from aiops_platform.core.fixing import course
from aiops_platform.core.fixing.fix import Fix, FixState, Way
from aiops_platform.core.fixing.requests import MOST_CARRIED
from aiops_platform.core.fixing.signing import MOST_SECRETS
from aiops_platform.core.service import ServiceName
from aiops_platform.ports.fixing import CarriedFix, FixPlace, Push, PushKey
from aiops_platform.storage import dialects, fix_offering
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database
from aiops_platform.storage.fix_rows import fix_of
from aiops_platform.storage.fix_tables import fix_addresses, fix_stops, fixes, reporting_keys
from aiops_platform.storage.fixing import SqlFixing
from aiops_platform.storage.schema import api_keys, services

# A key with which nothing was reported for so long is not in use; and the door notes it so often.
_IN_USE: Final = timedelta(minutes=15)
# Names may lead elsewhere by now.
_PROVEN_FOR: Final = timedelta(hours=1)
_MOST_PENDING: Final = 1_000
_CARRIED: Final = and_(
    fixes.c.way == Way.CARRIED,
    fixes.c.ended_at.is_(None),
    fixes.c.state.in_([FixState.QUEUED, FixState.SENT]),
)


class SqlCarrying:
    """See `ports.fixing.Carrying`. `is_off`: nothing is carried at all."""

    def __init__(self, database: Database, *, is_off: bool = False) -> None:
        self._database = database
        self._is_off = is_off
        self._bodies = Bodies()

    def pending(self, now: datetime) -> Mapping[tuple[int, str, str, str], Sequence[str]]:
        """See `ports.fixing.Carrying`."""
        if self._is_off:
            return {}
        wanted = (
            select(fixes.c.request, fixes.c.instance)
            .add_columns(services.c.project_id, services.c.name, services.c.environment)
            .select_from(fixes.join(services, services.c.id == fixes.c.service_id))
            .where(_CARRIED, fixes.c.deadline > now, ~_is_stopped())
            .order_by(fixes.c.id)
            .limit(_MOST_PENDING)
        )
        found: dict[tuple[int, str, str, str], list[str]] = {}
        with self._database.read() as connection:
            for row in connection.execute(wanted):
                found.setdefault((row.project_id, row.name, row.environment, row.instance), []).append(row.request)
        return found

    def carry(self, requests: Sequence[str], now: datetime) -> Sequence[CarriedFix]:
        """See `ports.fixing.Carrying`."""
        with self._database.begin() as connection:
            mine = fixes.c.request.in_(list(requests)[:MOST_CARRIED])
            rows = connection.execute(
                select(fixes).where(mine, _CARRIED, ~_is_stopped()).order_by(fixes.c.id).with_for_update()
            )
            found = [fix for row in rows.mappings() if course.is_carriable(fix := fix_of(row), now)]
            _note_sent(SqlFixing(connection, self._bodies), found, now)
        return [CarriedFix(request=each.request, body=each.body or "") for each in found]

    def note_reporting(self, seen: Mapping[tuple[int, str, str, int], datetime]) -> None:
        """See `ports.fixing.Carrying`."""
        rows = [
            {"project_id": project_id, "service": service, "environment": environment, "key_id": key_id, "seen_at": at}
            for (project_id, service, environment, key_id), at in seen.items()
        ]
        with self._database.begin() as connection:
            statement = dialects.insert(connection, reporting_keys)
            new = {"seen_at": statement.excluded["seen_at"]}
            keys = list(reporting_keys.primary_key)
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)
            oldest = min(seen.values()) - 2 * _IN_USE
            connection.execute(delete(reporting_keys).where(reporting_keys.c.seen_at < oldest))


class SqlPushing:
    """See `ports.fixing.Pushing`. `server_secret` opens what is derived from API keys."""

    def __init__(self, database: Database, *, server_secret: bytes, is_off: bool = False) -> None:
        self._database = database
        self._server_secret = server_secret
        self._is_off = is_off
        self._bodies = Bodies()

    def waiting(self, now: datetime, limit: int) -> Sequence[Push]:
        """See `ports.fixing.Pushing`."""
        if self._is_off:
            return []
        pushed = and_(fixes.c.way == Way.PUSHED, fixes.c.state == FixState.QUEUED, fixes.c.ended_at.is_(None))
        with self._database.read() as connection:
            rows = connection.execute(select(fixes).where(pushed, ~_is_stopped()).order_by(fixes.c.id).limit(limit))
            waiting = [fix_of(row) for row in rows.mappings()]
            places = fix_offering.places(connection, {each.service_id for each in waiting}, now)
            return [
                self._push(connection, each, places[each.service_id], now)
                for each in waiting
                if each.service_id in places
            ]

    def send(self, fix_id: int, now: datetime) -> bool:
        """See `ports.fixing.Pushing`."""
        with self._database.begin() as connection:
            mine = and_(fixes.c.id == fix_id, fixes.c.way == Way.PUSHED, fixes.c.state == FixState.QUEUED)
            row = connection.execute(select(fixes).where(mine, ~_is_stopped()).with_for_update()).mappings().first()
            if row is None or row["deadline"] <= now:
                return False
            _note_sent(SqlFixing(connection, self._bodies), [fix_of(row)], now)
        return True

    def arrived(self, fix_id: int, told: FixResult, off: float, now: datetime) -> None:
        """See `ports.fixing.Pushing`."""
        with self._database.begin() as connection:
            fixing = SqlFixing(connection, self._bodies)
            fix = _one(connection, fix_id)
            if fix is None:
                return
            after = course.heard(fix, told, off=off, at=now)
            if after is not fix:
                fixing.save([after])
                fixing.note_heard(after, now, began_too=course.has_begun_unheard(fix, after))

    def not_done(self, fix_id: int, why: str, now: datetime) -> None:
        """See `ports.fixing.Pushing`."""
        with self._database.begin() as connection:
            fixing = SqlFixing(connection, self._bodies)
            fix = _one(connection, fix_id)
            if fix is None or fix.way is not Way.PUSHED or fix.state not in (FixState.QUEUED, FixState.SENT):
                return
            place = fix_offering.places(connection, [fix.service_id], now).get(fix.service_id)
            again = replace(course.queued(fix, now), way=None, sent_at=None, body=None, why=why)
            instance = next(iter(place.offers.get(fix.fixer, ())), None) if place is not None else None
            if place is not None and instance is not None:
                named = ServiceName(place.project_id, place.service, place.environment)
                off = place.instances[instance]
                again = course.carried(again, named, instance, off=off, interval=place.interval, now=now)
            fixing.save([again])
            fixing.note(fix.project_id, "fix_not_pushed", now, by=None, fix=fix, data={"why": why})

    def proven(self, service_id: int, address: str, keys: Sequence[PushKey], now: datetime) -> None:
        """See `ports.fixing.Pushing`."""
        told = {"keys": sorted(each.id for each in keys), "proven_at": now, "failed_at": None, "why": ""}
        self._note_address(service_id, address, told, "address_proven", now)

    def not_proven(self, service_id: int, address: str, why: str, now: datetime) -> None:
        """See `ports.fixing.Pushing`."""
        told: dict[str, Any] = {"keys": [], "proven_at": None, "failed_at": now, "why": why}
        self._note_address(service_id, address, told, "address_not_proven", now)

    def _note_address(self, service_id: int, address: str, told: Mapping[str, Any], step: str, now: datetime) -> None:
        with self._database.begin() as connection:
            row = {"service_id": service_id, "address": address, **told}
            connection.execute(delete(fix_addresses).where(fix_addresses.c.service_id == service_id))
            connection.execute(insert(fix_addresses).values(row))
            named = select(services.c.project_id, services.c.name).where(services.c.id == service_id)
            service = connection.execute(named).one()
            data = {"service": service.name, "address": address, "why": told["why"]}
            SqlFixing(connection, self._bodies).note(service.project_id, step, now, by=None, fix=None, data=data)

    def _push(self, connection: Connection, fix: Fix, place: FixPlace, now: datetime) -> Push:
        keys = self._keys(connection, place, now)
        known = connection.execute(
            select(fix_addresses).where(
                fix_addresses.c.service_id == fix.service_id, fix_addresses.c.proven_at > now - _PROVEN_FOR
            )
        ).one_or_none()
        is_proven = known is not None and known.address == place.address and set(known.keys) >= {e.id for e in keys}
        off = next(iter(place.instances.values()), 0.0)
        return Push(fix=fix, place=place, keys=keys, is_proven=is_proven, off=off)

    def _keys(self, connection: Connection, place: FixPlace, now: datetime) -> tuple[PushKey, ...]:
        wanted = (
            select(api_keys.c.id, api_keys.c.hash, api_keys.c.callback_secret)
            .select_from(reporting_keys.join(api_keys, api_keys.c.id == reporting_keys.c.key_id))
            .where(
                reporting_keys.c.project_id == place.project_id,
                reporting_keys.c.service == place.service,
                reporting_keys.c.environment == place.environment,
                reporting_keys.c.seen_at > now - _IN_USE,
                api_keys.c.revoked_at.is_(None),
                api_keys.c.kind == KeyKind.REPORT,
            )
            .order_by(reporting_keys.c.seen_at.desc(), api_keys.c.id.desc())
        )
        found = []
        for row in connection.execute(wanted):
            try:
                secret = access.unseal(row.callback_secret, server_secret=self._server_secret, owner=row.hash)
            except SecretMismatchError:
                # Of a platform with another server secret: the door, which hears the key itself, can still carry.
                continue
            found.append(PushKey(id=row.id, secret=secret))
        return tuple(found[:MOST_SECRETS])


def _note_sent(fixing: SqlFixing, found: Sequence[Fix], now: datetime) -> None:
    fixing.save([course.sent(each, now) for each in found])
    for each in found:
        # What is carried again was told already.
        if each.state is FixState.QUEUED:
            data: dict[str, Any] = {"way": each.way, "instance": each.instance}
            data = {name: value for name, value in data.items() if value is not None}
            fixing.note(each.project_id, FactKind.FIX_SENT, now, by=None, fix=each, data=data)


def _one(connection: Connection, fix_id: int) -> Fix | None:
    row = connection.execute(select(fixes).where(fixes.c.id == fix_id).with_for_update()).mappings().one_or_none()
    return None if row is None else fix_of(row)


def _is_stopped() -> Any:
    return select(fix_stops.c.project_id).where(fix_stops.c.project_id == fixes.c.project_id).exists()
