"""What people say about what their program does, made fit to be told: short texts."""

from __future__ import annotations

import gc
import sys
import time
from collections import OrderedDict
from types import MappingProxyType

from aiops_sdk import hostile, scope, values
from aiops_sdk.event import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Mapping, Optional, Tuple, Union

    from aiops_sdk.scope import Around, Crumb


#: Characters of a name, and of the value of a tag.
NAME = 200
VALUE = 1_000
MESSAGE = 2_000

# This is said again and again, where a failure is reported once: an object that takes longer to say what it is, in
# seconds, is told by its class.
_asker = hostile.Asker(0.05, hostile.STUCK_LIMIT)
# Classes of the standard library whose texts are made quickly. Named, not imported: whoever has one has its module loaded.
_QUICK = (("uuid", "UUID"), ("datetime", "datetime"), ("datetime", "date"), ("decimal", "Decimal"))

# What a user is told by, and how others call it.
_USER = {"id": "id", "email": "email", "name": "name", "username": "name", "ip_address": "ip_address"}


def around(said: Mapping[str, object]) -> Around:
    """What these names and values say: mappings are contexts, everything else is tags."""
    contexts: Dict[str, Mapping[str, object]] = {}
    tags: Dict[str, str] = {}
    for name, value in said.items():
        if type(value) is dict:
            contexts[name] = values.as_json(value)  # type: ignore[assignment]  # of a dict it is a dict
        else:
            tags[name] = text(value, VALUE)
    return scope.Around(tags=tags, contexts=contexts)


def user(said: Union[str, int, Mapping[str, object], None], given: Mapping[str, object]) -> None:
    """Say who the user is, from what was handed to ``set_user``."""
    told = {
        _USER[name]: text(value, VALUE)
        for name, value in _entries(said)
        # Other keys may be of any making, and are asked for nothing.
        if type(name) is str and name in _USER and value is not None
    }
    told.update({name: text(value, VALUE) for name, value in given.items() if value is not None})
    scope.say_user(told)


def tag(name: object, value: object) -> None:
    """Say this of the work that is done."""
    scope.say_tag(text(name, NAME), text(value, VALUE))


def crumb(message: object, category: object, level: object, data: Optional[Mapping[str, object]]) -> Crumb:
    """What happened now."""
    told = values.as_json(data) if type(data) is dict else {}
    said = level if type(level) is str and level in LEVELS else "info"
    return (time.time(), text(category, NAME), said, text(message, MESSAGE), told)  # type: ignore[return-value]  # of a dict it is a dict


def call_made(method: object, address: str, result: object, seconds: float, kept: int) -> None:
    """Note a call of another service: ``result`` is its status, or the name of the error that it ended with."""
    place = address.partition("?")[0].partition("#")[0]
    failed = not isinstance(result, int) or result >= 500
    data = {"method": text(method, NAME), "url": text(place, MESSAGE), "result": result, "duration": round(seconds, 4)}
    message = "{} {} {}".format(data["method"], data["url"], result)
    scope.leave((time.time(), "http", "warning" if failed else "info", message, data), kept)


def statement_run(statement: object, seconds: Optional[float], kept: int) -> None:
    """Note an SQL statement, which took so long."""
    data: Dict[str, object] = {} if seconds is None else {"duration": round(seconds, 4)}
    scope.leave((time.time(), "sql", "info", text(statement, MESSAGE), data), kept)


def text(value: object, limit: int) -> str:
    """What would be printed of it, cut to ``limit`` characters."""
    said = str(value) if type(value) is not str and _is_quick(type(value)) else hostile.text_of(value, _asker)
    return hostile.clean(said, limit)


def _is_quick(kind: type) -> bool:
    return any(getattr(sys.modules.get(module), name, None) is kind for module, name in _QUICK)


def _entries(said: object) -> Iterable[Tuple[object, object]]:
    """What a mapping of the standard library holds, without asking its keys; anything else is an id."""
    if type(said) is MappingProxyType:
        # A view of another mapping, which is asked for nothing, either.
        (said,) = gc.get_referents(said)
    if type(said) is dict or type(said) is OrderedDict:
        # All at once: another thread may change it meanwhile.
        return list(dict.items(said))
    return (("id", said),)
