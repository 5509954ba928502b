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
    from typing import Callable, Deque, Iterator, List, Mapping, Optional, Sequence, Tuple

    # When (Unix time), category, level, message, data.
    Crumb = Tuple[float, str, str, str, Mapping[str, object]]
    # A block that was entered here and not left yet, the work that was being done, what it says, and since when (monotonic).
    Entered = Tuple["saying", Optional["Work"], "Around", float]
    # What an exception keeps: tags, contexts, when it left the last of these blocks (monotonic), whether an event has told it.
    Mark = Tuple[Mapping[str, str], Mapping[str, Mapping[str, object]], float, bool]
    # What happened, what had happened before, and how many they are together.
    Link = Tuple[Crumb, Optional["Link"], int]


KEPT = 100
DEEPEST = 10


class Around(Frozen):
    """What the program says about what it is doing: made anew with each change, so that nobody's copy changes.

    ``user`` is None where nothing is said of it, and empty where it is said that there is none.
    """

    user: Optional[Mapping[str, str]] = None
    tags: Mapping[str, str] = {}
    contexts: Mapping[str, Mapping[str, object]] = {}

    def over(self, outer: Around) -> Around:
        """This, and of ``outer`` what this does not say."""
        if outer is NOTHING or outer is self:
            return self
        if self is NOTHING:
            return outer
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
    #: The work in the midst of which it is done.
    outer: Optional[Work] = None
    #: How many of these are known, one around the other.
    depth: int = 0
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


# Where an exception keeps what was said of the blocks that it has left.
_SAID = "__aiops_sdk_said__"
_ATTRIBUTES = BaseException.__dict__["__dict__"].__get__
_CAUSE = BaseException.__dict__["__cause__"].__get__
_CONTEXT = BaseException.__dict__["__context__"].__get__
_SUPPRESSED = BaseException.__dict__["__suppress_context__"].__get__

_work: ContextVar[Optional[Work]] = ContextVar("aiops_sdk_work", default=None)
_unheard: ContextVar[bool] = ContextVar("aiops_sdk_unheard", default=False)
# What is said where no work is done.
_thread: ContextVar[Around] = ContextVar("aiops_sdk_thread", default=NOTHING)
# The blocks that were entered and not left yet, the innermost last.
_blocks: ContextVar[Tuple[Entered, ...]] = ContextVar("aiops_sdk_blocks", default=())
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
    # Each request comes here several times, and mostly it ends here.
    return work if work is None or isinstance(work, RequestScope) else request_of(work)


def request_of(work: Optional[Work]) -> Optional[RequestScope]:
    """The request that this is, or in the midst of which it is done; None if there is none."""
    while work is not None and not isinstance(work, RequestScope):
        work = work.outer
    return work


def logs_of(work: Work) -> Tuple[WorkLog, ...]:
    """Where to note what is captured in this work: its own, and that of the request in the midst of which it is done."""
    request = request_of(work)
    return (work.log,) if request is None or request.log is work.log else (work.log, request.log)


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
    outer = current_work()
    if outer is not None:
        if outer.depth < DEEPEST:
            work.outer, work.depth = outer, outer.depth + 1
        else:
            # Where each run begins the next one, they would keep each other for ever.
            work.outer, work.depth, work.around = request_of(outer), 1, said()
        work.silent = outer.silent
        work.serves = outer.serves
        if outer.trail is not None:
            work.trail = outer.trail.copy()


def carry_on(work: Work, limit: int) -> None:
    """Where ``work`` is all that this thread or task is there for: let it begin with the last ``limit`` things that happened here."""
    before = trail(limit)
    if before:
        from collections import deque

        work.trail = deque(before, maxlen=limit)


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


def say_user(user: Mapping[str, str]) -> None:
    """Say who is served; empty for nobody."""
    _say(lambda before: replace(before, user=user))


def say_tag(name: str, value: str) -> None:
    """Say something by which events can be searched. A block that said otherwise does so no more."""
    _say(lambda before: replace(before, tags={**before.tags, name: value}))
    work, blocks = _work.get(), _blocks.get()
    if any(about is work and name in around.tags for _, about, around, _ in blocks):
        _blocks.set(tuple([_without(block, name) if block[1] is work else block for block in blocks]))


def _say(change: Callable[[Around], Around]) -> None:
    """Change what is said about the work that is being done; where none is, about what this thread or task does."""
    work = _work.get()
    if work is not None:
        work.around = change(work.around)
    else:
        _thread.set(change(_thread.get()))


def _without(block: Entered, name: str) -> Entered:
    owner, work, around, since = block
    tags = {known: value for known, value in around.tags.items() if known != name}
    return (owner, work, replace(around, tags=tags), since)


def said() -> Around:
    """All that is said here.

    What is nearest counts most: the blocks of the work that is done, what is said of that work, the same of the work in
    the midst of which it is done, all other blocks, and at last what is said of this thread or task.
    """
    work, blocks = _work.get(), _blocks.get()
    told = NOTHING
    while work is not None:
        told = _of_blocks([block for block in blocks if block[1] is work], told).over(work.around)
        blocks = tuple([block for block in blocks if block[1] is not work])
        work = work.outer
    return _of_blocks(blocks, told).over(_thread.get())


def _of_blocks(blocks: Sequence[Entered], told: Around) -> Around:
    for _, _, around, _ in reversed(blocks):
        told = told.over(around)
    return told


class unsaid:  # noqa: N801 - reads as a statement: "with unsaid()"
    """A block after which what is said, and what happened, outside of any work is what it was before."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before = (_thread.get(), _trail.get())

    def __exit__(self, *_: object) -> None:
        _thread.set(self._before[0])
        _trail.set(self._before[1])


def forget() -> None:
    """What this thread or task has said outside of any work, and what happened there, is told no more."""
    _thread.set(NOTHING)
    _trail.set(None)


class saying:  # noqa: N801 - reads as a statement: "with saying(...)"
    """A block about which something is said."""

    def __init__(self, around: Around) -> None:
        self._said = around

    def __enter__(self) -> None:
        # Kept in the context, not here: threads and tasks may enter the same block at once. Some generators never leave
        # theirs, so not all are kept.
        _blocks.set((*_blocks.get()[1 - KEPT :], (self, _work.get(), self._said, time.monotonic())))

    def __exit__(self, _: object, exc: Optional[BaseException], __: object) -> None:
        blocks = _blocks.get()
        # Mostly the last one; generators that take turns leave theirs in any order.
        for index in range(len(blocks) - 1, -1, -1):
            owner, _work_then, around, since = blocks[index]
            if owner is self:
                _blocks.set(blocks[:index] + blocks[index + 1 :])
                if exc is not None:
                    _remember(exc, around, since)
                return
        # Left in another context than it was entered in, as some generators are. That one knows nothing of it.
        if exc is not None:
            _remember(exc, self._said, float("-inf"))


def _remember(exc: BaseException, said: Around, since: float) -> None:
    """An exception leaves a block, entered at ``since``, about which this is said: whoever reports it later is to know."""
    told, before = False, _mark(exc)
    if before is not None and before[2] >= since:
        # It has left a block within this one, which counts more.
        said, told = Around(tags=before[0], contexts=before[1]).over(said), before[3]
    elif before is not None and _is_untold(before):
        # It comes from elsewhere: from a future, say.
        said = said.over(Around(tags=before[0], contexts=before[1]))
    _write(exc, (said.tags, said.contexts, time.monotonic(), told))


def said_of(exc: Optional[BaseException]) -> Around:
    """What was said of the blocks that this exception has left, or those that led to it; all that is said here counts less.

    It counts for one event: some programs raise the same exception object again and again.
    """
    told = NOTHING
    for number, (each, is_explicit) in enumerate(_lineage(exc)):
        mark = _mark(each)
        if mark is not None and _is_untold(mark):
            told = told.over(Around(tags=mark[0], contexts=mark[1]))
            if is_explicit:
                # What was merely being handled may be reported by itself, too.
                _write(each, (mark[0], mark[1], mark[2], True))
        if number >= KEPT:
            break
    return told.over(said())


def _is_untold(mark: Mark) -> bool:
    """Whether this may be of the failure that is seen now, and not of an earlier one."""
    work = _work.get()
    return not mark[3] and (work is None or mark[2] >= work.began)


def _lineage(exc: Optional[BaseException]) -> Iterator[Tuple[BaseException, bool]]:
    """The exception, and those that Python prints as what led to it; and whether it was raised ``from`` all these."""
    explicit = True
    while exc is not None:
        yield exc, explicit
        cause: Optional[BaseException] = _CAUSE(exc)
        explicit = explicit and cause is not None
        exc = cause if cause is not None or _SUPPRESSED(exc) else _CONTEXT(exc)


def _mark(exc: BaseException) -> Optional[Mark]:
    # Not its own __dict__, here and below, which may be of anybody's making.
    found = dict.get(_ATTRIBUTES(exc), _SAID)
    return found if type(found) is tuple and len(found) == 4 else None


def _write(exc: BaseException, mark: Mark) -> None:
    # Plain values, so that it can still be pickled.
    dict.__setitem__(_ATTRIBUTES(exc), _SAID, mark)


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
