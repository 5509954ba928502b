"""What was captured outlives its process: whole, or not at all, and for one taker at a time."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from binascii import crc32
from pathlib import Path
from typing import Dict, List, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_sdk.delivery import journal as journals
from aiops_sdk.delivery.journal import JOURNAL, PATIENCE, SLOT, SLOTS, Journal, Remains, Stub, body_of, dead
from aiops_sdk.event import new_id
from aiops_sdk.frozen import replace
from aiops_sdk.machine import Kills

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no such lock on this system")

NOW = 1_800_000_000.5


def a_head(instance_id: str) -> Dict[str, object]:
    return {
        "service": "shop",
        "environment": "test",
        "host": os.uname().nodename,
        "instance": {"id": instance_id, "host": os.uname().nodename, "pid": os.getpid()},
        "sdk": {"name": "aiops-sdk", "version": "1"},
        "release": "7",
    }


def a_stub(message: str = "no stock", **more: object) -> Stub:
    stub = Stub(
        event_id=new_id(),
        at=NOW,
        signal_type="exception",
        level="error",
        source="manual",
        error_type="ValueError",
        message=message,
        place=("/srv/shop/stock.py", 17, "take"),
        request_path="/orders/5",
    )
    return replace(stub, **more)


def opened(folder: Path, instance_id: Optional[str] = None) -> Journal:
    journal = Journal.open(str(folder), a_head(instance_id or new_id()))
    assert journal is not None
    return journal


def killed(journal: Journal) -> None:
    """Like a sudden death: the lock goes, and nothing more is written."""
    journal.abandon()


def only(folder: Path) -> Remains:
    (remains,) = all_of(folder)
    return remains


def all_of(folder: Path) -> List[Remains]:
    return list(dead(str(folder)))


@pytest.fixture(autouse=True)
def another_process_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests leave behind is of a process that lives, so let it have been another one."""
    monkeypatch.setattr(journals.machine, "started", lambda _: None)


def test_what_was_written_is_found_after_the_death(tmp_path: Path):
    journal = opened(tmp_path)
    stubs = [a_stub(f"no stock of {number}") for number in range(100)]
    for stub in stubs:
        journal.write(stub)
    killed(journal)
    remains = only(tmp_path)
    assert remains.stubs == stubs
    assert (remains.ended, remains.head["release"]) == (False, "7")


def test_a_stub_without_a_place_or_a_path_is_one_without(tmp_path: Path):
    journal = opened(tmp_path)
    stub = a_stub(place=None, request_path=None, status_code=503)
    journal.write(stub)
    killed(journal)
    assert only(tmp_path).stubs == [stub]


def test_what_is_erased_is_not_found(tmp_path: Path):
    journal = opened(tmp_path)
    slots = [journal.write(a_stub(str(number))) for number in range(3)]
    assert slots[1] is not None
    journal.erase(slots[1])
    killed(journal)
    assert [stub.message for stub in only(tmp_path).stubs] == ["0", "2"]


def test_repeats_are_counted_in_place(tmp_path: Path):
    journal = opened(tmp_path)
    slot = journal.write(a_stub(first_at=NOW))
    assert slot is not None
    journal.recount(slot, 1_000_000, NOW + 60)
    killed(journal)
    (stub,) = only(tmp_path).stubs
    assert (stub.repeat_count, stub.first_at, stub.last_at) == (1_000_000, NOW, NOW + 60)


def test_a_full_journal_says_so_and_goes_on_when_there_is_room(tmp_path: Path):
    journal = opened(tmp_path)
    slots = [journal.write(a_stub()) for _ in range(SLOTS)]
    assert (len(set(slots)), journal.write(a_stub())) == (SLOTS, None)
    assert slots[5] is not None
    journal.erase(slots[5])
    assert (journal.write(a_stub()), journal.write(a_stub())) == (slots[5], None)
    killed(journal)
    assert len(only(tmp_path).stubs) == SLOTS


def test_a_clean_end_leaves_nothing(tmp_path: Path):
    journal = opened(tmp_path)
    slot = journal.write(a_stub())
    assert slot is not None
    journal.erase(slot)
    journal.end()
    assert list(tmp_path.iterdir()) == []


def test_a_clean_end_keeps_what_is_not_yet_told(tmp_path: Path):
    journal = opened(tmp_path)
    journal.write(a_stub())
    journal.end()
    remains = only(tmp_path)
    assert (remains.ended, len(remains.stubs)) == (True, 1)


def test_after_the_end_nothing_is_taken_and_nothing_raises(tmp_path: Path):
    journal = opened(tmp_path)
    slot = journal.write(a_stub())
    assert slot is not None
    journal.end()
    assert journal.write(a_stub()) is None
    journal.recount(slot, 2, NOW)
    journal.erase(slot)
    journal.alive(NOW)
    journal.ending()
    journal.end()
    journal.abandon()


def test_signs_of_life(tmp_path: Path):
    journal = opened(tmp_path)
    journal.alive(NOW, 5, None)
    journal.alive(NOW + 30, 1_000_000, Kills("/sys/fs/cgroup/shop:17", 3), sees_stops=True)
    killed(journal)
    remains = only(tmp_path)
    assert (remains.alive_at, remains.memory, remains.kills, remains.sees_stops) == (
        NOW + 30,
        1_000_000,
        Kills("/sys/fs/cgroup/shop:17", 3),
        True,
    )


def test_what_is_done_is_gone_and_the_rest_is_found_again(tmp_path: Path):
    for _ in range(2):
        journal = opened(tmp_path)
        journal.write(a_stub())
        killed(journal)
    for remains in dead(str(tmp_path)):
        remains.done()
        break
    assert len(all_of(tmp_path)) == len(all_of(tmp_path)) == 1


def test_done_takes_the_notes_along(tmp_path: Path):
    journal = opened(tmp_path, "an-id")
    for ending in (".fault", ".signal"):
        (tmp_path / ("an-id" + ending)).write_text("Fatal Python error: Aborted\n")
    killed(journal)
    for remains in dead(str(tmp_path)):
        assert remains.fault == remains.signal == "Fatal Python error: Aborted\n"
        remains.done()
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_it(tmp_path: Path):
    path = opened(tmp_path).path
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_its_room_is_really_there(tmp_path: Path):
    status = Path(opened(tmp_path).path).stat()
    assert status.st_blocks * 512 >= status.st_size >= SLOTS * SLOT


def test_where_there_can_be_none_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert Journal.open(str(tmp_path / "missing"), a_head("a")) is None
    assert Journal.open(str(tmp_path), {"service": "shop"}) is None
    assert Journal.open(str(tmp_path), {**a_head("a"), "release": "x" * 100_000}) is None
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "fcntl", None)
        assert Journal.open(str(tmp_path), a_head("a")) is None
    monkeypatch.setattr(journals, "_SPARE", 1 << 60)
    assert Journal.open(str(tmp_path), a_head("a")) is None
    assert list(tmp_path.iterdir()) == []


@given(
    message=st.text(st.characters(blacklist_categories=()), max_size=600),
    error_type=st.text(st.characters(blacklist_categories=()), max_size=200),
    file=st.text(st.characters(blacklist_categories=()), max_size=300),
    line=st.integers(0, 2**31),
)
def test_any_text_fits_or_is_cut_at_a_letter(message: str, error_type: str, file: str, line: int):
    stub = a_stub(message, error_type=error_type, place=(file, line, "take"))
    text, facts = journals._text(stub)
    slot = bytearray(SLOT)
    words = memoryview(slot).cast("Q")
    words[5] = facts
    slot[journals._TEXT : journals._TEXT + len(text)] = text
    assert len(slot) == SLOT
    words[0] = journals._STAMP | len(text) << 32 | crc32(bytes(slot[24 : 48 + len(text)]))
    found = journals._read_stub(bytes(slot))
    assert found is not None
    assert found.place is not None
    assert found.place[1] == line
    told = message.encode("utf-8", "replace").decode()
    assert told.startswith(found.message)
    assert found.cut == (len(found.message) < len(told))
    assert found.cut <= (len(found.message.encode()) > 60)


@settings(deadline=None)  # It writes files, and a busy disk takes its time.
@given(data=st.data())
def test_of_a_damaged_file_what_is_whole_is_taken(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("spool")
    journal = opened(folder)
    stubs = [a_stub(str(number)) for number in range(5)]
    for stub in stubs:
        journal.write(stub)
    killed(journal)
    content = bytearray(Path(journal.path).read_bytes())
    for _ in range(data.draw(st.integers(0, 20))):
        at = data.draw(st.integers(0, 8_192 + 5 * SLOT))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    Path(journal.path).write_bytes(bytes(content[:cut]))
    remains = only(folder)
    # The count and the last time may change after a stub was written, so no sum is over them.
    known = [(stub.event_id, stub.message) for stub in stubs]
    assert all((stub.event_id, stub.message) in known for stub in remains.stubs)
    for stub in remains.stubs:
        body_of(stub, remains.head)


def test_many_threads_write_at_once(tmp_path: Path):
    journal = opened(tmp_path)

    def work(name: str) -> None:
        for number in range(300):
            slot = journal.write(a_stub(f"{name} {number}"))
            assert slot is not None
            if number % 3:
                journal.erase(slot)

    threads = [threading.Thread(target=work, args=(str(name),)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    killed(journal)
    told = {stub.message for stub in only(tmp_path).stubs}
    assert told == {f"{name} {number}" for name in range(8) for number in range(0, 300, 3)}


def test_the_body_of_an_exception_says_what_is_known():
    body = body_of(a_stub(repeat_count=3, first_at=NOW, last_at=NOW + 2), a_head("an-id"))
    assert (body["service"], body["release"], body["status_code"], body["request_path"]) == (
        "shop",
        "7",
        500,
        "/orders/5",
    )
    assert body["exceptions"] == [
        {
            "type": "ValueError",
            "module": None,
            "value": "no stock",
            "notes": [],
            "frames": [{"file": "/srv/shop/stock.py", "function": "take", "module": None, "line": 17, "in_app": True}],
        }
    ]
    assert (body["repeat_count"], body["first_at"], body["last_at"], body["occurred_at"]) == (
        3,
        "2027-01-15T08:00:00.500000Z",
        "2027-01-15T08:00:02.500000Z",
        "2027-01-15T08:00:02.500000Z",
    )
    assert body["timestamp"] == 1_800_000_002


def test_the_body_of_a_log_line_has_no_exception():
    body = body_of(a_stub(signal_type="log_error"), a_head("an-id"))
    assert "exceptions" not in body
    assert body["contexts"] == {
        "delivery": {"rescued": True, "message_cut": False},
        "place": {"file": "/srv/shop/stock.py", "function": "take", "line": 17},
    }


def test_its_own_journal_is_not_a_dead_one_s(tmp_path: Path):
    opened(tmp_path, "own")
    assert list(dead(str(tmp_path), "own")) == []


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path):
    stranger = tmp_path / "notes.txt"
    stranger.write_text("mine")
    link = tmp_path / ("link" + JOURNAL)
    link.symlink_to(stranger)
    assert all_of(tmp_path) == []
    assert stranger.read_text() == "mine"


def told_by(folder: Path, monkeypatch: pytest.MonkeyPatch, **process: object) -> Path:
    """The file of a process that said this of itself, and of a machine called web-2 unless it is told otherwise."""
    known = replace(journals.machine.this_process(), **process)
    with monkeypatch.context() as patched:
        patched.setattr(journals.machine, "this_process", lambda: known)
        journal = Journal.open(str(folder), {**a_head("an-id"), "host": "web-2"})
        assert journal is not None
    journal.alive(time.time())
    killed(journal)
    return Path(journal.path)


def test_a_process_of_another_machine_that_beat_just_now_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told_by(tmp_path, monkeypatch, boot_id="another boot")
    assert all_of(tmp_path) == []
    later = time.time() + PATIENCE + 1
    monkeypatch.setattr(journals.time, "time", lambda: later)
    assert len(all_of(tmp_path)) == 1


def test_a_process_that_lost_its_lock_and_beats_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told_by(tmp_path, monkeypatch, pid=1, started=5)
    monkeypatch.setattr(journals.machine, "started", lambda _: 5)
    assert all_of(tmp_path) == []


def test_a_process_that_became_this_one_is_found_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told_by(tmp_path, monkeypatch, started=5)
    monkeypatch.setattr(journals.machine, "started", lambda _: 5)
    assert only(tmp_path).replaced


def test_a_copy_is_known_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = told_by(tmp_path, monkeypatch)
    other = tmp_path / "copy"
    other.mkdir()
    shutil.copy(str(path), str(other))
    assert (only(tmp_path).is_copy, only(other).is_copy) == (False, True)


def test_what_a_process_left_that_died_between_two_steps_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a.journal-new", "b.fault", "c.signal", "d.signal"):
        (tmp_path / name).write_text("x")
    opened(tmp_path, "d")
    assert list(dead(str(tmp_path), "d")) == []
    assert len(list(tmp_path.iterdir())) == 5
    later = time.time() + PATIENCE + 1
    monkeypatch.setattr(journals.time, "time", lambda: later)
    assert list(dead(str(tmp_path), "d")) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.journal", "d.signal"]


def test_a_host_that_closed_all_descriptors_is_not_written_to(tmp_path: Path):
    journal = opened(tmp_path)
    os.close(journal._file)
    victim = os.open(str(tmp_path / "victim"), os.O_RDWR | os.O_CREAT)
    assert victim == journal._file
    journal.alive(NOW)
    journal.abandon()
    assert os.fstat(victim).st_size == 0
    os.close(victim)
