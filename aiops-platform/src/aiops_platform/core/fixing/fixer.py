"""A fixer as a service offers it, and whether parameters fit it: by the same rules as the service's own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiops_platform.core.event import Fixer as ToldFixer
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.text import one_line, paragraph

#: Of one service; of one heartbeat the wire says the same.
MOST_FIXERS: Final = 50
MOST_PARAMS: Final = 50
LONGEST_TEXT: Final = 4_096
LONGEST_DESCRIPTION: Final = 1_000
#: Of all parameters of a request, as JSON: the rest of its 64 KiB is for the names of who is asked.
LARGEST_PARAMS: Final = 61_440
USUAL_SECONDS: Final = 60.0
MOST_SECONDS: Final = 3_600.0
TYPES: Final = ("string", "integer", "number", "boolean")
_BITS: Final = 63
_NAME_LIMIT: Final = 100
_MOST_CHOICES: Final = 100
_YES: Final = frozenset({"yes", "true", "on", "1"})
_NO: Final = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter; `choices` are the only texts that are taken, where there are any."""

    name: str
    type: str
    required: bool = False
    description: str = ""
    choices: tuple[str, ...] = ()

    def fits(self, given: object) -> bool:
        """Whether this is a value for it."""
        if self.type == "string":
            return isinstance(given, str) and len(given) <= LONGEST_TEXT and (not self.choices or given in self.choices)
        if isinstance(given, bool) or self.type == "boolean":
            return isinstance(given, bool) and self.type == "boolean"
        if isinstance(given, int):
            return given.bit_length() <= _BITS
        # Of floats, not the infinite ones, nor what is no number.
        return self.type == "number" and isinstance(given, float) and given - given == 0.0


@dataclass(frozen=True, kw_only=True)
class Fixer:
    """What may be asked of a service under this name. `timeout` is in seconds; `release` that of the newest beat with it."""

    name: str
    description: str = ""
    params: tuple[Parameter, ...] = ()
    each_instance: bool = False
    timeout: float = USUAL_SECONDS
    release: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A fixer of a service. `instances` are the living processes that offer it now; without any, it is offered no more.

    `pushable`: there is an address of the service to which it could be pushed.
    """

    service_id: int
    service: str
    environment: str
    fixer: Fixer
    first_seen_at: datetime
    last_seen_at: datetime
    instances: tuple[str, ...] = ()
    pushable: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether it can be asked for now."""
        return bool(self.instances)


def told(fixers: Sequence[ToldFixer], release: str | None) -> tuple[Fixer, ...]:
    """The fixers that a heartbeat tells of, bounded; what is no fixer is left out, and of two of one name the later is."""
    found: dict[str, Fixer] = {}
    for each in fixers[:MOST_FIXERS]:
        if is_name(each.name):
            found.setdefault(each.name, _read(each, release))
    return tuple(found.values())


def is_name(text: str) -> bool:
    """Whether a fixer may be called so."""
    return (
        0 < len(text) <= _NAME_LIMIT
        and text.isascii()
        and (text[0].isalnum() and text == text.lower())
        and all(letter.isalnum() or letter in "._-" for letter in text)
    )


def checked_params(fixer: Fixer, given: Mapping[str, Any]) -> dict[str, Any]:
    """These parameters, if they are all that are needed, no others, each of its type, and go into a request. Raises FixError."""
    known = {each.name: each for each in fixer.params}
    for name, value in given.items():
        if name not in known:
            raise FixError("params", f"The fixer {fixer.name} has no parameter '{one_line(name, 100)}'")
        if not known[name].fits(value):
            raise FixError("params", f"The parameter '{name}' of {fixer.name} is to be {wanted(known[name])}")
    missing = next((each.name for each in fixer.params if each.required and each.name not in given), None)
    if missing is not None:
        raise FixError("params", f"The fixer {fixer.name} needs the parameter '{missing}'")
    if len(json.dumps(dict(given), ensure_ascii=False).encode(errors="replace")) > LARGEST_PARAMS:
        raise FixError("params", f"The parameters are too long: all of them have at most {LARGEST_PARAMS:,} bytes")
    return dict(given)


def params_from(fixer: Fixer, said: Mapping[str, str]) -> dict[str, Any]:
    """Parameters as a form said them, all of it text; what is empty is not given. Raises FixError."""
    given = {each.name: _value(each, said[each.name]) for each in fixer.params if said.get(each.name, "").strip()}
    strangers = sorted(said.keys() - {each.name for each in fixer.params})
    if strangers:
        raise FixError("params", f"The fixer {fixer.name} has no parameter '{one_line(strangers[0], 100)}'")
    return checked_params(fixer, given)


def converted(parameter: Parameter, value: Any) -> Any:
    """A value from elsewhere (an event's field) as this parameter wants it. Raises FixError where it cannot be that."""
    if parameter.fits(value):
        return value
    return _value(parameter, value if isinstance(value, str) else str(value))


def wanted(parameter: Parameter) -> str:
    """What a parameter is to be, in the words of a message."""
    if parameter.choices:
        return "one of " + ", ".join(parameter.choices[:10])
    return {
        "string": f"a text of at most {LONGEST_TEXT:,} characters",
        "integer": "a whole number of at most 64 bits",
        "number": "a number",
        "boolean": "yes or no",
    }[parameter.type]


def as_data(fixer: Fixer) -> dict[str, Any]:
    """The parameters of a fixer as JSON, as the wire has them."""
    return {
        each.name: {
            "type": each.type,
            "required": each.required,
            **({"description": each.description} if each.description else {}),
            **({"choices": list(each.choices)} if each.choices else {}),
        }
        for each in fixer.params
    }


def params_of(data: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """What `as_data` gave, or a heartbeat; what is no parameter is left out."""
    found = []
    for name, said in list(data.items())[:MOST_PARAMS]:
        if not isinstance(said, Mapping) or said.get("type") not in TYPES or len(name) > _NAME_LIMIT:
            continue
        choices = said.get("choices")
        texts = tuple(each for each in choices if isinstance(each, str)) if isinstance(choices, list | tuple) else ()
        description = said.get("description")
        found.append(
            Parameter(
                name=name,
                type=str(said["type"]),
                required=said.get("required") is True,
                description=one_line(description, LONGEST_DESCRIPTION) if isinstance(description, str) else "",
                choices=texts[:_MOST_CHOICES],
            )
        )
    return tuple(found)


def _read(each: ToldFixer, release: str | None) -> Fixer:
    timeout = each.timeout if each.timeout is not None and 0 < each.timeout <= MOST_SECONDS else USUAL_SECONDS
    return Fixer(
        name=each.name,
        description=paragraph((each.description or "")[:LONGEST_DESCRIPTION], LONGEST_DESCRIPTION),
        params=params_of(each.params),
        each_instance=each.each_instance,
        timeout=timeout,
        release=release,
    )


def _value(parameter: Parameter, text: str) -> Any:
    said = text.strip() if parameter.type != "string" else text
    value: Any = said
    try:
        if parameter.type == "integer":
            value = int(said) if len(said) < 30 else said
        elif parameter.type == "number":
            value = float(said)
        elif parameter.type == "boolean":
            value = True if said.lower() in _YES else False if said.lower() in _NO else said
    except ValueError:
        value = said
    if not parameter.fits(value):
        raise FixError("params", f"The parameter '{parameter.name}' is to be {wanted(parameter)}")
    return value
