"""The traceback text that Python would print for a tree of exceptions, made without asking the exceptions again.

The standard library's own formatter calls ``str()`` on each exception, and more on some; here their texts were taken before.
"""

from __future__ import annotations

import traceback

from aiops_sdk import chain, hostile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Mapping, Optional, Sequence, Tuple

    from aiops_sdk.calls import Stack


MEMBER_LIMIT = 15
DEPTH_LIMIT = 10

# Characters of a heading, and of the words between two exceptions.
_FRAME = 150
_LINKS = {
    chain.CAUSE: "\nThe above exception was the direct cause of the following exception:\n\n",
    chain.CONTEXT: "\nDuring handling of the above exception, another exception occurred:\n\n",
}


class Thrown:
    """One exception of a tree, without the exception: what it said, and where its calls stood.

    ``parent`` and ``relation`` as in ``chain.Related``. ``last_lines`` is there where Python ends in its own way.
    """

    __slots__ = ("last_lines", "locals", "module", "notes", "parent", "qualified", "relation", "stack", "type", "value")

    def __init__(
        self,
        *,
        type: str,  # noqa: A002 - the word of the wire
        qualified: str,
        module: Optional[str],
        value: str,
        stack: Stack,
        notes: Tuple[str, ...] = (),
        parent: Optional[int] = None,
        relation: Optional[str] = None,
        last_lines: Optional[str] = None,
        locals: Tuple[Optional[Mapping[str, str]], ...] = (),  # noqa: A002 - the word of the wire
    ) -> None:
        self.type = type
        self.qualified = qualified
        self.module = module
        self.value = value
        self.notes = notes
        self.stack = stack
        self.parent = parent
        self.relation = relation
        self.last_lines = last_lines
        #: Of each call what its names stood for; empty where nothing is told of that.
        self.locals = locals

    def ending(self) -> str:
        """The last lines of its traceback: what it is, and what it says."""
        if self.last_lines:
            return self.last_lines
        name = self.qualified
        if self.module not in ("builtins", "__main__"):
            name = "{}.{}".format(self.module or "<unknown>", name)
        said = "{}: {}\n".format(name, self.value) if self.value else name + "\n"
        return "".join([said, *(line + "\n" for note in self.notes for line in note.split("\n"))])


def text_of(entries: Sequence[Thrown], calls: Sequence[str]) -> str:
    """The whole text. ``calls`` are the lines of the calls of the exception of the same index."""
    return "".join(_Printer(entries, calls).entry(0))


def size_of(entries: Sequence[Thrown], calls: Sequence[str]) -> Optional[int]:
    """How long the whole text is at most; None for groups, whose boxes make it longer."""
    size = 0
    for entry, text in zip(entries, calls):
        if entry.relation == chain.MEMBER:
            return None
        size += _FRAME + len(text) + len(entry.ending())
    return size


def syntax_error(exc: BaseException) -> Optional[str]:
    """The lines that show where in the source the mistake is; its attributes can be anything, so Python is asked aside."""
    return hostile.answer_of(lambda: "".join(traceback.format_exception_only(type(exc), exc)))


class _Printer:
    """Walks the tree from the oldest cause to the reported exception; groups are drawn as nested boxes."""

    def __init__(self, entries: Sequence[Thrown], calls: Sequence[str]) -> None:
        self._entries = entries
        self._calls = calls
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
            yield from self._boxed(self._entries[index].ending())

    def _group(self, index: int, members: List[int]) -> Iterator[str]:
        outermost = self._depth == 0
        self._depth += int(outermost)
        yield from self._head(index, "Exception Group Traceback", "+" if outermost else "|")
        yield from self._boxed(self._entries[index].ending())
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
        if self._entries[index].stack.places:
            yield from self._boxed(title + " (most recent call last):\n", edge)
            yield from self._boxed(self._calls[index])

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
