"""A value behind a telling name, in any text: `password=…`, `"api_key": "…"`, `Cookie: …`, `--token …`, `<secret>…</`.

It looks for the sign first, then for the name before it, then for the end of the value; each is bounded or moves on, so
it takes time in proportion to the text.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from aiops_platform.core.scrubbing import names
from aiops_platform.core.scrubbing.shapes import MASK

# As they are, and as addresses write them.
_SIGN: Final = re.compile(r"[=:]+|%(?:25){0,3}3[ad]|\\u003[ad]", re.IGNORECASE)
# So far before its sign a name may begin.
_REACH: Final = 96
# The name, read backwards from its sign.
_NAME_BACKWARDS: Final = re.compile(r"[!\s]{0,8}(?P<close>(?:[\"']\\{0,31}|;touq&|22%|\]){0,2})(?P<name>[\w.-]{1,64})")
# Between sign and value: in source, a type may stand there; then a blank, and a quote, at any depth of quoting.
_OPENING: Final = re.compile(
    r"(?P<sign>=>|={1,2}|:(?:\s{0,4}[a-z_][\w.|\[\], ]{0,60}?\s{1,4}=\s)?|%(?:25){0,3}3[ad]|\\u003[ad])"
    r"(?:\s{0,40}|\+{1,8}|(?:%20){1,8})"
    r"(?P<escaped>\\{1,31}[\"']|%22|&quot;)?[bru]{0,2}(?P<quote>\"\"\"|'''|[\"'])?",
    re.IGNORECASE,
)
_ENDS: Final = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*+'),
    # In SQL, a quote in quotes is written twice.
    "'": re.compile(r"(?:[^'\\\n]|\\.|''(?=[^\s,):]))*+"),
    '"""': re.compile(r'(?s:(?:[^"\\]|\\.|"(?!""))*+)'),
    "'''": re.compile(r"(?s:(?:[^'\\]|\\.|'(?!''))*+)"),
}
# It goes on behind a sign that could end it, if neither a blank nor another name comes next.
_UNQUOTED: Final = re.compile(
    r"[^\s\"',;&)}\]<>]*+(?:(?:[,;)}\]\"']|&(?!(?:amp|quot|#[0-9]{2});))(?=[\w!@#$%^*~+-])"
    r"(?![\w.%-]{1,64}[\"']?\s{0,2}(?:[=:]|%3[ad]))[^\s\"',;&)}\]<>]++)*+"
)
_COOKIES: Final = re.compile(r"[^\n\"'&)}\]]*+")
# Where addresses are written out in addresses.
_ENDS_WRITTEN_OUT: Final = re.compile(r"%(?:25){0,3}2[26]", re.IGNORECASE)
_LINE: Final = re.compile(r"[^\n\"]*+")
_BRACKETS: Final = {"[": "]", "{": "}", "(": ")"}
_LONGEST_LIST: Final = 8_192
_HEADERS: Final = ("authorization", "cookie", "-authentication")
_OPTION: Final = re.compile(r"--(?P<name>[\w-]{1,64}+)[ \t]{1,4}(?P<value>(?!-)[^\s\"']{1,512}+)")
_QUOTED_OPTION: Final = re.compile(r"--(?P<name>[\w-]{1,64}+)[ \t]{1,4}[\"'](?P<value>[^\n\"']{1,512}+)")
_LISTS_BEGIN: Final = ("('", '("', "['", '["', "(b'", "[b'")
_LISTED: Final = re.compile(
    r"[(\[]b?[\"'](?P<name>[\w-]{1,64}+)[\"'],\s{0,4}b?[\"'](?P<value>[^\n\"']{1,1024}+)[\"']\s{0,2}[)\]]"
)
_LISTED_OPTION: Final = re.compile(r"--(?P<name>[\w-]{1,64}+)[\"'],\s{0,4}[\"'](?P<value>[^\n\"']{1,512}+)")
_ELEMENT: Final = re.compile(
    r"<(?P<name>[\w:.-]{1,100}+)(?:\s[^<>]{0,400}+)?>(?:\s{0,40}<!\[CDATA\[)?(?P<value>[^<]{1,8192}+)</"
)
# In source code, what stands behind a telling name is mostly an expression.
_HARMLESS: Final = frozenset({"none", "true", "false", "null", "str", "bytes", "int", "%s", "%r", "%d", "-", "..."})
_EXPRESSION: Final = re.compile(
    r"[A-Za-z_][\w.]*[(\[]|%\(\w+\)[sr]|\{[\w.!:]*\Z|"
    r"(?:self|request|req|os|settings|config|app|current_app|g|args|kwargs|environ|env|data|form)\.\w"
)
_LETTERS: Final = 15
_SHORT: Final = 2
# So many signs are no secret behind "token".
_SIGNS: Final = 3
_UNEXPECTED: Final = "unexpected token"
_NUMBER_NAMES: Final = ("cvv", "cvc", "pin", "otp", "ssn")


class Pairs:
    """Finds values behind names of which `is_telling` says so; `also` are words that tell besides ours, normalised."""

    def __init__(self, is_telling: Callable[[str], bool], also: Sequence[str] = ()) -> None:
        self._is_telling = is_telling
        self._also = tuple(also)

    def hidden(self, text: str, small: str) -> str:
        """The text without those values; the same object if there are none. `small` is it in small letters."""
        if not any(root in small for root in names.ROOTS) and not self._also:
            return text
        spans = self._behind_signs(text)
        if "--" in text:
            for shape in (_OPTION, _QUOTED_OPTION, _LISTED_OPTION):
                spans += self._named(shape, text)
        if any(begin in text for begin in _LISTS_BEGIN):
            spans += self._named(_LISTED, text)
        if "</" in text:
            spans += self._named(_ELEMENT, text)
        return _without(sorted(spans), text) if spans else text

    def _named(self, shape: re.Pattern[str], text: str) -> list[tuple[int, int]]:
        found = [each for each in shape.finditer(text) if self._is_telling(each["name"])]
        return [each.span("value") for each in found if not _are_words(shape, each)]

    def _behind_signs(self, text: str) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        at = 0
        while sign := _SIGN.search(text, at):
            at = sign.end()
            named = _NAME_BACKWARDS.match(text[max(0, sign.start() - _REACH) : sign.start()][::-1])
            if named is None or not self._is_telling(name := named["name"][::-1]):
                continue
            span = self._value(text, sign.start(), name, is_quoted=bool(named["close"]))
            if span is not None and span[0] < span[1]:
                spans.append(span)
                at = max(at, span[1])
        return spans

    def _value(self, text: str, sign: int, name: str, *, is_quoted: bool) -> tuple[int, int] | None:
        opening = _OPENING.match(text, sign)
        if opening is None:
            return None
        begin = opening.end()
        if opening["quote"]:
            if "\n" in opening[0] and not is_quoted:
                return None  # A docstring, say.
            end = _end(_ENDS[opening["quote"]], text, begin)
            return (begin, end) if not _is_parsed(text, sign, text[begin : min(end, begin + _REACH)]) else None
        if opening["escaped"]:
            return begin, _next(text, opening["escaped"], begin)
        if text[begin : begin + 1] in _BRACKETS and (is_quoted or _is_told(text, opening)):
            return begin, _closed(text, begin)
        return self._unquoted(text, sign, name, opening, is_quoted=is_quoted)

    def _unquoted(
        self, text: str, sign: int, name: str, opening: re.Match[str], *, is_quoted: bool
    ) -> tuple[int, int] | None:
        begin, how = opening.end(), opening["sign"]
        value = text[begin : _end(_UNQUOTED, text, begin)]
        if value.endswith(":") and "\n" in opening[0]:
            return None  # The next name.
        if value and how == ":" and not is_quoted and name.lower().endswith(_HEADERS):
            return begin, _end(_LINE, text, begin)
        if "=" in value and name.lower().endswith("cookie"):
            return begin, _end(_COOKIES, text, begin)
        if "%" in how or "\\" in how:
            value = _ENDS_WRITTEN_OUT.split(value, maxsplit=1)[0]
        if not self._is_secret(value, name, how, before=text[sign - 1 : sign], is_quoted=is_quoted):
            return None
        return begin, begin + len(value)

    def _is_secret(self, value: str, name: str, sign: str, *, before: str, is_quoted: bool) -> bool:
        if not value or value.lower() in _HARMLESS or MASK[:-1] in value or value[0] in "[(":
            return False
        if value.replace("-", "").isdigit():
            is_long = len(value) > _SHORT and name.lower().endswith(_NUMBER_NAMES)
            return (is_long or is_quoted or self._is_strong(name)) and not names.measures(name)
        if is_quoted:
            return True
        if (sign == "==" or before == "!") and value.rstrip(":").isidentifier():
            return False
        prose = sign == ":" and value.isalpha() and len(value) <= _LETTERS and "pass" not in name.lower()
        if prose or _EXPRESSION.match(value):
            return False
        return self._is_strong(name) or names.looks_random(value)

    def _is_strong(self, name: str) -> bool:
        return names.is_strong(name) or any(word in names.normalised(name) for word in self._also)


def _are_words(shape: re.Pattern[str], found: re.Match[str]) -> bool:
    """Names of a program beside each other, or nothing at all."""
    name, value = found["name"], found["value"]
    return value.isspace() or (shape is _LISTED and name.isalpha() and name.islower() and value.isidentifier())


def _is_parsed(text: str, sign: int, value: str) -> bool:
    """What a parser did not expect, such as a bracket or a word."""
    if text[max(0, sign - len(_UNEXPECTED)) : sign].lower() != _UNEXPECTED:
        return False
    return value.isalpha() or (len(value) <= _SIGNS and not any(char.isalnum() for char in value))


def _is_told(text: str, opening: re.Match[str]) -> bool:
    """A list or object that is told, and not one of a program, where blanks stand around the sign."""
    told = opening["sign"] == ":" or opening[0] == "="
    return told and text[opening.end()] != "(" and text[opening.end() + 1 : opening.end() + 2] in ("'", '"')


def _closed(text: str, begin: int) -> int:
    """Where the list or object that begins here ends, at most so many characters on."""
    waiting: list[str] = []
    limit = min(len(text), begin + _LONGEST_LIST)
    for at in range(begin, limit):
        char = text[at]
        if char in _BRACKETS:
            waiting.append(_BRACKETS[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return limit


def _next(text: str, closing: str, begin: int) -> int:
    """Where this comes next in the line, else where the line ends."""
    found = re.compile(r"(?<!\\)" + re.escape(closing) + "|\n").search(text, begin)
    return found.start() if found else len(text)


def _end(rest: re.Pattern[str], text: str, begin: int) -> int:
    found = rest.match(text, begin)
    return begin if found is None else found.end()


def _without(spans: Sequence[tuple[int, int]], text: str) -> str:
    """The text without these parts, in order; what is left has as many lines."""
    parts: list[str] = []
    done = 0
    for begin, end in spans:
        if begin >= done:
            said = text[begin:end]
            parts += (text[done:begin], said if said == MASK else MASK + ("\n" + MASK) * said.count("\n"))
        done = max(done, end)
    parts.append(text[done:])
    return "".join(parts)
