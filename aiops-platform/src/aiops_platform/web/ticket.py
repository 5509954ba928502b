"""An event for other places: as Markdown for a ticket or an assistant, and its request as a line for a shell.

Everything in it came from outside, and where it goes is not ours. So each text from outside stands in a code span or a code
block that it cannot end: nothing of it becomes a picture, a link or a mention there; and in the shell each is one quoted word.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from aiops_platform.core.event import Event, ExceptionInfo, Frame, Request
from aiops_platform.core.traceback_text import is_in_app, read_traceback
from aiops_platform.core.views import IncidentDetail
from aiops_platform.web import words
from aiops_platform.web.cut import shortened, visible

# Characters: of everything together, and of each part.
LONGEST = 24_000
_LONGEST_TRACE, _LONGEST_WORD, _LONGEST_BODY, _LONGEST_CURL = 12_000, 300, 4_000, 8_000
_MOST_CRUMBS = 15
_MOST_ROWS = 20

_BACKTICKS = re.compile("`+")
_METHOD = re.compile(r"[A-Z]{1,20}")
# A name that begins with @ would be a file to curl.
_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# What a client sends by itself, or what would be wrong when it is sent again.
_NOT_AGAIN = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"})


def markdown(incident: IncidentDetail, event: Event | None, *, link: str) -> str:
    """What happened, in Markdown (CommonMark), with a link to the incident's page. At most LONGEST characters.

    Without an event, what is known of the incident: its events were removed, or kept by another version.
    """
    row = incident.row
    parts = [
        f"# {_span(words.headline(row))}",
        f"{_span(words.detail(row))}" if words.detail(row) else "",
        "\n".join(_facts(incident, event)),
        *([] if event is None else _parts_of(event)),
        f"<{link}>",
    ]
    text = ""
    for part in parts[:-1]:
        if part and len(text) + len(part) + len(parts[-1]) < LONGEST - 100:
            text += part + "\n\n"
    return text + parts[-1] + "\n"


def _parts_of(event: Event) -> Iterator[str]:
    yield _block(_trace(event), _LONGEST_TRACE, title="Traceback")
    yield _block(_source(event), _LONGEST_BODY, title="The line that failed")
    yield _block(curl(event.request) or "", _LONGEST_BODY, title="The request")
    yield _block("\n".join(_crumbs(event)), _LONGEST_BODY, title="What happened before")
    yield "\n".join(_told("Tags", event.tags))


def curl(request: Request | None) -> str | None:
    """The request once more, with what was hidden in it still hidden; None when its address is not known."""
    if request is None or not (request.url or "").startswith(("http://", "https://")):
        return None
    # Its query is kept apart; an address that has one has it already.
    address = visible(request.url or "")
    if request.query and "?" not in address:
        address += "?" + visible(request.query)
    # Without -g, brackets in an address would be many addresses.
    said = ["curl -g", shlex.quote(address)]
    method = (request.method or "GET").upper()
    if method != "GET" and _METHOD.fullmatch(method):
        said.append(f"-X {method}")
    for name, value in request.headers.items():
        if _HEADER.fullmatch(name) and name.lower() not in _NOT_AGAIN:
            said.append("\\\n  -H " + shlex.quote(f"{name}: {' '.join(visible(value).split())}"))
    if request.body not in (None, ""):
        body = request.body if isinstance(request.body, str) else msgspec.json.encode(request.body).decode()
        said.append("\\\n  --data-raw " + shlex.quote(visible(body)))
    line = " ".join(said)
    return line if len(line) <= _LONGEST_CURL else None


def _facts(incident: IncidentDetail, event: Event | None) -> Iterator[str]:
    row = incident.row
    method = (event.request.method or "") if event is not None and event.request is not None else ""
    path = row.path and f"{method} {row.path}".strip()
    status = words.status(row)
    facts: Mapping[str, object] = {
        "service": f"{row.service} ({row.environment})",
        "where": row.place,
        "path": path,
        "status": status,
        "first release": incident.first_release,
        "last release": incident.last_release if incident.last_release != incident.first_release else None,
        "server": event and ((event.instance.host if event.instance else None) or event.host),
    }
    yield f"- **times:** {row.count:,}, from {words.exactly(row.first_seen_at)} to {words.exactly(row.last_seen_at)}"
    yield f"- **state:** {words.state(row.state).lower()}"
    for name, value in facts.items():
        if value not in (None, ""):
            yield f"- **{name}:** {_span(str(value))}"


def _trace(event: Event) -> str:
    if event.stack_trace:
        return event.stack_trace
    return "\n".join(line for info in event.exceptions[:1] for line in _lines_of(info))


def _lines_of(info: ExceptionInfo) -> Iterator[str]:
    yield "Traceback (most recent call last):"
    for frame in info.frames:
        yield f'  File "{frame.file}", line {frame.line or "?"}, in {frame.function}'
        if frame.source is not None and frame.source.line.strip():
            yield f"    {frame.source.line.strip()}"
    yield f"{info.type}: {info.value}"


def _source(event: Event) -> str:
    """Of the innermost call of the program's own, the lines around the one that ran."""
    known = event.exceptions or read_traceback(event.stack_trace)
    frame = _innermost(known[0].frames) if known else None
    if frame is None or frame.source is None or not (frame.source.before or frame.source.after):
        return ""
    source, line = frame.source, frame.line or 0
    first = line - len(source.before)
    lines = [(first + index, "  ", text) for index, text in enumerate(source.before)]
    lines += [(line, "> ", source.line)]
    lines += [(line + 1 + index, "  ", text) for index, text in enumerate(source.after)]
    return "\n".join([f"{frame.file}, {frame.function}", *[f"{mark}{no:>5}  {text}" for no, mark, text in lines]])


def _innermost(frames: Sequence[Frame]) -> Frame | None:
    ours = [frame for frame in frames if (is_in_app(frame.file) if frame.in_app is None else frame.in_app)]
    return next(reversed(ours or frames), None)


def _crumbs(event: Event) -> Iterator[str]:
    for crumb in event.breadcrumbs[-_MOST_CRUMBS:]:
        yield shortened(f"{crumb.at or ''} {crumb.level or 'info'} {crumb.category or ''}: {crumb.message or ''}", 300)


def _told(title: str, values: Mapping[str, str]) -> Iterator[str]:
    if values:
        yield f"## {title}"
    for name, value in list(values.items())[:_MOST_ROWS]:
        yield f"- {_span(f'{name}: {value}')}"


def _span(text: str) -> str:
    """One line of code."""
    line = shortened(text, _LONGEST_WORD) or "-"
    fence = _fence(line, 1)
    # A blank on both sides is taken away again where the text begins or ends with a backtick.
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _block(text: str, most: int, *, title: str) -> str:
    """A block of code with a title; its end matters most. Nothing for an empty text."""
    shown = visible(text[-most:]).strip("\n")
    if not shown:
        return ""
    cut = "…\n" if len(text) > most else ""
    fence = _fence(shown, 3)
    return f"## {title}\n\n{fence}text\n{cut}{shown}\n{fence}"


def _fence(text: str, least: int) -> str:
    """More backticks than the text has beside each other."""
    longest = max((len(found) for found in _BACKTICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)
