"""The thread that sends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import pytest
from events import DEADLINE, HandMadeTransport, a_draft, an_origin, counts, wait_until

from aiops_sdk.delivery.disk import MAX_JOURNALS, Disk
from aiops_sdk.delivery.journal import Stub
from aiops_sdk.delivery.link import Link
from aiops_sdk.delivery.parcel import Parcel, pack
from aiops_sdk.delivery.transport import Accepted, Barred, Refused, Retry
from aiops_sdk.delivery.voice import Voice
from aiops_sdk.delivery.worker import Bell, Delivery

if TYPE_CHECKING:
    from aiops_sdk.delivery.buffer import Draft
    from aiops_sdk.delivery.transport import Outcome

FAILED = Retry("HTTP 503")
NO_KEY = Barred("HTTP 401", unauthorized=True)
BATCHES = Accepted(capabilities=frozenset({"batch", "gzip"}))
LONG = 1000.0


def render(draft: Draft) -> Optional[Parcel]:
    return pack(draft.event(), an_origin())


def a_link(**pauses: Any) -> Link:
    return Link(**{"pauses": (0.0, 0.0), "slow": (LONG,), "barred": (LONG,), "jitter": lambda: 1.0, **pauses})


def a_disk(folder: Path) -> Disk:
    def stub_of(draft: Draft) -> Stub:
        return Stub(
            draft.event_id, draft.at, draft.signal_type, draft.level, draft.source, draft.error_type, draft.message
        )

    return Disk([str(folder)], lambda: "shop", an_origin().head, stub_of, lambda *_: None)


def a_delivery(transport: Any, **options: Any) -> Delivery:
    return Delivery(
        transport,
        Voice("http://platform"),
        options.pop("render", render),
        **{"link": a_link(), "head": an_origin().head, **options},
    )


def put(delivery: Delivery, number: int = 1, **fields: Any) -> List[str]:
    return [delivery.put(a_draft(**fields)) for _ in range(number)]


def sent(transport: HandMadeTransport) -> List[str]:
    return [body["event_id"] for body in transport.bodies]


class TestOneByOne:
    def test_what_is_put_is_sent_in_order(self):
        transport = HandMadeTransport()
        delivery = a_delivery(transport)
        ids = put(delivery, 10)
        assert delivery.flush(DEADLINE)
        assert sent(transport) == ids
        assert counts(delivery.stats()) == counts(captured=10, delivered=10)

    def test_each_says_when_it_was_sent(self):
        transport = HandMadeTransport()
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.flush(DEADLINE)
        assert transport.bodies[0]["sent_at"].endswith("Z")

    def test_an_attempt_that_succeeds_is_the_last(self):
        transport = HandMadeTransport(FAILED, FAILED)
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.flush(DEADLINE)
        assert len(transport.bodies) == 3
        assert counts(delivery.stats()) == counts(captured=1, delivered=1)

    def test_a_refused_event_is_not_tried_again(self):
        transport = HandMadeTransport(Refused("not_understood", "HTTP 400"))
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.flush(DEADLINE)
        assert len(transport.bodies) == 1
        assert counts(delivery.stats()) == counts(captured=1, not_understood=1)

    def test_one_that_is_too_large_is_sent_lighter_and_lighter(self):
        transport = HandMadeTransport(*[Refused("too_large", "HTTP 413")] * 20)
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.flush(DEADLINE)
        assert 1 < len(transport.bodies) < 8
        assert len(transport.bodies[-1]) <= len(transport.bodies[0])
        assert counts(delivery.stats()) == counts(captured=1, too_large=1)

    def test_what_cannot_be_rendered_is_counted_and_harms_no_other(self):
        def broken(draft: Draft) -> Optional[Parcel]:
            if draft.signal_type == "log_error":
                raise RuntimeError("a bug")
            return None if draft.signal_type == "http_error" else render(draft)

        transport = HandMadeTransport()
        delivery = a_delivery(transport, render=broken)
        for kind in ("log_error", "http_error", "exception"):
            put(delivery, signal_type=kind)
        assert delivery.flush(DEADLINE)
        assert counts(delivery.stats()) == counts(captured=3, delivered=1, sdk_error=1, before_send=1)

    def test_a_broken_transport_is_a_failed_attempt_and_the_thread_survives(self):
        class Broken(HandMadeTransport):
            def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
                super().send(path, body)
                if len(self.bodies) <= 2:
                    raise SystemExit
                return Accepted()

        transport = Broken()
        delivery = a_delivery(transport)
        put(delivery, 2)
        assert delivery.flush(DEADLINE)
        assert counts(delivery.stats()) == counts(captured=2, delivered=2)


class TestWhenNothingGetsThrough:
    def test_after_three_attempts_it_goes_to_disk(self, tmp_path: Path):
        transport = HandMadeTransport(*[FAILED] * 3)
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery)
        assert delivery.flush(DEADLINE)
        assert len(transport.bodies) == 3
        assert counts(delivery.stats()) == counts(captured=1, spooled=1)
        assert delivery.stats()["last_error"] == "HTTP 503"

    def test_without_a_disk_it_waits_in_memory(self):
        transport = HandMadeTransport(*[FAILED] * 3)
        delivery = a_delivery(transport)
        put(delivery)
        wait_until(lambda: len(transport.bodies) == 3, "the third attempt")
        assert delivery.flush(0.05) is False
        assert counts(delivery.stats()) == counts(captured=1, queued=1)

    def test_when_it_is_back_everything_arrives_in_order(self, tmp_path: Path):
        transport = HandMadeTransport(*[FAILED] * 4)
        delivery = a_delivery(transport, disk=a_disk(tmp_path), link=a_link(slow=(0.01,)))
        ids = put(delivery, 5)
        wait_until(lambda: delivery.stats()["delivered"] == 5, "all of them")
        assert sorted(set(sent(transport))) == sorted(ids)
        told: Any = delivery.stats()
        assert told["captured"] + told["recovered"] == told["delivered"] + told["spooled"]
        kept = tmp_path / "shop"
        wait_until(lambda: [path.suffix for path in kept.iterdir()] == [".journal"], "what was delivered to go")

    def test_while_it_is_away_what_comes_is_not_tried(self, tmp_path: Path):
        transport = HandMadeTransport(*[FAILED] * 3)
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery)
        assert delivery.flush(DEADLINE)
        put(delivery, 250)
        # The last 99 may wait for company.
        wait_until(lambda: delivery.stats()["spooled"] > 150, "most of them to be on disk")
        assert len(transport.bodies) == 3

    def test_at_most_one_line_is_said(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        transport = HandMadeTransport(*[FAILED] * 3)
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery)
        assert delivery.flush(DEADLINE)
        put(delivery, 250)
        # The last 99 may wait for company.
        wait_until(lambda: delivery.stats()["spooled"] > 150, "most of them to be on disk")
        (line,) = caplog.messages
        assert line == "1 event(s) could not be delivered to http://platform and wait on disk: HTTP 503"

    def test_a_wrong_key_is_said_once_and_nothing_is_thrown_away(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ):
        transport = HandMadeTransport(*[NO_KEY] * 9)
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery, 3)
        wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
        assert delivery.close(time.monotonic() + DEADLINE)
        assert len(transport.bodies) == 1
        assert counts(delivery.stats()) == counts(captured=3, spooled=3)
        assert [record.levelname for record in caplog.records].count("ERROR") == 1

    def test_a_disk_that_is_full_is_said_once_and_they_wait_in_memory(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ):
        disk = a_disk(tmp_path)
        disk.open()
        assert disk.spool is not None

        def full(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        disk.spool.store = full  # type: ignore[method-assign]
        transport = HandMadeTransport(*[FAILED] * 3)
        delivery = a_delivery(transport, disk=disk)
        put(delivery, 2)
        wait_until(lambda: len(transport.bodies) == 3, "the third attempt")
        wait_until(lambda: len(caplog.messages) == 2, "the lines")
        assert "No space left on device" in caplog.messages[0]
        assert "wait in memory" in caplog.messages[1]
        assert counts(delivery.stats()) == counts(captured=2, queued=2)


class TestWhatSomebodyWaitsFor:
    def test_it_is_sent_next(self):
        transport = HandMadeTransport()
        transport.open.clear()
        delivery = a_delivery(transport)
        ids = put(delivery, 5)
        wait_until(lambda: len(transport.bodies) == 1, "the first to be on its way")
        assert delivery.hasten(ids[4], 0.0) is False
        transport.open.set()
        assert delivery.hasten(ids[4], DEADLINE)
        assert sent(transport)[1] == ids[4]

    def test_an_event_in_its_pause_does_not_hold_it_up(self):
        transport = HandMadeTransport(Retry("HTTP 503", after=200.0))
        delivery = a_delivery(transport)
        put(delivery)
        wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
        (urgent,) = put(delivery)
        assert delivery.hasten(urgent, DEADLINE)
        assert sent(transport)[1] == urgent

    def test_without_a_disk_it_has_its_three_attempts_however_long_the_server_wants_to_be_left_alone(self):
        transport = HandMadeTransport(*[Retry("HTTP 503", after=200.0)] * 9)
        delivery = a_delivery(transport)
        (urgent,) = put(delivery)
        assert delivery.hasten(urgent, DEADLINE)
        assert len(transport.bodies) == 3
        assert delivery.stats()["queued"] == 1

    @pytest.mark.parametrize("outcome", [Retry("HTTP 429", after=200.0), NO_KEY])
    def test_with_a_disk_it_goes_there_where_the_server_wants_to_be_left_alone(self, tmp_path: Path, outcome: Outcome):
        transport = HandMadeTransport(*[outcome] * 9)
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        for _ in range(2):
            (urgent,) = put(delivery)
            assert delivery.hasten(urgent, DEADLINE)
        assert len(transport.bodies) == 1
        assert delivery.stats()["spooled"] == 2


class TestTheEnd:
    def test_flushing_in_vain_ends_at_its_time(self):
        transport = HandMadeTransport()
        transport.open.clear()
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.flush(0.01) is False
        transport.open.set()
        assert delivery.flush(DEADLINE) is True

    def test_without_a_disk_everything_is_tried_at_once(self):
        transport = HandMadeTransport(Retry("HTTP 503", after=200.0))
        delivery = a_delivery(transport)
        put(delivery)
        wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
        assert delivery.close(time.monotonic() + DEADLINE)
        assert counts(delivery.stats()) == counts(captured=1, delivered=1)
        assert transport.closed == 1

    def test_with_a_disk_a_server_that_asked_for_time_gets_it(self, tmp_path: Path):
        transport = HandMadeTransport(Retry("HTTP 503", after=200.0))
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery)
        wait_until(lambda: len(transport.bodies) == 1, "the first attempt")
        assert delivery.close(time.monotonic() + DEADLINE)
        assert len(transport.bodies) == 1
        assert counts(delivery.stats()) == counts(captured=1, spooled=1)

    def test_without_a_disk_what_cannot_be_sent_is_lost_and_counted(self):
        transport = HandMadeTransport()
        transport.open.clear()
        delivery = a_delivery(transport)
        put(delivery)
        assert delivery.close(time.monotonic() + 0.01) is False
        assert counts(delivery.stats()) == counts(captured=1, exit=1)
        transport.open.set()

    def test_a_platform_that_does_not_answer_costs_no_event(self, tmp_path: Path):
        transport = HandMadeTransport()
        transport.open.clear()
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        put(delivery, 20)
        wait_until(lambda: len(transport.bodies) == 1, "the first to be on its way")
        begun = time.monotonic()
        delivery.close(begun + 0.5)
        assert counts(delivery.stats()) == counts(captured=20, spooled=20)
        transport.open.set()
        again = HandMadeTransport()
        second = a_delivery(again, disk=a_disk(tmp_path))
        second.look_into_spool()
        wait_until(lambda: second.stats()["delivered"] == 20, "those of the first process")
        assert counts(second.stats()) == counts(recovered=20, delivered=20)

    def test_after_closing_everything_is_counted_as_lost(self):
        delivery = a_delivery(HandMadeTransport())
        delivery.close(time.monotonic() + DEADLINE)
        put(delivery)
        assert counts(delivery.stats()) == counts(captured=1, exit=1)

    def test_one_that_never_sent_anything_closes_at_once(self):
        transport = HandMadeTransport()
        assert a_delivery(transport).close(time.monotonic())
        assert transport.bodies == []

    def test_where_no_thread_can_be_had_the_caller_sends(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("aiops_sdk._safety.start_thread", lambda *_: False)
        transport = HandMadeTransport()
        delivery = a_delivery(transport)
        put(delivery, 2)
        assert transport.bodies == []
        assert delivery.close(time.monotonic() + DEADLINE)
        assert counts(delivery.stats()) == counts(captured=2, delivered=2)

    def test_repeats_are_told_before_the_end(self):
        transport = HandMadeTransport()
        delivery = a_delivery(transport)
        put(delivery, 7, key="k")
        assert delivery.close(time.monotonic() + DEADLINE)
        assert sorted(body.get("repeat_count", 1) for body in transport.bodies) == [1, 6]
        assert counts(delivery.stats()) == counts(captured=7, delivered=7)


def test_a_forked_child_begins_with_nothing(tmp_path: Path):
    transport = HandMadeTransport()
    transport.open.clear()
    delivery = a_delivery(transport, disk=a_disk(tmp_path))
    put(delivery, 3, key="k")
    wait_until(lambda: len(transport.bodies) == 1, "the first to be on its way")
    delivery.become_child()
    transport.open.set()
    assert counts(delivery.stats()) == counts()
    assert transport.abandoned == 1
    put(delivery)
    assert delivery.flush(DEADLINE)
    assert counts(delivery.stats()) == counts(captured=1, delivered=1)


class TestBatches:
    def batching(self, *outcomes: Outcome, **options: Any) -> tuple[Delivery, HandMadeTransport]:
        """A delivery that has just heard of batches, with ten events that wait."""
        transport = HandMadeTransport(BATCHES, *outcomes)
        transport.open.clear()
        delivery = a_delivery(transport, **options)
        put(delivery, 11)
        transport.open.set()
        return delivery, transport

    def test_once_the_platform_can_what_waits_goes_together(self):
        delivery, transport = self.batching()
        assert delivery.flush(DEADLINE)
        assert len(transport.batches) == 1
        assert len(set(sent(transport))) == 11
        assert counts(delivery.stats()) == counts(captured=11, delivered=11)

    def test_what_of_it_was_rejected_is_counted(self):
        delivery, _ = self.batching(Accepted(rejected=((3, "no such field"), (99, "?"), (-1, "?"))))
        assert delivery.flush(DEADLINE)
        assert counts(delivery.stats()) == counts(captured=11, delivered=10, not_understood=1)

    def test_what_of_it_is_held_back_is_sent_again(self):
        delivery, transport = self.batching(Accepted(later=((3, 0.01), (4, 0.01), (99, 1.0), (-1, 1.0))))
        assert delivery.flush(DEADLINE)
        assert counts(delivery.stats()) == counts(captured=11, delivered=11)
        assert len(sent(transport)) == 13

    def test_what_is_held_back_for_the_third_time_goes_to_disk_and_from_there_again(self, tmp_path: Path):
        held_back = Accepted(later=((0, 0.01), (1, 0.01)), capabilities=BATCHES.capabilities)
        delivery, _ = self.batching(held_back, held_back, held_back, disk=a_disk(tmp_path))
        delivery.flush(DEADLINE)
        wait_until(lambda: delivery.stats()["delivered"] == 11, "those on disk")
        assert delivery.stats()["spooled"] == 2

    def test_what_lies_on_disk_and_is_held_back_waits_as_long_as_it_is_told(self, tmp_path: Path):
        held_back = Accepted(later=((0, 0.05), (1, 0.05)), capabilities=BATCHES.capabilities)
        delivery, transport = self.batching(FAILED, FAILED, FAILED, held_back, held_back, disk=a_disk(tmp_path))
        assert delivery.flush(DEADLINE)
        delivery.heard(BATCHES)
        wait_until(lambda: delivery.stats()["delivered"] == 11, "those on disk")
        assert len(transport.batches) == 6

    def test_too_large_a_batch_is_halved_until_it_fits(self):
        too_large = Refused("too_large", "HTTP 413")
        delivery, transport = self.batching(too_large, too_large)
        assert delivery.flush(DEADLINE)
        sizes = [sum(b"signal_type" in line for line in batch.split(b"\n")) for batch in transport.batches]
        assert sizes[:3] == [10, 5, 2]
        assert counts(delivery.stats()) == counts(captured=11, delivered=11)

    def test_a_batch_that_is_not_understood_is_sent_one_by_one(self):
        delivery, transport = self.batching(Refused("not_understood", "HTTP 400"))
        assert delivery.flush(DEADLINE)
        assert len(transport.batches) == 1
        assert counts(delivery.stats()) == counts(captured=11, delivered=11)

    def test_a_batch_that_failed_three_times_goes_to_disk_and_from_there_in_one_again(self, tmp_path: Path):
        delivery, transport = self.batching(FAILED, FAILED, FAILED, disk=a_disk(tmp_path))
        assert delivery.flush(DEADLINE)
        assert counts(delivery.stats()) == counts(captured=11, delivered=1, spooled=10)
        delivery.heard(BATCHES)
        wait_until(lambda: delivery.stats()["delivered"] == 11, "those on disk")
        assert len(transport.batches) == 4

    def test_everything_is_in_it(self):
        delivery, transport = self.batching()
        assert delivery.flush(DEADLINE)
        head = json.loads(transport.batches[0].split(b"\n")[0])
        assert head["service"] == "shop"
        assert head["sent_at"].endswith("Z")
        line: Dict[str, Any] = json.loads(transport.batches[0].split(b"\n")[1])
        assert "service" not in line
        assert line["occurred_at"]


def test_a_bell_that_rang_before_is_heard():
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(DEADLINE) is True
    assert bell.wait(0.0) is False


class TestTheSpool:
    def parked(self, folder: Path, number: int, **fields: Any) -> List[str]:
        """The ids of events that another process left on disk."""
        delivery = a_delivery(HandMadeTransport(*[FAILED] * 3), disk=a_disk(folder))
        ids = put(delivery, number, **fields)
        assert delivery.flush(DEADLINE)
        delivery.close(time.monotonic() + DEADLINE)
        assert delivery.stats()["spooled"] == number
        return ids

    def test_many_small_files_travel_together(self, tmp_path: Path):
        ids = [self.parked(tmp_path, 1)[0] for _ in range(5)]
        transport = HandMadeTransport()
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        delivery.heard(BATCHES)
        wait_until(lambda: delivery.stats()["delivered"] == 5, "all of them")
        assert sent(transport) == ids
        assert len(transport.batches) == 1

    def test_what_is_new_does_not_wait_behind_it(self, tmp_path: Path):
        self.parked(tmp_path, 20)
        transport = HandMadeTransport()
        transport.open.clear()
        delivery = a_delivery(transport, disk=a_disk(tmp_path))
        delivery.look_into_spool()
        wait_until(lambda: len(transport.bodies) == 1, "the first of the spool to be on its way")
        (new,) = put(delivery)
        transport.open.set()
        wait_until(lambda: delivery.stats()["delivered"] == 21, "all of them")
        assert sent(transport)[1] == new

    @pytest.mark.parametrize("poisons", [1, 4])
    @pytest.mark.parametrize("batching", [True, False])
    def test_one_that_breaks_the_server_does_not_hold_up_the_others(self, tmp_path: Path, poisons: int, batching: bool):
        poison = self.parked(tmp_path, 1)
        poison += [self.parked(tmp_path, 1)[0] for _ in range(poisons - 1)]
        self.parked(tmp_path, 5)

        class Breaks(HandMadeTransport):
            def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
                super().send(path, body)
                if any(one.encode() in body for one in poison):
                    return FAILED
                return BATCHES if batching else Accepted()

        delivery = a_delivery(Breaks(), disk=a_disk(tmp_path), link=a_link(slow=(0.01,)))
        delivery.heard(BATCHES if batching else Accepted())
        wait_until(lambda: delivery.stats()["delivered"] == 5, "those that the server takes")
        delivery.close(time.monotonic() + DEADLINE)
        told: Any = delivery.stats()
        assert told["recovered"] == 5

    def test_where_the_rest_of_a_file_cannot_be_written_anew_it_is_still_sent_once(self, tmp_path: Path):
        self.parked(tmp_path, 4)
        transport = HandMadeTransport(Accepted(), Accepted(), FAILED)
        disk = a_disk(tmp_path)
        disk.open()
        assert disk.spool is not None

        def full(*_: Any, **__: Any) -> str:
            raise OSError(28, "No space left on device")

        disk.spool.store = full  # type: ignore[method-assign]
        delivery = a_delivery(transport, disk=disk)
        delivery.look_into_spool()
        wait_until(lambda: delivery.stats()["delivered"] == 4, "all of them")
        assert counts(delivery.stats()) == counts(recovered=4, delivered=4)
        assert len(transport.bodies) == 5

    def test_what_the_dead_left_goes_to_the_spool_also_while_nothing_gets_through(self, tmp_path: Path):
        program = """
import os, sys, time
from aiops_sdk.delivery.journal import Journal, Stub
journal = Journal.open(sys.argv[1], {"service": "shop", "instance": {"id": "dead"}})
journal.write(Stub("some-id", time.time(), "exception", "error", "manual", "ValueError", "no stock"))
os._exit(1)
"""
        (tmp_path / "shop").mkdir(mode=0o700)
        subprocess.run([sys.executable, "-c", program, str(tmp_path / "shop")], check=False)
        assert [path.name for path in (tmp_path / "shop").iterdir()] == ["dead.journal"]
        delivery = a_delivery(HandMadeTransport(*[NO_KEY] * 9), disk=a_disk(tmp_path))
        delivery.link.bar(NO_KEY)
        delivery.look_into_spool()
        wait_until(lambda: not (tmp_path / "shop" / "dead.journal").exists(), "the journal to go")
        assert len(list((tmp_path / "shop").glob("*.events"))) == 1

    def test_so_many_journals_and_no_more(self, tmp_path: Path):
        (tmp_path / "shop").mkdir(mode=0o700)
        for number in range(MAX_JOURNALS):
            (tmp_path / "shop" / f"{number}.journal").touch()
        disk = a_disk(tmp_path)
        disk.open()
        assert disk.journal is None
        assert disk.spool is not None


class TestNoBusyLoop:
    """A thread that goes round without rest takes the host's time."""

    def rounds(self, delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> int:
        """How often the thread goes round in half a second."""
        rounds = []
        work = delivery._work

        def counted() -> bool:
            rounds.append(1)
            return work()

        monkeypatch.setattr(delivery, "_work", counted)
        put(delivery)
        delivery._bell.ring()
        time.sleep(0.5)
        return len(rounds)

    def test_when_nothing_gets_through_and_the_disk_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("aiops_sdk.delivery.worker.PARK_SECONDS", 0.01)
        disk = a_disk(tmp_path)
        disk.open()
        assert disk.spool is not None

        def full(*_: Any, **__: Any) -> str:
            raise OSError(28, "No space left on device")

        disk.spool.store = full  # type: ignore[method-assign]
        delivery = a_delivery(HandMadeTransport(*[FAILED] * 9), disk=disk)
        assert self.rounds(delivery, monkeypatch) < 20
        assert counts(delivery.stats()) == counts(captured=1, queued=1)

    def test_when_what_a_dead_process_left_cannot_be_moved(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        def broken(*_: Any) -> Any:
            raise RuntimeError("a bug")

        monkeypatch.setattr("aiops_sdk.delivery.worker.journals.dead", broken)
        delivery = a_delivery(HandMadeTransport(), disk=a_disk(tmp_path))
        delivery._dead_wait = delivery._spool_waits = True
        assert self.rounds(delivery, monkeypatch) < 20
        wait_until(lambda: delivery.stats()["delivered"] == 1, "the event")

    def test_when_something_of_ours_is_broken(self, monkeypatch: pytest.MonkeyPatch):
        delivery = a_delivery(HandMadeTransport())

        def broken(*_: Any) -> Any:
            raise RuntimeError("a bug")

        monkeypatch.setattr(delivery._buffer, "close_windows", broken)
        assert self.rounds(delivery, monkeypatch) < 20
