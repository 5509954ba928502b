"""A value and its name in markup: ``<password>…</password>``, and where both are values: ``name="password" value="…"``."""

from __future__ import annotations

import re

from aiops_sdk.steps.pairs import MASK, without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Match, Tuple

    IsTelling = Callable[[str], bool]


# A text that was cut has no end.
_ELEMENT = re.compile(
    r"<([\w:.-]{1,100})(\s[^<>]{0,400})?>(?:\s{0,40}<!\[CDATA\[)?(?P<value>[^<]{1,8192})(?=</|\]\]>|…)"
)  # fmt: skip
_WRITTEN_OUT = re.compile(r"&lt;([\w:.-]{1,100})( [^&]{0,400})?&gt;(?P<value>(?:(?!&lt;)[^\n]){1,2048})(?=&lt;/|…)")
# The name in an element, the value in the next one.
_NEIGHBOURS = re.compile(
    r"<(?:key|name|dt|th|td|label)>\s{0,8}([^<>]{1,100}?):?\s{0,8}</\w{1,10}>()\s{0,40}<\w{1,20}>(?P<value>[^<]{1,8192})</"
)  # fmt: skip
_QUOTE = r"\\{0,31}[\"']"
_SIGN = r"(?:" + _QUOTE + r")?\s{0,4}[=:]\s{0,4}"
_VALUE = re.compile(r"value" + _SIGN + r"(?P<quote>" + _QUOTE + r")(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])+)")
_BEHIND_VALUE = frozenset("=:\\\"' \t\n")
_NAME = re.compile(r"(?<![\w-])(?:name|key|id|field)" + _SIGN + _QUOTE + r"([\w.\[\]-]{1,100})" + _QUOTE)
_SHAPES = (("<", (_ELEMENT, _NEIGHBOURS)), ("&lt;", (_WRITTEN_OUT,)))
# So far around a value its name is looked for, within the same element or object.
_AROUND = 400
_AFTER = re.compile(r"[^<>{}]{0,400}")


def hidden(text: str, small: str, is_telling: IsTelling) -> str:
    """The text without the values behind names of which ``is_telling`` says so. ``small`` is it in small letters."""
    spans: List[Tuple[int, int]] = []
    if "value" in small:
        spans = _named_values(small, is_telling)
    for sign, shapes in _SHAPES:
        if sign in text and (sign + "/" in text or "…" in text):
            for shape in shapes:
                spans += [found.span("value") for found in shape.finditer(text) if _is_secret(found, is_telling)]
    return without(sorted(spans), text)


def _is_secret(found: Match[str], is_telling: IsTelling) -> bool:
    value, attributes = found.group("value"), found.group(2)
    if MASK in value or value.isspace():
        return False
    return is_telling(found.group(1)) or bool(attributes and any(map(is_telling, _NAME.findall(attributes.lower()))))


def _named_values(small: str, is_telling: IsTelling) -> List[Tuple[int, int]]:
    spans = []
    at = small.find("value")
    while at >= 0:
        found = _VALUE.match(small, at) if small[at + 5 : at + 6] in _BEHIND_VALUE else None
        if found is not None and any(map(is_telling, _names_around(small, found))) and MASK not in found.group("value"):
            spans.append(found.span("value"))
        at = small.find("value", at + 5 if found is None else found.end())
    return spans


def _names_around(small: str, found: Match[str]) -> List[str]:
    begin, end = found.span()
    first = max(0, begin - _AROUND, *[small.rfind(bound, max(0, begin - _AROUND), begin) for bound in "<>{}"])
    after = _AFTER.match(small, end)
    rest = "" if after is None else after.group(0)
    return [name for part in (small[first:begin], rest) if part for name in _NAME.findall(part)]
