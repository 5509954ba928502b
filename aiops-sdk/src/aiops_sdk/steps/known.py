"""What is known to be secret, sought as plain text: as it is, and as addresses, markup, JSON, a repr and base 64 write it.

Also what was left of it where a text was cut.
"""

from __future__ import annotations

import re

from aiops_sdk import telling
from aiops_sdk.steps import patterns
from aiops_sdk.steps.pairs import MASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Iterator, List, Match, Tuple


#: A value that the user names must be at least so long; those of the environment are longer (``telling.SHORTEST``).
SHORTEST = 4
# At a cut, so many characters of one are its beginning, or its end; so many are looked at.
_HALF = 4
_LONGEST = 128
# So long is what is sought where a digit follows a letter; in a text with more such places, everywhere.
_LONGEST_MIXED = 32
_MOST_MIXED = 200
# A line of a value of several lines that is as long is a secret by itself.
_LINE = 24
_ENCODED = re.compile("%[0-9A-F]{2}")
_QUOTES = (('"', "'"), ("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"))


class Known:
    """Texts that are secret wherever they stand."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms = _forms(values)
        #: Those that can only be where a long word is, of which most texts have few, by the longest word of each.
        self._long: Dict[str, List[str]] = {}
        #: Those that can only be where a digit follows a letter, of which most texts have few.
        mixed: List[str] = []
        short: List[str] = []
        for form in self._forms:
            word = _longest_word(form)
            if len(word) >= patterns.LONG:
                self._long.setdefault(word, []).append(form)
            elif len(form) <= _LONGEST_MIXED and patterns.mixed_places(form, patterns.bare(form), 1, 1):
                mixed.append(form)
            else:
                short.append(form)
        self._mixed = tuple(mixed)
        #: Those that can be in any text.
        self.anywhere = tuple(short)
        self._heads: Dict[str, List[str]] = {}
        self._tails: Dict[str, List[str]] = {}
        for form in self._forms:
            self._heads.setdefault(form[:_HALF], []).append(form)
            self._tails.setdefault(form[-_HALF:], []).append(form)

    def hidden(self, text: str, bare: bytes, beside: str) -> str:
        """The text without them. ``bare`` and ``beside`` (its long words) as in ``patterns``."""
        found = [form for form in self.anywhere if form in text]
        if self._mixed:
            places = patterns.mixed_places(text, bare, _LONGEST_MIXED, _MOST_MIXED)
            found += [form for form in self._mixed if form in places]
        if beside:
            for word, forms in self._long.items():
                if word in beside:
                    found += [form for form in forms if form in text]
        # One may be in another: the longest first.
        for form in sorted(found, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text

    def beginning_before(self, text: str, end: int) -> int:
        """How many characters before ``end`` are the beginning of one."""
        for at in range(max(0, end - _LONGEST), end - _HALF + 1):
            head = text[at : at + _HALF]
            if head in self._heads and any(form.startswith(text[at:end]) for form in self._heads[head]):
                return end - at
        return 0

    def end_after(self, text: str, begin: int) -> int:
        """How many characters from ``begin`` on are the end of one."""
        for end in range(min(len(text), begin + _LONGEST), begin + _HALF - 1, -1):
            tail = text[end - _HALF : end]
            if tail in self._tails and any(form.endswith(text[begin:end]) for form in self._tails[tail]):
                return end - begin
        return 0


def _forms(values: Iterable[str]) -> Tuple[str, ...]:
    forms: Dict[str, None] = {}
    for value in values:
        for each in (value, *_lines_of(value)):
            if len(each) >= SHORTEST and each not in MASK:
                forms.update(dict.fromkeys(_written(each)))
    return tuple(sorted(forms, key=len, reverse=True))


def _longest_word(form: str) -> str:
    words = patterns.words_of(patterns.bare(form))
    longest = max(words.split(), key=len, default=b"")
    at = words.find(longest)
    return form[at : at + len(longest)]


def _lines_of(value: str) -> List[str]:
    """Of a private key, say, which may be shown in part."""
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    return [line for line in lines if len(line) >= _LINE and " " not in line]


def _written(value: str) -> Iterator[str]:
    """How it may be written."""
    from json import dumps
    from urllib.parse import quote, quote_plus

    encoded = value.encode("utf-8", "backslashreplace")
    yield value
    for address in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
        yield address
        yield _ENCODED.sub(_in_small_letters, address)
    yield repr(value)[1:-1]
    yield repr(encoded)[2:-1]
    yield dumps(value)[1:-1]
    yield dumps(value, ensure_ascii=False)[1:-1]
    plain = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for double, single in _QUOTES:
        yield plain.replace('"', double).replace("'", single)
    yield from _in_base_64(encoded)


def _in_base_64(encoded: bytes) -> Iterator[str]:
    """Three bytes are four letters: it depends on what comes before and after how the first and the last ones look."""
    from base64 import b64encode

    for before in range(3):
        length = before + len(encoded)
        based = b64encode(b"\0" * before + encoded).decode("ascii").rstrip("=")
        based = based[before + 1 if before else 0 : None if length % 3 == 0 else -1]
        if len(based) >= (patterns.LONG if before else telling.SHORTEST):
            yield based
            yield based.replace("+", "-").replace("/", "_")


def _in_small_letters(found: Match[str]) -> str:
    return found.group(0).lower()
