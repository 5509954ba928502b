"""Where a value ends: one in quotes, in quotes within quotes, in brackets, over several lines, or without any of that.

Each takes time in proportion to what it finds.
"""

import re
from typing import Final

#: Quotes in quotes have backslashes in front, at each depth twice as many and one more; in addresses, markup and careful
#: JSON they are written out.
ESCAPES: Final = r"\\{1,31}[\"']|%(?:25){0,3}2[27]|&quot;|&#(?:34|39|x22|x27);|\\{1,15}u002[27]"
#: What opens a value, and what closes it.
BRACKETS: Final = {"[": "]", "(": ")", "{": "}"}

# What may close a value that began with one of those.
_CLOSES: Final = re.compile(r"(?i)(\\{0,40})(?:[\"']|u002[27])|%(?:25){0,3}2[27]|&quot;|&#(?:34|39|x22|x27);|\n")
# What began without a quote goes on behind a sign that could end it, if neither a blank nor another name comes next.
_GOES_ON: Final = (
    r"(?:[,;)}\]\"']|&(?!(?:amp|quot|#[0-9]{2});))(?=[\w!@#$%^*~+-])(?![\w.%-]{1,64}[\"']?\s{0,2}(?:[=:]|%3[ad]))"
)
_UNQUOTED: Final = re.compile(r"[^\s\"',;&)}\]]*(?:" + _GOES_ON + r"[^\s\"',;&)}\]]+)*")
# In an address within an address, where = is written out, so is what ends a value: a quote, or &.
_CLOSED: Final = re.compile(r"%(?:25){0,3}2[26]")
_WRITTEN_OUT: Final = re.compile(r"(?:[^\s\"',;&)}\]%]|%(?!(?:25){0,3}2[26])|" + _GOES_ON + ")*")
_LONGEST_CLOSED: Final = len("%25252526")
# In SQL, a quote in quotes is written twice.
_QUOTED: Final = {"'": re.compile(r"(?:\\.|[^'\\\n]|''(?=[^\s,):]))*"), '"': re.compile(r"(?:\\.|[^\"\\\n])*")}
_QUOTED.update({3 * quote: re.compile(rf"(?s)(?:\\.|(?!{3 * quote})[^\\])*") for quote in ("'", '"')})
_LINE: Final = re.compile(r"[^\n]*")
_COOKIES: Final = re.compile(r"[^\n\"'&)}\]]*")
# In YAML, a text or a list of several lines: those that begin further in than the line of the name, or with a dash.
_BLOCK: Final = r"[^\S\n]*(?:\n(?:[^\S\n]*(?=\n)|[^\S\n]{%d,}[^\n]*))*"
_LIST: Final = r"[^\S\n]*(?:\n[^\S\n]*-[^\S\n][^\n]*)+"
# A value in braces, as ODBC has it, in which they are written twice.
_IN_BRACES: Final = re.compile(r"\{([^{}\s]{1,256}(?:\}\}[^{}\s]{0,256}){0,8})\}")
_LONGEST_LIST: Final = 8_192
# So far before a name its line may begin.
_REACH: Final = 80


def quoted(text: str, at: int, quote: str) -> int:
    """`at` is anywhere in it."""
    return _end(_QUOTED[quote], text, at)


def escaped(text: str, begin: int, opening: str) -> int:
    """Where the next quote of this depth is, else the end of the line. One with more backslashes is a part of the value."""
    is_deep = opening[0] == "\\"
    slashes = len(opening) - len(opening.lstrip("\\"))
    for found in _CLOSES.finditer(text, begin):
        before = found.group(1)
        if before is not None and is_deep and len(before) <= slashes:
            return found.start()
        if found.group(0) == "\n" or (not is_deep and found.group(0).lower() == opening.lower()):
            return found.start()
    return len(text)


def in_braces(text: str, begin: int) -> str:
    """What stands in the braces that open here, if it is one word; else nothing."""
    found = _IN_BRACES.match(text, begin)
    return "" if found is None else found.group(1)


def bracketed(text: str, begin: int) -> int:
    """Where the list or object that begins here ends, at most so many characters on."""
    waiting: list[str] = []
    limit = min(len(text), begin + _LONGEST_LIST)
    for at in range(begin, limit):
        char = text[at]
        if char in BRACKETS:
            waiting.append(BRACKETS[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return limit


def block(text: str, name: int, at: int) -> int:
    """The lines below `at` that begin further in than the line of the name."""
    line = text[text.rfind("\n", max(0, name - _REACH), name) + 1 : name]
    within = len(line) - len(line.lstrip(" -")) + 1
    return _end(re.compile(_BLOCK % within), text, at)


def listed(text: str, at: int) -> int:
    """The lines below `at` that are items of a list."""
    return _end(re.compile(_LIST), text, at)


def line(text: str, at: int) -> int:
    """All of the line."""
    return _end(_LINE, text, at)


def cookies(text: str, at: int) -> int:
    """Several of them."""
    return _end(_COOKIES, text, at)


def unquoted(text: str, at: int) -> int:
    """What has nothing around it."""
    return _end(_UNQUOTED, text, at)


def written_out(text: str, begin: int, at: int) -> int:
    """Of an address within an address: what begins there, of which `at` is known to be no farther than its line."""
    closed = _CLOSED.search(text, begin, at + _LONGEST_CLOSED)
    return closed.start() if closed and closed.start() < at else _end(_WRITTEN_OUT, text, at)


def _end(rest: re.Pattern[str], text: str, begin: int) -> int:
    found = rest.match(text, begin)
    return begin if found is None else found.end()
