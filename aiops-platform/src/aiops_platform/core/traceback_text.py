"""A traceback as Python prints it, read into exceptions and frames (old clients send only text), and printed from them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from msgspec.structs import replace

from aiops_platform.core.event import ExceptionInfo, Frame, Relation, SourceContext

_LINE_LIMIT: Final = 4_000
_NAME_LIMIT: Final = 500
_FRAME = re.compile(r'^ +File "(?P<file>[^"]*)", line (?P<line>\d{1,9}), in (?P<function>.+)$')
_HEAD = re.compile(r"^(?:Exception Group )?Traceback \(most recent call last\):\s*$")
_RELATIONS: Final = {
    "The above exception was the direct cause of the following exception:": Relation.CAUSE,
    "During handling of the above exception, another exception occurred:": Relation.CONTEXT,
}
# The drawing around an exception group: the edge of its lines, where a member begins, and where the last one ends.
_GROUP_HEAD = re.compile(r"^ {2,}\+ Exception Group Traceback")
_GROUP_EDGE = re.compile(r"^(?P<indent> {2,})[|+](?: |$)")
_MEMBER = re.compile(r"^(?P<indent> {2,})\+-(?P<first>\+-)?-{10,} (?:\d+|\.\.\.) -{10,}$")
_LAST_MEMBER_ENDS = re.compile(r"^(?P<indent> {2,})\+-{20,}$")
_DEPTH_LIMIT: Final = 50
_NAME = re.compile(r"^(?P<module>(?:[^\W\d]\w*\.)*)(?P<type>[^\W\d]\w*)$")
_CARETS = re.compile(r"^[\s~^]+$")
_PATH_LIMIT: Final = 1_000
_SAID_BETWEEN: Final = {relation: sentence for sentence, relation in _RELATIONS.items()}
_UNQUALIFIED: Final = (None, "", "builtins", "__main__")
# Calls that are the same are printed so often, the others are counted.
_SAME_CALLS: Final = 3
_INSTALLED: Final = ("site-packages", "dist-packages")
# What libraries were compiled from is named as it lay where that was done.
_COMPILED: Final = (".pyx", ".pxi", ".pxd")
_TYPED_IN: Final = ("<stdin", "<string", "<ipython")


@dataclass
class _Block:
    """One exception while it is being read: frames first, then what it says, its members, how it belongs to the next."""

    frames: list[Frame] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    members: list[list["_Block"]] = field(default_factory=list)
    relation: Relation | None = None


def read_traceback(text: str) -> tuple[ExceptionInfo, ...]:
    """The exceptions of a traceback as a flat list, the reported one first; () if it is none.

    Each further one is a cause or the context of another, or a member of a group.
    """
    told: list[ExceptionInfo] = []
    _tell(_blocks(text), told, parent=None, relation=None)
    return tuple(told)


def print_traceback(exceptions: Sequence[ExceptionInfo]) -> str:
    """The text for these exceptions, a tree as a flat list, the reported one first; it ends with a line break."""
    beneath: dict[int | None, list[int]] = {}
    for number, exception in enumerate(exceptions):
        beneath.setdefault(exception.parent, []).append(number)
    printer = _Printer(exceptions, beneath)
    # A parent that could not be read leaves more than one at the top.
    return "\n".join("".join(f"{line}\n" for line in printer.lines(top)) for top in beneath.get(None, ()))


def is_in_app(file: str) -> bool:
    """Whether a file belongs to the application, as far as (the end of) its path tells."""
    if file.startswith("<"):
        return file.startswith(_TYPED_IN)
    if file.endswith(_COMPILED):
        return False
    folders = file[-_PATH_LIMIT:].replace("\\", "/").split("/")[:-1]
    return not (any(folder.endswith(_INSTALLED) for folder in folders) or _is_pythons_own(folders))


@dataclass(frozen=True)
class _Printer:
    """`beneath`: the exceptions that belong to one, by its number."""

    exceptions: Sequence[ExceptionInfo]
    beneath: Mapping[int | None, Sequence[int]]

    def lines(self, number: int, depth: int = 0) -> Iterator[str]:
        """An exception after those that led to it, and before its members. `depth`: of groups around it."""
        members = self._members(number)
        for each in self.beneath.get(number, ()):
            if each not in members:
                yield from self.lines(each, depth)
                sentence = _SAID_BETWEEN[self.exceptions[each].relation or Relation.CONTEXT]
                yield from _drawn(["", sentence, ""], depth)
        # The outermost group has an edge of its own.
        is_outermost = bool(members) and depth == 0
        inner = depth + is_outermost
        said = _lines_of(self.exceptions[number], is_group=bool(members))
        yield from _drawn(said, inner, edge="+" if is_outermost else "|")
        for place, each in enumerate(members, 1):
            yield f"{'  ' * inner}{'+-' if place == 1 else '  '}+---------------- {place} ----------------"
            yield from self.lines(each, inner + 1)
        # A group that is the last member has drawn the line already.
        if members and not self._members(members[-1]):
            yield f"{'  ' * (inner + 1)}+------------------------------------"

    def _members(self, number: int) -> list[int]:
        below = self.beneath.get(number, ())
        return [each for each in below if self.exceptions[each].relation is Relation.MEMBER]


def _drawn(lines: Iterable[str], depth: int, edge: str = "|") -> Iterator[str]:
    """The lines within the drawing of so many groups; `edge` is that of the first one."""
    for number, line in enumerate(lines):
        yield f"{'  ' * depth}{'|' if number else edge} {line}" if depth else line


def _lines_of(exception: ExceptionInfo, *, is_group: bool) -> Iterator[str]:
    if exception.frames:
        yield f"{'Exception Group ' if is_group else ''}Traceback (most recent call last):"
    for (file, line, function), same in groupby(
        exception.frames, key=lambda each: (each.file, each.line, each.function)
    ):
        calls = list(same)
        for call in calls[:_SAME_CALLS]:
            yield f'  File "{file}", line {"?" if line is None else line}, in {function}'
            if call.source is not None and call.source.line.strip():
                yield f"    {call.source.line.strip()}"
        if len(calls) > _SAME_CALLS:
            more = len(calls) - _SAME_CALLS
            yield f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]"
    named = exception.type if exception.module in _UNQUALIFIED else f"{exception.module}.{exception.type}"
    said = ": ".join(part for part in (named, exception.value) if part) or "Exception"
    for text in (said, *exception.notes):
        yield from text.split("\n")


def _is_pythons_own(folders: Sequence[str]) -> bool:
    """Whether these are below the standard library: `lib/python3.11`, or on Windows `Lib`."""
    below_lib = (inner for outer, inner in pairwise(folders) if outer in ("lib", "lib64"))
    if any(folder.startswith("python") and folder[6:7].isdigit() for folder in below_lib):
        return True
    windows = max((place for place, folder in enumerate(folders) if place and folder == "Lib"), default=None)
    # Someone's own code may lie in a folder of that name too.
    return windows is not None and "src" not in folders[windows:]


def _tell(chain: list[_Block], told: list[ExceptionInfo], *, parent: int | None, relation: Relation | None) -> None:
    """Append a chain, from its end: the text ends with what was raised last, the list begins with it."""
    for block in reversed(chain):
        relation = relation if block is chain[-1] else block.relation or Relation.CONTEXT
        told.append(replace(_exception(block), parent=parent, relation=relation))
        parent = len(told) - 1
        for member in block.members:
            _tell(member, told, parent=parent, relation=Relation.MEMBER)


def _blocks(text: str) -> list[_Block]:
    reading = _Reading()
    for line in text.splitlines()[:_LINE_LIMIT]:
        reading.take(line)
    return reading.chains[0]


class _Reading:
    """A text while it is being read. `chains`: the one that is being told, after those in whose groups it stands."""

    def __init__(self) -> None:
        self.chains: list[list[_Block]] = [[]]
        self._is_drawn = False

    def take(self, line: str) -> None:
        """Read a line: one of the drawing, or one of the chain that it belongs to."""
        self._is_drawn = self._is_drawn or _GROUP_HEAD.match(line) is not None
        if not self._is_drawn:
            _take_undrawn(line, self.chains[-1])
        elif member := _MEMBER.match(line):
            self._begin_member(_depth(member) + (1 if member["first"] else 0))
        elif ended := _LAST_MEMBER_ENDS.match(line):
            self._return_to(_depth(ended) - 1)
        else:
            edge = _GROUP_EDGE.match(line)
            self._return_to(_depth(edge) if edge else 0)
            text = line[edge.end() :] if edge else line
            # A member that nobody raised has no traceback above it.
            if len(self.chains) > 1 and not self.chains[-1] and not _HEAD.match(text):
                self.chains[-1].append(_Block())
            _take_undrawn(text, self.chains[-1])

    def _begin_member(self, depth: int) -> None:
        self._return_to(depth - 1)
        group = self.chains[-1][-1] if self.chains[-1] else None
        if group is not None and len(self.chains) <= _DEPTH_LIMIT:
            group.members.append([])
            self.chains.append(group.members[-1])

    def _return_to(self, depth: int) -> None:
        del self.chains[max(0, depth) + 1 :]


def _depth(drawn: re.Match[str]) -> int:
    """In how many groups a line stands. The outermost group draws an edge around itself, too."""
    return len(drawn["indent"]) // 2 - 1


def _take_undrawn(line: str, blocks: list[_Block]) -> None:
    if _HEAD.match(line):
        blocks.append(_Block())
    elif blocks and line in _RELATIONS:
        blocks[-1].relation = _RELATIONS[line]
    elif blocks and blocks[-1].relation is None:
        _take(line, blocks[-1])


def _take(line: str, block: _Block) -> None:
    if block.said or (line and not line[0].isspace()):
        if block.said or not line.startswith("[Previous line repeated"):
            block.said.append(line)
    elif match := _FRAME.match(line):
        file = match["file"]
        block.frames.append(
            Frame(file=file, function=match["function"], line=int(match["line"]), in_app=is_in_app(file))
        )
    elif block.frames and block.frames[-1].source is None and line.strip() and not _CARETS.match(line):
        block.frames[-1] = replace(block.frames[-1], source=SourceContext(line=line.strip()))


def _exception(block: _Block) -> ExceptionInfo:
    while block.said and not block.said[-1].strip():
        block.said.pop()
    said = "\n".join(block.said)
    name, colon, value = said.partition(": ")
    named = _NAME.match(name.removesuffix(":").strip()) if len(name) <= _NAME_LIMIT else None
    if named is None:
        return ExceptionInfo(value=said, frames=tuple(block.frames))
    module = named["module"].removesuffix(".") or None
    return ExceptionInfo(type=named["type"], module=module, value=value if colon else "", frames=tuple(block.frames))
