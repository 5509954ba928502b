"""Answers to heartbeats: the project, and what this instance alone is asked for, signed with the key that it came with."""

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from asgi_caller import Answered, call, parts
from made import NOW, after
from tables import a_store

from aiops_platform.api.ingest import Carrier, Counts, KeyRing, Reception
from aiops_platform.api.ingest.body import Limits
from aiops_platform.core.access import callback_secret_of
from aiops_platform.core.fixing import signing
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.ingest import Ingest
from aiops_platform.ports import StoreUnavailableError
from aiops_platform.ports.fixing import CarriedFix
from aiops_platform.storage.access import SqlAccess

Place = tuple[int, str, str, str]
HERE: Place = (1, "shop", "production", "a")


class Stock:
    """What is to be carried, without a store. `carried` is what was taken out of it."""

    def __init__(self) -> None:
        self.waiting: dict[Place, list[str]] = {}
        self.bodies: dict[str, str] = {}
        self.carried: list[str] = []
        self.noted: list[tuple[int, str, str, int]] = []
        self.looks = 0
        self.is_broken = False

    def pending(self, now: datetime) -> Mapping[Place, Sequence[str]]:
        self.looks += 1
        return {place: list(requests) for place, requests in self.waiting.items()}

    def carry(self, requests: Sequence[str], now: datetime) -> Sequence[CarriedFix]:
        if self.is_broken:
            raise StoreUnavailableError("no")
        self.carried += requests
        return [CarriedFix(request=each, body=self.bodies.get(each, '{"type":"fix"}')) for each in requests]

    def note_reporting(self, seen: Mapping[tuple[int, str, str, int], datetime]) -> None:
        self.noted += seen


class Door:
    """A door that carries."""

    def __init__(self) -> None:
        self.database = a_store()
        self.access = SqlAccess(self.database, server_secret=b"s" * 32)
        self.project, _ = self.access.ensure_project("default", "Default", NOW)
        self.key = self.access.create_key(self.project, "shop", NOW)
        self.intake = SqliteIntake(None)
        self.stock = Stock()
        self.now = NOW

    def beat(self, *beats: dict[str, Any], packed: bool = False, key: str | None = None) -> Answered:
        """Sends heartbeats, one after the other; the answer to the last one."""

        async def send() -> Answered:
            carrier = Carrier(self.stock, clock=lambda: self.now)
            await carrier.look()
            reception = Reception(
                Ingest(),
                KeyRing(self.access),
                self.intake,
                limits=Limits(),
                clock=lambda: self.now,
                counts=Counts(),
                carrier=carrier,
            )
            answered = Answered()
            for beat in beats:
                said = {"signal_type": "heartbeat", "service": "shop", "environment": "production", **beat}
                body = gzip.compress(json.dumps(said).encode()) if packed else json.dumps(said).encode()
                headers = {"authorization": f"Bearer {key or self.key}", "content-length": str(len(body))}
                headers |= {"content-encoding": "gzip"} if packed else {}
                answered = await call(reception, "POST", "/v1/sdk/heartbeat", headers, parts(body))
            await carrier.write_down_keys()
            return answered

        return asyncio.run(send())

    def close(self) -> None:
        self.intake.close()
        self.database.close()


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


A_BEAT = {"instance": {"id": "a"}, "fixers": [{"name": "recycle"}]}


def test_every_heartbeat_is_told_its_project_and_nothing_else_where_nothing_is_asked_for(door: Door) -> None:
    answered = door.beat(A_BEAT)
    assert answered.status == 202
    assert answered.said == {
        "accepted": 1,
        "rejected": [],
        "capabilities": ["batch", "fixes", "gzip", "jobs"],
        "project": "1",
    }
    assert door.stock.carried == []


@pytest.mark.parametrize("packed", [False, True])
def test_the_answer_carries_what_is_asked_for_signed_with_the_key_that_the_beat_came_with(
    door: Door, packed: bool
) -> None:
    another = door.access.create_key(door.project, "new", NOW)
    door.stock.waiting[HERE] = ["r1"]
    (entry,) = door.beat(A_BEAT, packed=packed, key=another).said["fixes"]
    assert set(entry) == {"webhook-id", "webhook-timestamp", "webhook-signature", "body"}
    body = entry.pop("body").encode()
    assert signing.believed([callback_secret_of(another)], "r1", entry, body, NOW.timestamp()) == {"type": "fix"}
    assert signing.believed([callback_secret_of(door.key)], "r1", entry, body, NOW.timestamp()) is None


@pytest.mark.parametrize(
    "beat",
    [
        {"instance": {"id": "b"}},
        {"service": "billing"},
        {"environment": "staging"},
        {"closing": True},
        {"fixes": [{"type": "result", "request": "r1", "state": "running"}]},
        {"instance": 7},
    ],
    ids=["another instance", "another service", "another environment", "closing", "told already", "no instance"],
)
def test_nobody_else_is_asked(door: Door, beat: dict[str, Any]) -> None:
    door.stock.waiting[HERE] = ["r1"]
    assert "fixes" not in door.beat({**A_BEAT, **beat}).said
    assert door.stock.carried == []


def test_a_revoked_key_is_asked_for_nothing(door: Door) -> None:
    door.stock.waiting[HERE] = ["r1"]
    door.access.revoke_key(door.project, "shop", NOW)
    assert door.beat(A_BEAT).status == 401
    assert door.stock.carried == []


def test_another_project_is_asked_for_nothing(door: Door) -> None:
    door.stock.waiting[HERE] = ["r1"]
    other, _ = door.access.ensure_project("other", "Other", NOW)
    assert "fixes" not in door.beat(A_BEAT, key=door.access.create_key(other, "shop", NOW)).said


def test_one_answer_carries_ten_at_most(door: Door) -> None:
    door.stock.waiting[HERE] = [f"r{number}" for number in range(12)]
    assert len(door.beat(A_BEAT).said["fixes"]) == 10


def test_an_answer_has_its_largest_size_and_the_rest_waits_for_the_next_one(door: Door) -> None:
    door.stock.waiting[HERE] = [f"r{number}" for number in range(6)]
    door.stock.bodies = dict.fromkeys(door.stock.waiting[HERE], '"' * 60000)
    answered = door.beat(A_BEAT)
    assert len(answered.body) <= 262_144
    assert [each["webhook-id"] for each in answered.said["fixes"]] == ["r0", "r1"]


def test_a_beat_that_has_arrived_is_accepted_though_the_store_cannot_be_asked(door: Door) -> None:
    door.stock.waiting[HERE], door.stock.is_broken = ["r1"], True
    answered = door.beat(A_BEAT)
    assert (answered.status, "fixes" in answered.said) == (202, False)


def test_the_store_is_not_asked_by_beats_to_which_nothing_is_to_be_said(door: Door) -> None:
    door.stock.waiting[HERE] = ["r1"]
    door.beat(*[{"instance": {"id": f"i{number}"}} for number in range(50)])
    assert (door.stock.looks, door.stock.carried) == (1, [])


def test_with_which_key_a_service_that_offers_fixers_reports_is_noted_once_in_a_while(door: Door) -> None:
    door.beat(A_BEAT, {**A_BEAT, "instance": {"id": "b"}}, {"service": "quiet"})
    assert door.stock.noted == [(1, "shop", "production", 1)]
    door.now = after(seconds=30)
    door.beat(A_BEAT)
    assert len(set(door.stock.noted)) == 1
