"""What an app reports, in the words of the wire (`wire/v1.md`): events, heartbeats, words on jobs."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]

UNKNOWN_SERVICE = "unknown-service"
DEFAULT_ENVIRONMENT = "production"


class SignalType(StrEnum):
    """What kind of report a body is."""

    EXCEPTION = "exception"
    HTTP_ERROR = "http_error"
    LOG_ERROR = "log_error"
    HEARTBEAT = "heartbeat"
    JOB = "job"
    PING = "ping"


class Level(StrEnum):
    """How bad it is, by the one who reports it."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Relation(StrEnum):
    """How an exception belongs to its parent in the list."""

    CAUSE = "cause"
    CONTEXT = "context"
    MEMBER = "member"


class RunState(StrEnum):
    """How one run of a job stands, as far as was said."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PingWord(StrEnum):
    """What a ping says of a run of a job."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    LOG = "log"


class SourceContext(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The lines around the one that ran."""

    before: tuple[str, ...] = ()
    line: str = ""
    after: tuple[str, ...] = ()


class Frame(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One call of a traceback. `in_app` is None where the reporter did not say (clients of version 0.1.x)."""

    file: str = ""
    function: str = ""
    module: str | None = None
    line: int | None = None
    in_app: bool | None = None
    source: SourceContext | None = None
    locals: dict[str, str] | None = None


class ExceptionInfo(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One exception of a tree that is kept as a flat list: `parent` is the index of the entry it belongs to."""

    type: str = ""
    module: str | None = None
    value: str = ""
    notes: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    parent: int | None = None
    relation: Relation | None = None


class Request(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The HTTP request that was being answered."""

    method: str | None = None
    url: str | None = None
    query: str | None = None
    headers: dict[str, str] = {}
    body: Any = None
    remote_addr: str | None = None


class User(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whom it happened to."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    ip_address: str | None = None


class Breadcrumb(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that happened before."""

    at: str | None = None
    category: str | None = None
    level: str | None = None
    message: str | None = None
    data: dict[str, Any] = {}


class Instance(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which process speaks; `id` is new at each start and in each forked child."""

    id: str = ""
    host: str | None = None
    pid: int | None = None


class Sdk(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which client speaks."""

    name: str | None = None
    version: str | None = None


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every body carries. `remarks` says what was dropped or cut when it was read."""

    signal_type: SignalType
    service: str = UNKNOWN_SERVICE
    environment: str = DEFAULT_ENVIRONMENT
    host: str | None = None
    timestamp: float | None = None
    status_code: int | None = None
    request_path: str | None = None
    instance: Instance | None = None
    sdk: Sdk | None = None
    remarks: tuple[str, ...] = ()


class Event(Report, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A failure: an exception, an HTTP error, or a log record. Everything but `signal_type` may be missing."""

    source: str | None = None
    error_type: str = ""
    message: str = ""
    stack_trace: str = ""
    event_id: UUID | None = None
    occurred_at: Moment | None = None
    level: Level | None = None
    release: str | None = None
    exceptions: tuple[ExceptionInfo, ...] = ()
    request: Request | None = None
    route: str | None = None
    user: User | None = None
    tags: dict[str, str] = {}
    contexts: dict[str, dict[str, Any]] = {}
    breadcrumbs: tuple[Breadcrumb, ...] = ()
    logger: str | None = None
    template: str | None = None
    fingerprint: tuple[str, ...] = ()
    also_seen_by: tuple[str, ...] = ()
    repeat_count: Annotated[int, Meta(ge=1)] = 1
    first_at: Moment | None = None
    last_at: Moment | None = None
    sent_at: Moment | None = None


class Fixer(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something that a service offers to do when asked."""

    name: str = ""
    description: str | None = None
    params: dict[str, Any] = {}
    each_instance: bool = False
    timeout: float | None = None


class FixResult(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What became of a fix that was asked for. `duration` is in seconds."""

    type: str = ""
    request: str = ""
    state: str = ""
    incident: str | None = None
    fix: str | None = None
    instance: str | None = None
    began_at: Moment | None = None
    duration: float | None = None
    value: Any = None
    error: str | None = None
    stack_trace: str | None = None
    log: str | None = None


class Answered(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How many requests a process has answered well since it started, by method and route."""

    method: str = ""
    route: str = ""
    count: int = 0


class Heartbeat(Report, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A sign of life. `interval` is in seconds; `closing` says goodbye."""

    base_url: str | None = None
    release: str | None = None
    interval: float | None = None
    closing: bool = False
    stats: dict[str, Any] = {}
    fixers: tuple[Fixer, ...] = ()
    fixes: tuple[FixResult, ...] = ()
    answered: tuple[Answered, ...] = ()


class JobReport(Report, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One word on one run of a job: that it began, or how it ended. `duration` is in seconds."""

    job: str
    run_id: UUID
    state: RunState
    duration: float | None = None
    occurred_at: Moment | None = None
    sent_at: Moment | None = None
    event_id: UUID | None = None
    release: str | None = None
    schedule: dict[str, Any] | None = None


class Ping(Report, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One ping of a job, as the door writes it down. Without a `run_id` it is about the run that such a ping began last.

    `output` is what the program printed. A job that is not known is made, if it is to `create`.
    """

    job: str
    word: PingWord
    run_id: UUID | None = None
    exit_status: int | None = None
    output: str | None = None
    create: bool = True
