"""What can be saved of a value that is not of the wanted type: the rest is dropped, and said in remarks."""

import math
from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

_REMARK_LIMIT: Final = 20
_MISTAKE_LIMIT: Final = 1_000
_LENGTH_LIMIT: Final = 10_000
_DEPTH_LIMIT: Final = 12
_INTEGER_LIMIT: Final = 2**63
_NOTHING: Final = object()

AnyStruct = TypeVar("AnyStruct", bound=Struct)


class Remarks:
    """What was dropped or cut, for people: the first 20, each with the place it is about."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._count = 0

    @property
    def too_many(self) -> bool:
        """Whether so much is wrong that looking for more that is right is not worth the time."""
        return self._count >= _MISTAKE_LIMIT

    def add(self, at: str, what: str) -> None:
        """Notes one more."""
        self._count += 1
        if len(self._said) < _REMARK_LIMIT:
            self._said.append(f"{at[:80]}: {what[:120]}")

    def all(self) -> tuple[str, ...]:
        """What was noted, in order."""
        return tuple(self._said)


def struct(wanted: type[AnyStruct], found: Mapping[str, Any], remarks: Remarks, *, at: str = "") -> AnyStruct:
    """A struct of those of its fields that can be read from `found`. Fields without a default must be readable."""
    fields: dict[str, Any] = {}
    for name, hint in _hints(wanted).items():
        if name in found:
            value = _value(hint, found[name], at + name, remarks)
            if value is not _NOTHING:
                fields[name] = value
    return wanted(**fields)


def plain(value: Any, depth: int = _DEPTH_LIMIT) -> Any:
    """Any JSON value as one that every reader and database takes: sound text, finite numbers, not nested too deeply."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict):
        return {sound(key): plain(item, depth - 1) for key, item in value.items()} if depth > 0 else "…"
    if isinstance(value, list):
        return [plain(item, depth - 1) for item in value] if depth > 0 else "…"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        return str(value)
    return value


def sound(text: str) -> str:
    """`text` without halves of surrogate pairs, which no encoding takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def noun(value: object) -> str:
    """What kind of JSON value this is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an array" if isinstance(value, list) else "an object"


@cache
def _hints(wanted: type[Struct]) -> dict[str, Any]:
    return get_type_hints(wanted, include_extras=True)


def _value(wanted: Any, found: Any, at: str, remarks: Remarks) -> Any:
    if wanted is Any:
        return plain(found)
    if get_origin(wanted) in (Union, UnionType):
        inner = next(choice for choice in get_args(wanted) if choice is not NoneType)
        return None if found is None else _value(inner, found, at, remarks)
    # Many clients write null for "not there": that is no mistake worth a remark.
    return _NOTHING if found is None or remarks.too_many else _something(wanted, found, at, remarks)


def _something(wanted: Any, found: Any, at: str, remarks: Remarks) -> Any:
    origin = get_origin(wanted)
    if origin is tuple:
        return _tuple(get_args(wanted)[0], found, at, remarks)
    if origin is dict:
        return _dict(get_args(wanted)[1], found, at, remarks)
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        if isinstance(found, dict):
            return struct(wanted, found, remarks, at=f"{at}.")
        return _dropped("an object", found, at, remarks)
    return _text(found, at, remarks) if wanted is str else _scalar(wanted, found, at, remarks)


def _tuple(item: Any, found: Any, at: str, remarks: Remarks) -> Any:
    if not isinstance(found, list):
        return _dropped("an array", found, at, remarks)
    if len(found) > _LENGTH_LIMIT:
        remarks.add(at, f"only the first {_LENGTH_LIMIT} of {len(found)} are looked at")
    read = [_value(item, each, f"{at}[{number}]", remarks) for number, each in enumerate(found[:_LENGTH_LIMIT])]
    if isinstance(item, type) and issubclass(item, Struct):
        # Exceptions refer to one another by their place in the list: what is unreadable leaves a hole, not a shift.
        return tuple(item() if each is _NOTHING else each for each in read)
    return tuple(each for each in read if each is not _NOTHING)


def _dict(item: Any, found: Any, at: str, remarks: Remarks) -> Any:
    if not isinstance(found, dict):
        return _dropped("an object", found, at, remarks)
    read = {sound(key): _value(item, each, f"{at}.{sound(key)}", remarks) for key, each in found.items()}
    return {key: each for key, each in read.items() if each is not _NOTHING}


def _text(found: Any, at: str, remarks: Remarks) -> Any:
    if isinstance(found, str):
        return sound(found)
    if isinstance(found, (dict, list)):
        return _dropped("text", found, at, remarks)
    remarks.add(at, f"expected text, found {noun(found)}")
    return str(plain(found))


def _scalar(wanted: Any, found: Any, at: str, remarks: Remarks) -> Any:
    whole = isinstance(found, float) and found.is_integer()
    try:
        return msgspec.convert(int(found) if whole else found, wanted, strict=False)
    except (msgspec.ValidationError, OverflowError, ValueError):
        return _dropped(_name(wanted), found, at, remarks)


def _dropped(wanted: str, found: Any, at: str, remarks: Remarks) -> Any:
    shown = f" ({sound(found)[:40]!r})" if isinstance(found, str) else ""
    remarks.add(sound(at), f"expected {wanted}, found {noun(found)}{shown}")
    return _NOTHING


def _name(wanted: Any) -> str:
    kind = get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted
    if issubclass(kind, Enum):
        return "one of " + ", ".join(str(choice) for choice in kind)
    return {"int": "a whole number", "float": "a number", "bool": "true or false", "UUID": "a UUID"}.get(
        kind.__name__, "a time with its zone"
    )
