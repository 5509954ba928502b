"""Whether a text can hold no secret at all: a quick look that spares most messages all the others.

It never says yes where any rule would find something, which the tests hold against every case there is; so a rule that needs
another word, or another sign, says so here. Most of what it asks are single steps of C over the whole text.
"""

from __future__ import annotations

import re

from aiops_sdk.steps import patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence, Tuple


# Of the signs of ASCII, those without which the rules find nothing: no = @ / \ < [ { $ % & + and the like.
_HARMLESS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;:!?()'\"\n_-"
# One of these stands in whatever is found without such a sign, be it beside a name, in a sentence or in a command.
_WORDS = (
    "pass", "pwd", "secret", "token", "auth", "cookie", "key", "cred", "sess", "sig", "srf", "jwt", "card", "code", "pin",
    "otp", "cv", "ssn", "basic", "bearer", "into", "curl", "mysql", "redis", "dentified", "value", "input", "login", "eyj",
)  # fmt: skip
_SEPARATORS = re.compile(r"[-_. ]+")


class Innocence:
    """Knows what makes a text suspect: ``names`` are words that tell besides ours, ``known`` secrets to be found in any text."""

    def __init__(self, names: Iterable[str] = (), known: Sequence[str] = ()) -> None:
        own = [_SEPARATORS.split(name.lower())[-1] for name in names]
        self._words: Tuple[str, ...] = (*_WORDS, *[word for word in own if word])
        self._known = tuple(known)

    def holds(self, text: str) -> bool:
        """Whether there is nothing in it for certain."""
        if not text.isascii():
            return False
        bare = text.encode("ascii")
        if bare.translate(None, _HARMLESS) or patterns.is_mixed(bare) or patterns.has_long(bare):
            return False
        small = text.lower()
        # Written out: a generator would take more time than all the rest.
        for word in self._words:
            if word in small:
                return False
        for secret in self._known:
            if secret in text:
                return False
        return not patterns.has_card(bare)
