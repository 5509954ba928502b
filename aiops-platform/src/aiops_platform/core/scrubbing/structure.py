"""Reports and JSON values gone through part by part: by the names of the parts, and each text by what looks into texts.

What was handed in is never changed, and is given back as it is where nothing has to be hidden.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from operator import is_
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import unquote_plus
from uuid import UUID

from msgspec import Struct, structs

from aiops_platform.core.event import ExceptionInfo, Frame, Request, SourceContext, User
from aiops_platform.core.scrubbing import names, refusals, shapes
from aiops_platform.core.scrubbing.pairs import MASK

_T = TypeVar("_T", bound=Struct)

_CALL: Final = "\n  File "
_DEPTH: Final = 32
# One that tells.
_ANY_NAME: Final = "password"
# What is longer is no name.
_LONGEST_NAME: Final = 128
# So far into a body that is one text it looks like a form.
_FORM: Final = 256
_ENCODED: Final = ("%", "+")
# Nothing of these can hold a text.
_NO_TEXT: Final = (NoneType, bool, int, float, datetime, UUID, Enum)


@dataclass(frozen=True)
class Structure:
    """Goes through anything. `text` and `source` give back one without secrets, the same object if there are none."""

    is_telling: Callable[[str], bool]
    text: Callable[[str], str]
    source: Callable[[SourceContext], SourceContext]

    def report(self, report: _T) -> _T:
        """The report without secrets; the same object if there are none."""
        changes: dict[str, Any] = {}
        named = isinstance(report, User | Request)
        for field in _fields(type(report)):
            given = getattr(report, field)
            if given is None or given == "":
                continue
            told = self._field(field, given, named=named)
            if told is not given:
                changes[field] = told
        return structs.replace(report, **changes) if changes else report

    def value(self, name: str, given: object, depth: int = _DEPTH) -> object:
        """Anything that JSON has, under this name. What is in objects and lists keeps its place, so that types stay."""
        if given is None or given == "" or type(given) is bool:
            return given
        if isinstance(given, str):
            return MASK if self.is_telling(name) else self.text(given)
        if isinstance(given, int | float):
            return self._number(name, given)
        return MASK if depth <= 0 else self._inside(name, given, depth - 1)

    # Of a report.

    def _field(self, field: str, given: Any, *, named: bool) -> object:
        kind = type(given)
        if kind is str:
            if named:
                return self._named_text(field, given)
            return self._trace(given) if field == "stack_trace" else self.text(given)
        if kind is tuple:
            return self._all(given, self._exception if field == "exceptions" else self._part)
        if kind is dict or kind is list:
            told = self.value(field if named else "", given)
            return given if told == given else told
        if kind is SourceContext:
            return self.source(given)
        return self.report(given) if isinstance(given, Struct) else given

    def _all(self, given: tuple[Any, ...], look: Callable[[Any], object]) -> tuple[Any, ...]:
        told = tuple([look(each) for each in given])
        return given if all(map(is_, told, given)) else told

    def _part(self, given: Any) -> object:
        return self._field("", given, named=False)

    def _trace(self, given: str) -> str:
        """Call by call: the same calls stand in many tracebacks. What the exception says comes after the last one."""
        parts = given.split(_CALL)
        told = list(map(self.text, parts))
        return given if all(map(is_, told, parts)) else _CALL.join(told)

    def _exception(self, given: ExceptionInfo) -> ExceptionInfo:
        changes: dict[str, Any] = {
            "type": self.text(given.type),
            "module": given.module and self.text(given.module),
            "value": self.text(given.value),
            "notes": self._all(given.notes, self.text),
            "frames": self._all(given.frames, self._frame),
        }
        return _changed(given, changes)

    def _frame(self, given: Frame) -> Frame:
        """Most of an event is frames, and most of them were seen before: so it is written for speed."""
        text = self.text
        file, function, module = text(given.file), text(given.function), given.module and text(given.module)
        source = given.source and self.source(given.source)
        variables = given.locals and self._variables(given.locals)
        if (
            file is given.file
            and function is given.function
            and module is given.module
            and source is given.source
            and variables is given.locals
        ):
            return given
        return structs.replace(given, file=file, function=function, module=module, source=source, locals=variables)

    def _variables(self, given: dict[str, str]) -> dict[str, str]:
        is_telling, text = self.is_telling, self.text
        told = {name: MASK if said and is_telling(name) else text(said) for name, said in given.items()}
        return given if all(map(is_, told.values(), given.values())) else told

    # Of a request and a user.

    def _named_text(self, field: str, given: str) -> str:
        """By the project's own words also the fields themselves may tell."""
        if self.is_telling(field):
            return MASK
        if field == "url" and "?" in given:
            address, _, query = given.partition("?")
            return self._query_in(given, address + "?", query)
        if field == "query" or (field == "body" and "=" in given[:_FORM]):
            return self._query_in(given, "", given)
        return self.text(given)

    def _query_in(self, given: str, before: str, query: str) -> str:
        parts = query.split("&")
        told = list(map(self._parameter, parts))
        return self.text(given if told == parts else before + "&".join(told))

    def _parameter(self, part: str) -> str:
        """Names and values may be written so that nobody recognizes them."""
        name, equals, value = part.partition("=")
        if not value:
            return part
        if any(sign in part for sign in _ENCODED):
            said = unquote_plus(value)
            if self.is_telling(unquote_plus(name)) or self.text(said) != said:
                return name + equals + MASK
        return name + equals + MASK if self.is_telling(name) else part

    # Of a value.

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
        if "value" in told and any(self.is_telling(str(given.get(key, ""))) for key in ("name", "key", "id", "field")):
            told["value"] = MASK
        if refusals.is_refused(given, self.is_telling):
            told["input"] = self.value(_ANY_NAME, given["input"], depth)
        return told

    def _name_of(self, name: str, parts: Sequence[object], at: int) -> str:
        """What calls this part of a list: the list's own name, or the part before it, as in a list of headers."""
        before, value = parts[at - 1] if at else "", parts[at]
        if self.is_telling(name) or not (isinstance(before, str) and isinstance(value, str)):
            return name
        if not before or len(before) > _LONGEST_NAME:
            return name
        # In a longer list both may be names.
        is_word = value.isalpha() and value.islower() and not before.startswith("-")
        return name if len(parts) > 2 and (is_word or " " in before or "=" in before) else before

    def _number(self, name: str, given: float) -> object:
        if self.is_telling(name):
            return given if names.measures(name) else MASK
        is_long = 10**12 <= given < 10**19 and int(given) == given
        return MASK if is_long and shapes.is_card(str(int(given))) else given


@cache
def _fields(kind: type[Struct]) -> tuple[str, ...]:
    """Those that may hold a text."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple([name for name in kind.__struct_fields__ if _may_hold_text(hints[name])])


def _may_hold_text(hint: Any) -> bool:
    if get_origin(hint) in (Annotated, Union, UnionType):
        told = get_args(hint)
        return any(map(_may_hold_text, told[:1] if get_origin(hint) is Annotated else told))
    return not (isinstance(hint, type) and issubclass(hint, _NO_TEXT))


def _changed(given: _T, changes: Mapping[str, Any]) -> _T:
    real = {name: value for name, value in changes.items() if value is not getattr(given, name)}
    return structs.replace(given, **real) if real else given
