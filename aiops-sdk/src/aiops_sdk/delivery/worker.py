"""The one thread that sends. It starts with the first event, survives what goes wrong, and is made anew in a forked child.

Three attempts, then an event is parked: in the spool where there is one, else in memory. What is parked is tried again
slowly, and so is everything that comes while nothing gets through.
"""

from __future__ import annotations

import _thread
import time

from aiops_sdk import _safety
from aiops_sdk.delivery.bell import Bell
from aiops_sdk.delivery.buffer import MAX_EVENTS, RANKS, Buffer, rank_of
from aiops_sdk.delivery.link import BATCH, GZIP, Link
from aiops_sdk.delivery.transport import (
    BATCH_PATH,
    EVENT_PATH,
    NOT_UNDERSTOOD,
    TOO_LARGE,
    Accepted,
    Barred,
    Refused,
    Retry,
)
from aiops_sdk.loading import LOADER, late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

    from aiops_sdk.delivery import batch as batches
    from aiops_sdk.delivery import journal as journals
    from aiops_sdk.delivery import parcel as packing
    from aiops_sdk.delivery.buffer import Draft, Item
    from aiops_sdk.delivery.disk import Disk
    from aiops_sdk.delivery.journal import Journal, Remains
    from aiops_sdk.delivery.parcel import Parcel
    from aiops_sdk.delivery.spool import Load, Spool
    from aiops_sdk.delivery.transport import (
        Outcome,
        Transport,
    )
    from aiops_sdk.delivery.voice import Voice
    from aiops_sdk.event import Wire

    Render = Callable[[Draft], Optional[Parcel]]

    # The bodies of the events that tell of a process's death, if it is to be told.
    Autopsy = Callable[[Remains], Sequence[Wire]]

    # What is to be sent of a body that a dead process left; None for nothing.
    Again = Callable[[Wire], Optional[Wire]]
else:
    batches, journals, packing = late("delivery.batch", "delivery.journal", "delivery.parcel")

ATTEMPTS = 3

#: While nothing gets through, what waits is written to disk when it is so many, or has waited so long (seconds).
PARK_EVENTS = 100
PARK_SECONDS = 20.0
#: What is written to disk is made in parts of so many events, because all of it at once would take much memory.
FILE_EVENTS = 32
#: What was on disk can wait a little longer: so many seconds after each request for the next one.
PACE = 0.005
#: A disk that did not take something is left alone for so many seconds.
NO_ROOM_SECONDS = 60.0
#: After a mistake of ours, which would come again at once, the thread rests so many seconds.
REST_SECONDS = 1.0

AT_EXIT = "exit"
FAILED = "sdk_error"
STEP = "before_send"
SPOOL_FULL = "spool_full"
DAMAGED = "spool_damaged"

_BROKEN: Outcome = Retry("the transport failed")


class Delivery:
    """Takes drafts, and brings them to the platform in the background: rendered, in batches where it takes them."""

    def __init__(
        self,
        transport: Transport,
        voice: Voice,
        render: Render,
        *,
        head: Callable[[], Wire] = dict,
        link: Optional[Link] = None,
        disk: Optional[Disk] = None,
        fold: bool = True,
        autopsy: Optional[Autopsy] = None,
        asks: bool = False,
        again: Optional[Again] = None,
    ) -> None:
        self._transport = transport
        self.voice = voice
        self._render = render
        self._head = head
        self.link = link or Link()
        self._disk = disk
        self._autopsy = autopsy
        self._again = again
        #: Code of the user is asked for each event.
        self._asks = asks
        self._buffer = Buffer(disk, fold=fold)
        #: What is being sent of the spool.
        self._load: Optional[Load] = None
        #: Files of the spool that did not get through: another one may.
        self._failed_files: Set[str] = set()
        #: How many events a batch may have, as far as the platform has shown.
        self._most = MAX_EVENTS
        self._drop_listener: Optional[Callable[[str, int], None]] = None
        self._no_room_until = float("-inf")
        self._begin()

    def _begin(self) -> None:
        self._starting = _thread.allocate_lock()
        self._running = False
        self._hurry = False
        #: Somebody waits for everything: what cannot be sent now need not wait for company on its way to disk.
        self._flushing = False
        self._stopped = False
        self._spool_waits = False
        #: What lies there was held back, and is not to come again before.
        self._spool_due = 0.0
        #: Processes may have died and left something.
        self._dead_wait = False
        self._bell = Bell()
        self._ended = Bell()

    def put(self, draft: Draft, held_for: Optional[object] = None) -> str:
        """Queue it; never waits. Gives the id of the event that will tell of it. Once stopped, it is counted as lost.

        What was captured within a piece of work, and is ``held_for`` it, leaves a little later: see ``see_again``.
        """
        event_id = self._buffer.put(draft, held_for)
        if self._stopped:
            self._keep_or_lose()
        elif self._is_running():
            self._bell.ring()
        if self._buffer.notes_drops:
            self._tell_drops()
        return event_id

    def see_again(self, event_id: str, by: str) -> bool:
        """Say in this event that ``by`` saw the failure, too. False if it has left already."""
        return self._buffer.see_again(event_id, by)

    def drop(self, reason: str) -> None:
        """Count an event that was captured and cannot be sent."""
        self._buffer.drop(reason)
        self._tell_drops()

    def on_drop(self, listener: Callable[[str, int], None]) -> None:
        """From now on, tell ``listener`` why events are dropped, and how many; never while anything is locked."""
        self._drop_listener = listener
        self._buffer.notes_drops = True

    def _tell_drops(self) -> None:
        for reason, count in self._buffer.untold_drops() if self._buffer.notes_drops else ():
            if self._drop_listener is not None:
                self._drop_listener(reason, count)

    def hasten(self, event_id: str, timeout: float) -> bool:
        """Send this one first, and wait until its fate is decided."""
        now = time.monotonic()
        self._buffer.hasten(event_id, now + self.link.pause_after(1))
        return self._wait(event_id, now + timeout)

    def flush(self, timeout: float) -> bool:
        """Wait until nothing is queued: all is delivered, dropped, or on disk."""
        self._buffer.close_windows(None)
        self._flushing = True
        return self._wait(None, time.monotonic() + timeout)

    def close(self, deadline: float) -> bool:
        """Try each once more, at once, until ``deadline`` (monotonic), keep the rest on disk, and stop.

        False if something could neither be sent nor be kept.
        """
        self._hurry = True
        if self._disk is not None and self._disk.journal is not None:
            # Whatever ends us from here on, it is no sudden death.
            self._disk.journal.ending()
        self._buffer.close_windows(None)
        spare = 0.0 if self._disk is None else min(0.5, 0.1 + 0.001 * self._buffer.waiting())
        done = self._wait(None, deadline - spare)
        self._stopped = True
        if not done:
            done = self._keep_or_lose()
        if self._running:
            self._bell.ring()
            # Not for the events: so that the connection is closed in order. A thread that is stuck is left behind.
            self._ended.wait(deadline - time.monotonic() if done else 0)
        if self._disk is not None:
            self._disk.close()
        self._tell_drops()
        return done

    def stats(self) -> Dict[str, object]:
        """See ``Buffer.stats``; and ``last_error``, what went wrong last on the way, None while nothing does."""
        return {**self._buffer.stats(), "last_error": self.link.last_error}

    def become_child(self, *, heir: bool = False) -> None:
        """After a fork: nothing inherited is waited for or locked; the thread starts with the next event.

        Nothing inherited is sent, either, but by the ``heir`` of a process that never gets to it.
        """
        inherited = self._buffer.left_by_parent() if heir else []
        load, self._load = self._load, None
        if load is not None:
            load.release()
        self._buffer.clear()
        self._failed_files.clear()
        self._no_room_until = float("-inf")
        if self._disk is not None:
            self._disk.become_child()
        self._transport.abandon()
        self.link.begin_anew()
        self._begin()
        self._buffer.adopt(inherited)

    def heard(self, outcome: Accepted) -> None:
        """A heartbeat got through: then events will, too, and what lies on disk. For a thread of ours."""
        self.link.heard(outcome)
        if self._running:
            self._bell.ring()
        self.look_into_spool()

    def look_into_spool(self) -> None:
        """Send what lies in the spool, if there is something. For a thread of ours; looks at the disk."""
        if self._disk is None or self._stopped:
            return
        self._disk.open()
        if self._disk.has_more_than_ours():
            self._spool_waits = self._dead_wait = True
            if self._is_running():
                self._bell.ring()

    def journal(self) -> Optional[Journal]:
        """The journal of this process, opened now if it was not; None where there can be none. For a thread of ours."""
        if self._disk is None or self._stopped:
            return None
        self._disk.open()
        return self._disk.journal

    @property
    def folder(self) -> Optional[str]:
        """Where undelivered events are kept; None where they are not, or nothing was to be kept yet."""
        spool = self._spool()
        return None if spool is None else spool.folder

    # Waiting, in the caller's thread.

    def _wait(self, event_id: Optional[str], deadline: float) -> bool:
        if self._buffer.wait_until_settled(event_id, 0.0):
            return True
        if self._is_running():
            self._bell.ring()
        else:
            self._send_here(event_id, deadline)
            # Nobody else does anything about what is left.
            deadline = 0.0
        return self._buffer.wait_until_settled(event_id, deadline)

    def _send_here(self, event_id: Optional[str], deadline: float) -> None:
        """Send in the calling thread: an interpreter that is ending gives us no other."""
        with _safety.guarded():
            while time.monotonic() < deadline and not self._buffer.wait_until_settled(event_id, 0.0):
                if not self._send_next(time.monotonic(), hurried=True):
                    return

    # The thread.

    def _is_running(self) -> bool:
        """Whether the thread runs, after starting it if it did not."""
        if not self._running and not self._stopped and self._starting.acquire(False):
            try:
                if not self._running:
                    # Made where the thread begins: what was made before gevent came would block its hub.
                    self._bell, self._ended = Bell(), Bell()
                    self._running = _safety.start_thread("aiops-delivery", self._run)
            finally:
                self._starting.release()
        return self._running

    def _run(self) -> None:
        try:
            _safety.whatever(LOADER.load_all, None)
            while not self._stopped:
                if not _safety.whatever(self._work, False):
                    self._bell.wait(REST_SECONDS)
            _safety.whatever(self._put_away, None)
            self._transport.close()
        finally:
            self._running = False
            self._ended.ring()

    def _work(self) -> bool:
        """Send something, or sleep until there is something to send. Always True."""
        now = time.monotonic()
        self._buffer.close_windows(now)
        if self._send_next(now, hurried=self._hurry):
            return True
        if self._hurry:
            self._keep_or_lose()
        else:
            self._gather()
            self._park_what_waits(now)
        self._tell_drops()
        self._bell.wait(self._seconds_to_sleep(now))
        return True

    def _send_next(self, now: float, *, hurried: bool) -> bool:
        """Send what is next, if anything may be sent now. In a hurry nothing waits for its time, unless it can be kept."""
        urgent = self._buffer.take_hastened(now)
        if urgent is not None:
            if self._spool() is not None and self.link.is_to_be_left_alone(now):
                # On disk it is safe, and nobody needs to wait for it.
                self._park([urgent])
            else:
                self._try([urgent], hurried=hurried)
            return True
        if not self.link.is_open(now) and (self._spool() is not None or not hurried or self.link.is_barred(now)):
            return False
        items = self._buffer.take(self._limit())
        if items:
            self._try(items, hurried=hurried)
            return True
        return not hurried and self._send_spooled()

    def _seconds_to_sleep(self, now: float) -> Optional[float]:
        moments: List[float] = []
        due = self._buffer.due()
        if due is not None:
            moments.append(due - now)
        since = self._buffer.waits_since()
        if since is not None:
            moments.append(self.link.seconds_until_open(now))
        if self._spool_waits or self._load is not None:
            moments.append(max(self.link.seconds_until_open(now), self._spool_due - now))
        if since is not None and self._spool() is not None and self.link.is_down():
            moments.append(max(since + PARK_SECONDS, self._no_room_until) - now)
        return max(0.0, min(moments)) if moments else None

    # One request, and what comes of it.

    def _try(self, items: List[Item], *, hurried: bool) -> None:
        """Send these, one alone or several as one batch, and decide what becomes of them."""
        ready = [item for item in items if self._is_rendered(item)]
        if not ready:
            return
        outcome, number = self._send([_parcel(item) for item in ready])
        self._buffer.put_back(ready[number:])
        items = ready[:number]
        self.link.report(outcome)
        if isinstance(outcome, Accepted):
            self._accepted(items, outcome)
        elif isinstance(outcome, Refused):
            self._refused(items, outcome)
        else:
            self._failed(items, outcome, hurried=hurried)

    def _is_rendered(self, item: Item) -> bool:
        if item.parcel is None:
            why = [FAILED]

            def render() -> Optional[Parcel]:
                parcel = self._render(item.draft)
                why[0] = STEP
                return parcel

            item.parcel = _safety.whatever(render, None)
            if item.parcel is None:
                self._buffer.settle([item], why[0])
        return item.parcel is not None

    def _send(self, parcels: Sequence[Parcel]) -> Tuple[Outcome, int]:
        """Send the first of these, as many as fit into one request; what came of it, and how many they were."""
        if len(parcels) == 1:
            path, body, number, compress = EVENT_PATH, batches.stamped(parcels[0].body), 1, self.link.can(GZIP)
        else:
            body, number = batches.encode(self._head(), parcels)
            path, compress = BATCH_PATH, True
        return _safety.whatever(lambda: self._transport.send(path, body, compress=compress), _BROKEN), number

    def _limit(self) -> int:
        return min(self._most, batches.MAX_EVENTS) if self.link.can(BATCH) else 1

    def _accepted(self, items: List[Item], outcome: Accepted) -> None:
        self._ask_for_more()
        for index, why in outcome.rejected if len(items) > 1 else ():
            if 0 <= index < len(items):
                self._buffer.settle([items[index]], NOT_UNDERSTOOD)
                self.voice.lost(why, items[index].count)
        later = {index: seconds for index, seconds in outcome.later if 0 <= index < len(items) > 1}
        # Only the first word on each counts.
        self._buffer.settle([item for index, item in enumerate(items) if index not in later])
        self._held_back([(items[index], seconds) for index, seconds in later.items()])

    def _held_back(self, told: List[Tuple[Item, float]]) -> None:
        """Too many of their kind have come to the server: those that come too often wait in the spool."""
        now = time.monotonic()
        for item, seconds in told:
            item.tried += 1
            item.due = now + seconds
        items = [item for item, _ in told]
        self._buffer.put_back(items)
        if any(item.tried >= ATTEMPTS for item in items):
            self._park(items)

    def _refused(self, items: List[Item], outcome: Refused) -> None:
        """Not like this: many are tried as fewer, one as a lighter one, and then it is lost."""
        if len(items) > 1:
            self._ask_for_less(len(items), outcome)
            self._buffer.put_back(items)
            return
        (item,) = items
        lighter = _parcel(item).lighter() if outcome.reason == TOO_LARGE else None
        if lighter is not None:
            item.parcel = lighter
            self._buffer.put_back(items)
        else:
            self._buffer.settle(items, outcome.reason)
            self.voice.lost(outcome.why, item.count)

    def _ask_for_more(self) -> None:
        self._most = min(batches.MAX_EVENTS, self._most * 2)

    def _ask_for_less(self, number: int, outcome: Refused) -> None:
        if outcome.reason == TOO_LARGE:
            self._most = max(1, number // 2)
        else:
            # One event of them, or something on the way that knows no batches: one by one it will show.
            self.link.cannot(BATCH)

    def _failed(self, items: List[Item], outcome: Union[Retry, Barred], *, hurried: bool) -> None:
        now = time.monotonic()
        for item in items:
            item.tried += 1
            item.due = now + self.link.pause_after(item.tried)
        self._buffer.put_back(items)
        if isinstance(outcome, Barred) and outcome.unauthorized:
            self.voice.unauthorized()
        if hurried:
            self._keep_or_lose(items if self._spool() is None else None)
        elif self.link.is_down() or any(item.tried >= ATTEMPTS for item in items):
            self._park(items)

    # What could not be sent.

    def _spool(self) -> Optional[Spool]:
        return None if self._disk is None else self._disk.spool

    def _park_what_waits(self, now: float) -> None:
        """While nothing gets through, what came meanwhile goes to disk, too, by and by."""
        since = self._buffer.waits_since()
        if since is None or self.link.is_open(now) or not self.link.is_down() or now < self._no_room_until:
            return
        if self._flushing or now - since >= PARK_SECONDS or self._buffer.waiting() >= PARK_EVENTS:
            self._flushing = False
            self._park(self._buffer.take(MAX_EVENTS))

    def _park(self, items: List[Item]) -> None:
        """Into the spool if possible; otherwise they go on waiting in memory, and nobody waits for them."""
        left = self._store(items)
        stored = len(items) - len(left)
        self._buffer.put_back(left)
        self._buffer.nobody_waits(left)
        if items:
            self.voice.held(sum(item.count for item in items), self.link.last_error, on_disk=stored == len(items))

    def _store(self, items: List[Item]) -> List[Item]:
        """Write these into the spool. Gives those that it did not take."""
        spool = self._spool()
        if spool is None or time.monotonic() < self._no_room_until:
            return items
        left: List[Item] = []
        for rank in sorted({item.rank for item in items}):
            alike = [item for item in items if item.rank == rank]
            for begin in range(0, len(alike), FILE_EVENTS):
                left += self._store_file(spool, rank, alike[begin : begin + FILE_EVENTS])
        self._trim(spool)
        return left

    def _store_file(self, spool: Spool, rank: int, items: List[Item]) -> List[Item]:
        """Write these into one file. Gives those that did not go there, and are still to be sent."""
        some = [item for item in items if self._is_rendered(item)]
        if time.monotonic() < self._no_room_until:
            return some
        # At the end another thread may just have written the same: those have no parcel any more.
        parcels = [parcel for parcel in [item.parcel for item in some] if parcel is not None]
        try:
            spool.store(rank, [parcel.body for parcel in parcels], sum(parcel.repeat_count for parcel in parcels))
        except OSError as error:
            self._no_room_until = time.monotonic() + NO_ROOM_SECONDS
            self.voice.no_room(spool.folder, error.strerror or str(error))
            return some
        self._spool_waits = True
        self._buffer.park(some)
        for item in some:
            # What has been written needs no room here any more.
            item.parcel = None
        return []

    def _trim(self, spool: Spool) -> None:
        gone = spool.trim()
        if gone:
            self._buffer.recovered(gone, SPOOL_FULL)
            self.voice.lost("the spool in {} is full, or they are older than seven days".format(spool.folder), gone)

    def _keep_or_lose(self, items: Optional[List[Item]] = None) -> bool:
        """The process ends: these, or all that is left, go to disk, or are lost. True if nothing was."""
        items = self._buffer.everything() if items is None else items
        if self._asks and self._stopped:
            # The end waits for nobody's code. What is in the journal is shown to it by the next start.
            told_later = [item for item in items if item.parcel is None and item.place is not None]
            left = [item for item in items if item.parcel is None and item.place is None]
            left += self._store([item for item in items if item.parcel is not None])
        else:
            told_later, left = [], self._store(items)
        lost = sum(item.count for item in left)
        if len(left) + len(told_later) < len(items):
            self.voice.held(sum(item.count for item in items) - lost, self.link.last_error, on_disk=True)
        if left:
            self._buffer.settle(left, AT_EXIT)
            self.voice.lost(self.link.last_error or "the process ended before", lost)
        return not lost

    # What lies in the spool.

    def _send_spooled(self) -> bool:
        """Send one request of what lies in the spool. False if there was nothing, or it cannot be sent now."""
        spool = self._spool()
        if spool is None or not (self._spool_waits or self._load is not None) or time.monotonic() < self._spool_due:
            return False
        self._gather()
        if self._load is None:
            self._load = self._taken(spool)
        if self._load is None:
            self._spool_waits = False
            return False
        if not self._unload(self._load) or not self._load.parcels:
            self._put_away()
        # Not all at once: others may have waited for this moment, too. What is new does not wait.
        self._bell.wait(PACE)
        return True

    def _taken(self, spool: Spool) -> Optional[Load]:
        load = spool.take(FILE_EVENTS, self._failed_files)
        if load is None and self._failed_files:
            self._failed_files.clear()
            load = spool.take(FILE_EVENTS)
        return load

    def _put_away(self) -> None:
        """End with what was taken: nothing of it is left, or the rest waits in the spool again."""
        load, spool = self._load, self._spool()
        if load is None:
            return
        if load.parcels and not load.is_changed:
            self._failed_files.update(load.paths)
            load.release()
        else:
            if load.parcels and spool is not None:
                rest = [parcel.body for parcel in load.parcels]
                try:
                    self._failed_files.add(spool.store(load.rank, rest, _occurrences(load.parcels), at=load.at))
                except OSError as error:
                    self.voice.no_room(spool.folder, error.strerror or str(error))
                    if self._stopped:
                        load.release()
                    # Else it stays in hand: read anew from its files, what arrived would be sent a second time.
                    return
            if load.damaged:
                self._buffer.recovered(load.damaged, DAMAGED)
            load.done()
        self._load = None

    def _gather(self) -> None:
        """Put what processes of this service left that died into the spool."""
        spool = self._spool()
        if spool is None or not self._dead_wait:
            return
        self._dead_wait = False
        for remains in journals.dead(spool.folder, self._disk.owner if self._disk is not None else None):
            _safety.whatever(lambda: self._bring_in(remains, spool), None)  # noqa: B023 - called at once
        self._trim(spool)

    def _bring_in(self, remains: Remains, spool: Spool) -> None:
        import json

        bodies = [journals.body_of(stub, remains.head) for stub in remains.stubs]
        bodies += self._autopsy(remains) if self._autopsy is not None else ()
        # Its own before_send was not asked yet.
        asked = [body if self._again is None else self._again(body) for body in bodies]
        told = [packing.Parcel.from_body(json.dumps(body).encode("ascii")) for body in asked if body is not None]
        try:
            for rank in RANKS:
                some = [parcel for parcel in told if rank_of(parcel.signal_type, parcel.repeat_count) == rank]
                spool.store(rank, [parcel.body for parcel in some], _occurrences(some))
        except OSError as error:
            # It stays where it is, for the next look.
            self.voice.no_room(spool.folder, error.strerror or str(error))
        else:
            remains.done()
            unwanted = [packing.Parcel(body, {}) for body, kept in zip(bodies, asked) if kept is None]
            if unwanted:
                self._buffer.recovered(_occurrences(unwanted), STEP)

    def _unload(self, load: Load) -> bool:
        """Send the next of these in one request. False if they, or what comes after, have to wait."""
        outcome, number = self._send(load.parcels[: self._limit()])
        part = load.parcels[:number]
        self.link.report(outcome)
        if isinstance(outcome, Accepted):
            self._ask_for_more()
            later = {index for index, _ in outcome.later if 0 <= index < number > 1}
            load.replace(number)
            load.add_again([parcel for index, parcel in enumerate(part) if index in later])
            self._arrived(part, outcome, later)
            if later:
                self._spool_due = time.monotonic() + max(seconds for _, seconds in outcome.later)
            return not later
        if isinstance(outcome, Retry):
            # Should there be one that no server survives, it shall not stand in the way of the others.
            if number > 1:
                self._most = max(1, number // 2)
            else:
                load.move_first_to_end()
            return False
        if isinstance(outcome, Barred):
            if outcome.unauthorized:
                self.voice.unauthorized()
            return False
        if number > 1:
            self._ask_for_less(number, outcome)
            return True
        lighter = part[0].lighter() if outcome.reason == TOO_LARGE else None
        load.replace(1, lighter)
        if lighter is None:
            self._buffer.recovered(part[0].repeat_count, outcome.reason)
            self.voice.lost(outcome.why, part[0].repeat_count)
        return True

    def _arrived(self, parcels: List[Parcel], outcome: Accepted, later: Set[int]) -> None:
        rejected = dict(outcome.rejected) if len(parcels) > 1 else {}
        for index, parcel in enumerate(parcels):
            if index in later:
                continue
            self._buffer.recovered(parcel.repeat_count, NOT_UNDERSTOOD if index in rejected else None)


def _occurrences(parcels: Sequence[Parcel]) -> int:
    return sum(parcel.repeat_count for parcel in parcels)


def _parcel(item: Item) -> Parcel:
    """What the item travels as; it has been rendered."""
    assert item.parcel is not None
    return item.parcel
