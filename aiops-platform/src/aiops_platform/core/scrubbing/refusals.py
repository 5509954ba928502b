"""What was typed into a field that did not pass: pydantic, FastAPI and jsonschema name the field in one place and show its value in another.

`password` in one line, `input_value='S'` in the next; `"loc": ["body", "password"]` beside `"input": "S"`; the
value first, and below `On instance['password']`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from aiops_platform.core.scrubbing import extents
from aiops_platform.core.scrubbing.pairs import MASK, without

IsTelling: TypeAlias = Callable[[str], bool]
Span: TypeAlias = tuple[int, int]

_INPUT: Final = "input"
_QUOTE: Final = r"\\{0,31}[\"']"
_BREAK: Final = r"(?:\n|\\{1,15}n)"
# pydantic: "1 validation error for Login", then for each of them a line with its place and one with what is wrong.
_SHOWN: Final = "_value="
_SHOWN_END: Final = ", input_type="
_BEFORE: Final = re.compile(
    r"(?:validation errors? for (?:[^\n\\]{1,200}(?=" + _BREAK + r")|\S{1,200})|"
    r"input_type=[^\]\n]{1,100}\](?:(?:\s|\\{1,15}n){1,16}for further information visit \S{1,200}?(?=" + _BREAK + r"|\s|\Z))?)"
)  # fmt: skip
_PLACE: Final = re.compile(r"(?:\s|\\{1,15}n){1,16}(\S{1,200}?)(?=\s|\\{1,15}n)")
_LINES: Final = re.compile(_BREAK)
# The same as objects: their places are lists, or words with dots.
_NAMED: Final = re.compile(r"input(?:" + _QUOTE + r")?\s{0,4}[:=]\s{0,4}(?P<value>[^\s,)\]}])")
_LOC_NAME: Final = "loc"
_LOC: Final = re.compile(
    r"(?<![\w-])loc(?:" + _QUOTE + r")?\s{0,4}[:=]\s{0,4}(?:"
    r"[(\[](?P<list>[^{}]{0,200}?)[)\]]\s{0,4}(?:[,)}]|\Z)|" + _QUOTE + r"(?P<word>[\w.\[\]-]{1,200}))"
)  # fmt: skip
_PART: Final = re.compile(r"[\w-]{2,100}")
_BOUND: Final = re.compile(r"\}\s{0,40},\s{0,40}\{")
_BARE: Final = re.compile(r"[^\s,)\]}]{1,256}")
_NOTHING: Final = ("none", "null", "true", "false", "undefined")
# So far around a value the field's name is looked for.
_AROUND: Final = 800
# So many places of fields are looked at there.
_PLACES: Final = 4
# What is missing is not in what is shown, which is the object around it.
_MISSING: Final = ("missing", "field required")
_OPENS: Final = ("{", "[")
_OPENING: Final = re.compile(_QUOTE)
_ESCAPED: Final = re.compile(extents.ESCAPES)
# jsonschema's.
_INSTANCE: Final = re.compile(
    r"on instance(?P<path>(?:\[[^\]\n]{1,100}\]){1,16}):" + _BREAK + r"\s{0,16}(?P<value>[^\n]{1,1024}?)(?=" + _BREAK + r"|\Z)"
)  # fmt: skip
_SHORTEST: Final = 4
# So far before it.
_REACH: Final = 4_096


def hidden(text: str, small: str, is_telling: IsTelling) -> str:
    """The text without the values of fields of which `is_telling` says so. `small` is it in small letters."""
    spans: list[Span] = []
    at = small.find(_INPUT)
    while at >= 0:
        spans += _of_input(text, small, at, is_telling)
        at = small.find(_INPUT, at + 1)
    if "on instance[" in small:
        spans += [span for found in _INSTANCE.finditer(small) for span in _of_instance(text, found, is_telling)]
    return without(sorted(spans), text)


def is_refused(told: object, is_telling: IsTelling) -> bool:
    """Whether this is one error of a list of them, and the field is one of which `is_telling` says so."""
    if not isinstance(told, dict) or "loc" not in told or "input" not in told:
        return False
    if isinstance(told["input"], dict | list | tuple) and any(
        str(told.get(key, "")).lower() in _MISSING for key in ("type", "msg")
    ):
        return False
    place = told["loc"]
    return _is_any_telling(map(str, place) if isinstance(place, list | tuple) else [str(place)], is_telling)


def _of_input(text: str, small: str, at: int, is_telling: IsTelling) -> Iterator[Span]:
    if small.startswith(_SHOWN, at + len(_INPUT)):
        return _of_shown(text, small, at, is_telling)
    found = _NAMED.match(small, at)
    return iter(()) if found is None else _of_named(text, small, found, is_telling)


# In lines.


def _of_shown(text: str, small: str, at: int, is_telling: IsTelling) -> Iterator[Span]:
    begin = at + len(_INPUT) + len(_SHOWN)
    end = _end_of_shown(small, begin)
    value = text[begin:end]
    before = small[max(0, at - _AROUND) : at]
    if _is_any_telling(_places_in(before), is_telling) and not (value.startswith(_OPENS) and "missing" in before[-40:]):
        yield from _unmasked(text, *_within_quotes(text, begin, end))
        return
    cut = value.find("...")
    rest = value[cut:]
    if cut >= 0 and (":" in rest or "=" in rest):
        # Left out in the middle: what comes then has half a name, or none.
        yield begin + max(value.rfind(sign, 0, cut) for sign in "'\"= &,") + 1, end


def _end_of_shown(small: str, begin: int) -> int:
    end = small.find(_SHOWN_END, begin, begin + 1_024)
    if end < 0:
        end = small.find("\n", begin)
    return len(small) if end < 0 else end


def _places_in(before: str) -> list[str]:
    """The word behind the title, or behind the error before; also lines that are one word."""
    done = 0
    places = []
    for found in _BEFORE.finditer(before):
        done = found.end()
    if done:
        word = _PLACE.match(before, done)
        places = [] if word is None else [word.group(1)]
    lines = [line.strip() for line in _LINES.split(before[done:])[:-1]]
    return places + [line for line in lines if line and " " not in line]


def _within_quotes(text: str, begin: int, end: int) -> Span:
    quote = _OPENING.match(text, begin, end)
    if quote is None:
        return begin, end
    is_closed = text.endswith(quote.group(0), quote.end(), end)
    return quote.end(), end - len(quote.group(0)) if is_closed else end


# As objects.


def _of_named(text: str, small: str, found: re.Match[str], is_telling: IsTelling) -> Iterator[Span]:
    around = _around(small, found)
    if _LOC_NAME not in around:
        return
    begin = found.start("value")
    is_object = small[begin] in extents.BRACKETS
    if is_object and any(said in around for said in _MISSING):
        return
    if _is_any_telling(_places_around(around), is_telling):
        yield from _unmasked(text, *_extent(text, begin))


def _places_around(around: str) -> list[str]:
    places = []
    at = around.find(_LOC_NAME)
    for _ in range(_PLACES):
        found = _LOC.match(around, at) if at >= 0 else None
        if found is not None:
            places.append(found["list"] or found["word"] or "")
        at = around.find(_LOC_NAME, at + 1) if at >= 0 else at
    return places


def _around(small: str, found: re.Match[str]) -> str:
    """What stands in the same object."""
    first, last = max(0, found.start() - _AROUND), found.end() + _AROUND
    for bound in _BOUND.finditer(small, first, found.start()):
        first = bound.end() - 1
    bounds = _BOUND.search(small, found.end(), last)
    return small[first : last if bounds is None else bounds.start() + 1]


def _extent(text: str, begin: int) -> Span:
    opening = _ESCAPED.match(text, begin)
    if opening is not None:
        return opening.end(), extents.escaped(text, opening.end(), opening.group(0))
    if text[begin] in "'\"":
        return begin + 1, extents.quoted(text, begin + 1, text[begin])
    if text[begin] in extents.BRACKETS:
        return begin, extents.bracketed(text, begin)
    found = _BARE.match(text, begin)
    if found is None or found.group(0).lower() in _NOTHING:
        return begin, begin
    return found.span()


# By schema.


def _of_instance(text: str, found: re.Match[str], is_telling: IsTelling) -> Iterator[Span]:
    if not _is_any_telling([found["path"]], is_telling):
        return
    begin, end = found.span("value")
    value = text[begin:end]
    yield from _unmasked(text, *_within_quotes(text, begin, end))
    if len(value) < _SHORTEST or MASK in value:
        return
    # It was said before, in the sentence that says what is wrong with it.
    at = text.find(value, max(0, begin - _REACH), begin)
    if at >= 0:
        yield _within_quotes(text, at, at + len(value))


def _is_any_telling(places: Iterable[str], is_telling: IsTelling) -> bool:
    """Whether a part of one of them is a telling name: below one, anything may lie."""
    return any(is_telling(part) for place in places for part in _PART.findall(place))


def _unmasked(text: str, begin: int, end: int) -> Iterator[Span]:
    if begin < end and MASK not in text[begin:end]:
        yield begin, end
