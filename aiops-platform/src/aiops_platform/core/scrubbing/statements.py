"""What is handed to a database by its place alone: `INSERT INTO users (name, password) VALUES ('bob', 'S')`, and SQLAlchemy's parameters.

The column is named in one list, its value stands in another. Where both do not agree, all values are hidden. Where no
column is named, in a table of people or with a telling name any text may be the secret; and so it is where SQLAlchemy logs
parameters, if the statement is not to be seen.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from aiops_platform.core.scrubbing.pairs import MASK, without

IsTelling: TypeAlias = Callable[[str], bool]
Span: TypeAlias = tuple[int, int]
Look: TypeAlias = Callable[[str, str, int, IsTelling], tuple[list[Span], int]]

_INTO: Final = "into "
_INSERT: Final = re.compile(
    r"into\s{1,8}[^\s(]{1,200}(?:\s|\\n){0,8}\((?P<columns>[^()]{1,4096})\)[^()]{0,200}?values(?:\s|\\n){0,8}(?=\()"
)
# The same without names of columns.
_INSERT_ALL: Final = re.compile(
    r"into\s{1,8}(?P<table>[^\s(]{1,200}?)(?:\s|\\n){1,8}(?:(?:overriding|default)[a-z ]{1,40})?values(?:\s|\\n){0,8}(?=\()"
)
_OF_PEOPLE: Final = (
    "user", "users", "account", "accounts", "member", "members", "login", "logins", "customer", "customers", "admin", "admins",
    "employee", "employees", "person", "people", "staff",
)  # fmt: skip
# What no secret is: addresses of e-mail, dates, ids.
_HARMLESS: Final = re.compile(
    r"[^\s@]+@[\w-]+(?:\.[\w-]+)+\Z|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.+Z-]{0,32})?\Z|"
    r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\Z"
)
_PARAMETERS: Final = "[parameters: "
# How SQLAlchemy's echo begins a line of them.
_ECHO: Final = ("[generated in ", "[cached since ", "[no key ", "[raw sql] ", "[insertmanyvalues ", "[caching disabled")
# What is longer and holds them names who logs them.
_SHORT: Final = 2_048
_LOGGER: Final = "sqlalchemy"
_ECHOED: Final = re.compile(
    r"\[(?:generated in|cached since|no key|raw sql|insertmanyvalues|caching disabled)[^\]\n]{0,120}\] (?=[(\[{])"
)
# Stands between texts that are looked through together.
_ANOTHER: Final = "\x00"
# So many of them are looked at.
_STATEMENTS: Final = 4
_VERB: Final = re.compile(r"\b(?:insert|update|select|delete|merge|replace)\s")
_STATEMENT: Final = "[sql: "
# A statement of so many characters, and so many rows.
_LONGEST: Final = 8_192
_ROWS: Final = 100
# So many lists without an end in one text.
_TRIES: Final = 16
_COLUMN: Final = re.compile(r"[\w$-]+")
# What is compared or set, and where a parameter belongs, by its place or by its name.
_PLACES: Final = re.compile(
    r"(?P<column>[\w$]{1,100})(?:\\{0,15}[\"'`]|[\])]){0,3}\s{0,4}(?:=|<>|!=|<=|>=|<|>|\b(?:not\s)?(?:i?like|in|is)\b)|"
    r"(?P<place>\?|%s|\$[0-9]{1,4}|(?<![:\w]):[0-9]{1,4}(?![0-9]))|"
    r"%\((?P<key>\w{1,100})\)s|(?<![:\w]):(?P<word>[a-z_]\w{0,100})"
)
_TOKEN: Final = re.compile(
    r"(?P<deep>\\{1,15}[\"'])[^\n]{0,2048}?(?P=deep)|'(?:\\.|''|[^'\\])*'|\"(?:\\.|\"\"|[^\"\\])*\"|[()\[\]{},]|"
    r"[^()\[\]{},'\"\\]+|[\s\S]"
)
_NOWHERE: Final = -1
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")
_TO_NEXT_SET: Final = re.compile(r"[^(\[{\])}]*")
_TO_NEXT_ROW: Final = re.compile(r"\)(?:\s|\\n){0,8},(?:\s|\\n){0,8}(?=\()")
_QUOTED: Final = re.compile(r"[bnex]?(?P<quote>\\{0,15}[\"'])(?P<value>[\s\S]*)(?P=quote)\Z", re.IGNORECASE)
_LITERAL: Final = re.compile(r"[\"']|[0-9.-]+\Z")
# A place in a template, or where a program puts strings together.
_TEMPLATE: Final = re.compile(r"%(?:s|\(\w+\)s)\Z|\{[^{}]*\}\Z|[?:$]\w*\Z|[\"']\s*(?:\+|\|\||%|\.)")
_NAMED: Final = re.compile(r"\s*\\{0,15}[\"'](?P<name>\w{1,100})\\{0,15}[\"']\s{0,4}:\s{0,4}")


def hidden(text: str, small: str, is_telling: IsTelling) -> str:
    """The text without the values of columns of which `is_telling` says so. `small` is it in small letters."""
    spans: list[Span] = []
    if _INTO in small:
        spans = _spans(text, small, _INTO, is_telling, _in_rows)
    if _PARAMETERS in small:
        spans += _spans(text, small, _PARAMETERS, is_telling, _in_parameters)
    if len(small) < _SHORT or small.startswith("[") or _LOGGER in small:
        for sign in _ECHO:
            if sign in small:
                spans += _spans(text, small, sign, is_telling, _in_echo)
    return without(sorted(spans), text) if spans else text


def _spans(text: str, small: str, sign: str, is_telling: IsTelling, look: Look) -> list[Span]:
    """What `look` finds, which goes on behind what it has seen, and gives up where too much has no end."""
    spans: list[Span] = []
    tries = 0
    at = small.find(sign)
    while at >= 0 and tries < _TRIES:
        found, end = look(text, small, at, is_telling)
        spans += found
        tries += end > at and small[end : end + 1] not in _CLOSES
        at = small.find(sign, max(end, at + 1))
    return spans


def _in_rows(text: str, small: str, at: int, is_telling: IsTelling) -> tuple[list[Span], int]:
    insert = _INSERT.match(small, at)
    if insert is None:
        return _in_any_rows(text, small, at, is_telling)
    telling = list(map(is_telling, _columns(insert["columns"])))
    if not any(telling):
        return [], at
    rows, end = _rows(text, insert.end())
    return [span for row in rows for part in _chosen(row, telling) for span in _literal(text, *part)], end


def _in_any_rows(text: str, small: str, at: int, is_telling: IsTelling) -> tuple[list[Span], int]:
    insert = _INSERT_ALL.match(small, at)
    if insert is None or not _is_of_secrets(insert["table"], is_telling):
        return [], at
    rows, end = _rows(text, insert.end())
    return [span for row in rows for part in row for span in _any_text(text, *part)], end


def _is_of_secrets(table: str, is_telling: IsTelling) -> bool:
    """Also of those that have a password."""
    name = "".join(_COLUMN.findall(table.rpartition(".")[2]))
    return name.endswith(_OF_PEOPLE) or is_telling(name)


def _in_echo(text: str, small: str, at: int, is_telling: IsTelling) -> tuple[list[Span], int]:
    echo = _ECHOED.match(small, at)
    if echo is None:
        return [], at
    spans: list[Span] = []
    end = _NOWHERE
    for statement in _statements_before(small, at):
        found, last = _in_sets(text, small, echo.end(), statement, is_telling)
        spans += found
        end = max(end, last)
    return spans, end


def _statements_before(small: str, at: int) -> list[str]:
    """What the statement of the line before may be: one within another, or one before another, begins like it."""
    begin = max(0, at - _LONGEST)
    for sign in (_PARAMETERS, _ANOTHER, *_ECHO):
        begin = max(begin, small.rfind(sign, begin, at))
    verbs = [verb.start() for verb in _VERB.finditer(small, begin, at)]
    return [small[verb:at] for verb in verbs[-_STATEMENTS:]] or [""]


def _in_parameters(text: str, small: str, at: int, is_telling: IsTelling) -> tuple[list[Span], int]:
    statement = small.rfind(_STATEMENT, max(0, at - _LONGEST), at)
    begin = at + len(_PARAMETERS)
    opening = small[begin : begin + 1]
    if statement < 0 or opening not in _OPENS or small.find(_PARAMETERS, statement, at) >= 0:
        return [], at
    return _in_sets(text, small, begin, small[statement:at], is_telling)


def _in_sets(text: str, small: str, begin: int, statement: str, is_telling: IsTelling) -> tuple[list[Span], int]:
    """In the parameters that begin here, one set of them or a list of sets; and where they end, if one may tell."""
    insert = _INSERT_ALL.search(statement)
    if insert is not None and not _is_of_secrets(insert["table"], is_telling):
        return [], _NOWHERE
    may_be_any = insert is not None or not statement
    columns, keys = ([], []) if may_be_any else _parameters_of(statement, is_telling)
    if not may_be_any and not any(columns) and not keys:
        return [], _NOWHERE
    spans: list[Span] = []
    end = begin
    for one in _sets(text, begin) if small[begin] == "[" else [begin]:
        parts, end = _parts(text, one)
        if may_be_any:
            spans += [span for part in parts for span in _any_text(text, _behind_name(small, *part), part[1])]
        elif small[one] == "{":
            spans += _of_keys(text, small, parts, keys)
        elif any(columns):
            spans += [span for part in _chosen(parts, columns) for span in _literal(text, *part)]
    return spans, end


def _parameters_of(small: str, is_telling: IsTelling) -> tuple[list[bool], list[str]]:
    """Of each parameter in order whether its column tells, and the names of those that have names, and do."""
    found: list[bool] = []
    keys: list[str] = []
    done = 0
    insert = _INSERT.search(small)
    if insert is not None:
        telling = list(map(is_telling, _columns(insert["columns"])))
        rows, done = _rows(small, insert.end())
        for row in rows:
            for place, (begin, end) in enumerate(row):
                tells = telling[place] if len(row) == len(telling) else any(telling)
                _add(small[begin:end], tells, is_telling, found, keys)
    _add(small[done:], False, is_telling, found, keys)
    return found, keys


def _add(part: str, tells: bool, is_telling: IsTelling, found: list[bool], keys: list[str]) -> None:
    for place in _PLACES.finditer(part):
        if place["column"]:
            tells = is_telling(place["column"])
        elif place["place"]:
            found.append(tells)
        elif tells:
            keys.append(place["key"] or place["word"])


def _columns(given: str) -> list[str]:
    return [" ".join(_COLUMN.findall(name)) for name in given.split(",")]


def _rows(text: str, begin: int) -> tuple[list[list[Span]], int]:
    """The rows of VALUES, the first of which begins here, and where the last one ends."""
    row, end = _parts(text, begin)
    rows = [row]
    following = _TO_NEXT_ROW.match(text, end)
    while following is not None and len(rows) < _ROWS:
        row, end = _parts(text, following.end())
        rows.append(row)
        following = _TO_NEXT_ROW.match(text, end)
    return rows, end


def _sets(text: str, begin: int) -> list[int]:
    """Where the sets in a list of them begin."""
    found: list[int] = []
    at = begin + 1
    for _ in range(_ROWS):
        following = _TO_NEXT_SET.match(text, at)
        at = len(text) if following is None else following.end()
        if text[at : at + 1] not in _OPENS:
            break
        found.append(at)
        at = _parts(text, at)[1] + 1
    return found


def _parts(text: str, begin: int) -> tuple[list[Span], int]:
    """What stands between the commas within the brackets that open here, and where they close."""
    parts: list[Span] = []
    depth = 0
    first = begin + 1
    for token in _TOKEN.finditer(text, begin, begin + _LONGEST):
        sign = token.group(0)
        if sign in _OPENS:
            depth += 1
        elif sign in _CLOSES:
            depth -= 1
        if depth == 0 or (depth == 1 and sign == ","):
            if text[first : token.start()].strip():
                parts.append((first, token.start()))
            first = token.end()
        if depth == 0:
            return parts, token.start()
    # Cut off, and other lines may follow.
    end = text.find("\n", first, begin + _LONGEST)
    end = min(len(text), begin + _LONGEST) if end < 0 else end
    return ([*parts, (first, end)] if first < end else parts), end


def _chosen(parts: Sequence[Span], telling: Sequence[bool]) -> Sequence[Span]:
    """Those that tell; all of them if there are more or fewer."""
    if len(parts) != len(telling):
        return parts
    return [part for part, tells in zip(parts, telling, strict=True) if tells]


def _behind_name(small: str, begin: int, end: int) -> int:
    named = _NAMED.match(small, begin, end)
    return begin if named is None else named.end()


def _of_keys(text: str, small: str, parts: Sequence[Span], keys: Sequence[str]) -> Iterator[Span]:
    for begin, end in parts:
        named = _NAMED.match(small, begin, end)
        if named is not None and named["name"] in keys:
            yield from _literal(text, named.end(), end)


def _any_text(text: str, begin: int, end: int) -> Iterator[Span]:
    """The text in it, if it is one and may be a secret."""
    for first, last in _literal(text, begin, end):
        if text[first - 1 : first] in ("'", '"') and _HARMLESS.match(text[first:last]) is None:
            yield first, last


def _literal(text: str, begin: int, end: int) -> Iterator[Span]:
    """The value in it, if there is one: no name, place or null."""
    given = text[begin:end]
    begin += len(given) - len(given.lstrip())
    given = given.strip()
    quoted = _QUOTED.match(given)
    value = given if quoted is None else quoted["value"]
    if MASK in given or not value or _TEMPLATE.match(value) or _LITERAL.search(given) is None:
        return
    first = begin if quoted is None else begin + quoted.start("value")
    yield first, first + len(value)
