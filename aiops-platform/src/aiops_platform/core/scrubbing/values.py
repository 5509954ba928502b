"""What is known to be secret, sought as plain text: as it is, and as addresses, markup, JSON, a repr and base 64 write it.

Also what was left of it where a text was cut.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from aiops_platform.core.scrubbing import shapes
from aiops_platform.core.scrubbing.pairs import MASK

# At a cut, so many characters of one are its beginning, or its end; so many are looked at.
_HALF: Final = 4
_LONGEST: Final = 128
# So long is what is sought where a digit follows a letter; in a text with more such places, everywhere.
_LONGEST_MIXED: Final = 32
_MOST_MIXED: Final = 200
# A line of a value of several lines that is as long is a secret by itself.
_LINE: Final = 24
_SHORTEST_BASED: Final = 8
_ENCODED: Final = re.compile("%[0-9A-F]{2}")
_QUOTES: Final = (('"', "'"), ("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&#34;", "&#39;"))


class Values:
    """Texts that are secret wherever they stand."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms = _forms(values)
        #: Those that can only be where a long word is, of which most texts have few, by the longest word of each.
        self._long: dict[str, list[str]] = {}
        #: Those that can only be where a digit follows a letter, of which most texts have few.
        mixed: list[str] = []
        short: list[str] = []
        for form in self._forms:
            word = _longest_word(form)
            if len(word) >= shapes.LONG:
                self._long.setdefault(word, []).append(form)
            elif len(form) <= _LONGEST_MIXED and shapes.mixed_places(form, shapes.bare(form), 1, 1):
                mixed.append(form)
            else:
                short.append(form)
        self._mixed = tuple(mixed)
        self._short = tuple(short)
        self._heads: dict[str, list[str]] = {}
        self._tails: dict[str, list[str]] = {}
        for form in self._forms:
            self._heads.setdefault(form[:_HALF], []).append(form)
            self._tails.setdefault(form[-_HALF:], []).append(form)

    def hidden(self, text: str, bare: bytes, beside: str) -> str:
        """The text without them. `bare` and `beside` (its long words) as in `shapes`."""
        found = [form for form in self._short if form in text]
        if self._mixed:
            places = shapes.mixed_places(text, bare, _LONGEST_MIXED, _MOST_MIXED)
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
        """How many characters before `end` are the beginning of one."""
        for at in range(max(0, end - _LONGEST), end - _HALF + 1):
            head = text[at : at + _HALF]
            if head in self._heads and any(form.startswith(text[at:end]) for form in self._heads[head]):
                return end - at
        return 0

    def end_after(self, text: str, begin: int) -> int:
        """How many characters from `begin` on are the end of one."""
        for end in range(min(len(text), begin + _LONGEST), begin + _HALF - 1, -1):
            tail = text[end - _HALF : end]
            if tail in self._tails and any(form.endswith(text[begin:end]) for form in self._tails[tail]):
                return end - begin
        return 0


def _forms(values: Iterable[str]) -> tuple[str, ...]:
    forms: dict[str, None] = {}
    for value in values:
        for each in (value, *_lines_of(value)):
            if each and each not in MASK:
                forms.update(dict.fromkeys(_written(each)))
    return tuple(sorted(forms, key=len, reverse=True))


def _longest_word(form: str) -> str:
    words = shapes.words_of(shapes.bare(form))
    longest = max(words.split(), key=len, default=b"")
    at = words.find(longest)
    return form[at : at + len(longest)]


def _lines_of(value: str) -> list[str]:
    """Of a private key, say, which may be shown in part."""
    lines = [line.strip() for line in value.splitlines()] if "\n" in value else []
    return [line for line in lines if len(line) >= _LINE and " " not in line]


def _written(value: str) -> Iterator[str]:
    """How it may be written."""
    encoded = value.encode("utf-8", "backslashreplace")
    yield value
    for address in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
        yield address
        yield _ENCODED.sub(_in_small_letters, address)
    yield repr(value)[1:-1]
    yield repr(encoded)[2:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    plain = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for double, single in _QUOTES:
        yield plain.replace('"', double).replace("'", single)
    yield from _in_base_64(encoded)


def _in_base_64(encoded: bytes) -> Iterator[str]:
    """Three bytes are four letters: it depends on what comes before and after how the first and the last ones look."""
    for before in range(3):
        length = before + len(encoded)
        based = b64encode(bytes(before) + encoded).decode("ascii").rstrip("=")
        based = based[before + 1 if before else 0 : None if length % 3 == 0 else -1]
        if len(based) >= (shapes.LONG if before else _SHORTEST_BASED):
            yield based
            yield based.replace("+", "-").replace("/", "_")


def _in_small_letters(found: re.Match[str]) -> str:
    return found.group(0).lower()
