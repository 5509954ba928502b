"""Built-in values of any size: whether the interpreter alone can make a text of them quickly, and a short text where not.

Nothing here calls code of others, also not by comparing or hashing classes, whose metaclass may be of anybody's making.
Nothing looks at more than a few parts of a value.
"""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Tuple


#: Its text is made quickly, by the interpreter's own code.
PLAIN = 0
#: It is, or contains, an object whose text is made by code of others.
FOREIGN = 1
#: Its text is long, or takes long.
HUGE = 2

#: Characters of all texts in a value that is plain, its parts, and how deep they may lie.
_LENGTH = 4_096
_PARTS = 100
_DEPTH = 4
# Python refuses to print a longer number, or takes its time.
_BITS = 1_000

# How deep, and how many parts of each collection, a value goes into JSON.
_JSON_DEPTH = 6
_JSON_PARTS = 100

# What is shown of a huge value: characters of a text, parts of a collection.
_SHOWN = 1_000
_SHOWN_PARTS = 10

_TEXTS = frozenset(map(id, (str, bytes, bytearray)))
_ATOMS = frozenset(map(id, (float, bool, type(None), complex, type(Ellipsis))))
_COLLECTIONS = frozenset(map(id, (tuple, list, set, frozenset, dict)))


def look_at(thing: object) -> int:
    """PLAIN, FOREIGN or HUGE. What is both of the latter is huge."""
    kind = type(thing)
    # Most are told at once.
    if kind is str:
        return PLAIN if len(thing) <= _LENGTH else HUGE  # type: ignore[arg-type]  # it is a str
    if kind is int:
        return PLAIN if thing.bit_length() <= _BITS else HUGE  # type: ignore[attr-defined]  # it is an int
    try:
        return _look_through(thing)
    except RuntimeError:
        # Another thread changes it meanwhile.
        return HUGE


def shown(thing: object, depth: int = _DEPTH) -> str:
    """A short text like ``repr(thing)``; what is left out shows as an ellipsis, an object of others as its class's name."""
    kind = id(type(thing))
    if kind in _TEXTS:
        return _shown_text(thing)
    if type(thing) is int:
        bits = thing.bit_length()
        return repr(thing) if bits <= _BITS else "<a number of {} bits>".format(bits)
    if kind in _ATOMS:
        return repr(thing)
    if kind in _COLLECTIONS and depth > 0:
        return _shown_collection(thing, depth)
    if issubclass(type(thing), str):
        return _shown_text(_beginning(thing))
    return "<{}>".format(_beginning(type.__dict__["__name__"].__get__(type(thing))))


def as_json(thing: object, depth: int = _JSON_DEPTH) -> object:
    """The same with built-in values alone, as JSON can say it, within limits; what JSON cannot say is a short text."""
    kind = type(thing)
    if thing is None or kind is bool or (kind is int and thing.bit_length() < 64):  # type: ignore[attr-defined]  # it is an int
        return thing
    if kind is float:
        # JSON has no word for the others.
        return thing if thing - thing == 0.0 else repr(thing)  # type: ignore[operator]  # it is a float
    if kind is str:
        return _json_text(thing if len(thing) <= _LENGTH else thing[: _LENGTH - 1] + "…")  # type: ignore[arg-type,index]  # it is a str
    return _json_collection(thing, depth) if depth > 0 and id(kind) in _COLLECTIONS else shown(thing)


def _json_collection(thing: Any, depth: int) -> object:
    try:
        if type(thing) is dict:
            return {_json_name(name): as_json(each, depth - 1) for name, each in islice(thing.items(), _JSON_PARTS)}
        return [as_json(each, depth - 1) for each in islice(thing, _JSON_PARTS)]
    except RuntimeError:
        # Another thread changes it meanwhile.
        return shown(thing)


def _json_name(name: object) -> str:
    return _json_text(name[:_SHOWN]) if type(name) is str else shown(name)


def _json_text(text: str) -> str:
    # A lone surrogate is no character.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _look_through(thing: object) -> int:
    found, length, parts = PLAIN, 0, 0
    waiting: List[Tuple[object, int]] = [(thing, _DEPTH)]
    while waiting:
        part, depth = waiting.pop()
        kind = id(type(part))
        parts += 1
        if kind in _TEXTS:
            length += len(part)  # type: ignore[arg-type]  # texts have a length
        elif type(part) is int:
            length += part.bit_length() // 3
        elif kind in _COLLECTIONS:
            if depth == 0 or len(part) > _PARTS:  # type: ignore[arg-type]  # so have collections
                return HUGE
            waiting.extend([(each, depth - 1) for each in _parts(part)])
        elif kind not in _ATOMS:
            found = FOREIGN
            length += _length_of_text(part)
        if length > _LENGTH or parts > _PARTS:
            return HUGE
    return found


def _length_of_text(thing: object) -> int:
    """Of a class derived from str: its own answer, and its text, can be anything, but it is copied to make one."""
    return str.__len__(thing) if issubclass(type(thing), str) else 0  # type: ignore[arg-type]  # it is one


def _beginning(text: Any) -> str:
    return str.__getitem__(text, slice(_SHOWN + 1))


def _parts(collection: object, most: int = 2 * _PARTS) -> Iterator[object]:
    if type(collection) is dict:
        return islice((each for pair in collection.items() for each in pair), most)
    return islice(collection, most)  # type: ignore[call-overload,no-any-return]  # every collection can be walked through


def _shown_text(thing: object) -> str:
    if len(thing) <= _SHOWN:  # type: ignore[arg-type]  # texts have a length
        return repr(thing)
    return repr(thing[:_SHOWN]) + "…"  # type: ignore[index]  # and parts


def _shown_collection(thing: object, depth: int) -> str:
    pairs = type(thing) is dict
    most = _SHOWN_PARTS * (2 if pairs else 1)
    try:
        parts = [shown(each, depth - 1) for each in _parts(thing, most)]
    except RuntimeError:
        # Another thread changes it meanwhile.
        parts = []
    if pairs:
        parts = ["{}: {}".format(*pair) for pair in zip(parts[::2], parts[1::2])]
    if len(thing) > len(parts):  # type: ignore[arg-type]  # collections have a length
        parts.append("…")
    opening, closing = _BRACKETS[id(type(thing))]
    return opening + ", ".join(parts) + closing


_BRACKETS = {
    id(tuple): ("(", ")"),
    id(list): ("[", "]"),
    id(set): ("{", "}"),
    id(frozenset): ("frozenset({", "})"),
    id(dict): ("{", "}"),
}
