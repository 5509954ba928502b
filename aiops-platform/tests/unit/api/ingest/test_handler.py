import asyncio
import gzip
import json
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from asgi_caller import GONE, Answered, call, part, parts
from tables import a_store

from aiops_platform.api.ingest import Counts, KeyRing, Reception
from aiops_platform.api.ingest.body import Limits
from aiops_platform.api.ingest.handler import URLS_AT_ONCE
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.quota import Allowance, Quotas
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.pipeline.ingest import Ingest
from aiops_platform.ports import IntakeUnavailableError, StoreUnavailableError
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.schema import metadata

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
EVENT = json.dumps({"signal_type": "exception", "service": "shop"}).encode()
BEAT = json.dumps({"signal_type": "heartbeat", "service": "shop"}).encode()
EXCEPTION, HEARTBEAT, BATCH = "/v1/sdk/exception", "/v1/sdk/heartbeat", "/v1/sdk/batch"
HEAD = b'{"service": "shop"}'
ITEM = b'{"signal_type": "exception"}'


class Door:
    """A reception with a store and an intake of its own, in memory. `at_once`: it is asked to answer at once first."""

    def __init__(self, limits: Limits, *, at_once: bool = False) -> None:
        self.at_once = at_once
        self.answered_at_once = 0
        self.database = a_store()
        self.access = SqlAccess(self.database, server_secret=b"s" * 32)
        self.project, _ = self.access.ensure_project("default", "Default", NOW)
        self.key = self.access.create_key(self.project, "shop", NOW)
        self.intake = SqliteIntake(None)
        self.limits = limits
        self.quotas: Quotas | None = None
        self.counts = Counts()
        self.now = NOW

    def send(self, body: bytes = EVENT, path: str = EXCEPTION, *, method: str = "POST", messages=None, **headers: str):
        given = {"authorization": f"Bearer {self.key}", "content-length": str(len(body))}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in given.items() if value is not None}
        ingest, keys = Ingest(quotas=self.quotas), KeyRing(self.access)
        reception = Reception(ingest, keys, self.intake, limits=self.limits, clock=lambda: self.now, counts=self.counts)
        whole = body if messages is None and method == "POST" and path.encode() in URLS_AT_ONCE else None
        said = parts(body) if messages is None else messages

        async def ask() -> Answered:
            if self.at_once and whole is not None and (answered := await self._at_once(reception, keys, given, whole)):
                return answered
            return await call(reception, method, path, given, said)

        return asyncio.run(ask())

    async def _at_once(
        self, reception: Reception, keys: KeyRing, given: dict[str, str], body: bytes
    ) -> Answered | None:
        # Who asked a moment ago is remembered.
        with suppress(StoreUnavailableError):
            await keys.holder(given.get("authorization", "").removeprefix("Bearer "), self.now)
        replied = asyncio.get_running_loop().create_future()
        headers = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
        if not reception.answer_at_once(headers, body, replied.set_result):
            return None
        self.answered_at_once += 1
        reply = await replied
        head, _, said = reply.rest.partition(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
        assert reply.closes == (told.get("connection") == "close")
        return Answered(status=reply.status, headers=told, body=said)

    def kept(self) -> list[tuple[ParcelKind, bytes]]:
        return [(leased.parcel.kind, leased.parcel.body) for leased in self.intake.lease(100, NOW)]

    def close(self) -> None:
        self.intake.close()
        self.database.close()


@pytest.fixture(params=[False, True], ids=["by ASGI", "at once"])
def door(request):
    """Whatever is promised is promised of both ways."""
    door = Door(Limits(body=1000, batch=2000, together=5000, seconds=30), at_once=request.param)
    yield door
    door.close()


def test_what_was_accepted_lies_in_the_intake(door):
    answered = door.send()

    assert answered.status == 202
    assert answered.said == {"accepted": 1, "rejected": [], "capabilities": ["batch", "fixes", "gzip", "jobs"]}
    assert door.kept() == [(ParcelKind.EXCEPTION, EVENT)]


def test_a_word_on_a_job_has_its_own_address_and_must_say_which_run(door):
    word = json.dumps({"signal_type": "job", "job": "x", "run_id": "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01"}).encode()
    refused = door.send(word, "/v1/sdk/job")
    assert (refused.status, refused.why) == (400, "state: expected one of started, succeeded, failed")
    whole = word[:-1] + b', "state": "started"}'
    assert door.send(whole, "/v1/sdk/job").status == 202
    assert door.send(gzip.compress(whole), "/v1/sdk/job/", content_encoding="gzip").status == 202
    assert door.send(whole, EXCEPTION).status == 400
    assert door.send(b"x" * 2000, "/v1/sdk/job").status == 413
    assert [kind for kind, _ in door.kept()] == [ParcelKind.JOB] * 2


def test_a_heartbeat_has_its_own_address(door):
    assert door.send(BEAT, HEARTBEAT).status == 202
    assert door.kept() == [(ParcelKind.HEARTBEAT, BEAT)]


@pytest.mark.parametrize("path", [EXCEPTION + "/", HEARTBEAT + "/"])
def test_a_slash_at_the_end_makes_no_difference(door, path):
    assert door.send(BEAT if "heartbeat" in path else EVENT, path).status == 202


def test_a_body_may_come_in_parts(door):
    assert door.send(messages=parts(*(bytes([byte]) for byte in EVENT))).status == 202
    assert door.kept() == [(ParcelKind.EXCEPTION, EVENT)]


def test_a_body_may_come_without_its_length(door):
    assert door.send(messages=parts(EVENT[:5], EVENT[5:], b""), content_length=None).status == 202


def test_a_packed_body_is_kept_as_it_came(door):
    packed = gzip.compress(EVENT)

    assert door.send(packed, content_encoding="gzip").status == 202
    assert door.send(packed, content_encoding=" GZIP ", messages=parts(packed[:7], packed[7:])).status == 202
    assert door.kept() == [(ParcelKind.EXCEPTION, packed)] * 2


def test_a_packed_heartbeat_is_taken_too(door):
    assert door.send(gzip.compress(BEAT), HEARTBEAT, content_encoding="gzip").status == 202
    assert [(kind, gzip.decompress(body)) for kind, body in door.kept()] == [(ParcelKind.HEARTBEAT, BEAT)]


def lines(*each: bytes) -> bytes:
    return b"\n".join(each) + b"\n"


def test_a_batch_is_kept_as_it_came_in_one_parcel(door):
    packed = gzip.compress(lines(HEAD, ITEM, ITEM))

    answered = door.send(packed, BATCH, content_encoding="gzip")

    assert answered.status == 202
    assert answered.said == {"accepted": 2, "rejected": [], "capabilities": ["batch", "fixes", "gzip", "jobs"]}
    assert door.kept() == [(ParcelKind.BATCH, packed)]


@pytest.mark.parametrize("path", [BATCH, BATCH + "/"])
def test_a_batch_may_come_unpacked(door, path):
    assert door.send(lines(HEAD, ITEM), path).said["accepted"] == 1
    assert [(kind, gzip.decompress(body)) for kind, body in door.kept()] == [(ParcelKind.BATCH, lines(HEAD, ITEM))]


@pytest.mark.parametrize("encoding", ["gzip", None])
def test_of_a_batch_what_is_not_understood_is_refused_and_not_kept(door, encoding):
    body = lines(HEAD, ITEM, b"{", ITEM, BEAT, ITEM[:-3])

    answered = door.send(gzip.compress(body) if encoding else body, BATCH, content_encoding=encoding)

    assert (answered.status, answered.said["accepted"]) == (202, 2)
    assert [each["index"] for each in answered.said["rejected"]] == [1, 3, 4]
    assert "a heartbeat goes to" in answered.said["rejected"][1]["why"]
    assert [gzip.decompress(kept) for _, kept in door.kept()] == [b"\n".join([HEAD, ITEM, ITEM])]


def test_a_batch_of_which_nothing_is_understood_is_refused_with_every_reason(door):
    answered = door.send(lines(HEAD, BEAT, b"{}"), BATCH)

    assert (answered.status, answered.said["accepted"]) == (400, 0)
    assert [each["index"] for each in answered.said["rejected"]] == [0, 1]
    assert door.kept() == []


@pytest.mark.parametrize("body", [b"", b"\n", b"{\n", lines(ITEM, ITEM), lines(b"[]", ITEM)])
def test_a_batch_without_a_head_is_refused(door, body):
    answered = door.send(body, BATCH)

    assert answered.status == 400
    assert "expected the head" in answered.why


def test_a_batch_that_holds_nothing_is_accepted_and_not_kept(door):
    answered = door.send(lines(HEAD), BATCH)

    assert (answered.status, answered.said["accepted"]) == (202, 0)
    assert door.kept() == []


def test_a_batch_of_too_many_events_is_to_come_in_smaller_ones(door):
    packed = gzip.compress(lines(HEAD, *[ITEM] * 1001))
    door.limits = Limits()

    assert door.send(packed, BATCH, content_encoding="gzip").status == 413
    assert door.kept() == []
    assert (
        door.send(gzip.compress(lines(HEAD, *[ITEM] * 1000)), BATCH, content_encoding="gzip").said["accepted"] == 1000
    )


def test_a_batch_has_a_limit_of_its_own(door):
    batch = lines(HEAD, *[ITEM] * 60)

    assert door.send(batch, BATCH).status == 202
    answered = door.send(lines(HEAD, *[ITEM] * 80), BATCH)
    assert (answered.status, "2000 bytes" in answered.why) == (413, True)


@pytest.mark.parametrize(
    "packed", [b"", lines(HEAD, ITEM), gzip.compress(lines(HEAD, ITEM))[:-1]], ids=["nothing", "plain", "cut off"]
)
def test_a_batch_that_calls_itself_gzip_and_is_not_is_refused(door, packed):
    answered = door.send(packed, BATCH, content_encoding="gzip")

    assert answered.status == 400
    assert "gzip" in answered.why


@pytest.mark.parametrize("body", [bytes(10_000_000), lines(HEAD, *[ITEM] * 500_000)], ids=["zeroes", "events"])
def test_a_batch_that_is_a_bomb_does_not_go_off(body):
    door = Door(Limits())

    assert door.send(gzip.compress(body), BATCH, content_encoding="gzip").status == 413
    assert door.kept() == []
    door.close()


def test_a_batch_needs_a_key(door):
    assert door.send(lines(HEAD, ITEM), BATCH, authorization=None).status == 401


def test_a_full_disk_tells_a_batch_to_come_again(door):
    door.intake = FullIntake(at_once=False)

    answered = door.send(lines(HEAD, ITEM), BATCH)

    assert (answered.status, answered.headers["retry-after"], answered.said["accepted"]) == (503, "5", 0)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", " Bearer "])
def test_the_word_bearer_is_not_taken_too_seriously(door, scheme):
    assert door.send(authorization=f"{scheme} {door.key}").status == 202


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        (None, "no API key"),
        ("", "no API key"),
        ("Bearer", "no API key"),
        ("Bearer   ", "no API key"),
        ("Basic dXNlcjpwYXNz", "no API key"),
        ("Bearer hunter2", "this is no API key"),
        ("Bearer \xe4\xf6\xfc", "this is no API key"),
        ("Bearer aiops_" + "x" * 43, "API key 'aiops_xx…xx' is unknown: was it revoked?"),
        ("Bearer aiopst_" + "x" * 43, "this is an API token"),
    ],
)
def test_without_a_key_in_force_nothing_is_taken(door, authorization, why):
    answered = door.send(authorization=authorization)

    assert answered.status == 401
    assert answered.headers["www-authenticate"] == "Bearer"
    assert why in answered.why
    assert answered.said["accepted"] == 0
    assert door.kept() == []


def test_a_wrong_key_is_not_repeated_in_the_answer(door):
    assert b"hunter2" not in door.send(authorization="Bearer hunter2").body


def test_who_has_no_key_is_answered_without_being_listened_to(door):
    assert door.send(authorization=None, messages=[]).status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_post_is_spoken(door, method):
    answered = door.send(method=method, messages=[])

    assert (answered.status, answered.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "expected an object"),
        (b"{}", "signal_type: missing"),
        (BEAT, "a heartbeat goes to /v1/sdk/heartbeat"),
        (b'{"signal_type": "\\ud800"}', "is not known here"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_reason(door, body, why):
    answered = door.send(body)

    assert answered.status == 400
    assert why in answered.why
    assert door.kept() == []


@pytest.mark.parametrize(
    "packed",
    [b"", EVENT, gzip.compress(EVENT)[:-1], gzip.compress(EVENT) + b"more", gzip.compress(EVENT)[:20] + b"x" * 40],
    ids=["nothing", "plain", "cut off", "with a tail", "broken"],
)
def test_what_calls_itself_gzip_and_is_not_is_refused(door, packed):
    answered = door.send(packed, content_encoding="gzip")

    assert answered.status == 400
    assert "gzip" in answered.why


def test_an_unknown_packing_is_refused(door):
    answered = door.send(content_encoding="br")

    assert answered.status == 400
    assert "only gzip" in answered.why


def test_too_large_by_its_own_word_is_refused_unread(door):
    answered = door.send(messages=[], content_length="1001")

    assert answered.status == 413
    assert "1000 bytes" in answered.why
    assert "connection" not in answered.headers


def test_who_asks_first_whether_it_may_send_too_much_is_sent_away(door):
    answered = door.send(messages=[], content_length="1001", expect="100-continue")

    assert (answered.status, answered.headers["connection"]) == (413, "close")


def test_too_large_is_noticed_while_it_comes(door):
    body = EVENT[:-1] + b" " * 2000 + b"}"

    assert door.send(messages=parts(body[:999], body[999:]), content_length=None).status == 413
    assert door.kept() == []


def test_what_is_endless_is_not_read_to_its_end(door):
    megabyte = bytes(1024 * 1024)

    def endless():
        for _ in range(17):
            yield part(megabyte, more=True)

    answered = door.send(messages=endless(), content_length=None)

    assert (answered.status, answered.headers["connection"]) == (413, "close")


def test_a_body_of_just_the_limit_is_taken(door):
    body = EVENT[:-1] + b" " * (1000 - len(EVENT)) + b"}"

    assert door.send(body).status == 202


def test_a_bomb_does_not_go_off(door):
    bomb = gzip.compress(bytes(10_000_000))[:900]

    assert door.send(bomb, content_encoding="gzip").status == 413


def test_a_packed_body_is_measured_unpacked(door):
    body = EVENT[:-1] + b" " * (1001 - len(EVENT)) + b"}"

    assert door.send(gzip.compress(body), content_encoding="gzip").status == 413


def test_a_slow_body_is_told_to_come_again():
    door = Door(Limits(seconds=0.01))

    answered = door.send(messages=[part(EVENT[:3], more=True)])

    assert (answered.status, answered.headers["connection"]) == (408, "close")
    door.close()


@pytest.mark.parametrize("messages", [[GONE], [part(EVENT[:3], more=True), GONE]])
def test_who_hangs_up_has_said_nothing(door, messages):
    assert door.send(messages=messages).status is None
    assert door.kept() == []


def test_too_much_at_once_is_told_to_come_again():
    door = Door(Limits(together=10))

    answered = door.send()

    assert (answered.status, answered.headers["retry-after"]) == (503, "1")
    door.close()


def test_several_gzip_files_one_after_the_other_are_one(door):
    assert door.send(gzip.compress(EVENT[:9]) + gzip.compress(EVENT[9:]), content_encoding="gzip").status == 202
    assert [body for _, body in door.kept()] == [EVENT]


@pytest.mark.parametrize("more", [b"junk", gzip.compress(b"")[:-1], gzip.compress(b"") * 1_000])
def test_what_follows_a_gzip_file_and_is_none_is_refused(more):
    door = Door(Limits())
    assert door.send(gzip.compress(EVENT) + more, content_encoding="gzip").status == 400
    assert door.kept() == []
    door.close()


def test_several_gzip_files_hold_no_more_than_one_may(door):
    bombs = gzip.compress(bytes(700_000)) * 3
    assert door.send(bombs, content_encoding="gzip").status == 413


@pytest.mark.parametrize(("body", "batch"), [(200_000_000, 4_000_000), (1_000, 100_000_000), (1_000, 1_000)])
def test_there_is_room_for_the_largest_that_may_come_packed_and_unpacked(body, batch):
    limits = Limits.of(body=body, batch=batch)
    assert limits.together >= max(2 * body, 2 * batch, Limits().together)


def strict() -> Quotas:
    return Quotas(Allowance(per_service=2, saved_seconds=1))


def test_a_loud_loop_is_told_to_come_again_and_others_are_heard(door):
    door.quotas = strict()
    assert [door.send().status for _ in range(4)] == [202, 202, 429, 429]
    answered = door.send()
    assert (answered.status, answered.headers["retry-after"], answered.said["accepted"]) == (429, "1", 0)
    assert "of one problem" in answered.why
    assert (
        door.send(json.dumps({"signal_type": "exception", "service": "shop", "error_type": "New"}).encode()).status
        == 202
    )
    assert door.send(BEAT, HEARTBEAT).status == 202
    assert len(door.kept()) == 4
    assert door.counts.refused() == {"refused_quota_repeat": 3}
    door.now += timedelta(seconds=1)
    assert door.send().status == 202


def test_of_a_batch_each_event_that_is_too_much_is_told_when_to_come_again(door):
    door.quotas = strict()
    answered = door.send(lines(HEAD, ITEM, b"{", ITEM, ITEM, ITEM), BATCH)
    assert (answered.status, answered.said["accepted"]) == (202, 2)
    assert [(each["index"], each.get("retry_after")) for each in answered.said["rejected"]] == [
        (1, None),
        (3, 1),
        (4, 1),
    ]
    assert [gzip.decompress(body) for _, body in door.kept()] == [b"\n".join([HEAD, ITEM, ITEM])]
    assert door.counts.refused() == {"refused_quota_repeat": 2, "refused_not_understood": 1}


def test_a_batch_of_which_nothing_is_taken_now_is_told_to_come_again(door):
    door.quotas = strict()
    door.send(lines(HEAD, ITEM, ITEM), BATCH)
    answered = door.send(lines(HEAD, ITEM, b"{"), BATCH)
    assert (answered.status, answered.headers["retry-after"]) == (429, "1")
    assert [each["index"] for each in answered.said["rejected"]] == [0, 1]


def test_when_as_much_waits_as_may_clients_are_told_so_before_they_are_listened_to(door):
    door.intake = SqliteIntake(None, budget=1)
    answered = door.send(messages=[])
    assert (answered.status, answered.headers["retry-after"]) == (503, "5")
    assert "waits to be digested" in answered.why
    assert door.counts.refused() == {"refused_intake_full": 1}


def test_what_is_refused_is_counted_by_its_reason_and_every_answer_by_its_time(door):
    door.send()
    door.send(b"{")
    door.send(authorization=None)
    door.send(messages=[], content_length="1001")
    assert door.counts.refused() == {
        "refused_not_understood": 1,
        "refused_unknown_key": 1,
        "refused_too_large": 1,
    }
    door.counts.wrote_down({"refused_unknown_key": 1})
    assert "refused_unknown_key" not in door.counts.refused()
    assert door.counts.took()[-1] == 4
    assert door.counts.took() == sorted(door.counts.took())


class FullIntake(SqliteIntake):
    """Its disk is full."""

    def __init__(self, *, at_once: bool) -> None:
        super().__init__(None)
        self._at_once = at_once

    def append(self, parcels):
        if self._at_once:
            raise IntakeUnavailableError("the disk is full")
        failed = Future()
        failed.set_exception(IntakeUnavailableError("the disk is full"))
        return failed


@pytest.mark.parametrize("at_once", [True, False])
def test_a_full_disk_is_told_to_come_again(door, at_once):
    door.intake = FullIntake(at_once=at_once)

    answered = door.send()

    assert (answered.status, answered.headers["retry-after"]) == (503, "5")
    assert answered.said["accepted"] == 0
    assert "disk" not in answered.why, "What is wrong inside is the operator's business."


def test_a_store_that_cannot_be_asked_is_no_reason_to_call_a_key_wrong(door):
    metadata.drop_all(door.database.engine)

    assert door.send().status == 503


@pytest.mark.parametrize(
    ("body", "headers", "is_at_once"),
    [
        (EVENT, {}, True),
        (gzip.compress(EVENT), {"content_encoding": "gzip"}, True),
        (b"{", {}, True),
        (EVENT, {"authorization": "Bearer aiops_" + "x" * 43}, False),
        (EVENT, {"authorization": None}, False),
        (EVENT, {"content_encoding": "br"}, False),
        (EVENT, {"content_encoding": "gzip"}, False),
        (b" " * 1001, {}, False),
    ],
)
def test_only_what_is_in_order_or_soon_refused_is_answered_at_once(body, headers, is_at_once):
    door = Door(Limits(body=1000, batch=2000, together=5000, seconds=30), at_once=True)
    door.send(body, **headers)
    assert door.answered_at_once == is_at_once
    door.close()


def test_who_is_answered_at_once_gives_back_the_room_that_it_took():
    async def play() -> None:
        intake, database = SqliteIntake(None), a_store()
        access = SqlAccess(database, server_secret=b"s" * 32)
        project, _ = access.ensure_project("default", "Default", NOW)
        key, keys = access.create_key(project, "shop", NOW), KeyRing(access)
        limits = Limits(body=1000, batch=1000, together=1500, seconds=30)
        reception = Reception(Ingest(), keys, intake, limits=limits, clock=lambda: NOW, counts=Counts())
        await keys.holder(key, NOW)
        headers = [(b"authorization", f"Bearer {key}".encode())]
        for body, status in [(EVENT.ljust(1000), 202), (b"{".ljust(1000), 400)] * 5:
            replied = asyncio.get_running_loop().create_future()
            assert reception.answer_at_once(headers, body, replied.set_result)
            assert (await replied).status == status
        # While one waits for the disk, another that is too much is not taken this way.
        assert reception.answer_at_once(headers, EVENT.ljust(1000), lambda _: None)
        assert not reception.answer_at_once(headers, EVENT.ljust(1000), lambda _: None)
        keys.close()
        intake.close()
        database.close()

    asyncio.run(play())
