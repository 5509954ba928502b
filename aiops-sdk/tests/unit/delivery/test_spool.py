"""Files of events: whole or not there, sent by one at a time, and never more than fits."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

from aiops_sdk.delivery.spool import Limits, Load, Spool, Stored

NOW = 1_795_000_000.0
EXCEPTION, LOG = 3, 1


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> Spool:
    return Spool(str(tmp_path), "writer", clock=clock)


def bodies(*names: str, **fields: Any) -> List[bytes]:
    return [json.dumps({"message": name, **fields}).encode() for name in names]


def taken(spool: Spool) -> Load:
    load = spool.take()
    assert load is not None
    return load


def messages(load: Optional[Load]) -> List[Any]:
    assert load is not None
    return [parcel.fields["message"] for parcel in load.parcels]


def files(spool: Spool) -> List[Path]:
    return sorted(Path(spool.folder).iterdir())


def test_what_is_stored_can_be_taken(spool: Spool):
    assert spool.is_empty()
    spool.store(EXCEPTION, bodies("a", "schön \udcff"), 2)
    assert not spool.is_empty()
    assert messages(spool.take()) == ["a", "schön \udcff"]


def test_nobody_else_may_read_it(spool: Spool):
    spool.store(EXCEPTION, bodies("a"), 1)
    (file,) = files(spool)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_one_holds_no_other_gets(spool: Spool):
    spool.store(EXCEPTION, bodies("a"), 1)
    load = taken(spool)
    assert spool.take() is None
    load.release()
    assert messages(spool.take()) == ["a"]


def test_what_is_done_is_gone(spool: Spool):
    spool.store(EXCEPTION, bodies("a"), 1)
    taken(spool).done()
    assert spool.is_empty()
    assert files(spool) == []


def test_a_process_that_dies_lets_go_of_what_it_held(spool: Spool, tmp_path: Path):
    spool.store(EXCEPTION, bodies("a"), 1)
    program = (
        "import os, sys; from aiops_sdk.delivery.spool import Spool\n"
        "print(Spool(sys.argv[1], 'child').take().parcels[0].fields, flush=True); os.kill(os.getpid(), 9)"
    )
    environ: Dict[str, str] = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, env=environ, timeout=60)
    assert b"'message': 'a'" in child.stdout
    assert messages(spool.take()) == ["a"]


def test_the_most_telling_goes_first_then_the_oldest(spool: Spool, clock: Clock):
    for second, (rank, name) in enumerate([(LOG, "log"), (EXCEPTION, "first"), (EXCEPTION, "second")]):
        clock.now = NOW + second
        spool.store(rank, bodies(name), 1)
    assert [messages(spool.take()) for _ in range(3)] == [["first"], ["second"], ["log"]]


def test_what_is_stored_anew_keeps_its_time(spool: Spool, clock: Clock):
    clock.now = NOW + 1000
    spool.store(EXCEPTION, bodies("a"), 1, at=NOW)
    assert taken(spool).at == NOW


def test_nothing_makes_no_file(spool: Spool):
    spool.store(EXCEPTION, [], 0)
    assert files(spool) == []


class TestLimits:
    def test_what_is_too_old_goes(self, spool: Spool, clock: Clock):
        spool.store(EXCEPTION, bodies("old"), 3)
        clock.now += 7 * 86_400 - 1
        spool.store(EXCEPTION, bodies("new"), 1)
        assert spool.trim() == 0
        clock.now += 2
        assert spool.trim() == 3
        assert messages(spool.take()) == ["new"]

    def test_of_too_many_the_least_telling_go_first_then_the_oldest(self, tmp_path: Path, clock: Clock):
        spool = Spool(str(tmp_path), "writer", Limits(events=10), clock)
        for second, (rank, name) in enumerate([(EXCEPTION, "a"), (LOG, "b"), (LOG, "c"), (EXCEPTION, "d")]):
            clock.now = NOW + second
            spool.store(rank, bodies(name), 4)
        assert spool.trim() == 8
        assert [messages(spool.take()) for _ in range(2)] == [["a"], ["d"]]

    def test_bytes_are_limited_too(self, tmp_path: Path, clock: Clock):
        spool = Spool(str(tmp_path), "writer", Limits(bytes=1000), clock)
        for second in range(3):
            clock.now = NOW + second
            spool.store(EXCEPTION, [b'{"message": "%s"}' % os.urandom(400).hex().encode()], 1)
        assert spool.trim() == 1

    def test_what_is_being_sent_is_left_to_its_sender(self, tmp_path: Path, clock: Clock):
        spool = Spool(str(tmp_path), "writer", Limits(events=0), clock)
        spool.store(EXCEPTION, bodies("a"), 1)
        load = taken(spool)
        assert spool.trim() == 0
        load.release()
        assert spool.trim() == 1


class TestDamage:
    def cut(self, spool: Spool, share: float) -> None:
        (file,) = files(spool)
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])

    def test_what_is_whole_is_taken_and_the_rest_counted(self, spool: Spool):
        spool.store(EXCEPTION, [json.dumps({"message": os.urandom(200).hex()}).encode() for _ in range(100)], 100)
        self.cut(spool, 0.5)
        load = taken(spool)
        assert 30 < len(load.parcels) < 70
        assert load.damaged == 100 - len(load.parcels)

    def test_a_byte_that_changed(self, spool: Spool):
        spool.store(EXCEPTION, [json.dumps({"message": os.urandom(200).hex()}).encode() for _ in range(100)], 100)
        (file,) = files(spool)
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0x55
        file.write_bytes(bytes(content))
        load = taken(spool)
        assert len(load.parcels) + load.damaged == 100

    def test_a_text_that_changed_is_no_event(self, spool: Spool):
        import gzip

        spool.store(EXCEPTION, bodies("stock", "other"), 2)
        (file,) = files(spool)
        file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"stock", b"stick")))
        load = taken(spool)
        assert (messages(load), load.damaged) == (["other"], 1)

    @pytest.mark.parametrize("content", [b"", b"nonsense", b"\x1f\x8b\x08\x00", bytes(1000)], ids=repr)
    def test_a_file_of_nonsense_holds_nothing(self, spool: Spool, content: bytes):
        spool.store(EXCEPTION, bodies("a"), 5)
        (file,) = files(spool)
        file.write_bytes(content)
        load = taken(spool)
        assert (load.parcels, load.damaged) == ([], 5)

    def test_lines_that_are_no_objects_are_left_out(self, spool: Spool):
        spool.store(EXCEPTION, [b"3", b"[]", b"{", b"\xff", b'{"message": "whole"}', b"[" * 100_000], 6)
        load = taken(spool)
        assert (messages(load), load.damaged) == (["whole"], 5)

    def test_repeats_are_counted_as_such(self, spool: Spool):
        spool.store(EXCEPTION, bodies("a", repeat_count=7) + bodies("b", repeat_count=-3) + bodies("c"), 9)
        assert taken(spool).damaged == 0

    def test_a_bomb_is_not_unpacked(self, spool: Spool):
        import zlib

        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
        spool.store(EXCEPTION, bodies("a"), 1)
        (file,) = files(spool)
        file.write_bytes(bomb)
        assert taken(spool).parcels == []


@pytest.mark.parametrize(
    "name",
    [
        "x.events",
        "-1-2-3-w-1.events",
        "1-x-3-w-1.events",
        "1-2.events",
        "1-2-3-w-1.journal",
        ".events",
        "²-1-1-w-1.events",
    ],
)
def test_files_that_are_none_of_ours_are_left_alone(spool: Spool, name: str):
    Path(spool.folder, name).write_text("theirs")
    assert Stored.from_name(spool.folder, name) is None
    assert spool.is_empty()
    assert spool.take() is None
    spool.trim()
    assert len(files(spool)) == 1


def test_what_was_left_half_written_is_swept_up_in_time(spool: Spool, clock: Clock):
    half = Path(spool.folder, "1795000000000-3-1-w-1.events.writing")
    half.write_bytes(b"half")
    os.utime(half, (NOW, NOW))
    spool.trim()
    assert half.exists()
    clock.now += 3_601
    spool.trim()
    assert not half.exists()


def test_a_folder_that_is_gone_is_an_empty_one(spool: Spool):
    Path(spool.folder).rmdir()
    assert spool.is_empty()
    assert spool.take() is None
    assert spool.trim() == 0
    spool.store(EXCEPTION, bodies("a"), 1)
    assert messages(spool.take()) == ["a"]
    assert stat.S_IMODE(Path(spool.folder).stat().st_mode) == 0o700


def test_small_files_of_a_kind_are_taken_together(spool: Spool, clock: Clock):
    for second, (rank, name) in enumerate([(EXCEPTION, "a"), (EXCEPTION, "b"), (LOG, "c"), (EXCEPTION, "d")]):
        clock.now = NOW + second
        spool.store(rank, bodies(name), 1)
    load = spool.take(2)
    assert messages(load) == ["a", "b"]
    assert load is not None
    assert (load.rank, load.at) == (EXCEPTION, NOW)
    assert messages(spool.take(2)) == ["d"]
    load.done()
    assert messages(spool.take(2)) == ["c"]


def test_files_that_failed_can_be_left_alone(spool: Spool):
    path = spool.store(EXCEPTION, bodies("a"), 1)
    spool.store(LOG, bodies("b"), 1)
    assert messages(spool.take(100, {path})) == ["b"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_said_and_leaves_nothing_half(spool: Spool, monkeypatch: pytest.MonkeyPatch):
    opened = os.open

    def full(path: Any, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(path, flags, mode)
        if flags & os.O_CREAT:
            os.close(descriptor)
            descriptor = opened("/dev/full", os.O_WRONLY)
        return descriptor

    monkeypatch.setattr("os.open", full)
    with pytest.raises(OSError, match="No space left"):
        spool.store(EXCEPTION, bodies("a"), 1)
    assert files(spool) == []
