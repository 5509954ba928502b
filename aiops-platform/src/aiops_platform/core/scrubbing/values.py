"""What a project said is secret, sought as plain text: as it is, and as addresses, markup, JSON and base 64 write it."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from aiops_platform.core.scrubbing.shapes import MASK

_SHORTEST_BASED: Final = 8
_ENCODED: Final = re.compile("%[0-9A-F]{2}")


class Values:
    """Texts that are secret wherever they stand."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _written(value) if form and form not in MASK}
        # One may be in another: the longest first.
        self._forms = sorted(forms, key=len, reverse=True)

    def hidden(self, text: str) -> str:
        """The text without them; the same object if there are none."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text


def _written(value: str) -> Iterator[str]:
    encoded = value.encode("utf-8", "backslashreplace")
    yield value
    for address in (quote(encoded, safe=""), quote(encoded), quote_plus(encoded)):
        yield address
        yield _ENCODED.sub(lambda found: found[0].lower(), address)
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    plain = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    yield plain.replace('"', "&quot;").replace("'", "&#39;")
    yield plain.replace('"', "&#34;").replace("'", "&#x27;")
    yield from _in_base_64(encoded)


def _in_base_64(encoded: bytes) -> Iterator[str]:
    """Three bytes are four letters: it depends on what comes before and after how the first and the last ones look."""
    for before in range(3):
        based = b64encode(bytes(before) + encoded).decode("ascii").rstrip("=")
        based = based[before + 1 if before else 0 : None if (before + len(encoded)) % 3 == 0 else -1]
        if len(based) >= _SHORTEST_BASED:
            yield based
            yield based.replace("+", "-").replace("/", "_")
