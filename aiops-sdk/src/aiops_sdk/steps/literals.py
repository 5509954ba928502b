"""A secret that is written into a call or beside a name: ``SecretStr('S')``, ``HTTPBasicAuth('bob', 'S')``, ``auth=('bob', 'S')``.

What stands there must be a text in quotes: a variable, or what another call gives, is no secret.
"""

from __future__ import annotations

import re

from aiops_sdk.steps import looks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Match, Optional, Tuple

    Span = Tuple[int, int]


_TEXT = r"[bru]{{0,2}}(?P<{0}>\\{{0,31}}[\"'])(?P<{1}>(?:(?!(?P={0}))(?:\\.|[^\\\n])){{1,256}})(?P={0})"
_NAMED = r"(?:[a-z_]\w{0,40}\s?=\s?)?"
_SHAPE = re.compile(
    # One text in a call.
    r"(?:(?P<word>secret|pass(?:word|wd|phrase)|(?P<token>token|(?:api|access|private)_?key))(?P<kind>str(?:ing)?|bytes|value|text)?"
    r"\(\s{0,8}" + _TEXT.format("quote", "alone") + r"\s{0,4}(?P<end>[,)])|"
    # Two texts, in a call or behind a name, the first of which may be a variable.
    r"(?:(?P<login>auth)|credentials?)(?P<sign>\s{0,4}[:=]\s{0,4}[(\[]|\()\s{0,8}" + _NAMED
    + r"(?:[\w.]{1,80}|[bru]{0,2}(?P<of>\\{0,31}[\"'])(?:(?!(?P=of))[^\n]){0,128}(?P=of)),\s{0,8}" + _NAMED
    + _TEXT.format("with", "second") + r"\s{0,4}(?P<last>[,)\]]))"
)  # fmt: skip
# A program that looks at a password, and not for one.
_LOOKS_AT = re.compile(r"(?<![a-z])(?:set|check|make|hash|verify|validate|encrypt)_?\Z")
_LOGINS = ("basic", "digest", "proxy", "ntlm", "http", "basic_", "proxy_", "http_")
# Two of them beside each other are ways to log in.
_SCHEMES = frozenset(
    {
        "basic", "digest", "bearer", "token", "session", "jwt", "oauth", "oauth2", "ntlm", "negotiate", "kerberos", "none",
        "apikey", "cookie", "ldap", "saml", "password",
    }
)  # fmt: skip
_BEFORE = 10


def span(text: str, small: str, at: int) -> Optional[Span]:
    """Where the secret is in what begins here with a telling word. ``small`` is the text in small letters."""
    found = _SHAPE.match(small, at)
    if found is None:
        return None
    which = "alone" if found["alone"] else "second"
    begin, end = found.span(which)
    value = text[begin:end]
    if not value.strip("*.") or value.startswith(("{", "%", "<", "$", "[")):
        return None
    is_one = _is_alone(text, small, found, value) if which == "alone" else _is_second(small, found, value)
    return (begin, end) if is_one else None


def _is_alone(text: str, small: str, found: Match[str], value: str) -> bool:
    if found["kind"]:
        return found["end"] == ")"
    begin = found.start()
    is_class = text[begin].isupper() and not small[begin - 1 : begin].isalnum()
    if found["token"]:
        return is_class and looks.clear(value)
    looks_at = found["word"] != "secret" and _LOOKS_AT.search(small, max(0, begin - _BEFORE), begin) is not None
    return (looks_at or (is_class and found["end"] == ")")) and looks.weak(value)


def _is_second(small: str, found: Match[str], value: str) -> bool:
    if value in _SCHEMES:
        return False
    before = small[max(0, found.start() - _BEFORE) : found.start()]
    if found["sign"] != "(":
        return found["last"] != "," and not (found["login"] and before[-1:].isalpha())
    # A call of which the name does not say that it is a login may be told anything.
    return not found["login"] or before.endswith(_LOGINS) or looks.weak(value)
