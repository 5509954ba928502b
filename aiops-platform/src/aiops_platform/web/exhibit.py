"""An event laid out for its page: what to show of it, in which order, and how much. The template only draws it.

Everything here came from outside. It is cut to a budget of bytes, so that no page gets longer than 60 kB; whatever was
cut carries a JSON pointer, and the page links to the whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec

from aiops_platform.core import reasons
from aiops_platform.core.event import Event, ExceptionInfo, Frame, Level, Relation, SignalType
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.traceback_text import is_in_app, read_traceback
from aiops_platform.core.views import GroupReason
from aiops_platform.web import words
from aiops_platform.web.cut import Budget, Text, shortened

PAGE_BUDGET = 40_000
GROUPING_BUDGET = 4_000
# What the first of many may take at most, so that the others still find something.
_EXCEPTIONS_SHARE, _EXCEPTION_SHARE, _REQUEST_SHARE, _SECTION_SHARE = 24_000, 18_000, 7_000, 4_000

# What the markup around each thing costs, in bytes; measured generously, and held by a test on hostile events.
_FRAME, _LINE, _ROW, _EXCEPTION, _CRUMB, _FOLD = 480, 100, 150, 700, 260, 160

_INSTALLED = re.compile(r"(?:site|dist)-packages[/\\]([\w.-]+?)(?:\.py$|[/\\])")

_MOST_EXCEPTIONS = 30
_MOST_FRAMES = 80
_OPEN_FRAMES = 6
_MOST_LOCALS = 40
_MOST_ROWS = 60
_MOST_CRUMBS = 60
_MOST_CONTEXTS = 12
# Which contexts of our SDK tell of the process; all others tell of what it was doing.
_SURROUNDINGS = {"runtime", "os", "process", "packages", "threads", "delivery", "host", "device"}


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """A line of code; `is_here` is the one that ran."""

    number: int | None
    text: Text
    is_here: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """A name and what it stands for."""

    name: str
    value: Text


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows that belong together, and how many more there are."""

    title: str
    rows: tuple[Row, ...]
    hidden: int
    at: str

    @property
    def is_wide(self) -> bool:
        """Whether a value has lines of its own, a thread's calls say: then it needs the page's width."""
        return any("\n" in row.value.shown for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class FrameExhibit:
    """One call. `times` is above 1 when the same call stands there again and again, as in endless recursion."""

    function: Text
    file: Text
    line: int | None
    module: str
    in_app: bool
    is_open: bool
    times: int
    source: tuple[SourceLine, ...]
    locals: Rows | None
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Calls in a row that are all the app's own, or all not. `packages` names whose they are."""

    in_app: bool
    is_open: bool
    frames: tuple[FrameExhibit, ...]
    calls: int
    packages: str


@dataclass(frozen=True, kw_only=True)
class ExceptionExhibit:
    """One exception of the tree; `depth` is how far it is indented, `because` how it belongs to the one above."""

    type: Text
    module: str | None
    value: Text
    because: str | None
    depth: int
    notes: tuple[Text, ...]
    stretches: tuple[Stretch, ...]
    hidden_frames: int
    at: str


@dataclass(frozen=True, kw_only=True)
class Crumb:
    """Something that happened before. `at` is a time as the reporter wrote it, `before` how long before the event that was."""

    at: str
    before: str
    category: str
    level: str
    message: Text
    data: Text | None


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """All that the page shows of one event, in order of importance: that is also the order in which it was cut."""

    message: Text | None
    exceptions: tuple[ExceptionExhibit, ...]
    hidden_exceptions: int
    trace: Text | None
    request: Rows | None
    headers: Rows | None
    request_body: Text | None
    user: Rows | None
    tags: Rows | None
    crumbs: tuple[Crumb, ...]
    hidden_crumbs: int
    concerns: tuple[Rows, ...]
    surroundings: tuple[Rows, ...]
    hidden_contexts: int
    about: Rows
    remarks: tuple[str, ...]


def lay_out(event: Event, *, budget: Budget | None = None, source: SourceLink | None = None) -> Exhibit:
    """What the page shows of this event; `source` is the way to the project's repository."""
    budget = budget or Budget(PAGE_BUDGET)
    known = event.exceptions or read_traceback(event.stack_trace)
    # The first exception says it already, nearly always.
    is_said = bool(known) and event.message.strip() in {known[0].value.strip(), ""}
    message = None if is_said else budget.text(event.message, at="/message", most=4000)
    shown = _exceptions(known, budget.share(_EXCEPTIONS_SHARE), told=bool(event.exceptions))
    exceptions = tuple(_linked(each, source, event.release) for each in shown)
    request = event.request
    asked = budget.share(_REQUEST_SHARE)
    return Exhibit(
        message=message,
        exceptions=exceptions,
        hidden_exceptions=len(known) - len(exceptions),
        request=_request(event, asked),
        headers=_rows("Headers", request.headers, asked, "/request/headers", most=500) if request else None,
        request_body=_whole(request.body, asked, "/request/body", 4000)
        if request and request.body is not None
        else None,
        user=_user(event, budget),
        tags=_rows("Tags", event.tags, budget.share(_SECTION_SHARE), "/tags", most=200),
        concerns=(concerns := tuple(_contexts(event.contexts, budget.share(_SECTION_SHARE), of_machine=False))),
        surroundings=(where := tuple(_contexts(event.contexts, budget.share(_SECTION_SHARE), of_machine=True))),
        hidden_contexts=sum(1 for values in event.contexts.values() if values) - len(concerns) - len(where),
        about=_about(event, budget),
        crumbs=(crumbs := tuple(_crumbs(event, budget.share(_REQUEST_SHARE)))),
        hidden_crumbs=len(event.breadcrumbs) - len(crumbs),
        trace=budget.text(event.stack_trace, at="/stack_trace", most=16_000) if event.stack_trace else None,
        remarks=tuple(shortened(remark, 200) for remark in event.remarks[:5]),
    )


def _linked(exhibit: ExceptionExhibit, source: SourceLink | None, release: str | None) -> ExceptionExhibit:
    """With the links of its own calls; those of libraries lie elsewhere."""
    if source is None:
        return exhibit
    stretches = tuple(
        replace(stretch, frames=tuple(replace(frame, link=_link(frame, source, release)) for frame in stretch.frames))
        if stretch.in_app
        else stretch
        for stretch in exhibit.stretches
    )
    return replace(exhibit, stretches=stretches)


def _link(frame: FrameExhibit, source: SourceLink, release: str | None) -> str | None:
    return None if frame.file.is_cut else source.to(frame.file.shown, frame.line, release)


def grouping(known: Sequence[GroupReason]) -> tuple[Rows, ...]:
    """Why events came together, for each rule that said so."""
    budget = Budget(GROUPING_BUDGET)
    shown = (
        _rows(f"version {reason.version}", reasons.in_words(reason.parts), budget, "", most=600) for reason in known
    )
    return tuple(rows for rows in shown if rows is not None)


def _exceptions(known: Sequence[ExceptionInfo], budget: Budget, *, told: bool) -> Iterator[ExceptionExhibit]:
    depths: list[int] = []
    for index, exception in enumerate(known[:_MOST_EXCEPTIONS]):
        if not budget.room(_EXCEPTION):
            return
        parent = exception.parent
        depths.append(depths[parent] + 1 if parent is not None and 0 <= parent < index else 0)
        # Text of an old client has no place of its own in the JSON: it points to the text as a whole.
        at = f"/exceptions/{index}" if told else "/stack_trace"
        share = budget.share(_EXCEPTION_SHARE)
        # In the order of what must not be missing: what it is, what it says, and only then where.
        kind = share.text(exception.type or "Exception", at=f"{at}/type" if told else at, most=200)
        value = share.text(exception.value, at=f"{at}/value" if told else at, most=2000)
        notes = tuple(share.text(note, at=f"{at}/notes", most=300) for note in exception.notes[:8])
        stretches, hidden = _stretches(exception.frames, share, at, told=told, is_first=index == 0)
        yield ExceptionExhibit(
            type=kind,
            module=shortened(exception.module, 100) if exception.module not in (None, "", "builtins") else None,
            value=value,
            because=_because(exception, known),
            depth=min(depths[index], 6),
            notes=notes,
            stretches=stretches,
            hidden_frames=hidden,
            at=at,
        )


def _because(exception: ExceptionInfo, known: Sequence[ExceptionInfo]) -> str | None:
    parent = exception.parent
    if parent is None or not 0 <= parent < len(known):
        return None
    whose = shortened(known[parent].type or "the exception above", 80)
    match exception.relation:
        case Relation.CAUSE:
            return f"{whose} was raised from this"
        case Relation.MEMBER:
            return f"one of the group {whose}"
        case _:
            return f"{whose} was raised while this was handled"


def _stretches(
    frames: Sequence[Frame], budget: Budget, at: str, *, told: bool, is_first: bool
) -> tuple[tuple[Stretch, ...], int]:
    """The newest call first: where it broke is what people look for."""
    numbered = list(reversed(list(enumerate(frames))))
    any_app = any(_is_ours(frame) for frame in frames)
    shown: list[FrameExhibit] = []
    calls = opened = 0
    for (_, in_app), run in groupby(numbered, key=lambda pair: (_place(pair[1]), _is_ours(pair[1]))):
        same = list(run)
        if len(shown) >= _MOST_FRAMES or not budget.room(_FRAME):
            break
        index, frame = same[0]
        is_open = is_first and opened < _OPEN_FRAMES and (in_app or not (any_app or shown))
        opened += is_open
        pointer = f"{at}/frames/{index}" if told else at
        shown.append(_frame(frame, budget, pointer, in_app=in_app, is_open=is_open, times=len(same)))
        calls += len(same)
    return tuple(_grouped(shown, budget)), len(frames) - calls


def _is_ours(frame: Frame) -> bool:
    return is_in_app(frame.file) if frame.in_app is None else frame.in_app


def _place(frame: Frame) -> tuple[str, str, int | None]:
    return frame.file, frame.function, frame.line


def _grouped(frames: Iterable[FrameExhibit], budget: Budget) -> Iterator[Stretch]:
    for in_app, run in groupby(frames, key=lambda frame: frame.in_app):
        budget.room(_FOLD)
        stretch = tuple(run)
        packages = list(dict.fromkeys(frame.module.split(".")[0] for frame in stretch if frame.module))
        yield Stretch(
            in_app=in_app,
            is_open=in_app or any(frame.is_open for frame in stretch),
            frames=stretch,
            calls=sum(frame.times for frame in stretch),
            packages=", ".join(shortened(package, 40) for package in packages[:4]),
        )


def _frame(frame: Frame, budget: Budget, at: str, *, in_app: bool, is_open: bool, times: int) -> FrameExhibit:
    return FrameExhibit(
        function=budget.text(frame.function or "?", at=f"{at}/function", most=200),
        file=budget.text(frame.file or "?", at=f"{at}/file", most=300),
        line=frame.line,
        module=shortened(frame.module or _package_of(frame.file), 100),
        in_app=in_app,
        is_open=is_open,
        times=times,
        source=tuple(_source(frame, budget, at)),
        locals=_rows("Locals", frame.locals or {}, budget, f"{at}/locals", most=300, rows=_MOST_LOCALS),
    )


def _package_of(file: str) -> str:
    """Whose file it is, as far as its path tells; clients of version 0.1.x name no modules."""
    installed = _INSTALLED.search(file)
    return installed[1] if installed else ""


def _source(frame: Frame, budget: Budget, at: str) -> Iterator[SourceLine]:
    source = frame.source
    if source is None:
        return
    first = None if frame.line is None else frame.line - len(source.before)
    for index, line in enumerate((*source.before[-10:], source.line, *source.after[:10])):
        if not budget.room(_LINE):
            return
        yield SourceLine(
            number=None if first is None else first + max(0, len(source.before) - 10) + index,
            text=budget.text(line.rstrip("\n"), at=f"{at}/source", most=300),
            is_here=index == min(len(source.before), 10),
        )


def _rows(
    title: str, values: Mapping[str, Any], budget: Budget, at: str, *, most: int, rows: int = _MOST_ROWS
) -> Rows | None:
    """None when there is nothing to show."""
    if not values:
        return None
    shown = []
    for name, value in list(values.items())[:rows]:
        key = shortened(str(name), 100)
        if not budget.room(_ROW + 6 * len(key)):
            break
        shown.append(Row(name=key, value=_whole(value, budget, f"{at}/{_escaped(str(name))}", most)))
    return Rows(title=title, rows=tuple(shown), hidden=len(values) - len(shown), at=at)


def _whole(value: object, budget: Budget, at: str, most: int) -> Text:
    """Text as it is; everything else as JSON."""
    return budget.text(value if isinstance(value, str) else as_json(value), at=at, most=most)


def _request(event: Event, budget: Budget) -> Rows | None:
    request = event.request
    facts: dict[str, Any] = {}
    if request is not None:
        facts = {
            "method": request.method,
            "url": request.url,
            "query": request.query,
            "remote_addr": request.remote_addr,
        }
    facts |= {"route": event.route, "path": event.request_path}
    if any(facts.values()) or event.signal_type is SignalType.HTTP_ERROR:
        # Clients say 500 of every exception, also where there was no request to answer.
        facts["status"] = event.status_code
    told = {name: value for name, value in facts.items() if value not in (None, "")}
    return _rows("Request", told, budget, "/request", most=1500)


def _user(event: Event, budget: Budget) -> Rows | None:
    if event.user is None:
        return None
    told = {name: value for name, value in msgspec.structs.asdict(event.user).items() if value}
    return _rows("User", told, budget, "/user", most=200)


def _contexts(contexts: Mapping[str, Mapping[str, Any]], budget: Budget, *, of_machine: bool) -> Iterator[Rows]:
    """Those that say what it was about (a task, a job, a cart), or those that say on what it ran."""
    wanted = [each for each in contexts.items() if (each[0] in _SURROUNDINGS) is of_machine]
    for name, values in wanted[:_MOST_CONTEXTS]:
        rows = _rows(shortened(name, 60), values, budget, f"/contexts/{_escaped(name)}", most=300, rows=30)
        if rows:
            yield rows


def _about(event: Event, budget: Budget) -> Rows:
    instance, sdk = event.instance, event.sdk
    told: dict[str, Any] = {
        "level": event.level,
        "source": event.source,
        "logger": event.logger,
        "template": event.template,
        "release": event.release,
        "host": (instance.host if instance else None) or event.host,
        "process": instance.pid if instance else None,
        "sdk": " ".join(part for part in (sdk.name, sdk.version) if part) if sdk else None,
        "also seen by": ", ".join(event.also_seen_by),
        "fingerprint": ", ".join(event.fingerprint),
        "stands for": f"{event.repeat_count} occurrences" if event.repeat_count > 1 else None,
    }
    rows = _rows("About", {name: value for name, value in told.items() if value}, budget, "", most=500)
    return rows or Rows(title="About", rows=(), hidden=0, at="")


def _crumbs(event: Event, budget: Budget) -> Iterator[Crumb]:
    """The newest first, like the calls of a traceback."""
    newest = list(reversed(list(enumerate(event.breadcrumbs))))
    for index, crumb in newest[:_MOST_CRUMBS]:
        if not budget.room(_CRUMB):
            return
        at = f"/breadcrumbs/{index}"
        yield Crumb(
            at=_time_of_day(crumb.at or ""),
            before=_before(crumb.at or "", event.occurred_at),
            category=shortened(crumb.category or "", 60),
            level=_level_of(crumb.level),
            message=budget.text(crumb.message or "", at=f"{at}/message", most=400),
            data=budget.text(_in_one_line(crumb.data), at=f"{at}/data", most=400) if crumb.data else None,
        )


def _level_of(said: str | None) -> str:
    """One of the levels; what says none, or one that nobody knows, is taken for information."""
    return said if said in set(Level) else Level.INFO.value


def _in_one_line(data: Mapping[str, Any]) -> str:
    return "  ".join(f"{name}: {value if isinstance(value, str) else as_json(value)}" for name, value in data.items())


def _time_of_day(text: str) -> str:
    """The time alone, to the millisecond, of what is written as RFC 3339; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(text):%H:%M:%S.%f}"[:-3]
    except ValueError:
        return shortened(text, 40)


def _before(text: str, happened: datetime | None) -> str:
    """How long before the event something was; nothing where the clocks do not agree, or one says none."""
    try:
        seconds = (happened - datetime.fromisoformat(text)).total_seconds() if happened else -1
    except (ValueError, TypeError):
        return ""
    return f"{words.took(seconds)} before" if 0 <= seconds < 86_400 else ""


def as_json(value: object) -> str:
    """JSON as people like to read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def look_up(body: object, pointer: str) -> object:
    """What a JSON pointer leads to. Raises LookupError when it leads nowhere."""
    found = body
    for step in pointer.split("/")[1:] if pointer else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 10:
            found = found[int(name)]
        else:
            raise LookupError(f"nothing at {pointer!r}")
    return found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
