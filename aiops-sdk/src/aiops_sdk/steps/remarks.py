"""What is said of a field where its value could stand: ``password: String should have at least 8 characters``.

pydantic, Django, marshmallow, WTForms and others begin such a remark in few ways. It stays; a value that a remark of the
program's own repeats does not.
"""

from __future__ import annotations

import re

from aiops_sdk.steps import extents, looks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Tuple

    Span = Tuple[int, int]


_REMARK = re.compile(
    r"(?:"
    r"(?:string|value|input|data|text|bytes|list|length|field|it|(?:this|the|your) (?:field|value|password|string|input|token|secret)|"
    r"passwords?|none|null)\s(?:should|must|may|can|cannot|can't|is|are|has|have|does|do|error|required|was|were|needs?)|"
    r"(?:must|should|may|cannot|can't|can) (?:not |only )?(?:be|have|contain|match|include|start|end|consist|repeat)|"
    r"(?:is|are|was) (?:not |too |an? )?(?:required|missing|short|long|weak|common|invalid|empty|wrong|similar|blank|valid)|"
    r"ensure (?:this|that|the)|please (?:enter|provide|choose|use|fill|try|supply|set)|too (?:short|long|weak|common|many|few|similar)|at (?:least|most) [0-9]|"
    r"(?:shorter|longer|less|more) than|not a valid|missing (?:data|value|required)|expected (?:an? )?(?:string|str|text|value|type)|needs? (?:to|at)|"
    r"required (?:field|property)|(?:does|do) not|assertion failed"
    r")(?![\w'])",
    re.IGNORECASE,
)
# How a word begins that may be the value.
_WORD = re.compile(r"[^\s,;:\"'()\[\]]{5,256}")
_TEXT = re.compile(r"(?P<quote>\\{0,31}[\"'])(?P<said>(?:(?!(?P=quote))[^\n]){1,1024}?)(?P=quote)")
_AFTER = ".!?"
# So far behind its beginning a remark of one's own repeats a value.
_REACH = 128


def begins(text: str, at: int) -> bool:
    """Whether a remark begins here."""
    return _REMARK.match(text, at) is not None


def value_in(text: str, begin: int, end: int) -> Optional[Span]:
    """The first word of a remark that looks like a secret."""
    for found in _WORD.finditer(text, begin, min(end, begin + _REACH)):
        word = found.group(0).rstrip(_AFTER)
        if looks.weak(word):
            return found.start(), found.start() + len(word)
    return None


def are_all(text: str, begin: int) -> bool:
    """Whether the list that begins here holds remarks alone, and none that repeats a value."""
    if text[begin] != "[":
        return False
    end = extents.bracketed(text, begin)
    done = begin + 1
    for found in _TEXT.finditer(text, begin, end):
        first, last = found.span("said")
        if text[done : found.start()].strip(" ,\n") or not begins(text, first) or value_in(text, first, last):
            return False
        done = found.end()
    return done > begin + 1 and text[done:end] == "]"
