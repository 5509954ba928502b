"""Pings: what an address says becomes a parcel, and whoever has no key learns nothing."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from asgi_caller import GONE, call, parts
from tables import a_store

from aiops_platform.api.ingest import Counts, KeyRing
from aiops_platform.api.pings import Pings
from aiops_platform.core.access import KeyKind, looks_like_ping_key
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.quota import Allowance, Quotas
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.ingest import Ingest
from aiops_platform.ports import IntakeUnavailableError
from aiops_platform.storage.access import SqlAccess

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
RUN = "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01"


class Door:
    def __init__(self) -> None:
        self.database = a_store()
        self.access = SqlAccess(self.database, server_secret=b"s" * 32)
        self.project, _ = self.access.ensure_project("default", "Default", NOW)
        self.key = self.access.create_key(self.project, "cron", NOW, KeyKind.PING)
        self.intake = SqliteIntake(None)
        self.quotas: Quotas | None = None
        self.counts = Counts()
        self.jobs = {(self.project, "jobs", "production", "known")}

    def ping(self, rest="backup", *, key=None, method="GET", query="", body=b"", messages=None):
        pings = Pings(
            Ingest(quotas=self.quotas),
            KeyRing(self.access, looks_right=looks_like_ping_key),
            self.intake,
            knows_job=lambda service, job: (*service, job) in self.jobs,
            clock=lambda: NOW,
            counts=self.counts,
        )
        path = f"/ping/{self.key if key is None else key}/{rest}"
        return asyncio.run(call(pings, method, path, {}, messages or parts(body), query=query.encode()))

    def kept(self):
        found = self.intake.lease(100, NOW)
        assert all(each.parcel.kind is ParcelKind.PING for each in found)
        return [json.loads(each.parcel.body) for each in found]


@pytest.fixture
def door():
    door = Door()
    yield door
    door.intake.close()
    door.database.close()


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_an_address_is_all_it_takes(door, method):
    answered = door.ping(method=method)
    assert (answered.status, answered.body) == (200, b"" if method == "HEAD" else b"OK\n")
    assert door.kept() == [
        {
            "signal_type": "ping",
            "service": "jobs",
            "environment": "production",
            "job": "backup",
            "word": "success",
            "run_id": None,
            "exit_status": None,
            "output": None,
            "create": True,
        }
    ]


@pytest.mark.parametrize(
    ("rest", "word", "exit_status"),
    [
        ("backup/", "success", None),
        ("backup/start", "start", None),
        ("backup/fail", "fail", None),
        ("backup/log/", "log", None),
        ("backup/0", "success", 0),
        ("backup/1", "fail", 1),
        ("backup/255", "fail", 255),
    ],
)
def test_what_is_said_of_a_run_stands_after_the_job(door, rest, word, exit_status):
    assert door.ping(rest).status == 200
    (kept,) = door.kept()
    assert (kept["job"], kept["word"], kept["exit_status"]) == ("backup", word, exit_status)


@pytest.mark.parametrize(
    ("rest", "query", "why"),
    [
        ("", "", b"expected /ping/KEY/JOB"),
        ("a/b/c", "", b"expected /ping/KEY/JOB"),
        ("backup/256", "", b"expected start, fail, log or an exit status from 0 to 255"),
        ("backup/\u0663", "", b"expected start, fail, log"),
        ("backup/success", "", b"expected start, fail, log"),
        ("x" * 201, "", b"expected the name of a job"),
        *(
            (word, "", b"the job's name is missing: expected /ping/KEY/JOB/")
            for word in ("start", "fail", "log", "0", "7", "255")
        ),
        ("backup", "rid=7", b"rid: expected a UUID"),
        ("backup", "x=" + "y" * 5_000, b"too much after the ?"),
    ],
)
def test_what_is_wrong_is_said(door, rest, query, why):
    answered = door.ping(rest, query=query)
    assert answered.status == 400
    assert answered.body.startswith(why)
    assert door.kept() == []


def test_the_service_the_environment_and_the_run_may_be_named(door):
    door.ping(query=f"service=shop&environment=staging&rid={RUN.upper()}")
    (kept,) = door.kept()
    assert (kept["service"], kept["environment"], kept["run_id"]) == ("shop", "staging", RUN)


def test_what_is_not_understood_after_the_question_mark_is_named_and_the_ping_kept(door):
    answered = door.ping(query="run_id=7&service=shop&enviroment=x%0Ay")
    assert answered.status == 200
    assert answered.body == (
        b"OK, but not understood: enviroment, run_id; what is: rid, service, environment, create\n"
    )
    assert len(door.kept()) == 1
    answered = door.ping(query=f"{'x' * 3_000}=1&a%0Ab=1")
    assert (answered.status, len(answered.body) < 400, answered.body.count(b"\n")) == (200, True, 1)


def test_a_job_may_have_a_number_for_a_name_that_is_no_exit_status(door):
    assert door.ping("2026").status == 200
    assert [each["job"] for each in door.kept()] == ["2026"]


def test_the_first_of_what_is_sent_along_is_kept(door):
    answered = door.ping(method="POST", messages=parts("é".encode() * 9_000, b"\xff", b"x" * 9_000))
    assert answered.status == 200
    (kept,) = door.kept()
    assert kept["output"] == "é" * 9_000 + "\ufffd" + "x" * 999


def test_whoever_hangs_up_has_said_nothing(door):
    door.ping(method="POST", messages=[*parts(b"x", b"y")[:1], GONE])
    assert door.kept() == []


@pytest.mark.parametrize("key", ["", "x", "aiopsp_" + "A" * 43, "../x"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_key_is_told_nothing(door, key, method):
    answered = door.ping(key=key, method=method)
    assert (answered.status, answered.body) == (404, b"not found\n")
    assert door.counts.refused() == {"refused_unknown_key": 1}


def test_a_key_that_reports_does_not_ping_and_a_revoked_one_neither(door):
    assert door.ping(key=door.access.create_key(door.project, "shop", NOW)).status == 404
    door.access.revoke_key(door.project, "cron", NOW)
    assert door.ping().status == 404


def test_a_replaced_key_goes_on_pinging_and_the_new_one_only_pings(door):
    text = door.access.replace_key(door.project, "cron", NOW)
    assert text.startswith("aiopsp_")
    assert [door.ping().status, door.ping(key=text).status] == [200, 200]
    assert {each.kind for each in door.access.keys(door.project)} == {KeyKind.PING}


def test_a_job_that_is_not_known_is_made_unless_that_is_not_wanted(door):
    assert door.ping("known", query="create=0").status == 200
    answered = door.ping("unknown", query="create=0")
    assert (answered.status, answered.body) == (404, b"there is no such job, and create=0 makes none\n")
    assert [each["job"] for each in door.kept()] == ["known"]


def test_other_methods_are_not_spoken(door):
    answered = door.ping(method="DELETE")
    assert (answered.status, answered.headers["allow"]) == (405, "GET, HEAD, POST")


def test_too_many_are_told_to_come_again(door):
    door.quotas = Quotas(Allowance(per_key=1, per_service=1, saved_seconds=1))
    assert door.ping().status == 200
    answered = door.ping()
    assert (answered.status, answered.headers["retry-after"]) == (429, "1")


def test_ok_is_said_once_it_is_kept(door):
    def refuse(_):
        raise IntakeUnavailableError("the disk is full")

    door.intake.append = refuse
    answered = door.ping()
    assert (answered.status, answered.headers["retry-after"]) == (503, "5")
