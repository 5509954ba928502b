"""What every intake promises: nothing that it said it has is lost, and what is not done is handed out again."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from made import NOW, a_body, a_heartbeat_body, a_parcel, after

from aiops_platform.core.monitor import Listening
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.intake.appender import Limits
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.ports import Intake, IntakeUnavailableError

SECONDS = 60


@pytest.fixture(params=["file", "memory"])
def intake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Intake]:
    intake = SqliteIntake(tmp_path / "intake.db" if request.param == "file" else None)
    yield intake
    intake.close()


def keep(intake: Intake, *parcels: Parcel) -> None:
    intake.append(parcels).result(SECONDS)


def bodies(leased) -> list[bytes]:
    return [each.parcel.body for each in leased]


def test_what_was_appended_is_leased_in_order_and_unchanged(intake):
    parcels = [a_parcel(number, a_body(message=str(number)), received_at=after(seconds=number)) for number in range(5)]
    keep(intake, *parcels[:2])
    keep(intake, *parcels[2:])
    assert [each.parcel for each in intake.lease(10, NOW)] == parcels


def test_any_bytes_are_kept_as_they_are(intake):
    raw = bytes(range(256)) * 5_000
    keep(intake, a_parcel(1, raw))
    assert bodies(intake.lease(1, NOW)) == [raw]


def test_what_is_leased_is_not_leased_to_another(intake):
    keep(intake, *(a_parcel(number, b"%d" % number) for number in range(3)))
    assert bodies(intake.lease(2, NOW)) == [b"0", b"1"]
    assert bodies(intake.lease(2, NOW)) == [b"2"]
    assert bodies(intake.lease(2, NOW)) == []


def test_a_lease_ends_after_a_minute_which_is_no_death(intake):
    keep(intake, a_parcel(1, b"one"))
    assert [each.deaths for each in intake.lease(1, NOW)] == [0]
    assert intake.lease(1, after(seconds=59)) == []
    assert [each.deaths for each in intake.lease(1, after(seconds=60))] == [0]


def test_what_is_done_is_gone_even_if_said_twice(intake):
    keep(intake, a_parcel(1, b"one"), a_parcel(2, b"two"))
    first, _ = intake.lease(2, NOW)
    intake.done([first.ticket])
    intake.done([first.ticket, 999])
    assert intake.waiting() == 1
    assert bodies(intake.lease(2, after(minutes=2))) == [b"two"]


def test_what_is_given_back_is_leased_at_once_and_no_death_is_counted_for_it(intake):
    keep(intake, a_parcel(1, b"one"))
    (leased,) = intake.lease(1, NOW)
    intake.give_back([leased.ticket])
    intake.release()
    assert [each.deaths for each in intake.lease(1, NOW)] == [0]


def test_a_worker_that_starts_takes_what_the_one_before_held_and_counts_its_death(intake):
    keep(intake, a_parcel(1, b"one"))
    intake.lease(1, NOW)
    intake.release()
    assert [each.deaths for each in intake.lease(1, NOW)] == [1]


def test_what_is_set_aside_waits_for_the_next_worker_and_that_is_no_death(intake):
    keep(intake, a_parcel(1, b"one"), a_parcel(2, b"two"))
    first, _ = intake.lease(2, NOW)
    intake.set_aside([first.ticket])
    assert (intake.aside(), intake.waiting()) == (1, 2)
    assert bodies(intake.lease(2, after(days=900))) == [b"two"]
    intake.release()
    assert intake.aside() == 0
    assert [each.deaths for each in intake.lease(2, NOW)] == [0, 1]


def test_long_parcels_are_leased_few_at_a_time(intake):
    keep(intake, *(a_parcel(number, b"x" * 1_500_000) for number in range(4)))
    assert len(intake.lease(10, NOW)) == 3
    assert len(intake.lease(10, NOW)) == 1


def test_a_batch_is_the_last_of_a_lease(intake):
    batch = replace(a_parcel(2, b"two"), kind=ParcelKind.BATCH)
    keep(intake, a_parcel(1, b"one"), batch, a_parcel(3, b"three"))
    assert bodies(intake.lease(10, NOW)) == [b"one", b"two"]
    assert bodies(intake.lease(10, NOW)) == [b"three"]


def test_waiting_is_told_with_the_oldest_of_each_kind(intake):
    assert (intake.waiting(), intake.oldest_waiting(ParcelKind.HEARTBEAT)) == (0, None)
    keep(intake, a_parcel(1, a_body()), a_parcel(2, a_heartbeat_body(), received_at=after(seconds=7)))
    keep(intake, a_parcel(3, a_heartbeat_body(), received_at=after(seconds=9)))
    assert intake.waiting() == 3
    assert intake.oldest_waiting(ParcelKind.EXCEPTION) == NOW
    assert intake.oldest_waiting(ParcelKind.HEARTBEAT) == after(seconds=7)


def test_the_door_is_heard_as_long_as_it_ticks(intake):
    assert intake.listening() is None
    for seconds in (0, 5, 10):
        intake.tick(after(seconds=seconds))
    assert intake.listening() == Listening(NOW, after(seconds=10))
    intake.tick(after(seconds=60))
    assert intake.listening() == Listening(after(seconds=60), after(seconds=60))


def test_many_threads_append_at_once(intake):
    with ThreadPoolExecutor(16) as pool:
        appended = list(pool.map(lambda number: intake.append([a_parcel(number, b"%d" % number)]), range(2_000)))
    wait(appended, SECONDS)
    assert all(each.exception() is None for each in appended)
    assert sorted(map(int, bodies(intake.lease(3_000, NOW)))) == list(range(2_000))


def test_a_closed_intake_takes_nothing(intake):
    intake.close()
    with pytest.raises(IntakeUnavailableError, match="closed"):
        intake.append([a_parcel(1, b"one")])


def test_tidying_loses_nothing(intake):
    keep(intake, *(a_parcel(number, b"x" * 10_000) for number in range(200)))
    intake.done([each.ticket for each in intake.lease(199, NOW)])
    intake.tidy()
    assert intake.waiting() == 1


def test_tidying_gives_the_disk_back_what_a_peak_took(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db")
    keep(intake, *(a_parcel(number, b"x" * 10_000) for number in range(400)))
    intake.done([each.ticket for each in intake.lease(400, NOW)])
    assert (tmp_path / "intake.db").stat().st_size > 4_000_000
    intake.tidy()
    intake.close()
    assert (tmp_path / "intake.db").stat().st_size < 200_000


def test_nothing_of_what_is_done_is_left_after_tidying(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db")
    for length in (6, 300, 3_000, 30_000):
        keep(intake, *(a_parcel(number, b"secret" * (length // 6)) for number in range(length, length + 20)))
        intake.done([each.ticket for each in intake.lease(20, NOW)])
    assert any(b"secret" in path.read_bytes() for path in tmp_path.iterdir())
    intake.tidy()
    assert [path.name for path in tmp_path.iterdir() if b"secret" in path.read_bytes()] == []
    intake.close()


def test_tidying_does_not_wait_for_who_reads(tmp_path):
    intake, reader = SqliteIntake(tmp_path / "intake.db"), sqlite3.connect(tmp_path / "intake.db", isolation_level=None)
    keep(intake, a_parcel(1, b"one"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM parcels").fetchall()
    keep(intake, a_parcel(2, b"two"))
    intake.tidy()
    keep(intake, a_parcel(3, b"three"))
    assert intake.waiting() == 3
    reader.close()
    intake.close()


def test_too_much_that_waits_is_refused_at_once():
    intake = SqliteIntake(None, limits=Limits(waiting_parcels=10, waiting_bytes=1_000))
    with pytest.raises(IntakeUnavailableError, match="Too much waits"):
        intake.append([a_parcel(number, b"x") for number in range(11)])
    with pytest.raises(IntakeUnavailableError, match="Too much waits"):
        intake.append([a_parcel(1, b"x" * 1_001)])
    intake.append([a_parcel(1, b"x")]).result(SECONDS)
    intake.close()


def test_a_restarted_door_begins_a_new_stretch(tmp_path):
    door = SqliteIntake(tmp_path / "intake.db")
    door.tick(NOW)
    door.close()
    restarted = SqliteIntake(tmp_path / "intake.db")
    restarted.tick(after(seconds=3))
    assert restarted.listening() == Listening(after(seconds=3), after(seconds=3))
    restarted.close()


def test_a_worker_sees_that_the_door_has_written(tmp_path):
    door, worker = SqliteIntake(tmp_path / "intake.db"), SqliteIntake(tmp_path / "intake.db")
    worker.changed()
    assert not worker.changed()
    keep(door, a_parcel(1, b"one"))
    assert worker.changed()
    assert not worker.changed()
    door.close()
    worker.close()


def test_a_full_disk_is_said_and_ends_when_there_is_room_again(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db", disk_limit=300_000)
    with pytest.raises(IntakeUnavailableError, match="full"):
        intake.append([a_parcel(1, b"x" * 400_000)]).result(SECONDS)
    keep(intake, a_parcel(2, b"small"))
    assert bodies(intake.lease(10, NOW)) == [b"small"]
    intake.close()


def test_above_its_budget_it_has_no_room_until_parcels_are_done(tmp_path):
    door, worker = SqliteIntake(tmp_path / "intake.db", budget=200_000), SqliteIntake(tmp_path / "intake.db")
    assert door.has_room(ParcelKind.EXCEPTION)
    for number in range(4):
        keep(door, a_parcel(number, b"x" * 50_000))
    assert not door.has_room(ParcelKind.EXCEPTION)
    assert not door.has_room(ParcelKind.BATCH)
    worker.done([each.ticket for each in worker.lease(3, NOW)])
    door.measure()
    assert door.has_room(ParcelKind.EXCEPTION)
    door.close()
    worker.close()


def test_beats_have_some_room_of_their_own(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db", budget=2_000_000)
    keep(intake, a_parcel(1, b"x" * 2_000_000))
    assert not intake.has_room(ParcelKind.EXCEPTION)
    assert intake.has_room(ParcelKind.HEARTBEAT)
    assert intake.has_room(ParcelKind.JOB)
    keep(intake, a_parcel(2, b"x" * 300_000))
    assert not intake.has_room(ParcelKind.HEARTBEAT)
    intake.close()


def test_reports_are_counted_with_the_parcels_that_hold_them(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db")
    keep(intake, a_parcel(1, b"one"), replace(a_parcel(2, b"many"), kind=ParcelKind.BATCH, reports=98))
    intake.count({"refused_quota": 3, "refused_too_large": 1})
    intake.count({"refused_quota": 4})
    intake.close()
    numbers = intake_numbers(tmp_path / "intake.db")
    assert (numbers["accepted"], numbers["refused_quota"], numbers["refused"]) == (99, 7, 8)


def test_a_log_of_the_version_before_is_brought_to_this_one(tmp_path):
    """What version 1 wrote, kept as a dump: three parcels, of which the first is done and the second is leased."""
    connection = sqlite3.connect(tmp_path / "intake.db")
    connection.executescript((Path(__file__).parent / "intake-v1.sql").read_text())
    connection.close()
    intake = SqliteIntake(tmp_path / "intake.db")
    keep(intake, a_parcel(4, b"four"))
    assert bodies(intake.lease(9, NOW)) == [b"three", b"four"]
    intake.close()
    assert intake_numbers(tmp_path / "intake.db")["accepted"] == 4


def test_a_log_that_vanished_is_said(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db")
    keep(intake, a_parcel(1, b"one"))
    intake.close()
    (tmp_path / "intake.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(IntakeUnavailableError, match="not a database"):
        SqliteIntake(tmp_path / "intake.db")


def test_a_log_of_a_newer_program_is_left_alone(tmp_path):
    intake = SqliteIntake(tmp_path / "intake.db")
    intake.close()
    connection = sqlite3.connect(tmp_path / "intake.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(IntakeUnavailableError, match="newer aiops-platform"):
        SqliteIntake(tmp_path / "intake.db")


def test_door_and_worker_can_open_a_new_log_at_the_same_moment(tmp_path):
    for number in range(20):
        with ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(lambda _, n=number: SqliteIntake(tmp_path / f"{n}.db"), range(4)))
        for intake in opened:
            intake.close()
