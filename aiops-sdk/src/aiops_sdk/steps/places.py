"""Where in a text a word may begin that tells of a secret: a quick look, which leaves the rest to the patterns.

Seeking a few letters as plain text takes a fraction of what any pattern takes; so each word is sought by itself.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Pattern, Tuple


# What the words begin with, and how far into a word that is.
_WORDS = (
    ("pass", 0), ("pwd", 0), ("sec", 0), ("auth", 0), ("cred", 0), ("sess", 0), ("sig", 0),
    ("srf", 1), ("card", 0), ("pin", 0), ("otp", 0), ("cv", 0), ("ssn", 0),
)  # fmt: skip
_KEY, _JWT = "key", "jwt"
_TOKEN, _KEN = "token", "ken"
_COOKIE, _KIE = "cookie", "kie"
# What makes a secret of one.
_OF_WHAT = re.compile(r"(?:api|private|access|encryption|signing|master|shared|account|auth|ssh)[-_. ]?\Z")
_LONGEST = len("encryption-")
_LAST_LETTERS = frozenset("iesgrdth-_. ")
# In a sentence.
_BEHIND = frozenset(" s:=\n\t")


def of_words(small: str, own: Optional[Pattern[str]]) -> Tuple[List[int], List[int]]:
    """Where they begin, in order, those of the pattern ``own`` among them; and likewise keys of which nothing says of what."""
    begin = [found.start() for found in own.finditer(small)] if own is not None else []
    for word, before in _WORDS:
        at = small.find(word)
        while at >= 0:
            begin.append(max(0, at - before))
            at = small.find(word, at + 1)
    keys: List[int] = []
    # One letter alone is found at once, and this one is rare.
    at = small.find("k")
    while at >= 0:
        if small.startswith(_KEY, at):
            found = _OF_WHAT.search(small, max(0, at - _LONGEST), at) if small[at - 1 : at] in _LAST_LETTERS else None
            if found is not None:
                begin.append(found.start())
            elif small[at + 3 : at + 4] in _BEHIND:
                keys.append(at)
        elif small.startswith(_KEN, at) and small.startswith(_TOKEN, at - 2):
            begin.append(at - 2)
        elif small.startswith(_KIE, at) and small.startswith(_COOKIE, at - 3):
            begin.append(at - 3)
        at = small.find("k", at + 1)
    begin += _web_tokens(small)
    begin.sort()
    return begin, keys


def _web_tokens(small: str) -> List[int]:
    found: List[int] = []
    # So is this letter.
    at = small.find("j")
    while at >= 0:
        if small.startswith(_JWT, at):
            found.append(at)
        at = small.find("j", at + 1)
    return found
