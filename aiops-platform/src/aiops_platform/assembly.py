"""The one place that wires: settings become a folder, databases, stations, applications."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from shutil import disk_usage
from typing import TYPE_CHECKING, Any, cast

from aiops_platform import __version__
from aiops_platform.api.front import Chore, Front
from aiops_platform.api.ingest import Carrier, Counts, KeyRing, Reception
from aiops_platform.api.ingest.body import Limits
from aiops_platform.api.pings import Pings
from aiops_platform.api.probes import Probes
from aiops_platform.core import batch
from aiops_platform.core.access import looks_like_ping_key
from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.troubles import troubles
from aiops_platform.core.alerting.wording import Place
from aiops_platform.core.backoff import Outcome
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.letters import Letter
from aiops_platform.core.messages import Message
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.quota import Allowance, Quotas
from aiops_platform.core.retention import Retention
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.intake.leftover import mend
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.alerting import AlertDesk, Alerting
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.deliver import Deliver
from aiops_platform.pipeline.digest import Digest
from aiops_platform.pipeline.fixing import FixDesk, Fixes
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.ingest import Ingest
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.learn import Learn
from aiops_platform.pipeline.letters import Letters
from aiops_platform.pipeline.prune import Prune
from aiops_platform.pipeline.push_fixes import PushFixes
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.settle import Settle
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.pipeline.watch import Watch
from aiops_platform.pipeline.watch_jobs import WatchJobs
from aiops_platform.ports import Access, Intake, IntakeUnavailableError, Ready, Store
from aiops_platform.process import folder, locks, memory
from aiops_platform.process.asgi import App
from aiops_platform.process.clock import utc_now
from aiops_platform.process.duty import Bell, Duty
from aiops_platform.process.lock import holder_of
from aiops_platform.settings import Settings
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.alert_reads import SqlAlertReads
from aiops_platform.storage.answers import SqlAnswers
from aiops_platform.storage.channels import SqlChannels
from aiops_platform.storage.counters import numbers_of
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.fix_reads import SqlFixReads
from aiops_platform.storage.fix_sending import SqlCarrying, SqlPushing
from aiops_platform.storage.glance import store_numbers
from aiops_platform.storage.insights import SqlInsights
from aiops_platform.storage.inspection import Buried, buried_parcels
from aiops_platform.storage.invitations import SqlPeople
from aiops_platform.storage.job_reads import SqlJobReads
from aiops_platform.storage.monitors import SqlMonitoring
from aiops_platform.storage.outbox import SqlDeliveries
from aiops_platform.storage.readiness import check_ready, make_ready
from aiops_platform.storage.reads import SqlReads
from aiops_platform.storage.space import can_shrink
from aiops_platform.storage.transactions import SqlStore
from aiops_platform.storage.views_saved import SqlSavedViews

if TYPE_CHECKING:
    from aiops_platform.senders.post_office import PostOffice
    from aiops_platform.senders.service_calls import ServiceCalls

_FIRST_PROJECT = "default"
_LOOK_SECONDS = 0.1
_TICK_SECONDS = 5.0
_USES_SECONDS = 0.5
_COUNT_SECONDS = 0.5
_DIGEST_SECONDS = 5.0
_WATCH_SECONDS = 1.0
_ALERTING_SECONDS = 0.5
_SETTLE_SECONDS = 5.0
_LEARN_SECONDS = 1.0
_CARRY_SECONDS = 0.25
_FIXES_SECONDS = 0.5
_PRUNE_SECONDS = 60.0
_DELIVER_SECONDS = 0.25
_TIDY_SECONDS = 5.0
# The ids of events are random: much of the file is met again, and soon.
_WORKER_CACHE = 4 * 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """What commands work with, whether or not the platform runs."""

    database: Database
    access: SqlAccess
    project_id: int


class OtherVersionRunsError(PlatformError):
    """A platform of another version works with the tables that would be changed."""


class UnknownProjectError(PlatformError):
    """There is no project with this short name."""


@contextmanager
def opened(settings: Settings, *, patience: float = 1.0) -> Iterator[Opened]:
    """The store, made ready first: folder, tables, project. Raises PlatformErrors.

    Tables of an earlier version are changed only when nobody works with them; that is waited for, so many seconds.
    """
    folder.prepare(settings.data)
    with closing(open_database(settings.store_url)) as database:
        make_ready(database, before=lambda: _wait_for_others(settings, patience))
        access = _access(settings, database)
        project_id, _ = access.ensure_project(_FIRST_PROJECT, "Default", utc_now())
        if settings.project != _FIRST_PROJECT:
            project_id = project_called(settings.project, database)
        yield Opened(database, access, project_id)


def project_called(slug: str, database: Database) -> int:
    """The project with this short name. Raises UnknownProjectError."""
    there_are = {each.slug: each.id for each in SqlPeople(database).projects()}
    if slug not in there_are:
        raise UnknownProjectError(f"There is no project '{slug}': `aiops project list` shows those there are")
    return there_are[slug]


def _wait_for_others(settings: Settings, patience: float) -> None:
    until = time.monotonic() + patience
    while others := [name for name in locks.ALL if _is_of_another_version(holder_of(settings.data / name))]:
        if time.monotonic() > until:
            raise OtherVersionRunsError(
                f"A platform of another version runs on {settings.data} ({', '.join(others)} held): end that one first, "
                "then its tables are brought to this version"
            )
        time.sleep(_LOOK_SECONDS)


def _is_of_another_version(holder: Mapping[str, Any] | None) -> bool:
    return holder is not None and holder.get("version") != __version__


def mend_intake(settings: Settings) -> None:
    """Saves what waits in a damaged intake; the damaged one is kept. Raises PlatformErrors."""
    if any(holder_of(settings.data / name) is not None for name in (locks.DOOR_LOCK, locks.WORK_LOCK)):
        return  # Those of a supervisor that was killed: they are gone by the next start.
    aside = settings.data / f"damaged-{utc_now():%Y%m%dT%H%M%S}"
    try:
        taken = mend(settings.data / "intake.db", aside, budget=settings.max_intake)
    except OSError as cause:
        raise IntakeUnavailableError(
            f"The intake is damaged and cannot be mended: {cause.strerror or cause}"
        ) from cause
    if taken is not None:
        log.error(
            "The intake was damaged: what could be read of it is in a new one",
            extra={"parcels": taken.parcels, "kept_in": aside},
        )


@dataclass(frozen=True)
class Inspected:
    """What can be looked at without changing anything."""

    database: Database
    access: SqlAccess

    def buried(self) -> Buried:
        """The parcels that were not understood."""
        return buried_parcels(self.database)

    def can_shrink(self) -> bool:
        """Whether the store gives room back to the disk."""
        return can_shrink(self.database)


@contextmanager
def inspected(settings: Settings) -> Iterator[Inspected]:
    """The store as it is. Raises PlatformErrors."""
    with closing(open_database(settings.store_url, may_write=False)) as database:
        check_ready(database)
        yield Inspected(database, _access(settings, database))


@contextmanager
def stored(settings: Settings) -> Iterator[Database]:
    """The store as it is. Raises PlatformErrors."""
    with closing(open_database(settings.store_url)) as database:
        check_ready(database)
        yield database


def reads(platform: Opened) -> SqlReads:
    """What pages read, for a command."""
    return SqlReads(platform.database)


def people(platform: Opened) -> SqlPeople:
    """Who is there, for a command."""
    return SqlPeople(platform.database)


def channel_desk(settings: Settings, platform: Opened) -> ChannelDesk:
    """The ways to tell people, for a command."""
    return _channel_desk(settings, platform.database, _address(settings))


def triage(platform: Opened) -> Triage:
    """What people do with incidents, for a command."""
    return Triage(SqlStore(platform.database))


def upkeep(platform: Opened) -> Upkeep:
    """What people say of when services are watched, for a command."""
    return Upkeep(SqlStore(platform.database))


def jobs(platform: Opened) -> JobDesk:
    """What people say of jobs, for a command."""
    return JobDesk(SqlStore(platform.database), SqlJobReads(platform.database))


def monitoring(platform: Opened) -> SqlMonitoring:
    """What is shown of monitors, for a command."""
    return SqlMonitoring(platform.database)


def hiding(platform: Opened) -> Hiding:
    """What people say is secret, for a command."""
    return Hiding(SqlStore(platform.database))


def ruling(platform: Opened) -> Ruling:
    """What people say of grouping, for a command."""
    return Ruling(SqlStore(platform.database), SqlReads(platform.database))


@contextmanager
def reviving(settings: Settings, platform: Opened) -> Iterator[Revive]:
    """The way of buried parcels back into the intake. Raises PlatformErrors."""
    with closing(_intake(settings)) as intake:
        yield Revive(SqlStore(platform.database), intake)


def build_door(settings: Settings, address: str, *, worker: Callable[[], Mapping[str, Any] | None]) -> Front:
    """The application that the door serves, at that address. The store is ready. Raises PlatformErrors.

    `worker` is what the worker notes of itself; None when there is none.
    """
    database = open_database(settings.store_url)
    intake = _intake(settings)
    access = _access(settings, database)
    keys, ping_keys = KeyRing(access), KeyRing(access, looks_right=looks_like_ping_key)
    ingest = Ingest(limits=batch.Limits(event=settings.max_body), quotas=_quotas(settings))

    counts = Counts()
    carrier = Carrier(SqlCarrying(database, is_off=settings.stops_fixes), clock=utc_now)

    def numbers() -> dict[str, int | float]:
        note = worker()
        return _numbers(settings) | {"worker_running": int(note is not None and "still_seconds" not in note)}

    def close() -> None:
        keys.close()
        ping_keys.close()
        intake.close()
        database.close()

    return Front(
        Reception(
            ingest,
            keys,
            intake,
            limits=Limits.of(body=settings.max_body, batch=settings.max_batch),
            clock=utc_now,
            counts=counts,
            carrier=carrier,
        ),
        Probes(
            checks=_checks(database, intake, worker),
            numbers=numbers,
            counts=counts,
            access=access,
            clock=utc_now,
            address=address,
        ),
        _pages(database, access, intake, address, numbers, settings=settings),
        pings=_pings(database, intake, ingest, ping_keys, counts),
        chores=_chores(intake, keys, ping_keys, counts=counts, carrier=carrier),
        close=close,
    )


def _chores(
    intake: SqliteIntake, keys: KeyRing, ping_keys: KeyRing, *, counts: Counts, carrier: Carrier
) -> list[Chore]:
    """What the door does besides answering."""

    async def tick() -> None:
        await asyncio.to_thread(_tick, intake)

    async def count() -> None:
        await asyncio.to_thread(intake.measure)
        refused = counts.refused()
        if refused:
            await asyncio.to_thread(intake.count, refused)
            counts.wrote_down(refused)

    return [
        Chore("say that the door listens", _TICK_SECONDS, tick),
        Chore("note which keys are used", _USES_SECONDS, keys.write_down_uses),
        Chore("note which ping keys are used", _USES_SECONDS, ping_keys.write_down_uses),
        Chore("see what is to be carried to services", _CARRY_SECONDS, carrier.look),
        Chore("note which keys services that offer fixers report with", _USES_SECONDS, carrier.write_down_keys),
        Chore("note what was refused, and how much room there is", _COUNT_SECONDS, count),
    ]


@contextmanager
def duties(settings: Settings) -> Iterator[list[Duty]]:
    """What the worker does. The store is ready. Raises PlatformErrors."""
    database = open_database(settings.store_url, cache_bytes=_WORKER_CACHE)
    with closing(database), closing(_intake(settings)) as intake, closing(_deliver(settings, database)) as deliver:
        store, keep = SqlStore(database), _retention(settings)
        _take_over(intake)
        digest = Digest(store, intake, most=keep.per_incident)
        news = Bell()
        yield [
            Duty(
                name="digest",
                seconds=_DIGEST_SECONDS,
                step=news.rung_by(digest.step),
                wakes=intake.changed,
                is_stuck=digest.is_stuck,
            ),
            Duty(name="watch", seconds=_WATCH_SECONDS, step=Watch(store, intake).step),
            Duty(name="watch jobs", seconds=_WATCH_SECONDS, step=WatchJobs(store, intake).step),
            Duty(
                name="alerting",
                seconds=_ALERTING_SECONDS,
                step=_alerting(settings, database, store).step,
                wakes=news.heard,
            ),
            Duty(
                name="fixes",
                seconds=_FIXES_SECONDS,
                step=Fixes(store, _fix_reads(settings, database), is_off=settings.stops_fixes).step,
            ),
            Duty(name="push fixes", seconds=_FIXES_SECONDS, step=_push_fixes(settings, database).step),
            Duty(name="settle", seconds=_SETTLE_SECONDS, step=Settle(store).step),
            Duty(name="learn", seconds=_LEARN_SECONDS, step=Learn(store).step),
            Duty(name="prune", seconds=_PRUNE_SECONDS, step=Prune(store, intake, keep).step),
            Duty(name="tidy", seconds=_TIDY_SECONDS, step=_tidy),
            Duty(name="deliver", seconds=_DELIVER_SECONDS, step=deliver.step, wakes=deliver.wakes),
        ]


def _checks(
    database: Database, intake: Intake, worker: Callable[[], Mapping[str, Any] | None]
) -> dict[str, Callable[[], str | None]]:
    """What being ready takes."""

    def store() -> None:
        numbers_of(database)

    def room() -> str | None:
        intake.measure()
        return None if intake.has_room(ParcelKind.EXCEPTION) else "as much waits to be digested as may"

    def digest() -> str | None:
        note = worker()
        if note is None:
            return "does not run"
        if "still_seconds" in note:
            return f"has done nothing for {note['still_seconds']} seconds"
        return "digests nothing: its log says why" if "digest" in note.get("failing", "") else None

    return {"store": store, "intake": room, "worker": digest}


def _numbers(settings: Settings) -> dict[str, int | float]:
    kept = intake_numbers(settings.data / "intake.db") | store_numbers(settings.data / "store.db")
    # Each reason tells of itself: beside them their sum would be one more.
    return {name: number for name, number in kept.items() if name != "refused"}


def _pings(database: Database, intake: Intake, ingest: Ingest, keys: KeyRing, counts: Counts) -> Pings:
    knows_job = SqlJobReads(database).knows
    return Pings(ingest, keys, intake, knows_job=knows_job, clock=utc_now, counts=counts)


def _pages(
    database: Database,
    access: Access,
    intake: Intake,
    address: str,
    numbers: Callable[[], Mapping[str, int | float]],
    *,
    settings: Settings,
) -> App:
    # Late: the framework takes longer to import than all else, and only the door needs it.
    from aiops_platform.api.routes import openapi, routes
    from aiops_platform.web import app as web_app

    store = SqlStore(database)
    reads, triage = SqlReads(database), Triage(store)
    rules, jobs = Ruling(store, reads), JobDesk(store, SqlJobReads(database))
    upkeep, monitoring = Upkeep(store), SqlMonitoring(database)
    insights, views = SqlInsights(database), SqlSavedViews(database)
    people = SqlPeople(database)
    channels = _channel_desk(settings, database, address)
    fixes = fix_desk(settings, database)
    api = routes(
        reads=reads,
        insights=insights,
        views=views,
        access=access,
        answers=SqlAnswers(database),
        triage=triage,
        ruling=rules,
        hiding=Hiding(store),
        revive=Revive(store, intake),
        job_desk=jobs,
        alert_desk=alert_desk(settings, database),
        fix_desk=fixes,
        upkeep=upkeep,
        monitoring=monitoring,
        channel_desk=channels,
        people=people,
        clock=utc_now,
        per_second=settings.api_rate,
    )
    application = web_app.build(
        insights=insights,
        views=views,
        numbers=numbers,
        reads=reads,
        access=access,
        people=people,
        triage=triage,
        revive=Revive(store, intake),
        ruling=rules,
        hiding=Hiding(store),
        alerts=alert_desk(settings, database),
        fixes=fixes,
        jobs=jobs,
        upkeep=upkeep,
        monitoring=monitoring,
        channels=channels,
        letters=_letters(settings, access, people, address),
        clock=utc_now,
        public_url=address,
        also=[api],
        openapi=openapi(__version__),
    )
    # Litestar types scope and messages in its own, narrower way.
    return cast("App", application)


def _tick(intake: Intake) -> None:
    # Who turns beats away for want of room does not listen: silence must not be counted then.
    if intake.has_room(ParcelKind.HEARTBEAT):
        intake.tick(utc_now())


def _quotas(settings: Settings) -> Quotas | None:
    if not settings.key_rate and not settings.service_rate:
        return None
    return Quotas(Allowance(per_key=settings.key_rate, per_service=settings.service_rate))


def _alerting(settings: Settings, database: Database, store: Store) -> Alerting:
    place = Place(project="", address=_address(settings), key=_key_of_links(settings))
    refused: list[int] = []

    def what_is_wrong(_: datetime) -> Mapping[str, str]:
        numbers = _numbers(settings) if settings.store_url.startswith("sqlite") else {}
        before = refused.pop() if refused else None
        refused.append(int(intake_numbers(settings.data / "intake.db")["refused"]))
        told = numbers | {"refused": refused[0]}
        return troubles(told, free_bytes=disk_usage(settings.data).free, refused_before=before)

    return Alerting(store, SqlAlertReads(database), place, troubles=what_is_wrong)


def alert_desk(settings: Settings, database: Database) -> AlertDesk:
    """What people do with alerts."""
    return AlertDesk(SqlStore(database), SqlAlertReads(database), _key_of_links(settings))


def fix_desk(settings: Settings, database: Database) -> FixDesk:
    """What people do with fixes."""
    return FixDesk(SqlStore(database), _fix_reads(settings, database), is_off=settings.stops_fixes)


def _fix_reads(settings: Settings, database: Database) -> SqlFixReads:
    return SqlFixReads(database, is_off=settings.stops_fixes)


def _key_of_links(settings: Settings) -> bytes:
    return links.key_from(settings.secret.encode() if settings.secret else folder.server_secret(settings.data))


def _tidy(_: datetime) -> bool:
    # A portion of long reports takes some megabytes for a moment; by itself the C library would keep them.
    memory.give_back()
    return False


def _take_over(intake: Intake) -> None:
    try:
        intake.release()
    except IntakeUnavailableError as error:
        log.warning("What an earlier worker had begun is taken up again only in a minute", extra={"why": error})


def _retention(settings: Settings) -> Retention:
    return Retention(
        age=timedelta(days=settings.retention_days),
        per_incident=settings.incident_events,
        total_bytes=settings.max_store,
    )


def _intake(settings: Settings) -> SqliteIntake:
    return SqliteIntake(settings.data / "intake.db", budget=settings.max_intake)


def _access(settings: Settings, database: Database) -> SqlAccess:
    return SqlAccess(database, server_secret=_server_secret(settings))


def _address(settings: Settings) -> str:
    # Who serves knows the address by which people come; anybody else knows what was set.
    return locks.address_in(settings.data) or settings.address()


def _server_secret(settings: Settings) -> bytes:
    return settings.secret.encode() if settings.secret else folder.server_secret(settings.data)


def _channel_desk(settings: Settings, database: Database, address: str) -> ChannelDesk:
    return ChannelDesk(
        SqlChannels(database, server_secret=_server_secret(settings)),
        _LateSender(cache(partial(_sender, settings))),
        policy=settings.target_policy,
        address=address,
        sends_mail=settings.mail_server is not None,
    )


@dataclass(frozen=True)
class _LateSender:
    make: Callable[[], "PostOffice"]

    def send(self, to: Ready, message: Message, now: datetime) -> Outcome:
        return self.make().send(to, message, now)

    def write(self, to: str, letter: Letter, now: datetime) -> Outcome:
        return self.make().write(to, letter, now)


def _letters(settings: Settings, access: Access, people: SqlPeople, address: str) -> Letters | None:
    if settings.mail_server is None:
        return None
    return Letters(_LateSender(cache(partial(_sender, settings))), access, people, address=address)


def _deliver(settings: Settings, database: Database) -> Deliver:
    deliveries = SqlDeliveries(database, server_secret=_server_secret(settings), address=_address(settings))
    # Those of a worker that was killed.
    deliveries.release()
    return Deliver(deliveries, cache(partial(_sender, settings)))


def _push_fixes(settings: Settings, database: Database) -> PushFixes:
    pushing = SqlPushing(database, server_secret=_server_secret(settings), is_off=settings.stops_fixes)
    return PushFixes(pushing, cache(partial(_calls, settings)), utc_now)


def _calls(settings: Settings) -> "ServiceCalls":
    from aiops_platform.senders.guarded import Guarded
    from aiops_platform.senders.service_calls import ServiceCalls

    return ServiceCalls(Guarded(settings.target_policy, agent=f"aiops-platform/{__version__}", seconds=10.0))


def _sender(settings: Settings) -> "PostOffice":
    # Late: without a channel nothing of it is needed.
    from aiops_platform.senders.post_office import PostOffice

    agent = f"aiops-platform/{__version__}"
    return PostOffice(settings.target_policy, agent=agent, mail_server=settings.mail_server)
