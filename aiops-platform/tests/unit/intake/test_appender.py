"""Those who wait share one write; a write that fails is told to each of them, and the next one is tried."""

from collections.abc import Sequence
from threading import Event

import pytest
from made import a_parcel

from aiops_platform.core.parcel import Parcel
from aiops_platform.intake.appender import Appender, Limits
from aiops_platform.ports import IntakeUnavailableError

SECONDS = 60


class Disk:
    """Writes when it is let, and fails when it is told to."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.ready = Event()
        self.begun = Event()
        self.trouble: Exception | None = None

    def write(self, parcels: Sequence[Parcel]) -> None:
        self.begun.set()
        assert self.ready.wait(SECONDS)
        if self.trouble is not None:
            raise self.trouble
        self.groups.append(len(parcels))


@pytest.fixture
def disk() -> Disk:
    return Disk()


def an_appender(disk: Disk, **limits: int) -> Appender:
    return Appender(disk.write, Limits(**limits))


def while_the_disk_is_busy(appender: Appender, disk: Disk) -> None:
    appender.append([a_parcel(0, b"first")])
    assert disk.begun.wait(SECONDS)


def test_who_comes_while_the_disk_is_busy_shares_the_next_write(disk):
    appender = an_appender(disk)
    while_the_disk_is_busy(appender, disk)
    waiting = [appender.append([a_parcel(number, b"x")]) for number in range(1, 50)]
    assert not any(each.done() for each in waiting)
    disk.ready.set()
    for each in waiting:
        each.result(SECONDS)
    assert disk.groups == [1, 49]
    appender.close()


def test_a_group_has_its_limits(disk):
    appender = an_appender(disk, group_parcels=10, group_bytes=5)
    while_the_disk_is_busy(appender, disk)
    for number in range(1, 21):
        appender.append([a_parcel(number, b"x")])
    disk.ready.set()
    appender.close()
    assert disk.groups == [1, 5, 5, 5, 5]


def test_too_much_that_waits_is_refused_and_room_comes_back(disk):
    appender = an_appender(disk, waiting_parcels=2)
    while_the_disk_is_busy(appender, disk)
    waiting = [appender.append([a_parcel(number, b"x")]) for number in (1, 2)]
    with pytest.raises(IntakeUnavailableError, match="Too much waits"):
        appender.append([a_parcel(3, b"x")])
    disk.ready.set()
    waiting[-1].result(SECONDS)
    appender.append([a_parcel(4, b"x")]).result(SECONDS)
    appender.close()


@pytest.mark.parametrize(
    "trouble", [IntakeUnavailableError("the disk is full"), ZeroDivisionError("a mistake of ours")]
)
def test_a_failed_write_is_told_to_all_who_waited_and_the_next_is_tried(disk, trouble):
    appender = an_appender(disk)
    disk.trouble = trouble
    disk.ready.set()
    with pytest.raises(IntakeUnavailableError):
        appender.append([a_parcel(1, b"x")]).result(SECONDS)
    disk.trouble = None
    appender.append([a_parcel(2, b"x")]).result(SECONDS)
    appender.close()


def test_what_nobody_waits_for_any_more_is_not_written(disk):
    appender = an_appender(disk)
    while_the_disk_is_busy(appender, disk)
    gone, here = appender.append([a_parcel(1, b"x")]), appender.append([a_parcel(2, b"x")])
    assert gone.cancel()
    disk.ready.set()
    here.result(SECONDS)
    appender.close()
    assert disk.groups == [1, 1]


def test_closing_writes_what_was_taken(disk):
    appender = an_appender(disk)
    while_the_disk_is_busy(appender, disk)
    last = appender.append([a_parcel(1, b"x")])
    disk.ready.set()
    appender.close()
    assert last.done()
    with pytest.raises(IntakeUnavailableError, match="closed"):
        appender.append([a_parcel(2, b"x")])
