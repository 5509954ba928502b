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
# The drawing around an exception group, and the line at which its members begin.
_GROUP_EDGE = re.compile(r"^  [|+] ")
_MEMBERS = re.compile(r"^\s+\+-\+-+ 1 -+")
_NAME = re.compile(r"^(?P<module>(?:[^\W\d]\w*\.)*)(?P<type>[^\W\d]\w*)$")
_CARETS = re.compile(r"^[\s~^]+$")
_PATH_LIMIT: Final = 1_000
_SAID_BETWEEN: Final = {relation: sentence for sentence, relation in _RELATIONS.items()}
_UNQUALIFIED: Final = (None, "", "builtins", "__main__")
# Calls that are the same are printed so often, the others are counted.
_SAME_CALLS: Final = 3
_INSTALLED: Final = ("site-packages", "dist-packages")
_TYPED_IN: Final = ("<stdin", "<string", "<ipython")


@dataclass
class _Block:
    """One exception while it is being read: frames first, then what it says, then how it belongs to the next."""

    frames: list[Frame] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    relation: Relation | None = None


def read_traceback(text: str) -> tuple[ExceptionInfo, ...]:
    """The exceptions of a traceback, the reported one first, each further one its cause or context; () if it is none."""
    # The text ends with the exception that was reported; the list begins with it.
    blocks = list(reversed(_blocks(text)))
    return tuple(
        _exception(block)
        if number == 0
        else replace(_exception(block), parent=number - 1, relation=block.relation or Relation.CONTEXT)
        for number, block in enumerate(blocks)
    )


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


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    for raw in text.splitlines()[:_LINE_LIMIT]:
        if _MEMBERS.match(raw):
            break
        line = _GROUP_EDGE.sub("", raw)
        if _HEAD.match(line):
            blocks.append(_Block())
        elif blocks and line in _RELATIONS:
            blocks[-1].relation = _RELATIONS[line]
        elif blocks and blocks[-1].relation is None:
            _take(line, blocks[-1])
    return blocks


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
