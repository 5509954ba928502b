"""What somebody is in the middle of typing: a field, or the value of one; and what a text becomes when one is chosen."""

import re
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.search import fields
from aiops_platform.core.search.fields import TAG, Kind
from aiops_platform.core.search.parser import LONGEST

_TOKEN: Final = re.compile(
    r"""(?:^|[\s(])[-!]*(?P<token>(?P<name>[A-Za-z][A-Za-z0-9_-]*(?:\.[^\s:"()]*)?)?"""
    r"""(?P<value>:(?:"[^"]*|[^\s"()<>=]*))?)$"""
)
_QUOTED: Final = re.compile(r'[\s"()\\*<>=]')


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What might be meant: the text to put there, and what it means. `ends`: nothing more belongs to it."""

    text: str
    meaning: str = ""
    ends: bool = True


@dataclass(frozen=True, kw_only=True)
class Typing:
    """The piece of a search before the caret: from `begin` on the name of a field, or a value that begins so."""

    begin: int
    field: str | None
    text: str

    @property
    def wants_tags(self) -> bool:
        """Whether the name of a tag is being typed."""
        return self.field is None and self.text.lower().startswith(TAG)


def typing(text: str) -> Typing | None:
    """What is being typed at the end of this text; None where nothing can be offered."""
    if len(text) > LONGEST or (text.count('"') % 2 and not re.search(r':"[^"]*$', text)):
        return None
    found = _TOKEN.search(text)
    if found is None:
        return None
    name, value = found["name"] or "", found["value"]
    if value is None:
        return Typing(begin=found.start("token"), field=None, text=name)
    field = fields.find(name)
    if field is None:
        return None
    return Typing(begin=found.start("value") + 1, field=field.name, text=value[1:].removeprefix('"'))


def fields_for(begin: str) -> list[Offer]:
    """The fields whose names begin so."""
    told = begin.lower()
    known = [(each.name, each) for each in fields.FIELDS if each.name.startswith(told)]
    known += [(name, each) for each in fields.FIELDS for name in each.also if told and name.startswith(told)]
    # A field has one line, by the name that was begun.
    seen = {field.name: name for name, field in reversed(known)}
    offers = [
        Offer(text=f"{seen[each.name]}:", meaning=f"incidents {each.meaning}", ends=False)
        for each in fields.FIELDS
        if each.name in seen
    ]
    if TAG.startswith(told) or told.startswith(TAG):
        offers.append(Offer(text=TAG, meaning=f"incidents {fields.TAG_FIELD.meaning}", ends=False))
    return offers


def choices_for(field: str, begin: str) -> list[Offer]:
    """The words that this field knows and that begin so, or else what its values look like."""
    known = fields.find(field)
    if known is None:
        return []
    words = known.choices or {}
    offers = [Offer(text=word, meaning=said) for word, said in words.items() if word.startswith(begin.lower())]
    if not begin and known.kind in {Kind.NUMBER, Kind.STATUS, Kind.TIME}:
        offers += [Offer(text=example.partition(":")[2], meaning="for example") for example in known.examples]
    return offers


def value(text: str) -> str:
    """A value as it is typed."""
    if not _QUOTED.search(text):
        return text
    escaped = re.sub(r'["*\\]', r"\\\g<0>", text)
    return f'"{escaped}"'
