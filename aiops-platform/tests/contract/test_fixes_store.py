"""What every store promises to those who ask for fixes: sent once by one, nothing of another project, all or nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from made import NOW, after, an_event
from sqlalchemy import insert

from aiops_platform.core import grouping
from aiops_platform.core import incident as rules
from aiops_platform.core.event import FixResult
from aiops_platform.core.fixing import course
from aiops_platform.core.fixing.exercise import Counted, Exercise
from aiops_platform.core.fixing.fix import Fix, FixState, Proof, Way
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.people import PLATFORM
from aiops_platform.core.service import ServiceName
from aiops_platform.ports import IncidentChange, Store
from aiops_platform.ports.fixing import ToldOffers
from aiops_platform.storage import schema
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.fix_reads import SqlFixReads
from aiops_platform.storage.fix_sending import SqlCarrying, SqlPushing
from aiops_platform.storage.migrations import migrate
from aiops_platform.storage.transactions import SqlStore

SHOP = ServiceName(1, "shop", "production")
SECRET = b"s" * 32


@pytest.fixture(params=["file", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}" if request.param == "file" else "sqlite://")
    migrate(database)
    with database.begin() as connection:
        rows = [{"slug": name, "name": name, "created_at": NOW} for name in ("one", "two")]
        connection.execute(insert(schema.projects), rows)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return SqlStore(database)


def a_fix(store: Store, request: str = "r1", **fields: object) -> Fix:
    """A fix that is queued, in the store."""
    with store.begin() as transaction:
        service = transaction.services({SHOP: NOW})[SHOP]
        event = an_event()
        known = transaction.grouped([(service.id, grouping.key_for(event))])
        if not known:
            changed = rules.absorb(event, None, service=service, at=NOW, now=NOW)
            transaction.save_incidents([IncidentChange(incident=changed.incident, key=grouping.key_for(event))])
        incident = transaction.grouped([(service.id, grouping.key_for(event))]).popitem()[1]
        fix = Fix(
            request=request,
            together=request,
            project_id=1,
            service_id=service.id,
            incident_id=incident.id or 0,
            fixer="recycle",
            params={"a": [1, {"b": None}]},
            timeout=60.0,
            watch=600,
            state=FixState.QUEUED,
            state_since=NOW,
            asked_at=NOW,
            asked_by=PLATFORM,
            due_at=NOW,
        )
        return transaction.fixing.add([replace(fix, **fields)])[0]  # type: ignore[arg-type]  # by name


def carried(store: Store, request: str = "r1") -> Fix:
    fix = course.carried(a_fix(store, request), SHOP, "a", off=0.0, interval=30, now=NOW)
    with store.begin() as transaction:
        transaction.fixing.save([fix])
    return fix


def pushed(store: Store, request: str = "r1") -> Fix:
    fix = course.pushed(a_fix(store, request), SHOP, off=0.0, now=NOW)
    with store.begin() as transaction:
        transaction.fixing.save([fix])
    return fix


def test_a_fix_comes_back_as_it_was_kept(store: Store) -> None:
    sent = course.sent(carried(store), after(seconds=1))
    ended = course.heard(sent, FixResult(request="r1", state="succeeded", value={"a": 1}), off=0.0, at=after(seconds=2))
    with store.begin() as transaction:
        transaction.fixing.save([ended])
    with store.begin() as transaction:
        assert transaction.fixing.one(1, ended.id or 0) == ended
        assert transaction.fixing.requested(["r1", "other"]) == {"r1": ended}


def test_what_is_watched_is_found_by_its_service_with_how_its_place_was_used(store: Store) -> None:
    done = {"state": FixState.SUCCEEDED, "ended_at": NOW, "due_at": NOW}
    watching = a_fix(store, "r1", **done, proof=Proof.WATCHING)
    a_fix(store, "r2", **done, proof=Proof.MENDED)
    a_fix(store, "r3", **{**done, "due_at": None}, proof=Proof.WATCHING)
    a_fix(store, "r4")
    used = Exercise(
        method="POST", route="/pay", since=NOW, by={"a": Counted(1, 5, 4, NOW), "b": Counted(0, 0, 0, None)}
    )
    with store.begin() as transaction:
        assert transaction.fixing.watched([watching.service_id, 999]) == [watching]
        assert transaction.fixing.watched([999]) == transaction.fixing.watched([]) == []
        transaction.fixing.save([replace(watching, exercise=used)])
    with store.begin() as transaction:
        (found,) = transaction.fixing.watched([watching.service_id])
        assert found.exercise == used
        assert transaction.fixing.newest_event(watching.incident_id) is None


def test_what_was_not_finished_has_not_happened(store: Store, database: Database) -> None:
    known = a_fix(store)

    def half() -> None:
        with store.begin() as transaction:
            transaction.fixing.add([replace(known, request="r2")])
            transaction.fixing.note(1, "fix_queued", NOW, by=None, fix=None, data={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert [row.fix.request for row in SqlFixReads(database).page(1).rows] == ["r1"]
    assert list(SqlFixReads(database).audit_lines(1)) == []


def test_no_request_has_the_id_of_another_one(store: Store) -> None:
    a_fix(store)
    with pytest.raises(Exception, match="UNIQUE"):
        a_fix(store)


def test_of_many_who_would_push_it_one_may(store: Store, database: Database) -> None:
    fix = pushed(store)
    pushing = SqlPushing(database, server_secret=SECRET)
    with ThreadPoolExecutor(8) as threads:
        may = list(threads.map(lambda _: pushing.send(fix.id or 0, after(seconds=1)), range(16)))
    assert may.count(True) == 1


def test_what_is_taken_back_while_it_is_carried_is_either_carried_or_taken_back(
    store: Store, database: Database
) -> None:
    carrying = SqlCarrying(database)

    def cancel(fix: Fix) -> bool:
        with store.begin() as transaction:
            now = transaction.fixing.one(1, fix.id or 0)
            if now is None or not course.may_be_cancelled(now):
                return False
            transaction.fixing.save([course.moved(now, FixState.CANCELLED, after(seconds=1))])
            return True

    for number in range(10):
        fix = carried(store, f"r{number}")
        with ThreadPoolExecutor(2) as threads:
            cancelled = threads.submit(cancel, fix)
            found = threads.submit(carrying.carry, [fix.request], after(seconds=1))
            assert cancelled.result(60) is not bool(found.result(60))


def test_only_what_waits_for_a_beat_is_pending_and_of_its_place(store: Store, database: Database) -> None:
    carrying = SqlCarrying(database)
    carried(store, "r1")
    pushed(store, "r2")
    a_fix(store, "r3")
    assert carrying.pending(after(seconds=1)) == {(1, "shop", "production", "a"): ["r1"]}
    assert carrying.pending(after(days=1)) == {}
    with store.begin() as transaction:
        transaction.fixing.switch(1, stopped=True, by=PLATFORM, now=NOW)
    assert carrying.pending(after(seconds=1)) == {}
    assert carrying.carry(["r1"], after(seconds=1)) == []


def test_what_was_certainly_not_done_is_queued_again_only_from_a_push(store: Store, database: Database) -> None:
    pushing = SqlPushing(database, server_secret=SECRET)
    one, other = pushed(store, "r1"), carried(store, "r2")
    for fix in (one, other):
        pushing.not_done(fix.id or 0, "nobody was there", after(seconds=1))
    with store.begin() as transaction:
        now = transaction.fixing.requested(["r1", "r2"])
    assert (now["r1"].way, now["r1"].state) == (None, FixState.QUEUED)
    assert (now["r2"].way, now["r2"].body) == (Way.CARRIED, other.body)


def test_another_project_has_nothing_of_it(store: Store, database: Database) -> None:
    fix = carried(store)
    with store.begin() as transaction:
        number = transaction.fixing.save_policy(1, FixPolicy(name="It", match="is:open", fixer="recycle"), NOW)
        assert transaction.fixing.one(2, fix.id or 0) is None
        assert transaction.fixing.policies(2) == []
        assert not transaction.fixing.drop_policy(2, number)
        assert transaction.fixing.standing(project_id=2, states={*FixState}) == []
        transaction.fixing.note(1, "policy_saved", NOW, by=PLATFORM, fix=None, data={"id": number})
        told = ToldOffers(service_id=fix.service_id, instance="a", fixers=(Fixer(name="recycle"),), off=0.0, at=NOW)
        transaction.fixing.note_offers([told])
    reads = SqlFixReads(database)
    assert reads.one(2, fix.id or 0) is None
    assert (reads.page(2).rows, reads.policies(2), reads.effects(2), reads.audit(2)) == ((), {}, [], [])
    assert reads.offered(2, NOW) == []
    assert len(reads.offered(1, NOW)) == 1


def test_the_secrets_of_keys_lie_sealed_and_open_with_the_servers_secret_alone(
    store: Store, database: Database
) -> None:
    access = SqlAccess(database, server_secret=SECRET)
    holder = access.holder_of_key(access.create_key(1, "shop", NOW))
    assert holder is not None
    SqlCarrying(database).note_reporting({(1, "shop", "production", holder.id): NOW})
    pushed(store)
    with store.begin() as transaction:
        transaction.save_monitors([])
    with database.begin() as connection:
        rows = {"state": "alive", "state_since": NOW, "last_beat_at": NOW, "interval": 30, "last_beat": {}}
        connection.execute(
            insert(schema.monitors).values(service_id=1, instances={}, base_url="https://x.test", **rows)
        )
    (push,) = SqlPushing(database, server_secret=SECRET).waiting(NOW, 10)
    (key,) = push.keys
    assert len(key.secret) == 32
    assert key.secret.hex() not in repr(push)
    assert repr(key.secret) not in repr(push)
    (other,) = SqlPushing(database, server_secret=b"t" * 32).waiting(NOW, 10)
    assert other.keys == ()
