"""What is on its way: bounded by number and by bytes, repeats folded, and every occurrence that entered is accounted for.

``captured`` is always ``delivered`` plus ``spooled`` plus everything dropped plus what is queued, less what was taken over
from the spool (``recovered``); in flight counts as queued. All of them count occurrences, not events.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Deque, Dict, Hashable, Iterable, List, Optional, Protocol, Sequence, Set, Tuple

    from aiops_sdk.delivery.parcel import Parcel
    from aiops_sdk.event import Event

    class Draft(Protocol):
        """What was captured, before it is made into what travels. Those with the same ``key`` are repeats of each other.

        Times are Unix time, ``size`` is about how many bytes it keeps alive.
        """

        event_id: str
        signal_type: str
        source: str
        level: str
        error_type: str
        message: str
        request_path: Optional[str]
        status_code: Optional[int]
        at: float
        repeat_count: int
        first_at: Optional[float]
        last_at: Optional[float]
        also_seen_by: Tuple[str, ...]

        @property
        def key(self) -> Optional[Hashable]:
            """What it shares with its repeats; None if it has none."""

        @property
        def said(self) -> object:
            """What failed says of itself, however it was reported."""

        @property
        def seen_by(self) -> str:
            """Who reported it."""

        @property
        def size(self) -> int:
            """Bytes."""

        @property
        def place(self) -> Optional[Tuple[str, int, str]]:
            """File, line and function of where it happened."""

        def event(self) -> Event:
            """Make it into what travels; this takes time."""

    class Keeper(Protocol):
        """Remembers what is queued beyond the death of the process. A place is None where it could not."""

        def write(self, draft: Draft) -> Optional[int]:
            """Remember it."""

        def recount(self, place: Optional[int], count: int, last_at: float) -> None:
            """It happened again."""

        def erase(self, place: Optional[int]) -> None:
            """Its fate is decided."""


MAX_EVENTS = 2_000
MAX_BYTES = 8 * 1024 * 1024

#: Repeats of one failure are told together, once in so many seconds.
WINDOW = 10.0
MAX_KEYS = 1_000
#: So many different texts of one failure (with another number in each, say) are sent by themselves in that time.
MAX_TEXTS = 500

#: What was captured within a piece of work waits so many seconds, so that others who see the same failure can be added.
HOLD = 0.25

QUEUE_FULL = "queue_full"

_REPEATS = 0
_TELLING = {"log_error": 1, "http_error": 2, "exception": 3}
RANKS = range(4)


def rank_of(signal_type: str, repeat_count: int = 1) -> int:
    """How telling an event is. When there is no room, the least telling goes first: repeats, log lines, answers, exceptions."""
    return _REPEATS if repeat_count > 1 else _TELLING.get(signal_type, 2)


class Forgetful:
    """Remembers nothing."""

    def write(self, draft: Draft) -> Optional[int]:  # noqa: ARG002
        """Forget it."""
        return None

    def recount(self, place: Optional[int], count: int, last_at: float) -> None:
        """There is nothing to count."""

    def erase(self, place: Optional[int]) -> None:
        """There is nothing to erase."""


class Item:
    """An event on its way, with its history: how often it was tried, and from when (monotonic) somebody waits for it."""

    __slots__ = (
        "count",
        "draft",
        "due",
        "event_id",
        "held_for",
        "held_until",
        "order",
        "parcel",
        "place",
        "rank",
        "since",
        "size",
        "tried",
        "waits",
    )

    def __init__(self, draft: Draft, place: Optional[int], order: int, now: float) -> None:
        self.draft = draft
        self.event_id = draft.event_id
        self.count = draft.repeat_count
        self.rank = rank_of(draft.signal_type, draft.repeat_count)
        self.size = draft.size
        self.place = place
        self.order = order
        self.since = now
        self.tried = 0
        self.due = 0.0
        self.waits = True
        #: What travels, once it was made.
        self.parcel: Optional[Parcel] = None
        #: The piece of work within which it was captured, while it is held for that, and until when (monotonic).
        self.held_for: Optional[object] = None
        self.held_until = 0.0


class _Window:
    """The occurrences of one failure after the first, until they are told together."""

    __slots__ = ("closes", "count", "event_id", "first_at", "last_at", "place", "sample", "texts", "tries")

    def __init__(self, closes: float, text: str, tried: Optional[int] = None) -> None:
        self.closes = closes
        #: What it said so far, by hash.
        self.texts = {hash(text)}
        #: Which pieces of work tried it, and what was thrown, by hash.
        self.tries: Set[int] = set() if tried is None else {tried}
        self.count = 0
        self.event_id = ""
        self.first_at = self.last_at = 0.0
        self.place: Optional[int] = None
        self.sample: Optional[Draft] = None


def _tried(draft: Draft, held_for: object) -> Optional[int]:
    return None if held_for is None else hash((id(held_for), draft.said))


class Buffer:
    """First in, first out. Every method may be called from any thread, also from a ``__del__`` during another one.

    The lock is reentrant for the sake of the latter: the garbage collector runs where it likes.
    """

    def __init__(
        self,
        keeper: Optional[Keeper] = None,
        *,
        fold: bool = True,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
        window: float = WINDOW,
        max_keys: int = MAX_KEYS,
        max_texts: int = MAX_TEXTS,
    ) -> None:
        self._keeper: Keeper = keeper or Forgetful()
        self._fold = fold
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._window = window
        self._max_keys = max_keys
        self._max_texts = max_texts
        #: Whether somebody asks for each drop.
        self.notes_drops = False
        self.clear()

    def clear(self) -> None:
        """Forget everything, the lock included: after a fork somebody who is not here any more may hold it."""
        self._changed = threading.Condition(threading.RLock())
        self._waiting: Sequence[Deque[Item]] = tuple(deque() for _ in RANKS)
        self._held: Deque[Item] = deque()
        #: Those of them that may still stand for others, by what they share with these.
        self._held_by_key: Dict[Hashable, Item] = {}
        self._unsettled: Dict[str, Item] = {}
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()
        self._next_close: Optional[float] = None
        self._order = 0
        self._bytes = 0
        self._queued = 0
        self._captured = 0
        self._recovered = 0
        self._delivered = 0
        self._spooled = 0
        self._dropped: Dict[str, int] = {}
        #: What was dropped since somebody asked, where somebody does.
        self._untold: List[Tuple[str, int]] = []
        self._hastened: Optional[str] = None

    # What comes in.

    def put(self, draft: Draft, held_for: Optional[object] = None) -> str:
        """Take it in, and say which event will tell of it: itself, or the one that tells of all its repeats.

        When there is no room, the oldest of the least telling kind goes, if need be this one. What is ``held_for`` a piece
        of work is not taken out before ``HOLD``, unless somebody waits for it.
        """
        now = time.monotonic()
        key = draft.key if self._fold else None
        with self._changed:
            self._captured += 1
            self._queued += 1
            if key is not None:
                if held_for is not None and self._is_tried_again(draft, key, held_for):
                    return self._held_by_key[key].event_id
                window = self._windows.get(key)
                if window is None or (now >= window.closes and not window.count):
                    self._open_window(key, draft, held_for, now)
                elif self._is_repeat(draft, window, held_for):
                    self._repeat(draft, window)
                    self._windows.move_to_end(key)
                    return window.event_id
            self._enqueue(draft, self._keeper.write(draft), now, held_for)
            return draft.event_id

    def see_again(self, event_id: str, by: str) -> bool:
        """Somebody else saw the same failure: add that to the event that tells of it. False if that has left already."""
        with self._changed:
            draft = self._draft_of(event_id)
            if draft is None:
                return False
            if by != draft.seen_by and by not in draft.also_seen_by:
                draft.also_seen_by = (*draft.also_seen_by, by)
            return True

    def drop(self, reason: str, count: int = 1) -> None:
        """Count what was captured and never became a draft."""
        with self._changed:
            self._captured += count
            self._count_dropped(reason, count)

    def recovered(self, count: int, dropped: Optional[str] = None) -> None:
        """Events of the spool have arrived, or were dropped for this reason."""
        with self._changed:
            self._recovered += count
            if dropped is None:
                self._delivered += count
            else:
                self._count_dropped(dropped, count)

    # What goes out.

    def take(self, limit: int) -> List[Item]:
        """The next ones, oldest first, at most ``limit``."""
        with self._changed:
            taken: List[Item] = []
            while len(taken) < limit:
                heads = [line[0] for line in self._waiting if line]
                if not heads:
                    break
                oldest = min(heads, key=lambda item: item.order)
                self._waiting[oldest.rank].popleft()
                oldest.waits = False
                taken.append(oldest)
            return taken

    def take_hastened(self, now: float) -> Optional[Item]:
        """The one that somebody waits for, if it is there and may be tried."""
        with self._changed:
            item = self._unsettled.get(self._hastened or "")
            if item is None or not item.waits or item.due > now:
                return None
            self._waiting[item.rank].remove(item)
            item.waits = False
            return item

    def put_back(self, items: Iterable[Item]) -> None:
        """They did not arrive, and wait again, before those that came later."""
        with self._changed:
            for item in sorted(items, key=lambda one: -one.order):
                if item.event_id in self._unsettled and not item.waits:
                    item.waits = True
                    self._waiting[item.rank].appendleft(item)

    def settle(self, items: Iterable[Item], dropped: Optional[str] = None) -> None:
        """Their fate is decided: delivered, or dropped for this reason. Only the first word on each counts."""
        with self._changed:
            for item in items:
                if self._remove(item):
                    if dropped is None:
                        self._delivered += item.count
                    else:
                        self._count_dropped(dropped, item.count)

    def park(self, items: Iterable[Item]) -> None:
        """They lie in the spool now."""
        with self._changed:
            for item in items:
                if self._remove(item):
                    self._spooled += item.count

    def everything(self) -> List[Item]:
        """All that is left, in flight or not, oldest first. From now on nothing waits to be taken."""
        with self._changed:
            self.close_windows(None)
            for line in self._waiting:
                line.clear()
            for item in self._unsettled.values():
                item.waits = False
            return list(self._unsettled.values())

    def left_by_parent(self) -> List[Item]:
        """In a forked child, before ``clear``: what the parent had. Nothing if somebody who is not here holds the lock."""
        if not self._changed.acquire(False):
            return []
        try:
            return self.everything()
        finally:
            self._changed.release()

    def adopt(self, items: Iterable[Item]) -> None:
        """Take in what a process had that will never send it. It was folded there."""
        now = time.monotonic()
        with self._changed:
            for item in items:
                self._captured += item.count
                self._queued += item.count
                self._enqueue(item.draft, self._keeper.write(item.draft), now)

    # Repeats.

    def close_windows(self, now: Optional[float]) -> None:
        """Queue what repeated in the windows whose time is over (monotonic), and what was held as long; None for all of them."""
        with self._changed:
            self._release(now)
            if now is not None and (self._next_close is None or now < self._next_close):
                return
            self._next_close = None
            for key, window in list(self._windows.items()):
                if now is None or window.closes <= now:
                    sample = window.sample
                    if self._tell(window) and now is not None and sample is not None:
                        window.closes = now + self._window
                        window.texts = {hash(sample.message)}
                    else:
                        self._windows.pop(key, None)
                elif window.count:
                    self._expect_close(window)

    # Who waits.

    def hasten(self, event_id: str, latest: float) -> None:
        """Let this one go first, and not wait for its time longer than until ``latest`` (monotonic)."""
        with self._changed:
            self._release(None)
            self._hastened = event_id
            for window in self._windows.values():
                if window.count and window.event_id == event_id:
                    self._tell(window)
                    break
            item = self._unsettled.get(event_id)
            if item is not None:
                item.due = min(item.due, latest) if item.tried else 0.0

    def is_hastened(self, item: Item) -> bool:
        """Whether somebody waits for just this one."""
        return item.event_id == self._hastened

    def nobody_waits(self, items: Iterable[Item]) -> None:
        """These may take long: whoever waits for just one of them is to go on."""
        with self._changed:
            if any(item.event_id == self._hastened for item in items):
                self._hastened = None
                self._changed.notify_all()

    def wait_until_settled(self, event_id: Optional[str], deadline: float) -> bool:
        """Wait until this event's fate is decided, or everybody's; False when the deadline (monotonic) came first.

        For one event that was hastened, ``nobody_waits()`` ends it, too.
        """
        with self._changed:
            while self._queued if event_id is None else self._is_awaited(event_id):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            return True

    def _is_awaited(self, event_id: str) -> bool:
        return event_id in self._unsettled and self._hastened == event_id

    def waiting(self) -> int:
        """How many events wait to be taken."""
        with self._changed:
            return sum(map(len, self._waiting)) + len(self._held)

    def waits_since(self) -> Optional[float]:
        """Since when (monotonic) the oldest of those that wait does so; None when there is none."""
        with self._changed:
            return min((line[0].since for line in self._waiting if line), default=None)

    def due(self) -> Optional[float]:
        """When (monotonic) there is something to do whatever the platform says: a window closes, one has been held or hastened."""
        with self._changed:
            moments = [] if self._next_close is None else [self._next_close]
            if self._held:
                moments.append(self._held[0].held_until)
            item = self._unsettled.get(self._hastened or "")
            if item is not None and item.waits:
                moments.append(item.due)
            return min(moments, default=None)

    def untold_drops(self) -> List[Tuple[str, int]]:
        """The reasons and numbers of what was dropped since the last call, where ``notes_drops`` is set."""
        with self._changed:
            untold, self._untold = self._untold, []
            return untold

    def stats(self) -> Dict[str, object]:
        """The counts of one moment."""
        with self._changed:
            return {
                "captured": self._captured,
                "delivered": self._delivered,
                "dropped": dict(self._dropped),
                "queued": self._queued,
                "recovered": self._recovered,
                "spooled": self._spooled,
            }

    # Inside; the lock is held.

    def _enqueue(self, draft: Draft, place: Optional[int], now: float, held_for: Optional[object] = None) -> None:
        self._order += 1
        item = Item(draft, place, self._order, now)
        self._unsettled[item.event_id] = item
        self._bytes += item.size
        if held_for is None:
            self._waiting[item.rank].append(item)
        else:
            item.held_for, item.held_until = held_for, now + HOLD
            self._held.append(item)
            if self._fold:
                self._held_by_key[draft.key] = item
        while len(self._unsettled) > self._max_events or self._bytes > self._max_bytes:
            self._release(None)
            victim = next((line[0] for line in self._waiting if line), None)
            if victim is None:
                break
            self._remove(victim)
            self._count_dropped(QUEUE_FULL, victim.count)

    def _release(self, now: Optional[float]) -> None:
        """What has been held long enough (monotonic; None: everything) may be taken."""
        while self._held and (now is None or self._held[0].held_until <= now):
            item = self._held.popleft()
            item.held_for = None
            if self._fold and self._held_by_key.get(item.draft.key) is item:
                del self._held_by_key[item.draft.key]
            self._waiting[item.rank].append(item)

    def _draft_of(self, event_id: str) -> Optional[Draft]:
        """What will be told under this id, if that can still change."""
        item = self._unsettled.get(event_id)
        if item is not None:
            return item.draft if item.parcel is None else None
        for window in reversed(self._windows.values()):
            if window.count and window.event_id == event_id:
                return window.sample
        return None

    def _remove(self, item: Item) -> bool:
        if self._unsettled.get(item.event_id) is not item:
            return False
        del self._unsettled[item.event_id]
        if item.waits:
            item.waits = False
            self._waiting[item.rank].remove(item)
        self._bytes -= item.size
        self._queued -= item.count
        self._keeper.erase(item.place)
        self._changed.notify_all()
        return True

    def _count_dropped(self, reason: str, count: int) -> None:
        self._dropped[reason] = self._dropped.get(reason, 0) + count
        if self.notes_drops:
            self._untold.append((reason, count))

    def _is_repeat(self, draft: Draft, window: _Window, held_for: object) -> bool:
        """Whether it says nothing new, or too much new was said already.

        Nor is it new what number a try has: of one piece of work, what was thrown counts.
        """
        text, tried = hash(draft.message), _tried(draft, held_for)
        if text in window.texts or tried in window.tries or len(window.texts) >= self._max_texts:
            return True
        window.texts.add(text)
        window.tries.update(() if tried is None else (tried,))
        return False

    def _is_tried_again(self, draft: Draft, key: Hashable, held_for: object) -> bool:
        """Whether the same work has said so before, and that is still held: it was tried again in vain. Then it is counted there.

        Each try may have said its own number; what was thrown said the same.
        """
        item = self._held_by_key.get(key)
        if item is None or item.held_for is not held_for or item.draft.said != draft.said:
            return False
        first = item.draft
        item.count = first.repeat_count = item.count + 1
        first.first_at, first.last_at = first.at, draft.at
        self._keeper.recount(item.place, item.count, draft.at)
        return True

    def _open_window(self, key: Hashable, draft: Draft, held_for: object, now: float) -> None:
        self._windows[key] = _Window(now + self._window, draft.message, _tried(draft, held_for))
        self._windows.move_to_end(key)
        if len(self._windows) > self._max_keys:
            _, oldest = self._windows.popitem(last=False)
            self._tell(oldest)

    def _repeat(self, draft: Draft, window: _Window) -> None:
        window.count += 1
        window.last_at = draft.at
        if window.count == 1:
            window.event_id, window.first_at = draft.event_id, draft.at
            window.place = self._keeper.write(draft)
            self._expect_close(window)
        else:
            self._keeper.recount(window.place, window.count, draft.at)
        self._bytes += draft.size - (window.sample.size if window.sample is not None else 0)
        window.sample = draft

    def _tell(self, window: _Window) -> bool:
        """Queue the event that tells of the repeats so far. False if there are none."""
        sample, count = window.sample, window.count
        if sample is None or not count:
            return False
        self._bytes -= sample.size
        sample.event_id, sample.repeat_count = window.event_id, count
        if count > 1:
            sample.first_at, sample.last_at = window.first_at, window.last_at
        place, window.place, window.sample, window.count = window.place, None, None, 0
        self._enqueue(sample, place, time.monotonic())
        return True

    def _expect_close(self, window: _Window) -> None:
        if self._next_close is None or window.closes < self._next_close:
            self._next_close = window.closes
