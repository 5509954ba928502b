"""What can be asked for by name: the table from which the parser, the completion and the page in the reference are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

TAG: Final = "tag."


class Kind(Enum):
    """What the values of a field are."""

    CHOICE = "choice"
    TEXT = "text"
    # A text that is looked for within a longer one.
    PART = "part"
    # A text of which nothing but a hash is kept.
    NAME = "name"
    # Who cares for it: a name, or one of the words.
    MEMBER = "member"
    NUMBER = "number"
    STATUS = "status"
    TIME = "time"
    # Names the field that is to say something.
    FIELD = "field"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One of them. `meaning` ends the sentence "incidents …"; `choices` say what each word means."""

    name: str
    kind: Kind
    meaning: str
    examples: tuple[str, ...]
    also: tuple[str, ...] = ()
    choices: Mapping[str, str] | None = None


_STATES: Final = {
    "open": "to be looked after",
    "resolved": "said to be mended",
    "muted": "known, and only counted",
}
_IS: Final = {
    **_STATES,
    "new": "open, and first seen in the last 24 hours",
    "regressed": "open again after they had been resolved or muted",
    "rising": "coming much more often than they usually do",
    "assigned": "cared for by somebody",
    "unassigned": "cared for by nobody",
}
_ASSIGNED: Final = {"me": "the one who asks", "none": "nobody"}
_LEVELS: Final = dict.fromkeys(("debug", "info", "warning", "error", "critical"), "")
_KINDS: Final = {
    "exception": "something was raised",
    "http_error": "a request was answered with an error",
    "log_error": "a line was logged",
    "silence": "a service has stopped beating",
    "job": "a job does not do what is expected of it",
}
_HAS: Final = {
    "path": "the path of a request",
    "status": "an HTTP status",
    "logger": "the name of a logger",
    "release": "a release",
    "user": "a person who was affected",
}

FIELDS: Final = (
    Field(
        name="state", kind=Kind.CHOICE, meaning="that stand so", examples=("state:open", "-state:resolved"), choices=_STATES
    ),
    Field(
        name="is", kind=Kind.CHOICE, meaning="of which this is true", examples=("is:rising", "is:regressed"), choices=_IS
    ),
    Field(name="service", kind=Kind.TEXT, meaning="of this service", examples=("service:shop", "service:shop-*")),
    Field(
        name="env", kind=Kind.TEXT, meaning="of this environment", examples=("env:production", "-env:staging"),
        also=("environment",),
    ),
    Field(name="type", kind=Kind.TEXT, meaning="of this type", examples=("type:KeyError", "type:*Timeout*")),
    Field(
        name="message", kind=Kind.PART, meaning="whose newest message holds this",
        examples=('message:"no such price"',),
    ),
    Field(name="place", kind=Kind.PART, meaning="that happened there: a function, a file, a route", examples=("place:orders.py",)),
    Field(name="path", kind=Kind.PART, meaning="whose newest request had this in its path", examples=("path:/checkout", "path:/api/*")),
    Field(name="status", kind=Kind.STATUS, meaning="whose newest answer had this status", examples=("status:502", "status:5xx", "status:>=500")),
    Field(name="level", kind=Kind.CHOICE, meaning="of this level", examples=("level:critical",), choices=_LEVELS),
    Field(name="logger", kind=Kind.TEXT, meaning="logged under this name", examples=("logger:shop.orders", "logger:shop.*")),
    Field(name="kind", kind=Kind.CHOICE, meaning="made of this", examples=("kind:log_error",), choices=_KINDS),
    Field(name="release", kind=Kind.TEXT, meaning="seen in this release", examples=("release:1.4.2", "release:1.4.*")),
    Field(name="user", kind=Kind.NAME, meaning="that affected this person, by id, mail address or name", examples=("user:4711", "user:ada@example.com")),
    Field(name="assigned", kind=Kind.MEMBER, meaning="that this person cares for, by name or mail address", examples=("assigned:me", "assigned:none", 'assigned:"Ana Lee"'), choices=_ASSIGNED),
    Field(name="count", kind=Kind.NUMBER, meaning="with so many events", examples=("count:>100",), also=("events",)),
    Field(name="people", kind=Kind.NUMBER, meaning="that affected so many people", examples=("people:>=10",), also=("users",)),
    Field(
        name="first-seen", kind=Kind.TIME, meaning="first seen then", examples=("first-seen:<2d", "first-seen:>=2026-11-20"),
        also=("first_seen", "age"),
    ),
    Field(
        name="last-seen", kind=Kind.TIME, meaning="last seen then", examples=("last-seen:<1h", "last-seen:>7d"), also=("last_seen",)
    ),
    Field(name="has", kind=Kind.FIELD, meaning="that say this at all", examples=("has:user", "has:tag.shop"), choices=_HAS),
)  # fmt: skip
TAG_FIELD: Final = Field(
    name=f"{TAG}NAME",
    kind=Kind.TEXT,
    meaning="whose events had this tag",
    examples=("tag.shop:berlin", "tag.region:eu-*"),
)

_BY_NAME: Final = {name: field for field in FIELDS for name in (field.name, *field.also)}


def find(name: str) -> Field | None:
    """The field of that name, in whatever case; of a tag one that is called so."""
    if name[: len(TAG)].lower() == TAG:
        tag = name[len(TAG) :]
        if not tag:
            return None
        return Field(name=TAG + tag, kind=TAG_FIELD.kind, meaning=TAG_FIELD.meaning, examples=TAG_FIELD.examples)
    return _BY_NAME.get(name.lower())


def names() -> tuple[str, ...]:
    """What can be asked for, for people."""
    return (*(field.name for field in FIELDS), TAG_FIELD.name)


def all_names() -> tuple[str, ...]:
    """The same with the other names that fields have."""
    return tuple(_BY_NAME)
