"""Secrets stay in the process: values under telling names, and texts that look like credentials, are blotted out.

Always on, always last. It errs on the side of hiding.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import is_

from aiops_sdk.event import SourceContext
from aiops_sdk.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Match, Optional, Tuple

    from aiops_sdk.event import Event, ExceptionInfo, Frame, Request


MASK = "[hidden]"

# What stands between two calls of a printed traceback, and how long the text of one may be to be remembered.
_CALL = "\n  File "
_CALL_LENGTH = 1_000

# Compared without case, dashes and underscores, anywhere in the name: "X-Api-Key", "db_password", "accessToken".
_TELLING = (
    "password", "passwd", "passphrase", "pwd", "secret", "token", "authorization", "cookie", "apikey", "privatekey",
    "accesskey", "credential", "session", "signature", "csrf", "xsrf", "jwt",
)  # fmt: skip
_WORDS = r"pass(?:word|wd|phrase)|pwd|secret|token|authorization|cookie|api[-_]?key|private[-_]?key|access[-_]?key|credential"

# user:password@ in an address: the password goes.
_ADDRESS = re.compile(r"(?<=://)([^\s:/@'\"]*):([^\s/@'\"]+)@")
# An Authorization header's value, wherever it was written. It has digits or is long: "Basic authentication" is neither.
_SCHEME = re.compile(r"\b(bearer|basic|token)(\s+)(?=\S*\d|\S{24})[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
# name=value, name: value, "name": "value" with a telling name. Every part is bounded: texts may be long.
_PAIR = re.compile(
    r"""(?<![\w-])(?P<name>[\w-]{0,64}?(?:"""
    + _WORDS
    + r""")[\w-]{0,64}["']?\s{0,8}(?P<sign>[=:])\s{0,8})"""
    + r"""(?P<quote>[bru]?["'])?(?P<value>(?(quote)[^"'\n]+|[^\s"',;&)}\]]+))""",
    re.IGNORECASE,
)
# Three base64 parts: a JSON web token.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")
# What must occur, in small letters, for one of the patterns to be worth trying: far faster than they are.
_HINTS = (
    "://", "eyj", "bearer", "basic", "passw", "passphrase", "pwd", "secret", "token", "authorization", "cookie", "key",
    "credential",
)  # fmt: skip

# In source code, what stands behind a telling name is mostly an expression.
_HARMLESS = frozenset({"None", "True", "False", "null", "true", "false", "str", "bytes", "int", "Optional[str]"})
_EXPRESSION = re.compile(r"[A-Za-z_][\w.]*[(\[]|(?:self|request|os|settings|config|app|current_app|args|kwargs)\.\w")


def scrub(event: Event) -> Event:
    """The same event without what looks like a secret; the same object if there is none."""
    told: Dict[str, Any] = {
        "message": text(event.message),
        "stack_trace": _trace(event.stack_trace),
        "request_path": _optional(event.request_path),
        "request": _request(event.request),
        "exceptions": _exceptions(event.exceptions),
        "template": _optional(event.template),
    }
    changed = {name: value for name, value in told.items() if value is not getattr(event, name)}
    return replace(event, **changed) if changed else event


def is_telling(name: str) -> bool:
    """Whether the value under this name is nobody's business."""
    plain = name.lower().replace("-", "").replace("_", "")
    return any(word in plain for word in _TELLING)


def text(given: str) -> str:
    """A text without credentials in addresses, bearer tokens, and values written behind a telling name."""
    if not _may_tell(given):
        return given
    hidden = _ADDRESS.sub(r"\1:" + MASK + "@", given)
    hidden = _SCHEME.sub(r"\1\2" + MASK, hidden)
    hidden = _JWT.sub(MASK, hidden)
    return _PAIR.sub(_pair, hidden)


def query(given: str) -> str:
    """A query string in which the values of telling names are hidden."""
    return "&".join(_parameter(part) for part in given.split("&"))


def _may_tell(given: str) -> bool:
    small = given.lower()
    return any(hint in small for hint in _HINTS)


def _parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if "%" in name or "+" in name:
        from urllib.parse import unquote_plus

        name_said = unquote_plus(name)
    else:
        name_said = name
    return name + equals + MASK if value and is_telling(name_said) else part


def _pair(found: Match[str]) -> str:
    if _is_harmless(found):
        return found.group(0)
    return found.group("name") + (found.group("quote") or "") + MASK


def _is_harmless(found: Match[str]) -> bool:
    """Prose such as ``invalid token: expired``, source such as ``token = request.token``, and what is hidden already."""
    value, name = found.group("value"), found.group("name").lower()
    if value.startswith(MASK[:-1]):
        return True
    if found.group("quote"):
        return False
    prose = found.group("sign") == ":" and value.isalpha() and "pass" not in name and "pwd" not in name
    return prose or value in _HARMLESS or bool(_EXPRESSION.match(value))


def _optional(given: Optional[str]) -> Optional[str]:
    return None if given is None else text(given)


def _request(request: Optional[Request]) -> Optional[Request]:
    if request is None:
        return None
    url = request.url
    if url is not None and "?" in url:
        address, _, rest = url.partition("?")
        url = address + "?" + query(rest)
    return replace(
        request,
        url=_optional(url),
        query=None if request.query is None else text(query(request.query)),
        headers={name: MASK if is_telling(name) else text(value) for name, value in request.headers.items()},
    )


def _trace(given: str) -> str:
    """Call by call: the same calls stand in many tracebacks. What the exception says comes after the last one."""
    *calls, last = given.split(_CALL)
    told = _CALL.join([*[_call(part) if len(part) <= _CALL_LENGTH else text(part) for part in calls], text(last)])
    return given if told == given else told


@lru_cache(maxsize=1024)
def _call(part: str) -> str:
    return text(part)


def _exceptions(infos: Tuple[ExceptionInfo, ...]) -> Tuple[ExceptionInfo, ...]:
    told = tuple([_exception(info) for info in infos])
    return infos if all(map(is_, told, infos)) else told


def _exception(info: ExceptionInfo) -> ExceptionInfo:
    value = text(info.value)
    notes = tuple([text(note) for note in info.notes]) if info.notes else info.notes
    frames = _stacks.told(info.frames)
    if value is info.value and frames is info.frames and notes == info.notes:
        return info
    return replace(info, value=value, notes=notes, frames=frames)


class Stacks:
    """Stacks without secrets. Remembers what it made, by identity: one stack gives one object. Forgets all when full."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._known: Dict[int, Tuple[Tuple[Frame, ...], Tuple[Frame, ...]]] = {}

    def told(self, frames: Tuple[Frame, ...]) -> Tuple[Frame, ...]:
        """These frames, or the same without what looks like a secret."""
        known = self._known.get(id(frames))
        if known is None:
            told = tuple([_frame(frame) for frame in frames])
            if len(self._known) >= self._size:
                self._known.clear()
            # It keeps the frames by whose identity it is found.
            known = self._known[id(frames)] = (frames, frames if told == frames else told)
        return known[1]


_stacks = Stacks()


def _frame(frame: Frame) -> Frame:
    if frame.source is None:
        return frame
    told = _source(frame.source)
    return frame if told is frame.source else replace(frame, source=told)


@lru_cache(maxsize=1024)
def _source(source: SourceContext) -> SourceContext:
    if not _may_tell("\n".join((*source.before, source.line, *source.after))):
        return source
    return SourceContext(_lines(source.before), text(source.line), _lines(source.after))


def _lines(lines: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple(text(line) for line in lines)
