"""One failure, as it was taken down in the thread that failed: all that cannot wait, and nothing else.

Its texts are texts already, and its calls are places in the code, so it keeps no exception, frame or request alive. What
takes time (reading the source, printing the traceback) happens when its event is made, in the thread that sends.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime, timezone

from aiops_sdk import hostile, stacktrace
from aiops_sdk.event import HTTP_ERROR, LOG_ERROR, Breadcrumb, Event, new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Hashable, Mapping, Match, Optional, Tuple

    from aiops_sdk.event import Request
    from aiops_sdk.printing import Thrown
    from aiops_sdk.scope import Crumb


_UNKNOWN = object()

# How much of a text decides whether it is the same again: as much as the platform reads.
_READ_LIMIT = 2_000
_QUOTED_LIMIT = 100

# What a capture keeps alive besides its texts, in bytes, and for each call.
_OWN_SIZE = 1_500
_CALL_SIZE = 8
_CRUMB_SIZE = 100

_NO_TAGS: Mapping[str, str] = {}

_DIGIT = re.compile("[0-9]")
# A number that stands alone.
_ALONE = re.compile(r"(?<![^\s(\[=#/'\"])[0-9]{1,20}(?=[,.;:]?(?:\s|\Z)|[)\]/'\"])")
# An address in memory: not between quotes, where its letters and digits may be counted.
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b", re.ASCII)
# Digits that the platform may fold. In front of an x they could become an address that was none.
_DIGITS = re.compile(r"(?<![A-Za-z_0-9])[0-9]+(?![0-9xX])")


class Capture:
    """A failure and its surroundings. Made and filled in by ``capturing``; later only delivery changes it, for repeats.

    ``at`` is Unix time. ``repeat_count`` says for how many occurrences it stands, itself included, from ``first_at`` to
    ``last_at`` (Unix time).
    """

    __slots__ = (
        "_key",
        "also_seen_by",
        "at",
        "breadcrumbs",
        "contexts",
        "error_type",
        "event_id",
        "fingerprint",
        "first_at",
        "last_at",
        "level",
        "logger",
        "message",
        "repeat_count",
        "request",
        "request_path",
        "route",
        "signal_type",
        "source",
        "stack_trace",
        "status_code",
        "tags",
        "template",
        "thread",
        "thrown",
        "user",
    )

    def __init__(
        self,
        *,
        signal_type: str,
        source: str,
        level: str,
        at: float,
        error_type: str,
        message: str,
        thrown: Tuple[Thrown, ...],
        contexts: Mapping[str, Mapping[str, object]],
        thread: str,
        stack_trace: str = "",
        status_code: Optional[int] = None,
        logger: Optional[str] = None,
        template: Optional[str] = None,
    ) -> None:
        self.event_id = new_id()
        self.signal_type = signal_type
        self.source = source
        self.level = level
        self.at = at
        self.error_type = error_type
        self.message = message
        #: The exceptions behind it, the reported one first.
        self.thrown = thrown
        self.contexts = contexts
        #: The name of the thread that it happened in.
        self.thread = thread
        #: A traceback that somebody else had made into a text already; where there is none, ``thrown`` tells.
        self.stack_trace = stack_trace
        self.status_code = status_code
        self.logger = logger
        self.template = template
        self.request: Optional[Request] = None
        self.request_path: Optional[str] = None
        self.route: Optional[str] = None
        self.user: Optional[Mapping[str, str]] = None
        self.tags: Mapping[str, str] = _NO_TAGS
        #: What happened before, oldest first.
        self.breadcrumbs: Tuple[Crumb, ...] = ()
        #: Decides alone which incident it belongs to, where it is not empty.
        self.fingerprint: Tuple[str, ...] = ()
        #: What else saw the same failure.
        self.also_seen_by: Tuple[str, ...] = ()
        self._key: Hashable = _UNKNOWN
        self.repeat_count: int = 1
        self.first_at: Optional[float] = None
        self.last_at: Optional[float] = None

    @property
    def place(self) -> Optional[Tuple[str, int, str]]:
        """File, line and function of where it happened, as far as known."""
        return self.thrown[0].stack.where if self.thrown else _written_at(self.contexts.get("log"))

    @property
    def key(self) -> Optional[Hashable]:
        """What makes two captures repeats of one another; never coarser than how the platform groups events.

        Those that differ only in numbers that stand alone, or in addresses of objects, are repeats. None: repeats nothing.
        """
        if self._key is _UNKNOWN:
            self._key = self._found_key()
        return self._key

    @key.setter
    def key(self, key: Optional[Hashable]) -> None:
        self._key = key

    @property
    def said(self) -> object:
        """What failed says of itself; a log line about it may say more, such as how often it was tried."""
        return tuple([thrown.value for thrown in self.thrown]) or self.message

    @property
    def seen_by(self) -> str:
        """Which of our ears heard of it."""
        heard = self.contexts.get("capture")
        return str(heard["mechanism"]) if heard is not None and "mechanism" in heard else self.source

    @property
    def size(self) -> int:
        """About how many bytes it keeps alive."""
        size = _OWN_SIZE + len(self.message) + len(self.stack_trace) + len(self.template or "")
        for thrown in self.thrown:
            size += len(thrown.value) + sum(map(len, thrown.notes)) + _CALL_SIZE * len(thrown.stack.places)
        if self.request is not None:
            size += sum(map(len, self.request.headers.values()))
            size += len(self.request.url or "") + len(self.request.query or "")
        for crumb in self.breadcrumbs:
            size += _CRUMB_SIZE + len(crumb[3])
        return size

    def _found_key(self) -> Hashable:
        if self.fingerprint:
            # Who gives one has decided what belongs together; what differs besides is still worth an event of its own.
            return (self.fingerprint, self._own_key())
        return self._own_key()

    def _own_key(self) -> Hashable:
        if self.signal_type == HTTP_ERROR:
            where = folded(self.route or self.request_path or "")
            return (self.signal_type, self.status_code, where, self.error_type, folded(self.message))
        stacks = tuple([(thrown.type, thrown.module, thrown.stack) for thrown in self.thrown])
        if self.signal_type == LOG_ERROR:
            return (self.signal_type, self.logger, self.level, self.template, folded(self.message), stacks)
        return (self.signal_type, self.source, self.error_type, folded(self.message), stacks)

    def event(self) -> Event:
        """The event, with all that can be found out. It reads files: not for the thread that failed."""
        described = stacktrace.tell(self.thrown) if self.thrown else None
        return Event(
            event_id=self.event_id,
            occurred_at=_moment(self.at),
            signal_type=self.signal_type,
            source=self.source,
            error_type=self.error_type,
            message=self.message,
            level=self.level,
            stack_trace=described.text if described is not None else self.stack_trace,
            status_code=self.status_code,
            request_path=self.request_path,
            route=self.route,
            request=self.request,
            exceptions=described.infos if described is not None else (),
            logger=self.logger,
            template=self.template,
            contexts={"process": _process(self.thread), **self.contexts},
            user=self.user,
            tags=self.tags,
            breadcrumbs=tuple([_breadcrumb(crumb) for crumb in self.breadcrumbs]),
            fingerprint=self.fingerprint,
            also_seen_by=self.also_seen_by,
            repeat_count=self.repeat_count,
            first_at=None if self.first_at is None else _moment(self.first_at),
            last_at=None if self.last_at is None else _moment(self.last_at),
        )


def folded(text: str) -> str:
    """The text without what differs from one occurrence to the next. Two texts that get equal are equal for the platform.

    It keeps what the platform keeps: digits within words and addresses, and the lengths of what it tells apart by length.
    """
    read = text[:_READ_LIMIT]
    if "://" in read or _DIGIT.search(read) is None:
        return read
    if len(text) <= _QUOTED_LIMIT or (len(text) <= _READ_LIMIT and "'" not in text and '"' not in text):
        read = _ALONE.sub("0", _ADDRESS.sub("0x0", read))
    return _DIGITS.sub(_zeros, read)


def _zeros(found: Match[str]) -> str:
    return "0" * (found.end() - found.start())


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, timezone.utc)


def _breadcrumb(crumb: Crumb) -> Breadcrumb:
    at, category, level, message, data = crumb
    return Breadcrumb(
        at=_moment(at), category=hostile.clean(category), level=level, message=hostile.clean(message), data=data
    )


def _process(thread: str) -> Dict[str, object]:
    argv: object = getattr(sys, "argv", None)
    first: object = argv[0] if type(argv) is list and argv else ""
    return {"pid": os.getpid(), "thread": thread, "argv0": hostile.clean(first) if type(first) is str else ""}


def _written_at(log: Optional[Mapping[str, object]]) -> Optional[Tuple[str, int, str]]:
    """The place in the code of a line in the log."""
    if log is None:
        return None
    file, line, function = log["file"], log["line"], log["function"]
    return (str(file), line, str(function)) if isinstance(line, int) and file else None
