"""Where a text was cut: half of a secret does not look like one, so what could be its beginning goes.

A cut shows as an ellipsis, whoever made it. What is left out in the middle shows as a line of its own, after which a text
may go on with the end of a secret.
"""

import re
from typing import Final

from aiops_platform.core.scrubbing import names, shapes
from aiops_platform.core.scrubbing.pairs import MASK
from aiops_platform.core.scrubbing.values import Values

#: Whoever cut a text, it shows so.
MARK: Final = "…"
#: What stands behind the second mark of a line that says what is left out in the middle.
GAP: Final = "]\n"
# So many places at which it was cut, the last ones, are looked at.
_CUTS: Final = 16
# So many characters before one.
_REACH: Final = 512
# Each of the shapes, as far as it may have come.
_HALF: Final = re.compile(
    r"(?:"
    # user:password, but not host:port.
    r"://[^\s:/@'\"]{0,256}:(?![0-9]{1,5}(?:[/?#]|\Z))(?P<password>[^\s'\"<>@]{1,256})|"
    r"(?i:(?<![a-z0-9_])(?:bearer|basic))\s{1,8}(?P<scheme>[A-Za-z0-9._~+/=-]{2,})|"
    r"(?<![A-Za-z0-9_-])(?P<web>eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,2})|"
    r"(?:(?<![A-Za-z0-9_])|(?<=bot))(?P<key>(?:" + shapes.PREFIXES + r")[A-Za-z0-9_.+/=-]{2,})|"
    r"hooks\.slack\.com/[a-z]{1,20}/(?P<hook>[A-Za-z0-9/]{1,100})|"
    r"(?<![A-Za-z0-9])(?P<card>[2-6][0-9]{3}(?:[ +.-]?[0-9]){4,17})"
    r")\Z"
)
_PAIR: Final = re.compile(r"([\w.-]{1,64})[\"']?\s{0,2}[=:]\s{0,2}[\"']?([^\s\"'=:]{1,256})\Z")
_PARTS: Final = ("password", "scheme", "web", "key", "hook", "card")


def hidden(text: str, known: Values) -> str:
    """The text without what could be halves of secrets, where it was cut."""
    at = len(text)
    for _ in range(_CUTS):
        at = text.rfind(MARK, 0, at)
        if at < 0:
            break
        if text.startswith(GAP, at + 1):
            rest = at + 1 + len(GAP)
            length = known.end_after(text, rest)
            text = text[:rest] + MASK + text[rest + length :] if length else text
        # A repr has its quote before the mark, what is left out in the middle begins a line.
        end = at - 1 if text[at - 1 : at] in ("'", '"') else at - 2 if text[at - 2 : at] == "\n[" else at
        begin = min(end - known.beginning_before(text, end), _shape_before(text, end))
        if 0 <= begin < end:
            text = text[:begin] + MASK + text[end:]
            at = begin
    return text


def _shape_before(text: str, end: int) -> int:
    """Where what looks like the beginning of a secret begins, else `end`."""
    first = max(0, end - _REACH)
    before = text[first:end]
    half = _HALF.search(before)
    if half is not None:
        return end if MASK in half.group(0) else first + max(half.start(part) for part in _PARTS)
    pair = _PAIR.search(before)
    if pair is not None and names.is_telling(pair.group(1)) and MASK not in pair.group(2):
        return first + pair.start(2)
    return end
