"""Nothing an event says may be endless: each text gets a limit, the ends of a traceback matter most."""

from __future__ import annotations

from operator import is_

from aiops_sdk.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional, Tuple

    from aiops_sdk.event import Event, ExceptionInfo, Request, Text


MESSAGE = 8_192
STACK_TRACE = 65_536
VALUE = 4_096
NAME = 512
ADDRESS = 4_096
HEADER = 1_024
HEADERS = 64

_LIMITS = (
    ("error_type", NAME),
    ("message", MESSAGE),
    ("request_path", ADDRESS),
    ("route", ADDRESS),
    ("logger", NAME),
    ("template", MESSAGE),
)


def truncate(event: Event) -> Event:
    """The same event, within the limits; the same object if it is already."""
    within: Dict[str, Any] = {name: _cut(getattr(event, name), limit) for name, limit in _LIMITS}
    within["stack_trace"] = _trace(event.stack_trace)
    within["request"] = _request(event.request)
    within["exceptions"] = _exceptions(event.exceptions)
    changed = {name: value for name, value in within.items() if value is not getattr(event, name)}
    return replace(event, **changed) if changed else event


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters; what is missing shows as an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_middle(text: str, limit: int) -> str:
    """At most about ``limit`` characters: the first quarter and the end, with a line in between that says what is missing.

    Whole lines where there are any, else whole words: half of one may be half of a secret, and would not look like one.
    """
    if len(text) <= limit:
        return text
    first, last = limit // 4, len(text) - (limit - limit // 4)
    end, begin = -1, -1
    for border in ("\n", " "):
        end = text.rfind(border, first // 2, first) if end < 0 else end
        begin = text.find(border, last, last + first // 2) if begin < 0 else begin
    first = first if end < 0 else end
    last = last if begin < 0 else begin + 1
    return "{}\n[… {} characters are left out …]\n{}".format(text[:first], last - first, text[last:])


def _trace(text: Text) -> Text:
    if isinstance(text, str):
        return cut_middle(text, STACK_TRACE)
    return text if text.size <= STACK_TRACE else text.then(lambda whole: cut_middle(whole, STACK_TRACE))


def _cut(text: Optional[str], limit: int) -> Optional[str]:
    return None if text is None else cut(text, limit)


def _request(request: Optional[Request]) -> Optional[Request]:
    if request is None:
        return None
    return replace(
        request,
        method=cut(request.method, NAME),
        url=_cut(request.url, ADDRESS),
        query=_cut(request.query, ADDRESS),
        headers=_headers(request.headers),
        remote_addr=_cut(request.remote_addr, NAME),
    )


def _headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {cut(name, NAME): cut(value, HEADER) for name, value in list(headers.items())[:HEADERS]}


def _exceptions(infos: Tuple[ExceptionInfo, ...]) -> Tuple[ExceptionInfo, ...]:
    within = tuple([_exception(info) for info in infos])
    return infos if all(map(is_, within, infos)) else within


def _exception(info: ExceptionInfo) -> ExceptionInfo:
    if len(info.value) <= VALUE and all(len(note) <= VALUE for note in info.notes):
        return info
    return replace(info, value=cut(info.value, VALUE), notes=tuple(cut(note, VALUE) for note in info.notes))
