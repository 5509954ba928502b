"""Fixers as a program declares them: a name, a function, and of which type each of its parameters is."""

from __future__ import annotations

import inspect
import re

from aiops_sdk import _safety
from aiops_sdk.fixing.signing import RefusedError
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

    Told = Dict[str, object]

#: So many are told of.
MOST = 50
#: Characters of a description, and of a text that is handed to a fixer.
LONGEST = 1_000
LONGEST_TEXT = 4_096
#: Seconds that a fixer may take, unless it says otherwise, and at most.
USUAL = 60.0
MOST_SECONDS = 3_600.0

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_TYPES: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_BITS = 63
#: What may be said of a parameter.
_OPTIONS = frozenset({"type", "description", "choices"})


class Parameter(Frozen):
    """One parameter. ``type`` is string, integer, number or boolean; ``choices`` are the only texts, where there are any."""

    type: str
    is_needed: bool
    description: str = ""
    choices: Tuple[str, ...] = ()

    def told(self) -> Told:
        """As the wire has it."""
        told: Told = {"type": self.type, "required": self.is_needed}
        if self.description:
            told["description"] = self.description
        if self.choices:
            told["choices"] = list(self.choices)
        return told

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


class Fixer(Frozen):
    """A function that may be asked for, under its name."""

    name: str
    function: Any
    description: str
    parameters: Mapping[str, Parameter]
    each_instance: bool
    timeout: float

    def told(self) -> Told:
        """As a heartbeat tells of it."""
        return {
            "name": self.name,
            "description": self.description,
            "params": {name: each.told() for name, each in self.parameters.items()},
            "each_instance": self.each_instance,
            "timeout": self.timeout,
        }

    def check(self, given: Mapping[str, object]) -> None:
        """Raise ``RefusedError`` unless these are parameters for it: all that are needed, no others, each of its type."""
        for name, parameter in self.parameters.items():
            if name in given and not parameter.fits(given[name]):
                raise RefusedError("params")
            if name not in given and parameter.is_needed:
                raise RefusedError("params")
        if not given.keys() <= self.parameters.keys():
            raise RefusedError("params")


class Registry:
    """The fixers of this process. What is not in here is never run."""

    def __init__(self) -> None:
        self._fixers: Dict[str, Fixer] = {}
        #: Grows with each one that is added.
        self.version = 0

    def add(self, fixer: Fixer) -> None:
        """From now on this one has the name: a module may be loaded anew. Another function is told of, in the log."""
        older = self._fixers.get(fixer.name)
        if older is not None:
            was = older.function
            _safety.attempt(lambda: _tell_of_two(fixer.name, _place(was), _place(fixer.function)), None)
        self._fixers = {**self._fixers, fixer.name: fixer}
        self.version += 1

    def find(self, name: str) -> Optional[Fixer]:
        """The one of this name."""
        return self._fixers.get(name)

    def all(self) -> List[Fixer]:
        """In the order of their names."""
        return [self._fixers[name] for name in sorted(self._fixers)][:MOST]


#: Functions are decorated before there is a client, and stay when one is closed.
REGISTRY = Registry()


def declared(
    name: object,
    function: Callable[..., object],
    *,
    description: Optional[str],
    params: Optional[Mapping[str, object]],
    each_instance: bool,
    timeout: float,
) -> Fixer:
    """The fixer. Raises ``TypeError`` where it cannot be one, with what to do about it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise TypeError(
            "A fixer's name is made of small letters, digits, '.', '_' and '-', and has 1 to 100 of them, as in "
            "@aiops_sdk.fixer('recycle-db-pool'); {!r} is none.".format(name)
        )
    if type(timeout) not in (int, float) or not 0 < timeout <= MOST_SECONDS:
        raise TypeError("The timeout of the fixer {!r} is a number of seconds up to {:.0f}.".format(name, MOST_SECONDS))
    written = description if description is not None else (inspect.getdoc(function) or "").partition("\n\n")[0]
    return Fixer(
        name=name,
        function=function,
        description=" ".join(written.split())[:LONGEST],
        parameters=_parameters(name, function, params or {}),
        each_instance=bool(each_instance),
        timeout=float(timeout),
    )


def _place(function: object) -> Tuple[str, str]:
    return str(getattr(function, "__module__", "")), str(getattr(function, "__qualname__", ""))


def _tell_of_two(name: str, older: Tuple[str, str], newer: Tuple[str, str]) -> None:
    if older == newer:
        return
    import logging

    logging.getLogger("aiops_sdk").warning(
        "The fixer %r was registered twice: %s is asked for from now on, and no more %s. Give one of them another name.",
        name,
        ".".join(newer),
        ".".join(older),
    )


def _parameters(name: str, function: Callable[..., object], said: Mapping[str, object]) -> Dict[str, Parameter]:
    found: Dict[str, Parameter] = {}
    nothing: Dict[str, object] = {}
    hints = _safety.attempt(lambda: _hints(function), nothing)
    for each in inspect.signature(function).parameters.values():
        if each.kind not in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
            raise TypeError(
                "Parameters of the fixer {!r} are handed over by name: {!r} cannot be.".format(name, str(each))
            )
        found[each.name] = _parameter(name, each, said.get(each.name, hints.get(each.name, each.annotation)))
    strangers = sorted(said.keys() - found.keys())
    if strangers:
        raise TypeError("The function of the fixer {!r} has no parameter {!r}.".format(name, strangers[0]))
    return found


def _parameter(fixer: str, parameter: inspect.Parameter, said: Any) -> Parameter:
    details = dict(said) if isinstance(said, dict) else {"type": said}
    strangers = sorted(str(each) for each in details.keys() - _OPTIONS)
    if strangers:
        raise TypeError(
            "The parameter {!r} of the fixer {!r} has no option {!r}: those there are are {}.".format(
                parameter.name, fixer, strangers[0], ", ".join(sorted(_OPTIONS))
            )
        )
    kind, choices = details.get("type"), details.get("choices", ())
    literal = getattr(kind, "__args__", ())
    if "Literal" in str(getattr(kind, "__origin__", "")) and all(isinstance(each, str) for each in literal):
        kind, choices = str, literal
    word = _TYPES.get(kind, kind) if isinstance(kind, type) else kind
    if word not in _TYPES.values() or not all(isinstance(each, str) for each in choices):
        raise TypeError(
            "What the parameter {!r} of the fixer {!r} is has to be said, by an annotation or in params: str, int, float, "
            "bool, or a Literal of texts.".format(parameter.name, fixer)
        )
    return Parameter(
        type=str(word),
        is_needed=parameter.default is parameter.empty,
        description=str(details.get("description", ""))[:LONGEST],
        choices=tuple(choices),
    )


def _hints(function: Callable[..., object]) -> Dict[str, object]:
    """The annotations, also those that are still texts."""
    from typing import get_type_hints

    return dict(get_type_hints(function))
