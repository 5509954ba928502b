"""What happened, as frozen values, and how each is said on the wire (``wire/v1.md``).

Nothing here looks anything up: whoever makes an event hands in all that it says.
"""

from __future__ import annotations

import os

from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Callable, Dict, List, Mapping, Optional, Tuple, Union

    Wire = Dict[str, object]

    Text = Union[str, "Later"]


EXCEPTION = "exception"
HTTP_ERROR = "http_error"
LOG_ERROR = "log_error"
HEARTBEAT = "heartbeat"

LEVELS = ("debug", "info", "warning", "error", "critical")


class Ids:
    """Makes random UUIDs (version 4) as text; a forked child never repeats those of its parent.

    Randomness is read for many at once: to read it is to let another thread run first, which may take it milliseconds.
    """

    def __init__(self, at_once: int = 256) -> None:
        self._at_once = at_once
        self._pid = -1
        self._random: List[bytes] = []

    def new(self) -> str:
        """One that was never given before."""
        if self._pid != os.getpid():
            self._random, self._pid = [], os.getpid()
        try:
            raw = bytearray(self._random.pop())
        except IndexError:
            raw = bytearray(self._refill())
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        text = raw.hex()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def top_up(self) -> None:
        """Read more randomness if little is left: for a thread of ours, which does nobody harm if it waits."""
        if self._pid == os.getpid() and len(self._random) < self._at_once // 2:
            self._random.extend(self._read())

    def _refill(self) -> bytes:
        # Two threads that do this at once waste some, and that is all.
        fresh = self._read()
        first = fresh.pop()
        self._random = fresh
        return first

    def _read(self) -> List[bytes]:
        fresh = os.urandom(16 * self._at_once)
        return [fresh[begin : begin + 16] for begin in range(0, len(fresh), 16)]


_ids = Ids()


def new_id() -> str:
    """A random UUID (version 4) as text."""
    return _ids.new()


def keep_ids_ready() -> None:
    """Let ``new_id`` find randomness that was read before. For a thread of ours."""
    _ids.top_up()


class Later:
    """A text that takes time to make and may never be wanted: ``str()`` makes it, once. ``size`` is about its length."""

    __slots__ = ("_made", "_make", "size")

    def __init__(self, size: int, make: Callable[[], str]) -> None:
        self.size = size
        self._make: Optional[Callable[[], str]] = make
        self._made = ""

    def __str__(self) -> str:
        make = self._make
        if make is not None:
            self._made, self._make = make(), None
        return self._made

    def then(self, change: Callable[[str], str]) -> Later:
        """The same text, changed, and about as long as before: ``size`` stays."""
        return Later(self.size, lambda: change(str(self)))


class Origin(Frozen):
    """Who speaks: the same in everything that one process sends."""

    service: str
    environment: str
    host: str
    pid: int
    instance_id: str
    sdk_version: str
    release: Optional[str] = None
    #: What surrounds all events of the process; an event's own contexts stand over it.
    contexts: Mapping[str, Mapping[str, object]] = {}

    def to_wire(self) -> Wire:
        """The fields that every body begins with."""
        return {
            "service": self.service,
            "environment": self.environment,
            "host": self.host,
            "instance": {"id": self.instance_id, "host": self.host, "pid": self.pid},
            "sdk": {"name": "aiops-sdk", "version": self.sdk_version},
        }

    def head(self) -> Wire:
        """What all its events say: these fields, and what surrounds them."""
        head = self.to_wire()
        if self.release is not None:
            head["release"] = self.release
        if self.contexts:
            head["contexts"] = _objects(self.contexts)
        return head


class SourceContext(Frozen):
    """The line that ran, and its neighbours."""

    before: Tuple[str, ...]
    line: str
    after: Tuple[str, ...]

    def to_wire(self) -> Wire:
        """As a frame's ``source``."""
        return {"before": list(self.before), "line": self.line, "after": list(self.after)}


class Frame(Frozen):
    """One call of a traceback. ``in_app`` tells the user's own code from libraries."""

    file: str
    function: str
    module: Optional[str]
    line: int
    in_app: bool
    source: Optional[SourceContext] = None
    #: What its names stood for, each as a short text.
    locals: Optional[Mapping[str, str]] = None

    def to_wire(self) -> Wire:
        """As one entry of ``frames``."""
        body: Wire = {
            "file": self.file,
            "function": self.function,
            "module": self.module,
            "line": self.line,
            "in_app": self.in_app,
        }
        if self.source is not None:
            body["source"] = self.source.to_wire()
        if self.locals:
            body["locals"] = dict(self.locals)
        return body


def _listed(frames: Tuple[Frame, ...]) -> object:
    return [frame.to_wire() for frame in frames]


class ExceptionInfo(Frozen):
    """One exception of a tree: the reported one has no parent, each other says whose ``relation`` it is."""

    type: str
    module: Optional[str]
    value: str
    notes: Tuple[str, ...] = ()
    frames: Tuple[Frame, ...] = ()
    parent: Optional[int] = None
    relation: Optional[str] = None

    def to_wire(self, encode: Callable[[Tuple[Frame, ...]], object] = _listed) -> Wire:
        """As one entry of ``exceptions``. ``encode`` says how its frames are said."""
        body: Wire = {
            "type": self.type,
            "module": self.module,
            "value": self.value,
            "notes": list(self.notes),
            "frames": encode(self.frames),
        }
        if self.parent is not None:
            body["parent"] = self.parent
            body["relation"] = self.relation
        return body


class Request(Frozen):
    """The request during which it happened, as far as it may be told."""

    method: str
    url: Optional[str] = None
    query: Optional[str] = None
    headers: Mapping[str, str] = {}
    remote_addr: Optional[str] = None
    #: What was sent with it, as JSON has it.
    body: object = None

    def to_wire(self) -> Wire:
        """As an event's ``request``; what is not known is left out."""
        return _present(
            method=self.method,
            url=self.url,
            query=self.query,
            headers=dict(self.headers),
            remote_addr=self.remote_addr,
            body=self.body,
        )


class Breadcrumb(Frozen):
    """Something that happened before, and may explain what failed. ``at`` is aware and UTC."""

    at: datetime
    category: str
    level: str
    message: str
    data: Mapping[str, object] = {}

    def to_wire(self) -> Wire:
        """As one entry of ``breadcrumbs``."""
        return _present(
            at=rfc3339(self.at),
            category=self.category,
            level=self.level,
            message=self.message,
            data=dict(self.data) or None,
        )


class Event(Frozen):
    """Something that an app reports, once. Times are aware and UTC.

    ``repeat_count`` says for how many occurrences it stands, itself included, from ``first_at`` to ``last_at``.
    """

    event_id: str
    occurred_at: datetime
    signal_type: str
    source: str
    error_type: str
    message: str
    level: str = "error"
    stack_trace: Text = ""
    status_code: Optional[int] = None
    request_path: Optional[str] = None
    route: Optional[str] = None
    request: Optional[Request] = None
    exceptions: Tuple[ExceptionInfo, ...] = ()
    logger: Optional[str] = None
    template: Optional[str] = None
    contexts: Mapping[str, Mapping[str, object]] = {}
    user: Optional[Mapping[str, str]] = None
    tags: Mapping[str, str] = {}
    #: Oldest first.
    breadcrumbs: Tuple[Breadcrumb, ...] = ()
    #: Decides alone which incident it belongs to, where it is not empty.
    fingerprint: Tuple[str, ...] = ()
    #: What else saw the same failure.
    also_seen_by: Tuple[str, ...] = ()
    repeat_count: int = 1
    first_at: Optional[datetime] = None
    last_at: Optional[datetime] = None

    def to_wire(self, origin: Origin) -> Wire:
        """The whole body: old servers read the first fields and ignore the rest."""
        body = origin.head()
        body.update(self.fields())
        body["stack_trace"] = str(self.stack_trace)
        contexts = {**origin.contexts, **self.contexts}
        if contexts:
            body["contexts"] = _objects(contexts)
        return body

    def fields(self, encode: Callable[[Tuple[Frame, ...]], object] = _listed) -> Wire:
        """What the event says itself, without what ``Origin.head`` says. ``encode`` says how frames are said.

        The text of the traceback is as it is here: it may be a ``Later`` still.
        """
        fields: Wire = {
            "timestamp": int(self.occurred_at.timestamp()),
            "signal_type": self.signal_type,
            "source": self.source,
            "status_code": self.status_code,
            "request_path": self.request_path,
            "error_type": self.error_type,
            "message": self.message,
            "stack_trace": self.stack_trace,
            "event_id": self.event_id,
            "occurred_at": rfc3339(self.occurred_at),
            "level": self.level,
        }
        if self.exceptions:
            fields["exceptions"] = [info.to_wire(encode) for info in self.exceptions]
        if self.request is not None:
            fields["request"] = self.request.to_wire()
        for name in _SAID_IF_KNOWN:
            value = getattr(self, name)
            if value is not None:
                fields[name] = value
        if self.contexts:
            fields["contexts"] = _objects(self.contexts)
        self._add_what_was_handed_in(fields)
        if self.repeat_count > 1:
            self._add_repeats(fields)
        return fields

    def _add_what_was_handed_in(self, fields: Wire) -> None:
        if self.user:
            fields["user"] = dict(self.user)
        if self.tags:
            fields["tags"] = dict(self.tags)
        if self.breadcrumbs:
            fields["breadcrumbs"] = [crumb.to_wire() for crumb in self.breadcrumbs]
        for name in _SAID_IF_ANY:
            several = getattr(self, name)
            if several:
                fields[name] = list(several)

    def _add_repeats(self, fields: Wire) -> None:
        fields["repeat_count"] = self.repeat_count
        for name in _MOMENTS:
            at = getattr(self, name)
            if at is not None:
                fields[name] = rfc3339(at)


_SAID_IF_KNOWN = ("route", "logger", "template")
_SAID_IF_ANY = ("fingerprint", "also_seen_by")
_MOMENTS = ("first_at", "last_at")


class Beat(Frozen):
    """A sign of life. ``interval`` is the seconds until the next one; ``closing`` says that there is none."""

    at: datetime
    base_url: Optional[str]
    interval: float
    closing: bool
    stats: Mapping[str, object]

    def to_wire(self, origin: Origin) -> Wire:
        """The whole body of a heartbeat."""
        body = origin.to_wire()
        if origin.release is not None:
            body["release"] = origin.release
        body.update(
            timestamp=int(self.at.timestamp()),
            signal_type=HEARTBEAT,
            status_code=None,
            request_path=None,
            base_url=self.base_url,
            interval=self.interval,
            closing=self.closing,
            stats={name: value for name, value in self.stats.items() if value is not None},
        )
        return body


def rfc3339(moment: datetime) -> str:
    """``2026-11-22T03:14:07.123456Z``, with all six digits even when they are zero."""
    if moment.utcoffset():
        from datetime import timezone

        moment = moment.astimezone(timezone.utc)
    return moment.isoformat(timespec="microseconds")[:26] + "Z"


def _objects(contexts: Mapping[str, Mapping[str, object]]) -> Wire:
    return {name: dict(values) for name, values in contexts.items()}


def _present(**fields: object) -> Wire:
    return {name: value for name, value in fields.items() if value is not None}
