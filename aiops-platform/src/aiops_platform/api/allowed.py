"""What a parameter or a field of a body takes, where it takes few values: for who has sent another one."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec.inspect as inspected

_STEP: Final = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
#: How the framework says that something is not there, or should not be, and what.
_FIELD: Final = re.compile(r"Object (?:missing required|contains unknown) field `([^`]+)`")
_ENUM: Final = re.compile(r"Invalid enum value (.+)", re.DOTALL)
_LONGEST: Final = 60


def told(name: str, message: str, taken: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by the name of its field and with what would be right. `taken`: the type of each parameter, by name."""
    if field := _FIELD.match(message):
        name = field[1] if name in ("", "data") else f"{name}.{field[1]}"
    if value := _ENUM.match(message):
        values = allowed(name, taken)
        if values:
            given = value[1] if len(value[1]) <= _LONGEST else f"{value[1][:_LONGEST]}…"
            message = f"{given} is none of {', '.join(values)}"
    return {"name": name, "why": message}


def allowed(name: str, taken: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that are taken there: `state` of a parameter, `weekly.days[0]` of the body. Empty where those are many."""
    steps = _STEP.findall(name)
    if not steps:
        return ()
    if steps[0] in taken:
        found, steps = taken[steps[0]], steps[1:]
    else:
        found = taken.get("data")
    kinds = [] if found is None else _parts(inspected.type_info(found))
    for step in steps:
        kinds = [inner for kind in kinds for inner in _within(kind, step)]
    return tuple(dict.fromkeys(value for kind in kinds for value in _values(kind)))


def _within(kind: inspected.Type, step: str) -> list[inspected.Type]:
    match kind:
        case inspected.StructType(fields=fields):
            return [part for each in fields if each.encode_name == step for part in _parts(each.type)]
        case inspected.VarTupleType(item_type=item) | inspected.ListType(item_type=item):
            return _parts(item)
        case inspected.DictType(value_type=item):
            return _parts(item)
        case _:
            return []


def _parts(kind: inspected.Type) -> list[inspected.Type]:
    match kind:
        case inspected.UnionType(types=types):
            return [part for each in types for part in _parts(each)]
        case inspected.Metadata(type=within):
            return _parts(within)
        case _:
            return [kind]


def _values(kind: inspected.Type) -> list[str]:
    match kind:
        case inspected.EnumType(cls=cls):
            return [str(each.value) for each in cls]
        case inspected.LiteralType(values=values):
            return [str(each) for each in values]
        case _:
            return []
