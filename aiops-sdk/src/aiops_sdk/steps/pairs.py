"""A value behind a telling name, in any text: ``password=…``, ``"api_key": "…"``, ``Cookie: …``, ``--token …``.

It looks for the word first, so that the rest is tried only where one stands; each part is bounded, so it takes time in
proportion to the text.
"""

from __future__ import annotations

import re

from aiops_sdk import telling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Match, Pattern, Sequence, Tuple


MASK = "[hidden]"

# Where one of them may begin: a quick look, which leaves the rest to the pattern itself.
_BEGINNING = (
    r"p(?:ass|wd|rivate|in)|s(?:e(?:cret|ss|curity)|ig(?:nat|ning|(?![a-z]))|hared|sn|sh)|token|c(?:ookie|red|srf|ard|vv|vc)|"
    r"a(?:uth|pi|cc)|xsrf|jwt|otp|encry|master"
)
# Told by any of them, also without quotes around the name.
_STRONG = (
    r"pass(?:word|wd|phrase|code)|(?<=[a-z0-9_-])"
    + "".join(map("(?<!{})".format, telling.PASSES))
    + r"pass(?![a-z0-9])|"
    r"pwd|secret(?!ar[iy])|token(?!i[sz])|authorization|authentication(?![\w-])|cookie|credential|"
    r"(?:api|private|access|encryption|signing|master|shared|account|auth|ssh)[-_. ]?key"
)
# Without quotes around the name the value must look like one: "session" and "pin" are words of many trades.
_WEAK = (
    r"session|sess[-_]?id|signature|csrf|xsrf|jwt|card[-_ ]?number|credit[-_ ]?card|security[-_ ]?code|"
    r"(?<![a-z0-9])(?:pass|auth|pin|otp|cvv|cvc|ssn|sig)(?![a-z0-9])"
)
# Quotes in quotes have backslashes in front, at each depth twice as many and one more; in addresses and markup they are
# written out.
_ESCAPES = r"\\{1,31}[\"']|%2[27]|&quot;|&#(?:34|39|x22|x27);"
_REST = (
    r"(?P<rest>[\w-]{0,64})(?P<end>[\"']|" + _ESCAPES + r")?"
    # In source code, a type may stand between.
    r"(?:\s{0,4}:\s{0,4}[a-z_][\w.]{0,40}(?:\[[\w., |]{0,60}\])?(?:\s{0,4}\|\s{0,4}none)?\s{1,4}(?==[^=]))?"
    r"\s{0,8}(?P<sign>=>|[=:]{1,2}|%3[ad]|(?(end),|(?=[\"'])))(?:(?:%20|\+){1,8}|\s{0,40})"
    r"(?:(?P<escaped>" + _ESCAPES + r")|[bru]{0,2}(?P<quote>\"\"\"|'''|[\"']))?"
    r"(?P<value>(?(escaped)[^\n]|(?(quote)(?:\\.|(?!(?P=quote))[^\\\n]){1,256}|"
    r"(?:(?:bearer|basic|digest|token|negotiate)\s{1,8})?[^\s\"',;&)}\]]{1,256})))"
)
# The rest of a value that is longer than that. What began without a quote goes on behind a sign that could end it, if
# neither a blank nor another name comes next.
_UNQUOTED = re.compile(
    r"[^\s\"',;&)}\]]*(?:(?:[,;)}\]\"']|&(?!(?:amp|quot|#[0-9]{2});))(?=[\w!@#$%^*~+-])"
    r"(?![\w.%-]{1,64}[\"']?\s{0,2}(?:[=:]|%3[ad]))[^\s\"',;&)}\]]+)*"
)
_QUOTED = {quote: re.compile(r"(?:\\.|(?!{})[^\\\n])*".format(quote)) for quote in ("'", '"')}
_QUOTED.update({3 * quote: re.compile(r"(?s)(?:\\.|(?!{})[^\\])*".format(3 * quote)) for quote in ("'", '"')})
_LINE = re.compile(r"[^\n]*")
# What may close a value that began with one of those.
_CLOSES = re.compile(r"(?i)(\\{0,40})[\"']|%2[27]|&quot;|&#(?:34|39|x22|x27);|\n")
# In YAML, a text of several lines: those that begin further in than the line of the name.
_BLOCK = re.compile(r"[|>][+-]?[0-9]?\Z")
_BLOCK_LINES = r"[^\S\n]*(?:\n(?:[^\S\n]*(?=\n)|[^\S\n]{%d,}[^\n]*))*"
# A value in braces, as ODBC has it, in which they are written twice; and a place in a template, which holds it later.
_IN_BRACES = re.compile(r"\{([^}\s]{1,256}(?:\}\}[^}\s]{0,256}){0,8})\}")
_PLACE = re.compile(r"[A-Za-z_.]*(?:[(\[{\"'].*|![rsa]|:.*)?\Z")
_OPTION = r"--[\w-]{0,40}?(?:%s)[\w-]{0,40}[ =][\"']?(?P<value>[^\s\"'-][^\s\"']*)"
_NAME_AFTER = re.compile(r"\\{0,31}[\"']\s{0,8}:")
_NAME = re.compile(r"[\w-]{0,64}\Z")

# In source code, what stands behind a telling name is mostly an expression.
_HARMLESS = frozenset(
    {
        "None",
        "True",
        "False",
        "null",
        "true",
        "false",
        "str",
        "bytes",
        "int",
        "Optional[str]",
        "%s",
        "%r",
        "%d",
        "{",
        "<",
    }
)
_EXPRESSION = re.compile(
    r"[A-Za-z_][\w.]*[(\[]|(?:self|request|req|os|settings|config|app|current_app|g|args|kwargs|environ|env|data|form)\.\w|"
    r"%\(\w+\)[sr]|\{[\w.!:]*\Z|<"
)
_LETTERS = 15
# So many signs are no secret behind "token".
_SIGNS = 3
_UNEXPECTED = "unexpected "
# A text of so few characters is looked at for these first; so far before its sign a name may begin.
_SHORT = 1_024
_REACH = 80
_REMEMBERED = 256
_ROOTS = (
    "pass", "pwd", "secret", "token", "auth", "cookie", "key", "cred", "sess", "signat", "csrf", "xsrf", "jwt", "card",
    "number", "code", "pin", "otp", "cvv", "cvc", "ssn", "sig",
)  # fmt: skip
_OPENING = {"[": "]", "(": ")", "{": "}"}
_LONGEST_LIST = 4_096


class Pairs:
    """Finds values behind telling names, and behind those that contain one of ``names`` besides."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        own = "|".join([r"[-_. ]?".join(map(re.escape, re.split(r"[-_. ]+", name.lower()))) for name in names])
        strong = own + "|" + _STRONG if own else _STRONG
        self._beginning = re.compile(own + "|" + _BEGINNING if own else _BEGINNING)
        self._pair = re.compile("(?:(?P<strong>{})|{}){}".format(strong, _WEAK, _REST))
        self._seen: Dict[str, bool] = {}
        self._roots = _ROOTS + tuple([re.split(r"[-_. ]+", name.lower())[-1] for name in names])
        self._option = re.compile(_OPTION % strong)

    def hidden(self, text: str, small: str) -> str:
        """The text without those values. ``small`` is the same in small letters."""
        if len(small) <= _SHORT and not self._may_be_in(small):
            return text
        spans: List[Tuple[int, int]] = []
        done = 0
        for begins in self._beginning.finditer(small):
            at = begins.start()
            found = self._pair.match(small, at) if at >= done else None
            if found is not None:
                span = self._span(text, found)
                if span[0] < span[1]:
                    spans.append(span)
                    done = span[1]
        if "--" in small:
            spans = sorted(spans + [found.span("value") for found in self._option.finditer(small)])
        return without(spans, text)

    def _may_be_in(self, small: str) -> bool:
        """A quick look at a short text: whether one of the words stands before a sign."""
        if '"' in small or "'" in small or "--" in small or "%3" in small or "&quot" in small or "&#" in small:
            return True
        for sign in ":=":
            at = small.find(sign)
            while at >= 0:
                if self._may_tell(small[max(0, at - _REACH) : at].rstrip().rpartition(" ")[2]):
                    return True
                at = small.find(sign, at + 1)
        return False

    def _may_tell(self, word: str) -> bool:
        known = self._seen.get(word)
        if known is None:
            known = any(root in word for root in self._roots)
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            self._seen[word] = known
        return known

    def _span(self, text: str, found: Match[str]) -> Tuple[int, int]:
        """From where to where the value is; nothing where it is no secret."""
        begin, end = found.span("value")
        value = text[begin:end]
        quote = found.group("quote")
        if MASK[:-1] in value or not self._is_secret(text, found, value):
            return begin, begin
        if quote:
            return begin, _end(_QUOTED[quote], text, end)
        if found.group("escaped"):
            return begin, _closing_quote(text, begin, found.group("escaped"))
        if value[0] in _OPENING:
            braces = None if found.group("end") else _IN_BRACES.match(text, begin)
            return begin, braces.end() if braces else _closing(text, begin)
        if _BLOCK.match(value) and found.group("sign") == ":":
            return _block(text, found.start(), end)
        is_header = found.group("sign") == ":" and not found.group("end") and _is_header(text, found)
        # Of a header all of it.
        return begin, _end(_LINE if is_header else _UNQUOTED, text, end)

    def _is_secret(self, text: str, found: Match[str], value: str) -> bool:
        word, sign = found.group("strong") or "", found.group("sign")
        is_password = word.startswith(("pass", "pwd"))
        if found.group("quote") or found.group("escaped"):
            # Without a sign between: password 'hunter2'. In "name": "password", "value": … the value is the next one.
            is_name = sign == "," and _NAME_AFTER.match(text, found.end())
            return (
                bool(sign or is_password) and not is_name and not (word == "token" and _is_parsed(text, found, value))
            )
        if not sign or (value.isdigit() and telling.measures(_name(text, found))):
            return False
        if value[0] in _OPENING:
            return bool(found.group("end")) or (bool(word) and _is_enclosed(text, found.start("value")))
        if _is_harmless(value, sign, is_password=is_password) or _is_next_name(text, found, value):
            return False
        return bool(word or found.group("end")) or telling.looks_random(value)


def _name(text: str, found: Match[str]) -> str:
    before = _NAME.search(text, max(0, found.start() - 64), found.start())
    return (before.group(0) if before else "") + text[found.start() : found.end("rest")]


def _is_header(text: str, found: Match[str]) -> bool:
    word, begin = found.group("strong"), found.start()
    return word in ("cookie", "authorization") or (word == "authentication" and text[begin - 1 : begin] == "-")


def _is_parsed(text: str, found: Match[str], value: str) -> bool:
    """What a parser did not expect, such as a bracket or a word."""
    is_sign = len(value) <= _SIGNS and not any(char.isalnum() for char in value)
    begin = found.start()
    is_word = value.isalpha() and len(value) <= _LETTERS
    return is_sign or (is_word and text[max(0, begin - len(_UNEXPECTED)) : begin].lower() == _UNEXPECTED)


def _is_next_name(text: str, found: Match[str], value: str) -> bool:
    """What stands in the next line, where this one has no value."""
    return value.endswith(":") and "\n" in text[found.end("sign") : found.start("value")]


def _is_enclosed(text: str, begin: int) -> bool:
    """A value in braces that is no place in a template."""
    braces = _IN_BRACES.match(text, begin)
    return braces is not None and not _PLACE.match(braces.group(1))


def _is_harmless(value: str, sign: str, *, is_password: bool) -> bool:
    """Prose such as ``invalid token: expired``, and source such as ``token = request.token``."""
    prose = sign == ":" and value.isalpha() and len(value) <= _LETTERS and not is_password
    compared = sign == "==" and value.rstrip(":").isidentifier()
    return prose or compared or value in _HARMLESS or bool(_EXPRESSION.match(value))


def _closing(text: str, begin: int) -> int:
    """Where the list or object that begins here ends, at most so many characters on."""
    waiting: List[str] = []
    limit = min(len(text), begin + _LONGEST_LIST)
    for at in range(begin, limit):
        char = text[at]
        if char in _OPENING:
            waiting.append(_OPENING[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return limit


def _closing_quote(text: str, begin: int, opening: str) -> int:
    """Where the next quote of this depth is, else the end of the line. One with more backslashes is a part of the value."""
    is_escaped = opening[0] == "\\"
    for found in _CLOSES.finditer(text, begin):
        slashes = found.group(1)
        if slashes is not None and is_escaped and len(slashes) < len(opening):
            return found.start()
        if found.group(0) == "\n" or (not is_escaped and found.group(0).lower() == opening.lower()):
            return found.start()
    return len(text)


def _block(text: str, name: int, end: int) -> Tuple[int, int]:
    """The lines below that begin further in than the line of the name."""
    line = text[text.rfind("\n", max(0, name - _REACH), name) + 1 : name]
    within = len(line) - len(line.lstrip(" -")) + 1
    return end, _end(re.compile(_BLOCK_LINES % within), text, end)


def _end(rest: Pattern[str], text: str, begin: int) -> int:
    found = rest.match(text, begin)
    return begin if found is None else found.end()


def without(spans: List[Tuple[int, int]], text: str) -> str:
    """The text without these parts, which are in order; what is left has as many lines."""
    if not spans:
        return text
    parts: List[str] = []
    done = 0
    for begin, end in spans:
        if begin >= done:
            parts += (text[done:begin], MASK + ("\n" + MASK) * text.count("\n", begin, end))
            done = end
        elif end > done:
            done = end
    parts.append(text[done:])
    return "".join(parts)
