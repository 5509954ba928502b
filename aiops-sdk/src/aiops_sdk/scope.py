"""What surrounds the code that runs now: the piece of work that is being done, and what the program says about it.

A piece of work is a request that is being answered, a task of a queue, a run of a job. All of it lives in context
variables, so threads, greenlets and asyncio tasks each see their own. Nothing here knows a framework; an integration
translates what its framework is doing into a ``Work`` and says when it begins and ends.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

from aiops_sdk.frozen import Frozen, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import Callable, Deque, List, Mapping, Optional, Tuple

    # When (Unix time), category, level, message, data.
    Crumb = Tuple[float, str, str, str, Mapping[str, object]]
    # What was said before, and the same of the block around.
    Entered = Tuple["Around", Optional["Entered"]]
    # What happened, what had happened before, and how many they are together.
    Link = Tuple[Crumb, Optional["Link"], int]


KEPT = 100


class Around(Frozen):
    """What the program says about what it is doing: made anew with each change, so that nobody's copy changes."""

    user: Optional[Mapping[str, str]] = None
    tags: Mapping[str, str] = {}
    contexts: Mapping[str, Mapping[str, object]] = {}

    def over(self, outer: Around) -> Around:
        """This, and of ``outer`` what this does not say."""
        if outer is NOTHING or outer is self:
            return self
        return Around(
            user=outer.user if self.user is None else self.user,
            tags={**outer.tags, **self.tags},
            contexts={**outer.contexts, **self.contexts},
        )


NOTHING = Around()


class WorkLog:
    """What was captured while one piece of work was done."""

    __slots__ = ("event_ids", "exception_id", "handled_id", "has_exception", "messages")

    def __init__(self) -> None:
        #: An exception of this work has been captured (or had been before, in another thread).
        self.has_exception: bool = False
        #: The event that tells of the last of them, where there is one.
        self.exception_id: Optional[str] = None
        #: The event of what was captured last while an exception was being handled: mostly in an `except` block.
        self.handled_id: Optional[str] = None
        #: The messages of what was captured, in order.
        self.messages: List[str] = []
        #: The ids of the events, in order.
        self.event_ids: List[str] = []

    def note(self, event_id: str, message: str, *, has_exception: bool = False) -> None:
        """Remember one captured event; of a work that goes on and on, only the first ones."""
        if len(self.messages) < KEPT:
            self.event_ids.append(event_id)
            self.messages.append(message)
        if has_exception:
            self.has_exception, self.exception_id = True, event_id


class Work:
    """One piece of work. While a ``silent`` one is done, nothing that happens is captured.

    What the program says about it (``around``), and what happened in it (``trail``), is seen from all its threads and
    tasks, and ends with it.
    """

    # No dataclass: one is made for every request, and defining one costs every start a millisecond.

    silent: bool
    #: Whoever asked for it waits for the answer: a client of this service.
    serves: bool = False
    #: Nobody does it any more; what it has started may go on, and is no part of it.
    ended: bool = False
    log: WorkLog
    #: ``time.monotonic()`` at the beginning: what was captured before is not this work's failure.
    began: float
    around: Around = NOTHING
    #: The last things that happened, oldest first. None: nothing.
    trail: Optional[Deque[Crumb]] = None

    def __init__(self) -> None:
        self.silent = False
        self.log = WorkLog()
        self.began = time.monotonic()

    def answers(self, _: BaseException) -> bool:
        """Whether this exception is known to be on its way to become the answer to this work."""
        return False


class RequestScope(Work):
    """One request, in words that all frameworks share.

    ``path`` is without the query, ``query`` is the raw query string without the question mark, ``route`` is the framework's
    pattern such as ``/orders/<int:id>``, ``body`` what was sent with it, where that is known already. An integration may
    derive its own from this, which finds out only when asked.
    """

    method: str
    path: str
    url: Optional[str]
    route: Optional[str]
    query: Optional[str]
    headers: Mapping[str, str]
    remote_addr: Optional[str]
    body: object = None
    serves = True

    def __init__(
        self,
        method: str,
        path: str,
        *,
        url: Optional[str] = None,
        route: Optional[str] = None,
        query: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        remote_addr: Optional[str] = None,
        silent: bool = False,
    ) -> None:
        super().__init__()
        self.method = method
        self.path = path
        self.url = url
        self.route = route
        self.query = query
        self.headers = {} if headers is None else headers
        self.remote_addr = remote_addr
        self.silent = silent


class TaskScope(Work):
    """One task of a queue or one run of a job.

    ``kind`` says whose (``celery``), ``name`` which, ``id`` which one of them; ``data`` is what else is worth telling.
    Events tell it as ``contexts.task``.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        id: Optional[str] = None,  # noqa: A002 - what everybody calls it
        data: Optional[Mapping[str, object]] = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.name = name
        self.id = id
        self.data = {} if data is None else data


# Where an exception keeps what was said of a block that it has left.
_SAID = "__aiops_sdk_said__"
_ATTRIBUTES = BaseException.__dict__["__dict__"].__get__

_work: ContextVar[Optional[Work]] = ContextVar("aiops_sdk_work", default=None)
_unheard: ContextVar[bool] = ContextVar("aiops_sdk_unheard", default=False)
_around: ContextVar[Around] = ContextVar("aiops_sdk_around", default=NOTHING)
# What was said around each block that was entered and not left yet, the innermost first.
_entered: ContextVar[Optional[Entered]] = ContextVar("aiops_sdk_entered", default=None)
# A chain, because nothing of it ever changes: a task that another one starts has the same until then, and its own from
# then on.
_trail: ContextVar[Optional[Link]] = ContextVar("aiops_sdk_trail", default=None)


def current_work() -> Optional[Work]:
    """What is being done here, or None.

    Nor is a silent request, when it is over, what its tasks and threads do from then on.
    """
    work = _work.get()
    return None if work is not None and work.ended and work.silent else work


def current_request() -> Optional[RequestScope]:
    """The request that is being answered here, or None; also while a task runs within it."""
    work = _work.get()
    return work if isinstance(work, RequestScope) else None


def begin(work: Work) -> Token[Optional[Work]]:
    """From here on, what is captured belongs to ``work``, until ``end`` gets the token back."""
    work.ended = False
    return _work.set(work)


def end(token: Token[Optional[Work]]) -> None:
    """Back to what was before. A token from another context (a response streamed elsewhere) ends the work here."""
    work = _work.get()
    try:
        _work.reset(token)
    except (ValueError, RuntimeError):
        _work.set(None)
    if work is not None and work is not _work.get():
        work.ended = True


def inherit(work: Work) -> None:
    """Where ``work`` is part of another one: let it begin with what is said there and what happened there, and as silent."""
    outer = _work.get()
    if outer is not None:
        work.silent = outer.silent
        work.serves = outer.serves
        work.around = outer.around
        if outer.trail is not None:
            work.trail = outer.trail.copy()


class outside:  # noqa: N801 - reads as a statement: "with outside()"
    """A block that belongs to no work, whatever runs around it: the garbage collector calls in the midst of any."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _work.set(None)

    def __exit__(self, *_: object) -> None:
        end(self._token)


class unheard:  # noqa: N801 - reads as a statement: "with unheard()"
    """A block whose log lines are not reported as such: whoever opened it reports the same, and knows more."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _unheard.set(True)

    def __exit__(self, *_: object) -> None:
        try:
            _unheard.reset(self._token)
        except (ValueError, RuntimeError):
            _unheard.set(False)


def is_unheard() -> bool:
    """Whether a log line of this moment is reported by somebody else."""
    return _unheard.get()


# What the program says.


def say(change: Callable[[Around], Around]) -> None:
    """Change what is said about the work that is being done; where none is, about what this thread or task does."""
    work = _work.get()
    if work is not None:
        work.around = change(work.around)
    else:
        _around.set(change(_around.get()))


def said() -> Around:
    """All that is said here. What a block says counts more than what is said of the work around it."""
    work, block = _work.get(), _around.get()
    return block if work is None else block.over(work.around)


class saying:  # noqa: N801 - reads as a statement: "with saying(...)"
    """A block about which something is said."""

    def __init__(self, around: Around) -> None:
        self._said = around

    def __enter__(self) -> None:
        before = _around.get()
        # Kept in the context, not here: threads and tasks may enter the same block at once.
        _entered.set((before, _entered.get()))
        _around.set(self._said.over(before))

    def __exit__(self, _: object, exc: Optional[BaseException], __: object) -> None:
        if exc is not None:
            remember(exc, _around.get())
        entered = _entered.get()
        # None: left in another context than it was entered in, as some generators are. That one knows nothing of it.
        if entered is not None:
            _around.set(entered[0])
            _entered.set(entered[1])


def remember(exc: BaseException, around: Around) -> None:
    """An exception leaves the block about which this is said: whoever reports it later is to know. The innermost counts."""
    # Not its own __dict__, which may be of anybody's making. Plain values, so that it can still be pickled.
    fields = _ATTRIBUTES(exc)
    if _SAID not in fields:
        dict.__setitem__(fields, _SAID, (around.user, around.tags, around.contexts))


def said_of(exc: Optional[BaseException]) -> Around:
    """What was said of the blocks that this exception has left; all that is said here counts less."""
    told = None if exc is None else dict.get(_ATTRIBUTES(exc), _SAID)
    if type(told) is not tuple or len(told) != 3:
        return said()
    return Around(user=told[0], tags=told[1], contexts=told[2]).over(said())


def with_user(around: Around, user: Optional[Mapping[str, str]]) -> Around:
    """The same, but for who the user is."""
    return replace(around, user=user)


def with_tag(around: Around, name: str, value: str) -> Around:
    """The same, with this tag."""
    return replace(around, tags={**around.tags, name: value})


# What happened.


def leave(crumb: Crumb, limit: int) -> None:
    """Something happened that may explain what fails later. The last ``limit`` of its work are kept, or of its thread or task."""
    work = _work.get()
    if work is None:
        before = _trail.get()
        if before is None:
            _trail.set((crumb, None, 1))
        elif before[2] < 2 * limit:
            _trail.set((crumb, before, before[2] + 1))
        else:
            _trail.set((crumb, _shortened(before, limit), limit))
        return
    trail = work.trail
    if trail is None:
        from collections import deque

        trail = work.trail = deque(maxlen=limit)
    trail.append(crumb)


def trail(limit: int) -> Tuple[Crumb, ...]:
    """The last ``limit`` things that happened here, oldest first."""
    work = _work.get()
    if work is None:
        return tuple(_told(_trail.get(), limit))
    return () if work.trail is None else tuple(work.trail)


def _told(last: Optional[Link], limit: int) -> List[Crumb]:
    """The last ``limit`` of a chain, oldest first."""
    found: List[Crumb] = []
    while last is not None and len(found) < limit:
        found.append(last[0])
        last = last[1]
    found.reverse()
    return found


def _shortened(last: Link, limit: int) -> Optional[Link]:
    """A chain of its own of the last ones, leaving room for one more; done once for ``limit`` of them."""
    chain: Optional[Link] = None
    for number, crumb in enumerate(_told(last, limit - 1)):
        chain = (crumb, chain, number + 1)
    return chain
