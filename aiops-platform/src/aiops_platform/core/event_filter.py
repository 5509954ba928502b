"""Which of an incident's events somebody looks for: words that all must be found, some in a named part of the event. Pure.

`timeout user:7 tag.region:eu host:shop-1` – a word without a name may stand anywhere in the event. Forgiving: a name that
nobody knows is part of the word. Upper and lower case are the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.event import Event

LONGEST: Final = 200
_MOST: Final = 8
_WORD: Final = re.compile(r'(?:([\w.-]{1,60}):)?(?:"([^"]*)"|(\S+))')
_NAMES: Final = ("user", "release", "host", "path", "message", "logger", "level", "status")
_TAG: Final = "tag."
# What JSON writes otherwise than it is said: of these no text tells whether they are there.
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]+")


@dataclass(frozen=True)
class Word:
    """A text to be found, in lower case; `name` says in which part, and is empty where it may be any."""

    name: str
    text: str


@dataclass(frozen=True)
class Filter:
    """All that must be found; without words every event is meant."""

    words: tuple[Word, ...] = ()

    def may_match(self, raw: str) -> bool:
        """Whether an event whose JSON is this, in lower case, could match: asked first, for it costs next to nothing."""
        return all(word.text in raw for word in self.words if _PLAIN.fullmatch(word.text))

    def matches(self, event: Event, raw: str) -> bool:
        """Whether all is found. `raw` is the event's JSON in lower case."""
        return all(
            any(word.text in said.lower() for said in _said(event, word.name)) if word.name else word.text in raw
            for word in self.words
        )


def read(text: str) -> Filter:
    """The filter that somebody wrote; what goes beyond 200 characters or eight words is left out."""
    words = []
    for found in _WORD.finditer(text[:LONGEST]):
        name, quoted, plain = found.groups()
        known = (name or "").lower()
        said = plain if quoted is None else quoted
        if known and not (known in _NAMES or known.startswith(_TAG)):
            known, said = "", found[0]
        if said:
            # A tag's name is as it is.
            words.append(Word(name if known.startswith(_TAG) else known, said.lower()))
    return Filter(tuple(words[:_MOST]))


def _said(event: Event, name: str) -> Iterator[str]:
    """What an event says in that part of it."""
    if name.lower().startswith(_TAG):
        yield event.tags.get(name[len(_TAG) :], "")
        return
    match name:
        case "user" if event.user is not None:
            yield from (
                told for told in (event.user.id, event.user.email, event.user.name, event.user.ip_address) if told
            )
        case "release":
            yield event.release or ""
        case "host":
            yield (event.instance.host if event.instance else None) or event.host or ""
        case "path":
            yield from (told for told in (event.request_path, event.route) if told)
        case "message":
            yield event.message or (event.exceptions[0].value if event.exceptions else "")
        case "logger":
            yield event.logger or ""
        case "level":
            yield event.level or ""
        case "status":
            yield "" if event.status_code is None else str(event.status_code)
