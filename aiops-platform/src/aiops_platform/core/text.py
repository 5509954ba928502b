"""Text made fit to be kept and shown: bounded, and free of characters that databases and pages stumble over."""

import re

# NUL breaks PostgreSQL and C strings; the rest of these move cursors and reorder lines on a screen.
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"\s+")
_CUT = "…"


def one_line(text: str, limit: int) -> str:
    """`text` without line breaks and unfit characters, at most `limit` characters; `…` says that it was cut."""
    # Cut before the work, so that a megabyte costs no more than a line.
    line = _SPACE.sub(" ", _UNFIT.sub(" ", text[: limit * 4 + 100])).strip()
    return _cut(line, limit)


def paragraph(text: str, limit: int) -> str:
    """`text` with its line breaks, otherwise like `one_line`."""
    return _cut(_UNFIT.sub("\ufffd", text[: limit + 1]), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + _CUT
