"""Texts, reports and raw bodies without secrets. It errs on the side of hiding; what was handed in is never changed."""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from aiops_platform.core.event import SourceContext
from aiops_platform.core.scrubbing import cuts, markup, names, refusals, shapes, statements
from aiops_platform.core.scrubbing.memory import Memory
from aiops_platform.core.scrubbing.pairs import Pairs
from aiops_platform.core.scrubbing.rules import NO_RULES, Rules
from aiops_platform.core.scrubbing.structure import Structure
from aiops_platform.core.scrubbing.values import Values

_T = TypeVar("_T", bound=Struct)

# Names, places, calls, lines of source: what is longer does not come again.
_LONGEST: Final = 2_000
_REMEMBERED: Final = 4 * 1024 * 1024
_NAMES: Final = 4_096
# Where the name of a value stands elsewhere.
_BY_NAMES: Final = (markup.hidden, refusals.hidden, statements.hidden)
# Between texts that are looked through together: nothing that is looked for has it in it, or begins before and ends behind.
_BETWEEN: Final = "\n\x00\n"


class Scrubber:
    """Hides secrets by everybody's rules and by those of one project."""

    def __init__(self, rules: Rules = NO_RULES) -> None:
        given = [name for name in rules.names if names.normalised(name)]
        self._names = tuple(map(names.normalised, given))
        self._values = Values(rules.values)
        self._pairs = Pairs(given)
        self._telling: dict[str, bool] = {}
        self._texts: Memory[str] = Memory(_REMEMBERED)
        self._sources: Memory[SourceContext] = Memory(_REMEMBERED)
        self._each = Structure(self.is_telling, self.text, self.source)

    def is_telling(self, name: str) -> bool:
        """Whether the value under this name is nobody's business."""
        known = self._telling.get(name)
        if known is None:
            known = names.is_telling(name) or any(word in names.normalised(name) for word in self._names)
            if len(self._telling) >= _NAMES:
                self._telling.clear()
            self._telling[name] = known
        return known

    def text(self, given: str) -> str:
        """A text without secrets; the same object if there are none."""
        told = self._texts.get(given, len(given))
        if told is None:
            told = self._hidden(given)
            self._remember(given, told)
        return given if told == given else told

    def source(self, given: SourceContext) -> SourceContext:
        """Lines of source without secrets, which may go over several of them; the same object if there are none."""
        told = self._sources.get(given, _length(given))
        if told is None:
            told = self._told_source(given)
            self._sources.put(given, told, _length(given))
        return given if told == given else told

    def report(self, report: _T) -> _T:
        """The report without secrets; the same object if there are none.

        What is new in it is looked through as one text first: in most reports there is nothing.
        """
        new: list[str | SourceContext] = []
        texts, sources = self._texts.clean, self._sources.clean

        def text(given: str) -> str:
            return given if given in texts else self._known_text(given, new)

        def source(given: SourceContext) -> SourceContext:
            return given if given in sources else self._known_source(given, new)

        told = Structure(self.is_telling, text, source).report(report)
        if new and self._is_hidden_in(new):
            return self._each.report(report)
        for each in new:
            if isinstance(each, str):
                self._remember(each, each)
            else:
                self._sources.put(each, each, _length(each))
        return told

    def value(self, name: str, given: object) -> object:
        """Anything that JSON has, under this name. What is in objects and lists keeps its place, so that types stay."""
        return self._each.value(name, given)

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

    def _known_text(self, given: str, new: list[str | SourceContext]) -> str:
        told = self._texts.get(given, len(given))
        if told is None:
            new.append(given)
        return given if told is None or told == given else told

    def _known_source(self, given: SourceContext, new: list[str | SourceContext]) -> SourceContext:
        told = self._sources.get(given, _length(given))
        if told is None:
            new.append(given)
        return given if told is None or told == given else told

    def _is_hidden_in(self, new: Sequence[str | SourceContext]) -> bool:
        """Whether there is a secret in any of it."""
        parts: list[str] = []
        # A message stands in several places.
        for each in dict.fromkeys(new):
            if isinstance(each, str):
                parts.append(each)
            else:
                lines = _lines(each)
                if shapes.without_keys(lines) != lines:
                    return True
                parts.append("\n".join(lines))
        whole = _BETWEEN.join(parts)
        return self._hidden(whole) is not whole

    def _told_source(self, given: SourceContext) -> SourceContext:
        lines = shapes.without_keys(_lines(given))
        whole = "\n".join(lines)
        told = self._hidden(whole)
        parts = told.split("\n")
        if len(parts) != len(lines):
            parts = list(map(self.text, lines))
        at = len(given.before)
        return SourceContext(before=tuple(parts[:at]), line=parts[at], after=tuple(parts[at + 1 :]))

    def _remember(self, given: str, told: str) -> None:
        if len(given) <= _LONGEST:
            self._texts.put(given, told, len(given))

    def _hidden(self, given: str) -> str:
        told = self._sought(given)
        seen = shapes.without_unseen(told)
        if seen is not told:
            # They may stand in a name, or in a secret.
            changed = self._sought(seen)
            told = told if changed == seen else changed
        return given if told == given else told

    def _sought(self, given: str) -> str:
        bare = shapes.bare(given)
        beside = shapes.long_words(given, shapes.words_of(bare))
        told = self._values.hidden(given, bare, beside)
        if cuts.MARK in told:
            told = cuts.hidden(told, self._values)
        small = shapes.lowered(told)
        changed = shapes.hidden(told, small, bare, beside)
        if changed is not told and changed != told:
            told, small = changed, shapes.lowered(changed)
        for look in _BY_NAMES:
            changed = look(told, small, self.is_telling)
            if changed is not told and changed != told:
                told, small = changed, shapes.lowered(changed)
        return self._pairs.hidden(told, small)


def _lines(source: SourceContext) -> list[str]:
    return [*source.before, source.line, *source.after]


def _length(source: SourceContext) -> int:
    return sum(map(len, source.before)) + len(source.line) + sum(map(len, source.after))
