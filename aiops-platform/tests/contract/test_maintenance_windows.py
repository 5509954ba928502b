"""What every store promises of maintenance windows: they come back as they were, and looks wait for no window that is over."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from made import NOW, a_heartbeat, after
from sqlalchemy import insert
from tables import a_store

from aiops_platform.core.maintenance import Weekly, Window
from aiops_platform.core.monitor import beat
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.ports import MonitorChange, Store
from aiops_platform.storage import schema
from aiops_platform.storage.database import Database
from aiops_platform.storage.transactions import SqlStore


@pytest.fixture
def database() -> Iterator[Database]:
    database = a_store()
    with database.begin() as connection:
        rows = [{"slug": name, "name": name, "created_at": NOW} for name in ("one", "two")]
        connection.execute(insert(schema.projects), rows)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return SqlStore(database)


def a_window(**fields: object) -> Window:
    known: dict[str, object] = {
        "id": None,
        "project_id": 1,
        "name": "move",
        "since": NOW,
        "until": after(hours=1),
        "made_by": "Ana",
        "made_at": NOW,
    }
    return Window(**known | fields)  # type: ignore[arg-type]


def added(store: Store, **fields: object) -> int:
    with store.begin() as transaction:
        return transaction.maintenance.add(a_window(**fields))


def test_a_window_comes_back_as_it_was(store: Store) -> None:
    weekly = Weekly((0, 6), time(4, 30), timedelta(hours=2), "Europe/Berlin")
    number = added(store, services=("shop",), environments=("staging",), weekly=weekly, until=None)
    with store.begin() as transaction:
        found = transaction.maintenance.window(1, number)
        assert found == a_window(id=number, services=("shop",), environments=("staging",), weekly=weekly, until=None)
        assert transaction.maintenance.windows([1, 2], after(days=500)) == {1: (found,)}
        assert transaction.maintenance.window(2, number) is None


def test_windows_that_are_over_are_not_named_and_forgotten_in_time(store: Store) -> None:
    number = added(store)
    with store.begin() as transaction:
        assert transaction.maintenance.windows([1], after(minutes=59)) != {}
        assert transaction.maintenance.windows([1], after(hours=1)) == {}
        assert transaction.maintenance.forget(after(hours=1), 10) == 0
        assert transaction.maintenance.forget(after(hours=2), 10) == 1
        assert transaction.maintenance.window(1, number) is None


def test_a_look_that_was_put_off_to_a_window_s_end_is_due_when_it_ends_early(store: Store) -> None:
    number, service = added(store), ServiceName(1, "shop", "production")
    with store.begin() as transaction:
        mine = transaction.services({service: NOW})[service]
        monitor = beat(a_heartbeat(), None, service_id=mine.id, at=NOW, now=NOW).monitor
        transaction.save_monitors([MonitorChange(monitor=monitor, project_id=1)])
        assert transaction.due_monitors(after(seconds=1), 10) == []
        window = transaction.maintenance.window(1, number)
        assert window is not None
        transaction.maintenance.save(window.ended(after(minutes=1)))
        assert len(transaction.due_monitors(after(seconds=1), 10)) == 1


@pytest.mark.parametrize(
    ("fields", "is_over"),
    [
        ({"ends_with_deploy": True}, True),
        ({"ends_with_deploy": True, "services": ("shop", "search")}, True),
        ({"ends_with_deploy": True, "services": ("search",)}, False),
        ({"ends_with_deploy": True, "project_id": 2}, False),
        ({}, False),
    ],
)
def test_a_deploy_ends_the_windows_of_its_service_that_wait_for_one(
    store: Store, fields: dict[str, object], is_over: bool
) -> None:
    number, project = added(store, **fields), int(str(fields.get("project_id", 1)))
    with store.begin() as transaction:
        transaction.maintenance.end_with_deploy(Service(1, ServiceName(1, "shop", "production")), after(minutes=5))
        window = transaction.maintenance.window(project, number)
    assert window is not None
    assert window.is_over(after(minutes=5)) is is_over


def test_of_windows_that_are_over_only_the_newest_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiops_platform.storage.maintenance._KEPT_OVER", 3)
    with store.begin() as transaction:
        for number in range(6):
            at = after(minutes=10 * number)
            transaction.maintenance.add(a_window(since=at, until=after(minutes=10 * number + 5), made_at=at))
        assert [transaction.maintenance.window(1, number) is None for number in range(1, 7)] == [True] * 2 + [False] * 4
