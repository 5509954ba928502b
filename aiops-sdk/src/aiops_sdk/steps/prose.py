"""Secrets in sentences: ``the password S is wrong``, ``token "S" expired``, ``password changed from S to T``.

No sign stands between the word and the value, so the value must look like a secret itself, and how much so depends on the
word: behind "password" a letter and a digit are enough, behind "key" hardly anything is. Ordinary words never are.
"""

from __future__ import annotations

import re

from aiops_sdk import telling
from aiops_sdk.steps import looks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Match, Sequence, Tuple

    Span = Tuple[int, int]


#: What a text must have one of.
ROOTS = ("pass", "pwd", "secret", "token", "key", "credential", "signature", "session", "pin is", "otp is")

_OF_PASSWORDS = r"pass(?:word|wd|phrase|code)s?|pwds?"
_OF_TOKENS = (
    r"tokens?|secrets?(?:[ _-]keys?)?|credentials?|"
    r"(?:api|private|access|encryption|signing|master|shared|account|auth|ssh)[-_. ]?keys?"
)
# What may stand between the word and the value.
_LINKS = (
    r"is|was|are|were|equals|now|still|mismatch|given|entered|used|tried|provided|supplied|submitted|received|sent|"
    r"rejected|refused|invalid|wrong|incorrect|expected|got|(?:set|reset|changed|updated|rotated)(?:\s(?:from|to))?"
)
_SENTENCE = re.compile(
    r"(?:(?P<password>{})|(?P<token>{})|(?P<key>keys?)|(?P<id>signature|session(?:[ _-]id)?|cookie))(?![\w.])"
    r"(?P<object>\s(?:for|of)\s(?:(?:the|user|account|role|customer|client|service)\s)?[^\s:]{{1,64}}(?=\s(?:is|was|set|:)|:))?"
    r"(?P<links>(?:[:,;]?\s{{1,3}}(?:{})(?![\w-])){{0,4}})(?P<sign>\s?(?:=>|->|[:=])(?=\s))?"
    r"\s{{1,3}}(?P<open>[\"'`(\[<\u201c\u2018\u00ab])?(?P<value>[^\s\"'`]{{4,256}})".format(_OF_PASSWORDS, _OF_TOKENS, _LINKS)
)  # fmt: skip
_NUMBER = re.compile(r"(?:pin|otp) is:? (?P<value>[0-9]{4,10})(?![\w.-])")
_NUMBERED = ("pin is", "otp is")
_CODE = "code"
_AROUND_WORDS = "\"'({[-"
# Behind it, and before it: "482913 is your login code".
_CODE_VALUE = re.compile(
    r"code[\"']?(?: (?:for|to) [^\s:]{1,64}(?=:| is))?"
    r"(?:,? (?:is|was|now|entered|given|sent|used|received|expected|provided|submitted|got|invalid|wrong|incorrect|expired)){0,3}"
    r"\s{0,2}[:=]?\s{0,2}[\"'(]?(?P<value>(?:[a-z]{1,2}-)?(?:[0-9]{4,10}|[0-9]{3}[ -][0-9]{3}))(?![\w-]|\.[0-9])"
)
_CODE_OF = re.compile(
    r"(?<![\w.-])(?P<value>(?:[a-z]{1,2}-)?(?:[0-9]{4,10}|[0-9]{3}[ -][0-9]{3})) is (?:your|the) [\w -]{0,40}\Z"
)
_IS = " is "
_BEFORE_CODE = 64
_CODES = frozenset(
    {
        "verification", "security", "access", "login", "log-in", "signin", "sign-in", "sign in", "confirmation",
        "authentication", "authenticator", "one-time", "onetime", "one time", "auth", "recovery", "backup", "otp", "totp",
        "2fa", "mfa", "two-factor", "sms", "pin", "activation", "unlock", "your",
    }
)  # fmt: skip
_PAIR = re.compile(r"credentials?(?: are| were|:)? [^\s:/]{1,64}(?::| ?/ ?)(?P<value>[^\s\"'`]{5,256})")
# What is compared with it, or was instead of it.
_NEXT = re.compile(
    r"[\"'`)\]>\u201d\u2019\u00bb]?[,;]?\s{1,3}(?:(?:and|or|vs\.?|but|got|not|expected|instead of)\s{1,3}){1,2}"
    r"[\"'`(\u201c]?(?P<value>[^\s\"'`]{4,256})"
)
_CHANGED = re.compile(r"[\"'`]?\s{1,3}to\s{1,3}[\"'`]?(?P<value>[^\s\"'`]{4,256})")
_CLOSES = {"(": ")", "[": "]", "<": ">", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb"}
_AFTER = ".,;:)]}>\u201d\u2019\u00bb"
# What a database says of a row that is there already: Key (name, …)=(value, …).
_ROW = re.compile(r"\((?P<names>[\w\", ]{1,200})\)=\((?P<values>[^\n]{1,2048}?)\)(?=[\s.,;]|\Z)")
_ROW_OF = "key ("
# What the words begin with that stand in other sentences as well.
_OTHERS = (_ROW_OF, *_NUMBERED, "credential")

_OF_OTHERS = frozenset(
    {"public", "primary", "foreign", "cache", "object", "s3", "host", "partition", "sort", "row", "redis", "lookup"}
)
_PARSERS = ("unexpected", "illegal", "unknown", "invalid", "next", "last")
# Of what is in quotes behind "password is", these are none.
_SAID_OF_IT = frozenset(
    {
        "required", "missing", "wrong", "invalid", "incorrect", "empty", "expired", "weak", "short", "long", "none", "null",
        "true", "false", "blank", "unset", "set", "disabled", "enabled", "optional", "correct", "valid", "unknown",
    }
)  # fmt: skip

_MEASURE = re.compile(
    r"[ -]{0,2}(?:%|char|digit|letter|symbol|bit|byte|kb|mb|ms|sec|min|hour|day|week|month|year|time|line|try|trie|attempt|long|"
    r"more|less|of|or|to)",
    re.IGNORECASE,
)
# What happened to it; a number behind that is of something else.
_HAPPENED = ("set", "changed", "updated", "rotated")
# So long is what is clearly one behind words of several meanings.
_LONG, _LONGER = 10, 16
_LONGEST_WORD = 20
# So far behind a word that a sentence may go on, up to the value's first digit, sign or quote.
_REACH = 160
_SIGN = b"0"
_AS_SIGNS = bytes(48 if chr(code) in "0123456789!#$%^&*~?@'\"" else 32 for code in range(256))
_CAPITAL = b"aA"
_AS_CAPITALS = bytes(97 if 97 <= code < 123 else 65 if 65 <= code < 91 else 32 for code in range(256))


def spans(text: str, small: str, places: Sequence[int]) -> List[Span]:
    """Where secrets stand in sentences. ``small`` is the text in small letters; at ``places`` one of the words may begin."""
    found: List[Span] = []
    done = 0
    for at in places:
        if at < done:
            continue
        if not _may_be_one(text[at : at + _REACH]):
            continue
        sentence = _SENTENCE.match(small, at)
        here = [] if sentence is None or _is_plain(text, sentence) else list(_in_sentence(text, small, sentence))
        if not here and small.startswith(_OTHERS, at):
            here = list(_beginning(text, small, at))
        if here:
            found += here
            done = here[-1][1]
    return found


def _may_be_one(text: str) -> bool:
    """Without a digit, a sign, a quote or a capital letter within a word nothing looks like a secret."""
    plain = text.encode("ascii", "replace")
    return _SIGN in plain.translate(_AS_SIGNS) or _CAPITAL in plain.translate(_AS_CAPITALS)


def _beginning(text: str, small: str, at: int) -> Iterator[Span]:
    if small.startswith(_ROW_OF, at):
        return _in_row(text, at)
    if small.startswith(_NUMBERED, at) and not small[at - 1 : at].isalnum():
        number = _NUMBER.match(small, at)
        return iter(() if number is None else (number.span("value"),))
    pair = _PAIR.match(small, at)
    return iter(()) if pair is None else _of_pair(text, pair)


def _is_plain(text: str, found: Match[str]) -> bool:
    """Most that follows is a word like any other."""
    begin, end = found.span("value")
    value = text[begin:end].rstrip(_AFTER)
    return value.isalpha() and value.islower() and not found["open"]


def _in_sentence(text: str, small: str, found: Match[str]) -> Iterator[Span]:
    begin, end = _extent(text, found)
    if not _is_secret(text, found, text[begin:end]):
        return
    yield begin, end
    changes = "from" in found.group("links")
    further = (_CHANGED if changes else _NEXT).match(small, end)
    if further is not None:
        begin, end = _bare(text, *further.span("value"))
        if looks.weak(text[begin:end]):
            yield begin, end


def _extent(text: str, found: Match[str]) -> Span:
    begin, end = found.span("value")
    closing = _CLOSES.get(found.group("open") or "")
    if closing:
        at = text.rfind(closing, begin, end)
        if at > begin:
            return begin, at
    return _bare(text, begin, end)


def _bare(text: str, begin: int, end: int) -> Span:
    return begin, begin + len(text[begin:end].rstrip(_AFTER))


def _is_secret(text: str, found: Match[str], value: str) -> bool:
    links, opening = found.group("links"), found.group("open")
    is_said = bool(links or found.group("sign"))
    if found.group("password"):
        if opening in ("'", '"') and is_said and value.isalpha():
            return value.lower() not in _SAID_OF_IT and text.startswith(opening, found.end("value"))
        return looks.weak(value) or (is_said and not opening and _is_number(text, found, value))
    if found.group("token"):
        if _word_before(text, found.start()) in _PARSERS and found.group("token") == "token":
            return looks.clear(value, _LONGER if opening else _LONG)
        return looks.clear(value)
    if found.group("key"):
        return is_said and _word_before(text, found.start()) not in _OF_OTHERS and looks.sure(value)
    return looks.clear(value, _LONGER) and "-" not in value


def _is_number(text: str, found: Match[str], value: str) -> bool:
    """``password is 123456``, but not ``password is 1234 characters long``, nor ``password reset 1234``."""
    happened = found.group("links").endswith(_HAPPENED)
    return value.isdigit() and not happened and _MEASURE.match(text, found.end("value")) is None


def _word_before(text: str, at: int) -> str:
    before = text[max(0, at - _LONGEST_WORD) : at].split()
    return before[-1].strip("_-.").lower() if before else ""


def _of_pair(text: str, found: Match[str]) -> Iterator[Span]:
    begin, end = _bare(text, *found.span("value"))
    if looks.weak(text[begin:end]):
        yield begin, end


def codes(small: str) -> List[Span]:
    """Where numbers stand that are sent to a telephone."""
    found: List[Span] = []
    at = small.find(_CODE)
    while at >= 0:
        if _is_of_a_login(small, at):
            after = _CODE_VALUE.match(small, at)
            if after is not None and _MEASURE.match(small, after.end()) is None:
                found.append(after.span("value"))
            elif small.find(_IS, max(0, at - _BEFORE_CODE), at) >= 0:
                found += _code_before(small, at)
        at = small.find(_CODE, at + 1)
    return found


def _is_of_a_login(small: str, at: int) -> bool:
    before = small[max(0, at - _LONGEST_WORD) : at].replace("_", " ").split()
    words = [word.strip(_AROUND_WORDS) for word in before[-2:]]
    return bool(words) and (words[-1] in _CODES or " ".join(words) in _CODES)


def _code_before(small: str, at: int) -> Iterator[Span]:
    of = _CODE_OF.search(small, max(0, at - _BEFORE_CODE), at)
    if of is not None:
        yield of.span("value")


def _in_row(text: str, at: int) -> Iterator[Span]:
    found = _ROW.match(text, at + len(_ROW_OF) - 1)
    return iter(()) if found is None else _told_of(found)


def _told_of(found: Match[str]) -> Iterator[Span]:
    names, values = found.group("names").split(", "), found.group("values").split(", ")
    begin = found.start("values")
    if len(names) != len(values):
        if any(map(telling.is_telling, names)):
            yield found.span("values")
        return
    for name, value in zip(names, values):
        if telling.is_telling(name) and value:
            yield begin, begin + len(value)
        begin += len(value) + 2
