"""Fills an empty store with what `planning` says, through the platform's own transactions, as the digest writes.

    python bench/pages/filling.py DATA --events 1000000 --incidents 5000

DATA is a folder in which `aiops serve` has run once and runs no more. Ids of events are not remembered (no page asks for
them); all else is as if the events had come over thirty days.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from planning import ENVIRONMENTS, SEED, SERVICES, Plan, endless, in_order, plans

from aiops_platform.core import facets, grouping, hours, incident
from aiops_platform.core.event import Event, Heartbeat, RunState
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.incident import Incident
from aiops_platform.core.instance import heard
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Monitor, MonitorState, beat
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.ports import IncidentChange, JobChange, KeptEvent, MonitorChange, Transaction
from aiops_platform.storage.database import open_database
from aiops_platform.storage.transactions import SqlStore

_TOGETHER = 4_000  # events in a transaction
_JOBS = 60
_RUNS = 100


def main() -> None:
    """Fill, and say how far it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("kinds", type=Path, help="recorded events as JSON lines")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--incidents", type=int, required=True)
    given = parser.parse_args()
    kinds = [json.loads(line) for line in given.kinds.read_text(encoding="utf-8").splitlines()]
    now = datetime.now(UTC)
    database = open_database(f"sqlite:///{given.data}/store.db", cache_bytes=256 * 1024 * 1024)
    with database.begin() as connection:
        # Not in a user's store: what is lost at a power cut is made again.
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 20000")
    store = SqlStore(database)
    filling = Filling(store, plans(kinds, incidents=given.incidents, events=given.events, now=now), now)
    filling.services()
    for done in filling.events():
        print(f"{done:,} events", file=sys.stderr, flush=True)
    filling.endless()
    filling.lives()
    filling.jobs()
    filling.decide()
    database.empty_log()
    database.close()


class Filling:
    """One store on its way to be full."""

    def __init__(self, store: SqlStore, made: Sequence[Plan], now: datetime) -> None:
        self._store = store
        self._plans = made
        self._now = now
        self._dice = random.Random(SEED)  # noqa: S311 (the same each time)
        self._known: dict[int, tuple[Event, grouping.GroupKey]] = {}
        self._services: dict[tuple[str, str], Service] = {}

    def services(self) -> None:
        """Every service in every environment, heard of thirty days ago."""
        since = self._now - timedelta(days=30)
        names = [ServiceName(1, name, environment) for name in SERVICES for environment in ENVIRONMENTS]
        with self._store.begin() as transaction:
            found = transaction.services(dict.fromkeys(names, since))
        self._services = {(name.name, name.environment): service for name, service in found.items()}

    def events(self) -> Iterator[int]:
        """All events in the order of their times; says now and then how many there are."""
        coming, done = in_order(list(self._plans)), 0
        while some := list(islice(coming, _TOGETHER)):
            with self._store.begin() as transaction:
                self._take(transaction, some)
            if done == 0:
                # As the platform does it: a project's own events teach to keep them short.
                self._store.train(self._now)
            done += len(some)
            if done % (25 * _TOGETHER) < _TOGETHER:
                yield done

    def _take(self, transaction: Transaction, some: Sequence[tuple[datetime, int, int]]) -> None:
        of_plans: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
        for at, number, place in some:
            of_plans[number].append((at, place))
        keys = {number: (self._service(number).id, self._of(number)[1]) for number in of_plans}
        known = transaction.grouped(list(keys.values()))
        changes: list[IncidentChange] = []
        heard_from: dict[int, datetime] = {}
        releases: dict[tuple[int, str], datetime] = {}
        for number, times in of_plans.items():
            bodies = [self._plans[number].event(place).encode() for _, place in times]
            said = [msgspec.json.decode(body, type=_Said) for body in bodies]
            events = [
                KeptEvent(
                    event_id=self._dice.randbytes(16), occurred_at=at, received_at=at + timedelta(milliseconds=240),
                    repeat_count=1, body=body,
                )
                for (at, _), body in zip(times, bodies, strict=True)
            ]  # fmt: skip
            changes.append(self._change(number, known.get(keys[number]), events, said))
            heard_from[keys[number][0]] = events[-1].occurred_at
            releases |= {
                (keys[number][0], each.release): at for each, (at, _) in reversed(list(zip(said, times, strict=True)))
            }
        transaction.save_incidents(changes)
        transaction.note_releases(releases)
        transaction.heard_from(heard_from, self._now)
        transaction.count({"digested": len(some), "received": len(some)})

    def _change(
        self, number: int, known: Incident | None, events: Sequence[KeptEvent], said: Sequence[_Said]
    ) -> IncidentChange:
        event, key = self._of(number)
        first, last = events[0].occurred_at, events[-1].occurred_at
        facts: tuple[Fact, ...] = ()
        if known is None:
            changed = incident.absorb(event, None, service=self._service(number), at=first, now=first)
            known, facts = replace(changed.incident, count=0, first_release=said[0].release), changed.facts
        grown = replace(
            known, count=known.count + len(events), last_seen_at=last, kept=known.kept + len(events), kept_at=last,
            last_release=said[-1].release,
        )  # fmt: skip
        pairs = Counter(
            pair
            for each in said
            for pair in (*each.tags.items(), (facets.RELEASE, each.release))
            if pair[0] != "trace_id"
        )
        by_hour = Counter((hours.of(each.occurred_at), told.release) for each, told in zip(events, said, strict=True))
        return IncidentChange(
            incident=grown,
            key=None if grown.id else key,
            facts=facts,
            events=tuple(events),
            hours=by_hour,
            values=pairs,
        )

    def _of(self, number: int) -> tuple[Event, grouping.GroupKey]:
        if number not in self._known:
            event = msgspec.json.decode(self._plans[number].event(0), type=Event)
            self._known[number] = (event, grouping.key_for(event))
        return self._known[number]

    def _service(self, number: int) -> Service:
        return self._services[self._plans[number].service, self._plans[number].environment]

    def endless(self) -> None:
        """One incident whose events are far too long."""
        body = endless(SERVICES[0])
        event = msgspec.convert(body, Event)
        at = self._now - timedelta(hours=1)
        service = self._services[SERVICES[0], ENVIRONMENTS[0]]
        changed = incident.absorb(event, None, service=service, at=at, now=at)
        kept = KeptEvent(
            event_id=self._dice.randbytes(16), occurred_at=at, received_at=at, repeat_count=1, body=msgspec.json.encode(body)
        )  # fmt: skip
        one = replace(changed.incident, kept=1, kept_at=at)
        change = IncidentChange(
            incident=one, key=grouping.key_for(event), facts=changed.facts, events=(kept,), hours={(hours.of(at), ""): 1}
        )  # fmt: skip
        with self._store.begin() as transaction:
            transaction.save_incidents([change])

    def lives(self) -> None:
        """A monitor for each service, three processes each."""
        changes, processes = [], {}
        for place, service in enumerate(self._services.values()):
            beats = [self._beat(service, number) for number in range(3)]
            at = self._now - timedelta(seconds=3)
            monitor: Monitor | None = None
            states: list[tuple[datetime, MonitorState]] = []
            for days in range(28, 0, -4):
                looked = beat(
                    beats[0], monitor, service_id=service.id, at=self._now - timedelta(days=days), now=self._now
                )
                monitor, states = looked.monitor, [*states, *looked.states]
            for each in beats:
                looked = beat(
                    each, monitor, service_id=service.id, at=at + timedelta(milliseconds=place), now=self._now
                )
                monitor, states = looked.monitor, [*states, *looked.states]
            assert monitor is not None
            changes.append(MonitorChange(monitor=monitor, project_id=1, states=tuple(states)))
            processes[service.id] = [heard(each, None, interval=30, at=at) for each in beats]
        with self._store.begin() as transaction:
            transaction.save_monitors(changes)
            transaction.save_instances(processes)

    def _beat(self, service: Service, number: int) -> Heartbeat:
        said = {
            "signal_type": "heartbeat", "service": service.named.name, "environment": service.named.environment,
            "instance": {"id": f"{service.id}-{number}", "host": f"host-{number}", "pid": 4711 + number},
            "sdk": {"name": "aiops-sdk", "version": f"0.{number}.0"}, "release": "2026.11.14", "interval": 30,
            # As long as the bench looks at pages, nobody is late.
            "stats": {"captured": 41_200, "delivered": 41_198, "queued": 2, "uptime": 93_412.5, "memory": 131_072_000},
        }  # fmt: skip
        return msgspec.convert(said | {"interval": 86_400}, Heartbeat, strict=False)

    def jobs(self) -> None:
        """Jobs with a hundred runs each."""
        ids = [service.id for service in self._services.values()]
        names = {(ids[number % len(ids)], f"job-{number}"): self._now - timedelta(days=29) for number in range(_JOBS)}
        with self._store.begin() as transaction:
            found = transaction.jobs(names, most=1_000)
            changes = [
                JobChange(
                    job_id=job, project_id=1, runs=tuple(self._runs()), schedule={"every": 3600}, said_at=self._now
                )
                for job in found.values()
            ]
            transaction.save_runs(changes, kept=_RUNS)

    def _runs(self) -> Iterator[Run]:
        for number in range(_RUNS, 0, -1):
            began, took = self._now - timedelta(hours=number), self._dice.uniform(10, 300)
            state = RunState.FAILED if self._dice.random() < 0.05 else RunState.SUCCEEDED
            yield Run(
                run_id=self._dice.randbytes(16), state=state, began_at=began, ended_at=began + timedelta(seconds=took),
                duration=took, host="batch-3", release="2026.11.14", event_id=None,
            )  # fmt: skip

    def decide(self) -> None:
        """What people have done with the incidents by now."""
        with self._store.begin() as transaction:
            for some in _portions([plan for plan in self._plans if plan.state != "open"]):
                keys = {plan.number: (self._service(plan.number).id, self._of(plan.number)[1]) for plan in some}
                known = transaction.grouped(list(keys.values()))
                changes = []
                for plan in some:
                    one = known[keys[plan.number]]
                    kind = FactKind.INCIDENT_RESOLVED if plan.state == "resolved" else FactKind.INCIDENT_MUTED
                    state = incident.IncidentState(plan.state)
                    decided = replace(one, state=state, state_since=one.last_seen_at + timedelta(seconds=1))
                    fact = Fact(
                        kind=kind, at=decided.state_since, data={"type": one.type, "message": one.message[:300]}
                    )
                    changes.append(IncidentChange(incident=decided, facts=(fact,)))
                transaction.save_incidents(changes)


class _Said(msgspec.Struct):
    """Of an event what is counted."""

    release: str
    tags: dict[str, str]


def _portions(every: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(every), 200):
        yield every[start : start + 200]


if __name__ == "__main__":
    main()
