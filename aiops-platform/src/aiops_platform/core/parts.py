"""Parts of events that came lately, by the bytes as which they came: what is decided from each, and how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, get_type_hints

import msgspec
from msgspec import Raw, field
from msgspec.structs import replace

from aiops_platform.core.event import Event, ExceptionInfo, Frame, SignalType, SourceContext

# What is read of a part takes about as much as what is written of it; either takes so much besides.
_EACH: Final = 400
# Nothing is decided from what variables held and from the lines around a call, but from there being some.
_VARIABLES: Final = {"…": "…"}
_LINES: Final = ("…",)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an event without secrets; `form` is the same as JSON, or itself where it says nothing.

    In the `value` of a call, "…" stands for its variables and for the lines around it.
    """

    value: Any
    form: Any
    size: int


class Parts:
    """Parts of one kind, by `key_of` what they came as. They take at most twice `most` bytes; what is not met again goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._newer: dict[bytes, Part] = {}
        self._older: dict[bytes, Part] = {}

    def __len__(self) -> int:
        """How many are known."""
        return len(self._newer.keys() | self._older.keys())

    def get(self, key: bytes) -> Part | None:
        """The one that came so."""
        part = self._newer.get(key)
        if part is None and (part := self._older.get(key)) is not None:
            self._put(key, part)
        return part

    def learn(self, key: bytes, value: Any) -> Part:
        """`value` is what was said, without secrets."""
        # What says nothing is left out of what is written.
        if not value:
            return self._put(key, Part(value, value, _EACH))
        written = _ENCODER.encode(value)
        return self._put(key, Part(value, Raw(written), 2 * len(written) + 2 * _EACH))

    def learn_lines(self, key: bytes, source: SourceContext | None) -> Part:
        """Likewise the lines of source of a call."""
        if source is None:
            return self.learn(key, source)
        value = replace(source, before=_LINES if source.before else (), after=_LINES if source.after else ())
        return self._put(key, _part(value, source))

    def learn_call(self, key: bytes, call: Frame, source: Part | None) -> Part:
        """Likewise a call; `source` are its lines of source, which `call` does not say then."""
        value = replace(call, locals=_VARIABLES) if call.locals else call
        if source is not None:
            value, call = replace(value, source=source.value), replace(call, source=source.form)
        return self._put(key, _part(value, call))

    def _put(self, key: bytes, part: Part) -> Part:
        if self._size > self._most:
            self._older, self._newer, self._size = self._newer, {}, 0
        self._newer[key] = part
        self._size += part.size
        return part


def _part(value: Any, form: Any) -> Part:
    written = _ENCODER.encode(form)
    return Part(value, Raw(written), len(written) + 2 * _EACH)


def key_of(raw: Raw) -> bytes:
    """Of a part as it came: so short, and yet nobody can make two that have the same."""
    return blake2b(raw, digest_size=16).digest()


class Stack:
    """The calls of one exception as they came. Those that are `new` are to be learned without secrets, in their order.

    A call with other values in its variables is new, and its lines of source are mostly known: then they are left out.
    Raises what msgspec raises for what is no call.
    """

    def __init__(self, raws: Sequence[Raw], calls: Parts, lines: Parts) -> None:
        self._parts = calls
        self._lines = lines
        self._keys = list(map(key_of, raws))
        self._calls = list(map(calls.get, self._keys))
        # Of the new ones.
        self._sources: list[tuple[bytes, Part | None]] = []
        self.new = [self._read(raw) for raw, call in zip(raws, self._calls, strict=True) if call is None]

    def __len__(self) -> int:
        """How many calls."""
        return len(self._keys)

    def learn(self, clean: Sequence[Frame]) -> None:
        """The new ones without secrets. From here on all are known."""
        rest = zip(clean, self._sources, strict=True)
        for place, known in enumerate(self._calls):
            if known is None:
                call, (key, source) = next(rest)
                if key and source is None:
                    source = self._lines.learn_lines(key, call.source)
                self._calls[place] = self._parts.learn_call(self._keys[place], call, source)

    def values(self) -> list[Any]:
        """The calls."""
        return [call.value for call in self._calls if call]

    def forms(self) -> list[Any]:
        """The same to be written."""
        return [call.form for call in self._calls if call]

    def _read(self, raw: Raw) -> Frame:
        call = _CALL.decode(raw)
        source: Raw | None = call.source
        if source is None:
            self._sources.append((b"", None))
            return call
        key = key_of(source)
        known = self._lines.get(key)
        self._sources.append((key, known))
        return replace(call, source=_SOURCE.decode(source) if known is None else None)


class Surroundings:
    """What an event says of the process, the user and the request, likewise; of what is known, `new` says nothing."""

    def __init__(self, told: Event, parts: Mapping[str, Parts]) -> None:
        self._parts = parts
        raws = {name: raw for name in SURROUNDINGS if isinstance(raw := getattr(told, name), Raw)}
        self._keys = {name: key_of(raw) for name, raw in raws.items()}
        self._known = {name: parts[name].get(key) for name, key in self._keys.items()}
        self.new = dict(_NOTHING)
        for name, part in self._known.items():
            if part is None:
                self.new[name] = SURROUNDINGS[name].decode(raws[name])

    def learn(self, clean: Event) -> None:
        """What is new in it, without secrets."""
        for name, part in self._known.items():
            if part is None:
                self._known[name] = self._parts[name].learn(self._keys[name], getattr(clean, name))

    def values(self) -> dict[str, Any]:
        """By field."""
        return {name: part.value for name, part in self._known.items() if part}

    def forms(self) -> dict[str, Any]:
        """The same to be written."""
        return {name: part.form for name, part in self._known.items() if part}


class Thrown(ExceptionInfo, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An exception of which the calls are as they came."""

    frames: tuple[Raw, ...] = ()  # type: ignore[assignment]  # until they are read


class Told(Event, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An event of which these parts are as they came, if they are there; after that it is an event like any other."""

    exceptions: tuple[Thrown, ...] = ()
    contexts: Raw = field(default_factory=dict)  # type: ignore[assignment]  # these too
    instance: Raw = None  # type: ignore[assignment]
    request: Raw = None  # type: ignore[assignment]
    sdk: Raw = None  # type: ignore[assignment]
    user: Raw = None  # type: ignore[assignment]


class _Call(Frame, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    source: Raw = None  # type: ignore[assignment]  # until it is read


_HINTS: Final = get_type_hints(Event, include_extras=True)
#: By field, who reads it. They come again as they were.
SURROUNDINGS: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(_HINTS[name]) for name in ("contexts", "instance", "request", "sdk", "user")
}
_SILENT: Final = Event(signal_type=SignalType.EXCEPTION)
_NOTHING: Final[Mapping[str, Any]] = {name: getattr(_SILENT, name) for name in SURROUNDINGS}
_CALL: Final = msgspec.json.Decoder(_Call)
_SOURCE: Final = msgspec.json.Decoder(SourceContext | None)
_ENCODER: Final = msgspec.json.Encoder()
