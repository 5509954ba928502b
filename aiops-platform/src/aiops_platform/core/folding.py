"""Texts and paths without what differs from time to time: numbers, ids, addresses, times, quoted values, …

What is left says which message it is; what was taken out says which time. Nothing here knows what a group is.
"""

import re
from functools import partial
from typing import Final

_READ_LIMIT: Final = 2_000
_KEPT_LIMIT: Final = 500
_NESTED: Final = 3

_PARAMETER = re.compile(r"<[^<>]*>|\{[^{}]*\}|^:\w+$")
_DIGITS = re.compile(r"\d+(?:[.:]\d+)*")
_SPOKEN = re.compile(r"^[^\d]{1,60}$")
_IDENTIFIER = re.compile(r"^[^\W\d][\w.]{0,80}$")
_WORD_BEFORE = re.compile(r"([A-Za-z]+)(?:\(s\))?[\s:=(]{1,3}$")
_WORD_AFTER = re.compile(r"^[\s]([A-Za-z]+)")

# Beside these, what is quoted is a name of the program's or the database's own: there are only so many.
_NAMED: Final = frozenset(
    {
        *(
            "argument",
            "arguments",
            "attribute",
            "class",
            "codec",
            "column",
            "constraint",
            "database",
            "field",
            "function",
        ),
        *(
            "index",
            "keyword",
            "method",
            "module",
            "name",
            "object",
            "operator",
            "parameter",
            "relation",
            "role",
            "schema",
        ),
        *("sequence", "setting", "table", "template", "type", "variable", "view"),
    }
)
# Said of errors of which the quoted part is the message itself.
_SAYING: Final = frozenset({"message", "reason", "detail", "error"})
# "Duplicate entry 'ada' for key 'users.email'".
_FOR_KEY = re.compile(r"\bfor key $")

# `Order.ship()` was `ship()` before Python 3.10.
_QUALIFIED = re.compile(r"\b(?:[^\W\d]\w{0,80}\.){1,9}(?=\w{1,80}\(\))")
# What databases' drivers say: a number, and the text.
_ARGUMENTS = re.compile(r"\(\d{1,9}, ([\"'])(.*)\1\)")

_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"

# One pass over the text; the order is the priority. Each name says what stands in the folded text.
_VARIABLE: Final = re.compile(
    rf"""
      (?P<url>\bhttps?://[^\s'"<>]+)
    | (?P<email>\b[\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+)
    | (?P<uuid>\b[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?[0-9a-f]{{4}}-?[0-9a-f]{{4}}-?[0-9a-f]{{12}}\b)
    | (?P<time>
          \b\d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?
        | \b(?:{_DAY},?[ ])?\d\d?[ /-]{_MONTH}[ /-]\d{{4}}(?:[ :]\d\d:\d\d:\d\d)?(?:[ ](?:GMT|UTC|[+-]\d{{4}}))?
        | \b(?:{_DAY},?[ ])?{_MONTH}[ ]{{1,2}}\d\d?(?:,[ ]\d{{4}})?(?:[ ]\d\d:\d\d:\d\d(?:[ ]\d{{4}})?)?\b
        | \b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b)
    | (?P<ip>\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d{{1,5}})?\b|(?<![\w:])(?:[0-9a-f]{{0,4}}:){{3,7}}[0-9a-f]{{0,4}}(?![\w:]))
    | (?P<address>\b0x[0-9a-f]+\b)
    | (?P<value>
          (?<!\w)[bu]?'[^'\n]{{0,300}}'(?!\w) | (?<!\w)[bu]?"[^"\n]{{0,300}}"(?!\w)
        | [„“”‚‘][^„“”‚‘’\n]{{0,300}}[“”‘’] | [«‹][^«»‹›\n]{{0,300}}[»›] | `[^`\n]{{0,300}}`)
    | (?P<path>(?<![\w./])(?:[a-z]:)?(?:[/\\][\w.@%+~-]{{1,100}}){{2,}})
    | (?P<hex>\b(?=[0-9]*[a-f])(?=[a-f]*\d)[0-9a-f]{{6,}}\b)
    | (?P<token>\[hidden\]|\b(?=\w{{0,64}}?\d\w{{0,64}}?\d\w{{0,64}}?\d)(?=\w{{0,64}}?[a-z])\w{{16,}}\b)
    | (?P<number>(?:(?<![^\s(=\[:,])-)?(?<![a-z_\d])\d+(?:[.,]\d+)*(?:e[+-]?\d+)?)
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# What Python writes for a list, a tuple or a dictionary, once everything in it is folded.
_COLLECTION = re.compile(r"([\[({])(?:<[a-z]+>|None|True|False|[,:\s])*[\])}]")
_PLURAL = re.compile(r"(<number>(?: [a-z-]{1,30})?? [a-z-]{3,30}?)s\b")


def folded(text: str, *, with_names: bool = False) -> str:
    """`text` with what differs from time to time (numbers, ids, addresses, times, …) replaced by its kind.

    Only its first line, for what follows tells of the one time; of a heading (`…:`) also the line below. `with_names`
    leaves every name in quotes, not only those that are said to be names.
    """
    line = _ARGUMENTS.sub(r"\2", _first_line(text[:_READ_LIMIT]))
    line = _VARIABLE.sub(partial(_kind, with_names=with_names), _QUALIFIED.sub("", line))
    for _ in range(_NESTED):
        line = _COLLECTION.sub(_values, line)
    return _PLURAL.sub(r"\1", " ".join(line.split()))[:_KEPT_LIMIT]


def folded_path(path: str) -> str:
    """A path or route with its variable segments replaced, so that `/orders/7` and `/orders/<int:id>` are one."""
    segments = path.partition("?")[0][:_READ_LIMIT].split("/")
    return "/".join(_folded_segment(segment) for segment in segments)[:_KEPT_LIMIT]


def _folded_segment(segment: str) -> str:
    if _PARAMETER.search(segment):
        return "<*>"
    return "<*>" if _VARIABLE.search(segment) else segment


def _values(match: re.Match[str]) -> str:
    """What stands in round brackets is a tuple only if there is a comma in it."""
    return "<values>" if match[1] != "(" or ("," in match[0] and match[0].strip("(), ")) else match[0]


def _first_line(text: str) -> str:
    lines = [line for line in (line.strip() for line in text.splitlines()) if line]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1]) if lines else ""


def _kind(match: re.Match[str], *, with_names: bool = False) -> str:
    kind = match.lastgroup or "value"
    match kind:
        case "url":
            return _folded_url(match.group())
        case "path":
            return _folded_file(match.group())
        case "value":
            return match.group() if _is_a_name(match, anywhere=with_names) else "<value>"
        case _:
            return f"<{kind}>"


def _folded_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{_DIGITS.sub('<number>', host)}{slash}{folded_path(path)}"


def _folded_file(path: str) -> str:
    """One with an ending is a file, of which there are many; else it may be a route."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return "<path>" if "\\" in path or "." in name.strip(".") else folded_path(path)


def _is_a_name(match: re.Match[str], *, anywhere: bool) -> bool:
    """Whether what is quoted here is a name of the program's own, by the word before or after it."""
    inner = match.group().strip("'\"`„“”‚‘’«»‹›")
    before = match.string[max(0, match.start() - 40) : match.start()]
    word = _WORD_BEFORE.search(before)
    if word and word[1].lower() in _SAYING:
        return _SPOKEN.match(inner) is not None
    if anywhere or not _IDENTIFIER.match(inner):
        return anywhere and _IDENTIFIER.match(inner) is not None
    after = _WORD_AFTER.match(match.string[match.end() : match.end() + 40])
    return any(each and each[1].lower() in _NAMED for each in (word, after)) or _FOR_KEY.search(before) is not None
