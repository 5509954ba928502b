"""Reports and raw bodies without secrets. It errs on the side of hiding; what was handed in is never changed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct, structs

from aiops_platform.core.event import Report, Request, SourceContext, User
from aiops_platform.core.scrubbing import names, shapes
from aiops_platform.core.scrubbing.pairs import Pairs
from aiops_platform.core.scrubbing.rules import NO_RULES, Rules
from aiops_platform.core.scrubbing.shapes import MASK
from aiops_platform.core.scrubbing.values import Values

_T = TypeVar("_T", bound=Struct)

# Texts so short come again and again: names, places, the calls of a traceback. When there are more, all are forgotten.
_SHORT: Final = 400
_CALL: Final = "\n  File "
_REMEMBERED: Final = 4_096
_DEPTH: Final = 32
_LONGEST_NAME: Final = 128
# From this version on, ours hides them before anything leaves its process.
_SCRUBS_ITSELF: Final = (0, 2)
_VERSION: Final = re.compile(r"(\d{1,6})\.(\d{1,6})")


def scrubbed_at_home(report: Report) -> bool:
    """Whether it comes from a client of ours that hides secrets itself."""
    if report.sdk is None or report.sdk.name != "aiops-sdk":
        return False
    version = _VERSION.match(report.sdk.version or "")
    return version is not None and (int(version[1]), int(version[2])) >= _SCRUBS_ITSELF


class Scrubber:
    """Hides secrets by everybody's rules and by those of one project."""

    def __init__(self, rules: Rules = NO_RULES) -> None:
        self._names = tuple(name for each in rules.names if (name := names.normalised(each)))
        self._values = Values(rules.values)
        self._pairs = Pairs(self.is_telling, self._names)
        self._telling: dict[str, bool] = {}
        self._texts: dict[str, str] = {}

    def is_telling(self, name: str) -> bool:
        """Whether the value under this name is nobody's business."""
        known = self._telling.get(name)
        if known is None:
            known = names.is_telling(name) or any(word in names.normalised(name) for word in self._names)
            _remember(self._telling, name, known)
        return known

    def report(self, report: _T) -> _T:
        """The report without secrets; the same object if there are none."""
        changes: dict[str, Any] = {}
        named = isinstance(report, User | Request)
        for field in report.__struct_fields__:
            given = getattr(report, field)
            if given is None or given == "":
                continue
            told = self._field(field, given, named=named)
            if told is not given:
                changes[field] = told
        return structs.replace(report, **changes) if changes else report

    def text(self, given: str) -> str:
        """A text without secrets; the same object if there are none."""
        if len(given) > _SHORT:
            return self._trace(given) if _CALL in given else self._hidden(given)
        return self._short(given)

    def body(self, raw: bytes) -> bytes:
        """Anything that came, also what nobody can read; the same object if there are no secrets in it."""
        # What is no UTF-8 comes through as it is.
        text = raw.decode("utf-8", "surrogateescape")
        told = self.text(text)
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return raw if told == text else told.encode("utf-8", "surrogateescape")
        clean = self.value("", value)
        return raw if told == text and clean == value else msgspec.json.encode(clean)

    def value(self, name: str, given: object, depth: int = _DEPTH) -> object:
        """Anything that JSON has, under this name. What is in objects and lists keeps its place, so that types stay."""
        if given is None or given == "" or type(given) is bool:
            return given
        if isinstance(given, str):
            return MASK if self.is_telling(name) else self.text(given)
        if isinstance(given, int | float):
            return self._number(name, given)
        return MASK if depth <= 0 else self._inside(name, given, depth - 1)

    def _short(self, given: str) -> str:
        told = self._texts.get(given)
        if told is None:
            told = self._hidden(given)
            _remember(self._texts, given, told)
        return given if told == given else told

    def _trace(self, given: str) -> str:
        """Call by call."""
        parts = given.split(_CALL)
        told = [self._short(part) if len(part) <= _SHORT else self._hidden(part) for part in parts]
        return given if told == parts else _CALL.join(told)

    def _hidden(self, given: str) -> str:
        text = self._values.hidden(given)
        small = text.lower()
        shaped = shapes.hidden(text, small)
        text = self._pairs.hidden(shaped, small if shaped is text else shaped.lower())
        return given if text == given else text

    def _field(self, field: str, given: Any, *, named: bool) -> object:
        kind = type(given)
        if kind is str:
            return self._named_text(field, given) if named else self.text(given)
        if isinstance(given, SourceContext):
            return self._source(given)
        if isinstance(given, Struct):
            return self.report(given)
        if kind is tuple:
            parts = tuple([self._field("", each, named=False) for each in given])
            return given if all(told is was for told, was in zip(parts, given, strict=True)) else parts
        if kind is dict or kind is list:
            told = self.value(field if named else "", given)
            return given if told == given else told
        return given

    def _named_text(self, field: str, given: str) -> str:
        """Of a user and a request: only the project's own names tell here."""
        if self.is_telling(field):
            return MASK
        if field in ("query", "url") and ("%" in given or "+" in given):
            given = self._query(given)
        return self.text(given)

    def _query(self, given: str) -> str:
        address, mark, query = given.rpartition("?")
        return address + mark + "&".join([self._parameter(part) for part in query.split("&")])

    def _parameter(self, part: str) -> str:
        """Names and values may be written so that nobody recognizes them."""
        name, equals, value = part.partition("=")
        said = unquote_plus(value)
        is_secret = value and (self.is_telling(unquote_plus(name)) or self.text(said) != said)
        return name + equals + MASK if is_secret else part

    def _inside(self, name: str, given: object, depth: int) -> object:
        if isinstance(given, Mapping):
            return self._object(name, given, depth)
        if isinstance(given, list | tuple):
            return [self.value(self._name_of(name, given, at), each, depth) for at, each in enumerate(given)]
        return given

    def _object(self, name: str, given: Mapping[Any, object], depth: int) -> dict[str, object]:
        is_secret = self.is_telling(name)
        told = {
            self.text(str(key)): self.value(name if is_secret else str(key), each, depth) for key, each in given.items()
        }
        if "value" in told and any(self.is_telling(str(given.get(key, ""))) for key in ("name", "key", "id")):
            told["value"] = MASK
        return told

    def _name_of(self, name: str, parts: Sequence[object], at: int) -> str:
        """What calls this part of a list: the list's own name, or the part before it, as in a list of headers."""
        before = parts[at - 1] if at else None
        if self.is_telling(name) or not isinstance(before, str) or len(before) > _LONGEST_NAME:
            return name
        return before if len(parts) == 2 or before.startswith("--") else name

    def _number(self, name: str, given: float) -> object:
        if self.is_telling(name):
            return given if names.measures(name) else MASK
        is_long = 10**12 <= given < 10**19 and int(given) == given
        return MASK if is_long and shapes.is_card(str(int(given))) else given

    def _source(self, source: SourceContext) -> SourceContext:
        """As one text, in which a secret may go over several lines."""
        lines = (*source.before, source.line, *source.after)
        whole = "\n".join(lines)
        told = self.text(whole)
        if told is whole:
            return source
        parts = told.split("\n")
        if len(parts) != len(lines):
            parts = [self.text(line) for line in lines]
        at = len(source.before)
        return SourceContext(before=tuple(parts[:at]), line=parts[at], after=tuple(parts[at + 1 :]))


def _remember(memory: dict[str, Any], key: str, value: object) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value
