"""The traceback text that Python would print for a tree of exceptions, made without asking the exceptions again.

The standard library's own formatter calls ``str()`` on each exception, and more on some; here their texts are handed in.
"""

from __future__ import annotations

import traceback
from typing import Iterator, List, Optional, Sequence, Tuple

from aiops_sdk import calls, chain, hostile

CALL_LIMIT = 2000
MEMBER_LIMIT = 15
DEPTH_LIMIT = 10

_LINKS = {
    chain.CAUSE: "\nThe above exception was the direct cause of the following exception:\n\n",
    chain.CONTEXT: "\nDuring handling of the above exception, another exception occurred:\n\n",
}


def text_of(entries: Sequence[chain.Related], values: Sequence[str], notes: Sequence[Tuple[str, ...]]) -> str:
    """The whole text. ``values`` and ``notes`` are what the exception of the same index says."""
    return "".join(_Printer(entries, values, notes).entry(0))


class _Printer:
    """Walks the tree from the oldest cause to the reported exception; groups are drawn as nested boxes."""

    def __init__(
        self, entries: Sequence[chain.Related], values: Sequence[str], notes: Sequence[Tuple[str, ...]]
    ) -> None:
        self._entries = entries
        self._values = values
        self._notes = notes
        self._depth = 0
        self._open = False

    def entry(self, index: int) -> Iterator[str]:
        """The text of one exception, after that of what led to it."""
        for older in self._indexes(index, chain.CAUSE, chain.CONTEXT):
            yield from self.entry(older)
            yield from self._boxed(_LINKS[str(self._entries[older].relation)])
        members = self._indexes(index, chain.MEMBER)
        if members and self._depth < DEPTH_LIMIT:
            yield from self._group(index, members)
        else:
            yield from self._head(index, "Traceback", "|")
            yield from self._last_lines(index)

    def _group(self, index: int, members: List[int]) -> Iterator[str]:
        outermost = self._depth == 0
        self._depth += int(outermost)
        yield from self._head(index, "Exception Group Traceback", "+" if outermost else "|")
        yield from self._last_lines(index)
        shown = members[:MEMBER_LIMIT]
        for number, member in enumerate(shown, 1):
            yield self._rule(str(number), first=number == 1)
            self._depth += 1
            self._open = True
            yield from self.entry(member)
            self._depth -= 1
        if len(members) > len(shown):
            yield self._rule("...", first=False)
            self._depth += 1
            rest = len(members) - len(shown)
            yield from self._boxed("and {} more exception{}\n".format(rest, "s" if rest > 1 else ""))
            self._depth -= 1
        if self._open:
            # One line closes all the boxes that end here; the innermost draws it.
            yield "  " * (self._depth + 1) + "+------------------------------------\n"
            self._open = False
        self._depth -= int(outermost)

    def _head(self, index: int, title: str, edge: str) -> Iterator[str]:
        tb = chain.traceback_of(self._entries[index].exc)
        if tb is not None:
            yield from self._boxed(title + " (most recent call last):\n", edge)
            found, left_out = calls.calls_of(tb, CALL_LIMIT)
            split = CALL_LIMIT // 4 if left_out else 0
            for line in calls.printed(found[:split]):
                yield from self._boxed(line)
            if left_out:
                yield from self._boxed("  [{} calls are left out here]\n".format(left_out))
            for line in calls.printed(found[split:]):
                yield from self._boxed(line)

    def _last_lines(self, index: int) -> Iterator[str]:
        exc = self._entries[index].exc
        text = _syntax_error(exc) if issubclass(type(exc), SyntaxError) else None
        yield from self._boxed(text or _said(type(exc), self._values[index]))
        if text is None:
            for note in self._notes[index]:
                for line in note.split("\n"):
                    yield from self._boxed(line + "\n")

    def _boxed(self, text: str, edge: str = "|") -> Iterator[str]:
        if self._depth == 0:
            yield text
            return
        for line in text.splitlines(True):
            yield "{}{} {}".format("  " * self._depth, edge, line)

    def _rule(self, label: str, first: bool) -> str:
        return "{}{}+---------------- {} ----------------\n".format("  " * self._depth, "+-" if first else "  ", label)

    def _indexes(self, parent: int, *relations: str) -> List[int]:
        return [i for i, entry in enumerate(self._entries) if entry.parent == parent and entry.relation in relations]


def _said(kind: type, value: str) -> str:
    module = hostile.module_of(kind)
    name = hostile.qualified_name_of(kind)
    if module not in ("builtins", "__main__"):
        name = "{}.{}".format(module or "<unknown>", name)
    return "{}: {}\n".format(name, value) if value else name + "\n"


def _syntax_error(exc: BaseException) -> Optional[str]:
    """The lines that show where in the source the mistake is; its attributes can be anything, so Python is asked aside."""
    return hostile.answer_of(lambda: "".join(traceback.format_exception_only(type(exc), exc)))
