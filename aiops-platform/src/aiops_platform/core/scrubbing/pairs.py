"""A value behind a telling name, in any text: `password=…`, `"api_key": "…"`, `Cookie: …`, `--token …`.

It looks for the word first, so that the rest is tried only where one stands; each part is bounded, so it takes time in
proportion to the text.
"""

import re
from collections.abc import Sequence
from typing import Final

from aiops_platform.core.scrubbing import extents, literals, looks, names, places, prose, remarks

MASK: Final = "[hidden]"

# Told by any of them, also without quotes around the name.
_STRONG: Final = (
    r"pass(?:word|wd|phrase|code)|(?<=[a-z0-9_-])" + "".join(map("(?<!{})".format, names.PASSES)) + r"pass(?![a-z0-9])|"
    r"pwd|secret(?!ar[iy])|token(?!i[sz])|authorization|authentication(?![\w-])|cookie|credential|"
    r"(?:api|private|access|encryption|signing|master|shared|account|auth|ssh)[-_. ]?key"
)
# Without quotes around the name the value must look like one: "session" and "pin" are words of many trades.
_WEAK: Final = (
    r"session|sess[-_]?id|signature|csrf|xsrf|jwt|card[-_ ]?number|credit[-_ ]?card|security[-_ ]?code|"
    r"(?<![a-z0-9])(?:pass|auth|pin|otp|cv[vc]2?|ssn)(?![a-z0-9])|(?<=[?&;])sig(?==)"
)
_REST: Final = (
    r"(?P<rest>[\w-]{0,64})(?P<end>[\"']|" + extents.ESCAPES + r")?"
    # In source code, a type may stand between.
    r"(?:\s{0,4}:\s{0,4}[a-z_][\w.]{0,40}(?:\[[\w., |]{0,60}\])?(?:\s{0,4}\|\s{0,4}none)?\s{1,4}(?==[^=]))?"
    r"\s{0,8}(?P<sign>=>|!=|[=:]{1,2}|%(?:25){0,3}3[ad]|\\{1,15}u003[ad]|&#61;|->|→|\||(?(end),|(?=[\"'])))"
    r"(?:(?:%20|\+){1,8}|\s{0,40})"
    # In YAML, what kind of value it is, and a name for it.
    r"(?:[!&][\w!-]{0,40}\s{1,8})?"
    r"(?:(?P<escaped>" + extents.ESCAPES + r")|[bru]{0,2}(?P<quote>\"\"\"|'''|[\"']))?"
    r"(?P<value>(?(escaped)[^\n]|(?(quote)(?:(?<=\"\"\"|''')\n)?(?:\\.|(?!(?P=quote))[^\\\n]){1,256}|"
    r"(?:(?:bearer|basic|digest|token|negotiate)[^\S\n]{1,8})?[^\s\"',;&)}\]]{1,256})))"
)
# In YAML, a text of several lines comes.
_BLOCK: Final = re.compile(r"[|>][+-]?[0-9]?\Z")
# Behind these, only what looks like a secret is one: they mean many things.
_LOOSE: Final = frozenset({"->", "→", "|"})
# A place in a template, which holds its value later.
_PLACE: Final = re.compile(r"[A-Za-z_.]*(?:[(\[{\"'].*|![rsa]|:.*)?\Z")
# Short numbers that are secrets behind these words.
_NUMBERS: Final = re.compile(r"(?:(?:cv[vc]2?)\b.*[0-9]{3,4}|(?:pin|otp|ssn)\b.*?[0-9][0-9-]{3,10})\Z", re.DOTALL)
_OPTION: Final = r"--[\w-]{0,40}?(?:%s)[\w-]{0,40}[ =](?P<quote>[\"'])?(?P<value>(?(quote)(?:(?!(?P=quote))[^\n]){1,512}|[^\s\"'-][^\s\"']*))"
_BEFORE_OPTION: Final = 42
# Letters and digits, and no number or name with dots.
_RANDOM: Final = re.compile(r"(?!0x)(?=[^\s]{0,200}[0-9])(?=[^\s]{0,200}[A-Za-z])(?![A-Za-z_][\w.]*\.)[^\s]{6,}")
# Before a name that has its line for itself.
_ALONE: Final = re.compile(r"[^\S\n]*(?:-[^\S\n]+)?[\"']?[\w.-]*\Z")
# Before the name of an option of a command.
_IS_OPTION: Final = re.compile(r"[\"']--[\w-]*\Z")
# Before a name that is the first of a pair.
_FIRST: Final = re.compile(r"[(\[{]\s{0,8}b?\\{0,31}[\"'][\w.-]*\Z")

_TRIPLE: Final = ('"""', "'''")
# A comma, blanks and a quote.
_WITHIN_A_PAIR: Final = 10
_NAME_AFTER: Final = re.compile(r"\\{0,31}[\"']\s{0,8}:")
_NAME: Final = re.compile(r"[\w-]{0,64}\Z")

# In source code, what stands behind a telling name is mostly an expression.
_HARMLESS: Final = frozenset(
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
        "YES",
        "NO",
    }
)
_EXPRESSION: Final = re.compile(
    r"[A-Za-z_][\w.]*[(\[]|(?:self|request|req|os|settings|config|app|current_app|g|args|kwargs|environ|env|data|form)\.\w|"
    r"%\(\w+\)[sr]|\{[\w.!:]*\Z|<[\w.]*(?:>|\Z)"
)
# Also of a value that is handed to a database beside the statement.
_PLACEHOLDER: Final = re.compile(
    r"(?:<(?:[A-Z]+[-_])*(?:KEY|TOKEN|SECRET|PASSWORD)>?|%\([A-Za-z_]\w{0,60}|\?|\$[0-9]{1,4}(?:::\w{1,40})?|:(?:[0-9]{1,4}|[a-z_]{1,40}(?:_[0-9]{1,4})?))[.\]]{0,2}\Z"
)
_LETTERS: Final = 15
# So many signs are no secret behind "token".
_SIGNS: Final = 3
_UNEXPECTED: Final = "unexpected "
# A text of so few characters is looked at for these first; so far before its sign a name may begin.
_SHORT: Final = 1_024
_REACH: Final = 80
_REMEMBERED: Final = 256
_SURE: Final = ('"', "'", "--", "%3", "%25", "&quot", "&#", "\\u00")
_ROOTS: Final = (
    "pass", "pwd", "secret", "token", "auth", "cookie", "key", "cred", "sess", "signat", "csrf", "xsrf", "jwt", "card",
    "number", "code", "pin", "otp", "cvv", "cvc", "ssn", "sig",
)  # fmt: skip


class Pairs:
    """Finds values behind telling names, and behind those that contain one of `names` besides."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        own = "|".join([r"[-_. ]?".join(map(re.escape, re.split(r"[-_. ]+", name.lower()))) for name in names])
        strong = own + "|" + _STRONG if own else _STRONG
        self._own = re.compile(own) if own else None
        self._pair = re.compile(f"(?:(?P<strong>{strong})|{_WEAK}){_REST}")
        self._seen: dict[str, bool] = {}
        self._roots = _ROOTS + tuple([re.split(r"[-_. ]+", name.lower())[-1] for name in names])
        self._option = re.compile(_OPTION % strong)

    def hidden(self, text: str, small: str) -> str:
        """The text without those values. `small` is the same in small letters."""
        is_short = len(small) <= _SHORT
        may_be_pairs = not is_short or self._may_be_in(small)
        may_be_told = not is_short or any(root in small for root in prose.ROOTS)
        codes = prose.codes(small) if "code" in small else []
        if not (may_be_pairs or may_be_told):
            return without(codes, text)
        begin, keys = places.of_words(small, self._own)
        spans = self._pairs_at(text, small, begin) if may_be_pairs else []
        if may_be_told:
            told = prose.spans(text, small, sorted(begin + keys) if keys else begin)
            spans = sorted(spans + told) if told else spans
        return without(sorted(spans + codes) if codes else spans, text)

    def _pairs_at(self, text: str, small: str, begin: list[int]) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        done = 0
        for at in begin:
            if at < done:
                continue
            found = self._pair.match(small, at)
            span = None if found is None else self._span(text, found)
            if span is None or span[0] == span[1]:
                span = literals.span(text, small, at)
            if span is not None:
                spans.append(span)
                done = span[1]
        return sorted(spans + self._options_at(small, begin)) if "--" in small else spans

    def _options_at(self, small: str, begin: list[int]) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        done = -1
        for at in begin:
            dashes = small.rfind("--", max(0, at - _BEFORE_OPTION), at)
            if dashes <= done:
                continue
            done = dashes
            found = self._option.match(small, dashes)
            if found is not None:
                spans.append(found.span("value"))
        return spans

    def _may_be_in(self, small: str) -> bool:
        """A quick look at a short text: whether one of the words stands before a sign."""
        if any(sign in small for sign in _SURE):
            return True
        for sign in ":=|>→":
            at = small.find(sign)
            while at >= 0:
                if self._may_tell(small[max(0, at - _REACH) : at].rstrip(" -!").rpartition(" ")[2]):
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

    def _span(self, text: str, found: re.Match[str]) -> tuple[int, int]:
        """From where to where the value is; nothing where it is no secret."""
        begin, end = found.span("value")
        value = text[begin:end]
        quote = found.group("quote")
        if MASK[:-1] in value or not self._is_secret(text, found, value):
            return begin, begin
        if _is_remark(text, found):
            return _value_in_remark(text, found)
        if quote:
            return begin, extents.quoted(text, end, quote)
        if found.group("escaped"):
            return begin, extents.escaped(text, begin, found.group("escaped"))
        if value[0] in extents.BRACKETS:
            inside = "" if found.group("end") else extents.in_braces(text, begin)
            return begin, begin + len(inside) + 2 if inside else extents.bracketed(text, begin)
        return self._unquoted(text, found, value)

    def _unquoted(self, text: str, found: re.Match[str], value: str) -> tuple[int, int]:
        begin, end = found.span("value")
        word, sign = found.group("strong"), found.group("sign")
        if sign == ":" and _BLOCK.match(value):
            return end, extents.block(text, found.start(), end)
        if sign == ":" and value == "-" and "\n" in text[found.end("sign") : begin]:
            return begin, extents.listed(text, found.end("sign"))
        if sign == ":" and not found.group("end") and _is_header(text, found):
            return begin, extents.line(text, end)
        if word == "cookie" and "=" in value:
            return begin, extents.cookies(text, end)
        return begin, extents.written_out(text, begin, end) if "%" in sign else extents.unquoted(text, end)

    def _is_secret(self, text: str, found: re.Match[str], value: str) -> bool:
        if found.group("sign") == "," and not _is_next(text, found, value):
            return False
        if found.group("quote") or found.group("escaped"):
            return _is_in_line(text, found) and self._is_quoted_secret(text, found, value)
        if value[0] in extents.BRACKETS:
            return bool(found.group("end")) or (bool(found.group("strong")) and _is_enclosed(text, found))
        return _is_in_line(text, found) and self._is_bare_secret(text, found, value)

    def _is_bare_secret(self, text: str, found: re.Match[str], value: str) -> bool:
        word, sign, named = found.group("strong") or "", found.group("sign"), found.group("end")
        if not sign or (value.isdigit() and names.measures(_name(text, found))):
            return False
        if _is_harmless(value, sign, is_password=word.startswith(("pass", "pwd"))):
            return False
        if sign in _LOOSE:
            return bool(word) and bool(_RANDOM.match(value))
        if word == "pass" and not named and found.start("value") - found.end("sign") > (sign == ":"):
            # As source has it, and not a shell or a log.
            word = ""
        return bool(word or named or _NUMBERS.match(found.group(0))) or names.looks_random(value)

    def _is_quoted_secret(self, text: str, found: re.Match[str], value: str) -> bool:
        word, sign = found.group("strong") or "", found.group("sign")
        if not sign:
            # Without a sign between: password 'hunter2'.
            return word.startswith(("pass", "pwd")) and text[found.end("rest")].isspace()
        return not (word in ("token", "pass") and _is_parsed(text, found, value))


def _name(text: str, found: re.Match[str]) -> str:
    before = _NAME.search(text, max(0, found.start() - 64), found.start())
    return (before.group(0) if before else "") + text[found.start() : found.end("rest")]


def _is_header(text: str, found: re.Match[str]) -> bool:
    word, begin = found.group("strong"), found.start()
    return word in ("cookie", "authorization") or (word == "authentication" and text[begin - 1 : begin] == "-")


def _is_parsed(text: str, found: re.Match[str], value: str) -> bool:
    """What a parser did not expect, such as a bracket or a word."""
    is_sign = len(value) <= _SIGNS and not any(char.isalnum() for char in value)
    begin = found.start()
    is_word = value.isalpha() and len(value) <= _LETTERS
    return is_sign or (is_word and text[max(0, begin - len(_UNEXPECTED)) : begin].lower() == _UNEXPECTED)


def _is_next(text: str, found: re.Match[str], value: str) -> bool:
    """Whether what comes behind a comma belongs to the name, as in a pair: not the next name, nor the next of many."""
    if found.start("value") - found.end("sign") > _WITHIN_A_PAIR or _NAME_AFTER.match(text, found.end()):
        return False
    if not (found.group("quote") or found.group("escaped")):
        return value.isdigit() or bool(_RANDOM.match(value))
    before = text[max(0, found.start() - _REACH) : found.start()]
    begins = _FIRST.search(before) is not None or _IS_OPTION.search(before) is not None
    is_near = "\n" not in text[found.end("sign") : found.start("value")]
    return begins or (is_near and not value.replace("_", "").isalpha())


def _is_in_line(text: str, found: re.Match[str]) -> bool:
    """Whether a value in the next line is the name's, as in JSON and YAML, and no next name or statement."""
    is_quoted = found.group("quote") or found.group("escaped")
    if (found.group("end") and is_quoted) or "\n" not in text[found.end("sign") : found.start("value")]:
        return True
    begin = text.rfind("\n", max(0, found.start() - _REACH), found.start()) + 1
    is_alone = begin > 0 or found.start() <= _REACH
    alone = is_alone and _ALONE.match(text, begin, found.start()) is not None
    value = found.group("value")
    if not is_quoted and names.looks_random(value) and text[found.end() : found.end() + 1] in ("", "\n"):
        # As behind a prompt.
        return True
    return alone and not value.endswith(":") and found.group("quote") not in _TRIPLE


def _is_remark(text: str, found: re.Match[str]) -> bool:
    """Whether it is not the value, but what is wrong with it."""
    begin = found.start("value")
    if text[begin] == "[":
        return found.group("sign") == ":" and remarks.are_all(text, begin)
    return remarks.begins(text, begin)


def _value_in_remark(text: str, found: re.Match[str]) -> tuple[int, int]:
    begin = found.start("value")
    if text[begin] == "[":
        return begin, begin
    quote = found.group("quote")
    end = extents.quoted(text, begin, quote) if quote else extents.line(text, begin)
    return remarks.value_in(text, begin, end) or (begin, begin)


def _is_enclosed(text: str, found: re.Match[str]) -> bool:
    """A value in braces that is no place in a template; values in a list that is told, and not one of a program."""
    begin = found.start("value")
    inside = extents.in_braces(text, begin)
    if inside and not _PLACE.match(inside):
        return True
    is_told = found.group("sign") == ":" or found.group(0).endswith("=" + found.group("value"))
    first = text[begin + 1 : begin + 64].partition(",")[0].rstrip(")]} ")
    is_listed = text[begin] == "[" and names.looks_random(first)
    return is_told and text[begin] != "(" and (first[:1] in ("'", '"') or is_listed)


def _is_harmless(value: str, sign: str, *, is_password: bool) -> bool:
    """Prose such as `invalid token: expired`, and source such as `token = request.token`."""
    is_said = sign == ":" and value.replace("_", "").isalpha() and len(value) <= _LETTERS and not is_password
    compared = sign in ("==", "!=") and value.rstrip(":").replace(".", "").replace("_", "").isalnum()
    return is_said or compared or value in _HARMLESS or _is_expression(value)


def _is_expression(value: str) -> bool:
    """Also of a call, in which nothing stands that looks like a secret."""
    found = _EXPRESSION.match(value)
    if found is None:
        return _PLACEHOLDER.match(value) is not None
    inside = value[found.end() :] if value[found.end() - 1] in "([" else ""
    return not (looks.clear(inside) and not inside.isidentifier())


def without(spans: list[tuple[int, int]], text: str) -> str:
    """The text without these parts, which are in order; what is left has as many lines."""
    if not spans:
        return text
    parts: list[str] = []
    done = 0
    for begin, end in spans:
        if begin >= done:
            parts += (text[done:begin], MASK + ("\n" + MASK) * text.count("\n", begin, end))
            done = end
        elif end > done:
            done = end
    parts.append(text[done:])
    return "".join(parts)
