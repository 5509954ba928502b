"""What became of each request outlives its process: begun once, never forgotten, told once."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import List

import pytest

from aiops_sdk.fixing.records import Records

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no lock ends with its process on this system")

A, B = ("6f0c1d0e-5d6c-4c1b-9a53-0c6d3c1e7a2" + end for end in "12")
RECORD = {"request": A, "state": "running", "digest": "d"}


def opened(folder: Path, owner: str = "first") -> Records:
    records = Records([str(folder)], "shop", owner)
    assert records.open()
    return records


def test_a_request_begins_once(tmp_path: Path):
    first, second = opened(tmp_path), opened(tmp_path, "second")
    assert first.find(A) is None
    assert first.claim(A, RECORD)
    assert not first.claim(A, RECORD)
    assert not second.claim(A, RECORD)
    assert second.find(A) == {**RECORD, "owner": "first"}


def test_of_threads_that_begin_it_at_once_one_does(tmp_path: Path):
    records, won = opened(tmp_path), []
    all_there = threading.Barrier(8)

    def begin() -> None:
        all_there.wait(60)
        won.append(records.claim(A, RECORD))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(won) == [False] * 7 + [True]


def test_what_was_told_is_known_still_and_not_begun_again(tmp_path: Path):
    records = opened(tmp_path)
    records.claim(A, RECORD)
    records.write(A, {**RECORD, "state": "succeeded"})
    records.told(A)
    records.told(A)
    assert not records.claim(A, RECORD)
    assert records.find(A) == {**RECORD, "state": "succeeded", "owner": "first"}


def test_what_a_dead_process_had_begun_was_interrupted(tmp_path: Path):
    dead, heir, other = opened(tmp_path), opened(tmp_path, "heir"), opened(tmp_path, "other")
    dead.claim(A, RECORD)
    dead.claim(B, {**RECORD, "request": B})
    dead.write(B, {**RECORD, "request": B, "state": "failed"})
    assert heir.adopt() == []
    dead.abandon()
    assert [(each["request"], each["state"]) for each in heir.adopt()] == [(A, "interrupted"), (B, "failed")]
    assert heir.adopt() == other.adopt() == []
    assert not heir.claim(A, RECORD)


def test_what_was_told_is_nobody_s_business_any_more(tmp_path: Path):
    dead, heir = opened(tmp_path), opened(tmp_path, "heir")
    dead.claim(A, RECORD)
    dead.told(A)
    dead.abandon()
    assert heir.adopt() == []


def test_a_record_that_is_being_written_is_left_alone_and_one_that_never_was_is_told(tmp_path: Path):
    now: List[float] = [0.0]
    records = Records([str(tmp_path)], "shop", "first", clock=lambda: now[0])
    assert records.open()
    path = tmp_path / "shop" / "fixes" / (A + ".fix")
    path.write_bytes(b"")
    now[0] = path.stat().st_mtime
    assert records.adopt() == []
    assert records.find(A) == {"state": "running"}
    now[0] += 61
    assert [(each["request"], each["state"]) for each in records.adopt()] == [(A, "interrupted")]


def test_what_is_old_goes(tmp_path: Path):
    now: List[float] = [0.0]
    records = Records([str(tmp_path)], "shop", "first", clock=lambda: now[0])
    assert records.open()
    records.claim(A, RECORD)
    records.told(A)
    folder = tmp_path / "shop" / "fixes"
    (folder / "gone.alive").write_bytes(b"")
    now[0] = (folder / "gone.alive").stat().st_mtime + 7 * 86_400 - 60
    records.adopt()
    assert sorted(path.name for path in folder.iterdir()) == [A + ".told", "adopting.lock", "first.alive"]
    now[0] += 120
    records.adopt()
    assert records.find(A) is None


def test_without_a_folder_there_are_none(tmp_path: Path):
    assert not Records([], "shop", "first").open()
    (tmp_path / "file").write_bytes(b"")
    records = Records([str(tmp_path / "file")], "shop", "first")
    assert not records.open()
    with pytest.raises(OSError, match="no folder"):
        records.claim(A, RECORD)
