"""Secrets stay in the process: values under telling names, what looks like a credential, and what is known to be one.

Always on, always last. It errs on the side of hiding. What was handed in is never changed: what has to be hidden is
hidden in a copy.
"""

from __future__ import annotations

from aiops_sdk import telling
from aiops_sdk.event import Frame, Later, SourceContext
from aiops_sdk.frozen import replace
from aiops_sdk.steps import cuts, markup, patterns, refusals, statements
from aiops_sdk.steps.innocence import Innocence
from aiops_sdk.steps.known import Known
from aiops_sdk.steps.pairs import MASK, Pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Mapping, Sequence, Tuple, TypeVar

    from aiops_sdk.event import Wire

    Key = TypeVar("Key")
    Told = TypeVar("Told")


# What stands between two calls of a printed traceback, and how long the text of one may be to be remembered.
_CALL = "\n  File "
_CALL_LENGTH = 1_000

#: Of each kind of thing, how many are remembered; when there are more, all are forgotten.
REMEMBERED = 1_024
STACKS = 64
# Characters of a text that is worth remembering: names and places stand in every event.
_SHORT_TEXT = 160

# Where the name of a value stands elsewhere.
_BY_NAMES = (markup.hidden, refusals.hidden, statements.hidden)

_DEPTH = 32
# What is longer is no name.
_LONGEST_NAME = 128

# Fields of the wire that are what the SDK and the platform know each other by: nothing of them is anybody's secret.
_OURS = frozenset(
    {"event_id", "occurred_at", "first_at", "last_at", "signal_type", "level", "timestamp", "repeat_count"}
)

# Of two texts in them, the first is not the name of the second.
_LISTS_OF_TEXTS = frozenset({"also_seen_by", "fingerprint", "notes"})


class Scrubber:
    """Hides secrets. ``names`` are words that tell besides ours, ``values`` texts that are secret wherever they stand."""

    def __init__(self, names: Iterable[str] = (), values: Iterable[str] = ()) -> None:
        given = [name for name in _texts(names) if telling.normalised(name)]
        self._words = tuple(map(telling.normalised, given))
        self._pairs = Pairs(given)
        self._known = Known(_texts(values))
        self._innocence = Innocence(given, self._known.anywhere)
        self._telling: Dict[str, bool] = {}
        self._texts: Dict[str, str] = {}
        self._calls: Dict[str, str] = {}
        self._sources: Dict[SourceContext, SourceContext] = {}
        self._stacks: Dict[int, Tuple[Tuple[Frame, ...], Tuple[Frame, ...]]] = {}

    def is_telling(self, name: str) -> bool:
        """Whether the value under this name is nobody's business."""
        known = self._telling.get(name)
        if known is None:
            plain = telling.normalised(name)
            known = telling.is_telling(name) or any(word in plain for word in self._words)
            _remember(self._telling, name, known)
        return known

    def text(self, given: str) -> str:
        """A text without secrets; the same object if there are none."""
        if len(given) > _SHORT_TEXT:
            return self._hidden(given)
        told = self._texts.get(given)
        if told is None:
            told = self._hidden(given)
            _remember(self._texts, given, told)
        return told

    def _hidden(self, given: str) -> str:
        if self._innocence.holds(given):
            return given
        told = self._sought(given)
        seen = patterns.without_unseen(told)
        if seen is not told:
            # They may stand in a name, or in a secret.
            changed = self._sought(seen)
            told = told if changed == seen else changed
        return given if told == given else told

    def _sought(self, given: str) -> str:
        bare = patterns.bare(given)
        beside = patterns.long_words(given, patterns.words_of(bare))
        told = self._known.hidden(given, bare, beside)
        if cuts.MARK in told:
            told = cuts.hidden(told, self._known)
        small = patterns.lowered(told)
        changed = patterns.hidden(told, small, bare, beside)
        if changed is not told and changed != told:
            told, small = changed, patterns.lowered(changed)
        for look in _BY_NAMES:
            changed = look(told, small, self.is_telling)
            if changed is not told and changed != told:
                told, small = changed, patterns.lowered(changed)
        return self._pairs.hidden(told, small)

    def query(self, given: str) -> str:
        """A query string, or the text of a form, in which the values of telling names are hidden."""
        return "&".join([self._parameter(part) for part in given.split("&")])

    def body(self, own: Wire) -> Wire:
        """A body as the wire has it, without secrets.

        The frames of an exception may be ``Frame`` objects still, and the text of the traceback a ``Later``.
        """
        return {name: value if name in _OURS else self._field(name, value) for name, value in own.items()}

    def value(self, name: str, given: object, depth: int = _DEPTH) -> object:
        """Anything that JSON has, under this name."""
        kind = type(given)
        if kind is str:
            # Most are, and were seen before.
            if not given or self.is_telling(name):
                return MASK if given else given
            told = self._texts.get(given)  # type: ignore[call-overload]  # it is a text
            return self.text(given) if told is None else told  # type: ignore[arg-type]  # as above
        if given is None or kind is bool:
            return given
        if kind is int or kind is float:
            return self._number(name, given)  # type: ignore[arg-type]  # it is a number
        if self.is_telling(name):
            return MASK if given else given
        return self._inside(name, given, depth) if isinstance(given, (dict, list, tuple)) else self.text(str(given))

    def _inside(self, name: str, given: object, depth: int) -> object:
        if depth <= 0:
            return MASK
        if isinstance(given, dict):
            told = {self.text(key): self.value(key, each, depth - 1) for key, each in given.items()}
            if "value" in told and self._names(given, "name", "key", "id", "field"):
                told["value"] = MASK
            if refusals.is_refused(given, self.is_telling) and told["input"]:
                told["input"] = MASK
            return told
        parts: Sequence[object] = given  # type: ignore[assignment]  # a list or a tuple
        if name in _LISTS_OF_TEXTS:
            return [self.value("", each, depth - 1) for each in parts]
        return [self.value(self._name_of(parts, place), each, depth - 1) for place, each in enumerate(parts)]

    def _names(self, given: Mapping[str, object], *keys: str) -> bool:
        """Whether one of these says that what stands beside it is a secret."""
        return any(type(name) is str and self.is_telling(name) for name in map(given.get, keys) if name)

    def _name_of(self, parts: Sequence[object], place: int) -> str:
        """What the part before this one calls it, as in a list of headers or of a command's arguments."""
        name, value = parts[place - 1] if place else "", parts[place]
        if type(name) is not str or type(value) is not str or len(name) > _LONGEST_NAME:
            return ""
        # In a longer list both may be names.
        is_word = value.isalpha() and value.islower() and not name.startswith("-")
        return "" if len(parts) > 2 and (is_word or " " in name or "=" in name) else name

    def _field(self, name: str, value: object) -> object:
        if name == "stack_trace":
            if type(value) is Later:
                return value.then(self._trace)
            if type(value) is str:
                return self._trace(value)
        if name == "exceptions" and type(value) is list:
            return [self._exception(info) for info in value]
        if name == "request" and type(value) is dict:
            return {part: self._part_of_request(part, each) for part, each in value.items()}
        return self.value(name, value)

    def _number(self, name: str, given: float) -> object:
        if self.is_telling(name):
            return given if telling.measures(name) else MASK
        is_long = 10**12 <= given < 10**19 and int(given) == given
        return MASK if is_long and patterns.is_card(str(int(given))) else given

    # Of a request.

    def _part_of_request(self, name: str, value: object) -> object:
        if type(value) is not str:
            return self.value(name, value)
        if name == "query":
            return self.text(self.query(value))
        if name == "url" and "?" in value:
            address, _, rest = value.partition("?")
            return self.text(address + "?" + self.query(rest))
        if name == "body" and "=" in value[:256]:
            return self.text(self.query(value))
        return self.text(value)

    def _parameter(self, part: str) -> str:
        name, equals, value = part.partition("=")
        if "%" in part or "+" in part:
            from urllib.parse import unquote_plus

            said = unquote_plus(value)
            if self.is_telling(unquote_plus(name)) or self.text(said) != said:
                return name + equals + MASK if value else part
        return name + equals + MASK if value and self.is_telling(name) else part

    # Of an exception.

    def _trace(self, given: str) -> str:
        """Call by call: the same calls stand in many tracebacks. What the exception says comes after the last one."""
        *calls, last = given.split(_CALL)
        return _CALL.join([*map(self._call, calls), self.text(last)])

    def _call(self, part: str) -> str:
        if len(part) > _CALL_LENGTH:
            return self.text(part)
        told = self._calls.get(part)
        if told is None:
            told = self.text(part)
            _remember(self._calls, part, told)
        return told

    def _exception(self, info: object) -> object:
        if type(info) is not dict:
            return self.value("", info)
        told = {name: self.value(name, value) for name, value in info.items() if name != "frames"}
        if "frames" in info:
            frames = info["frames"]
            if type(frames) is tuple:
                told["frames"] = self.stack(frames)
            elif type(frames) is list:
                told["frames"] = [self._wire_frame(frame) for frame in frames]
        return told

    def stack(self, frames: Tuple[Frame, ...]) -> Tuple[Frame, ...]:
        """These frames, or the same without secrets. One stack gives one object, unless it tells of variables."""
        if any(frame.locals is not None for frame in frames):
            return tuple([self._frame(frame) for frame in frames])
        known = self._stacks.get(id(frames))
        if known is None:
            told = tuple([self._frame(frame) for frame in frames])
            if len(self._stacks) >= STACKS:
                self._stacks.clear()
            # It keeps the frames by whose identity it is found.
            known = self._stacks[id(frames)] = (frames, frames if told == frames else told)
        return known[1]

    def _frame(self, frame: Frame) -> Frame:
        source = None if frame.source is None else self._source(frame.source)
        if frame.locals is not None:
            return replace(frame, source=source, locals=self._variables(frame.locals))
        return frame if source is frame.source else replace(frame, source=source)

    def _variables(self, given: object) -> Dict[str, str]:
        variables = given if isinstance(given, dict) else {}
        return {name: MASK if self.is_telling(name) else self.text(value) for name, value in variables.items()}

    def _wire_frame(self, frame: object) -> object:
        """A frame that the user's own function may have changed."""
        if type(frame) is not dict:
            return self.value("", frame)
        told = {name: self.value(name, value) for name, value in frame.items() if name != "source"}
        source = frame.get("source")
        if type(source) is dict and source.keys() == {"before", "line", "after"}:
            before, line, after = source["before"], source["line"], source["after"]
            if type(before) is list and type(line) is str and type(after) is list:
                told["source"] = self._source(SourceContext(tuple(before), line, tuple(after))).to_wire()
                return told
        return {**told, "source": self.value("", source)} if source is not None else told

    def _source(self, source: SourceContext) -> SourceContext:
        known = self._sources.get(source)
        if known is None:
            known = self._told_source(source)
            _remember(self._sources, source, known)
        return known

    def _told_source(self, source: SourceContext) -> SourceContext:
        given = [*source.before, source.line, *source.after]
        if not all(type(line) is str for line in given):
            return SourceContext((), "", ())
        lines = patterns.without_keys(given)
        whole = "\n".join(lines)
        told = self.text(whole)
        if told == whole:
            return source if lines == given else _source_of(lines, len(source.before))
        parts = told.split("\n")
        if len(parts) != len(lines):
            parts = [self.text(line) for line in lines]
        return _source_of(parts, len(source.before))


def _source_of(lines: List[str], before: int) -> SourceContext:
    return SourceContext(tuple(lines[:before]), lines[before], tuple(lines[before + 1 :]))


def _texts(given: Iterable[object]) -> List[str]:
    """The texts in it; a text alone is one of them."""
    return [given] if isinstance(given, str) else [each for each in given if isinstance(each, str)]


def _remember(memory: Dict[Key, Told], key: Key, value: Told) -> None:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[key] = value
