"""Alert rules: what is told (when), of which incidents (match), to whom, how gravely, how often. Read and checked here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from aiops_platform.core import lately, muting, search
from aiops_platform.core.affected import MOST_PEOPLE
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.messages import Severity
from aiops_platform.core.search import EVERYTHING, Node, SearchError

_Kind = TypeVar("_Kind", bound=StrEnum)

MOST_RULES: Final = 100
LONGEST_NAME: Final = 100
MOST_CHANNELS: Final = 20
MOST_NUMBER: Final = 1_000_000_000
SHORTEST_REPEAT: Final = timedelta(minutes=5)
LONGEST_REPEAT: Final = timedelta(days=30)
#: Within longer than some hours, events are counted by the hour: over so many at most.
MOST_HOURS: Final = 168
MOST_MINUTES: Final = int(lately.LONGEST / lately.MINUTE)
FEWEST_MINUTES_OF_PEOPLE: Final = int(lately.STEP / lately.MINUTE)


class When(StrEnum):
    """What has to become true."""

    NEW = "new"
    AGAIN = "again"
    RISING = "rising"
    MANY = "many"
    WORTH = "worth"
    SILENCE = "silence"
    JOB = "job"
    UNMENDED = "unmended"
    PLATFORM = "platform"


#: Each in the words of a form: after "Tell when".
MEANINGS: Final[Mapping[When, str]] = {
    When.NEW: "a new incident is opened",
    When.AGAIN: "an incident is back: after it was resolved, or when its mute has ended",
    When.RISING: "an incident comes much more often than it usually does",
    When.MANY: "an incident has many events, or many people, within some time",
    When.WORTH: "an incident has become worth it, by its events or its people: once",
    When.SILENCE: "a service has fallen silent",
    When.JOB: "a job failed, was missed, or does not run as it should",
    When.UNMENDED: "a fix did not mend an incident: it came back",
    When.PLATFORM: "the platform itself is in trouble",
}
#: Those that are about incidents, of which the whole search language can be asked.
OF_INCIDENTS: Final = frozenset({When.NEW, When.AGAIN, When.RISING, When.MANY, When.WORTH, When.UNMENDED})
#: The gravest first.
RANKS: Final[Mapping[Severity, int]] = {severity: rank for rank, severity in enumerate(Severity)}
_OF_SERVICES: Final = frozenset({"service", "env"})


@dataclass(frozen=True, kw_only=True)
class To:
    """Who is told: these channels, whoever is on call in this rota, by the steps of this policy; nothing said: all channels."""

    channels: tuple[int, ...] = ()
    rota: int | None = None
    policy: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether every channel of the project is meant that is switched on."""
        return self == To()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a project; `id` is None until it is saved. `match` is a search, empty for all.

    `events` and `people` are the numbers of MANY and WORTH: one of them is enough. MANY counts `minutes`, or `hours`. Without `repeat` an alert is told once.
    """

    id: int | None = None
    name: str
    when: When
    match: str = ""
    to: To = To()
    severity: Severity = Severity.ERROR
    repeat: timedelta | None = None
    recovery: bool = True
    events: int | None = None
    hours: int | None = None
    minutes: int | None = None
    people: int | None = None
    enabled: bool = True

    @property
    def within(self) -> timedelta:
        """Within how long MANY counts."""
        return timedelta(hours=self.hours or 0, minutes=self.minutes or 0)

    @property
    def search(self) -> Node:
        """What is asked of those it may be about; what cannot be read any more matches everything, rather than nothing."""
        try:
            return search.parse(self.match)
        except SearchError:
            return EVERYTHING


DEFAULTS: Final = (
    Rule(name="New incidents", when=When.NEW),
    Rule(name="Incidents that are back", when=When.AGAIN),
    Rule(name="Rising incidents", when=When.RISING, severity=Severity.WARNING),
    Rule(name="Silent services", when=When.SILENCE, severity=Severity.CRITICAL, repeat=timedelta(days=1)),
    Rule(name="Jobs in trouble", when=When.JOB, severity=Severity.ERROR, repeat=timedelta(days=1)),
    Rule(name="Fixes that did not mend", when=When.UNMENDED, severity=Severity.CRITICAL),
)
#: Of the platform one project is told: the oldest, until its admins hand that over to another one.
OF_THE_PLATFORM: Final = Rule(
    name="The platform itself", when=When.PLATFORM, severity=Severity.CRITICAL, repeat=timedelta(hours=6)
)


def defaults(*, is_first: bool) -> tuple[Rule, ...]:
    """What a project is told of while nobody says anything else."""
    return (*DEFAULTS, OF_THE_PLATFORM) if is_first else DEFAULTS


def read(said: Mapping[str, str]) -> Rule:
    """A rule from what a form said, all of it text; what is missing is as in a new one. Raises AlertingError."""
    rule = Rule(
        name=said.get("name", ""),
        when=_one_of(When, said.get("when", When.NEW), "when"),
        match=said.get("match", "").strip(),
        to=_to(said),
        severity=_one_of(Severity, said.get("severity") or Severity.ERROR, "severity"),
        repeat=_repeat(said.get("repeat", "")),
        recovery=bool(said.get("recovery")),
        events=_number(said.get("events", ""), "events"),
        hours=_number(said.get("hours", ""), "hours"),
        minutes=_number(said.get("minutes", ""), "minutes"),
        people=_number(said.get("people", ""), "people"),
        enabled=bool(said.get("enabled", "on")),
    )
    return checked(rule)


def checked(rule: Rule) -> Rule:
    """The rule as it is kept, without what its kind does not use. Raises AlertingError."""
    rule = replace(rule, name=checked_name(rule.name))
    if rule.repeat is not None and not SHORTEST_REPEAT <= rule.repeat <= LONGEST_REPEAT:
        raise AlertingError("repeat", "Repeat it after 5 minutes to 30 days, or leave it empty for once")
    if len(rule.to.channels) > MOST_CHANNELS:
        raise AlertingError("to", f"There is room for {MOST_CHANNELS} channels")
    _check_match(rule)
    return _with_its_numbers(rule)


def checked_name(name: str) -> str:
    """A name of something in the settings of alerts. Raises AlertingError."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AlertingError("name", f"Give it a name of 1 to {LONGEST_NAME} printable characters")
    return name


def as_data(rule: Rule) -> dict[str, Any]:
    """What is kept of a rule beside its name and whether it is switched on, as JSON without what is not said."""
    told: dict[str, Any] = msgspec.to_builtins(replace(rule, id=None))
    if rule.repeat is not None:
        told["repeat"] = int(rule.repeat.total_seconds())
    kept = {name: value for name, value in told.items() if name not in ("id", "name", "enabled")}
    return {name: value for name, value in kept.items() if value is not None}


def from_data(data: Mapping[str, Any], *, id_: int, name: str, enabled: bool) -> Rule:
    """What `as_data` gave."""
    told = dict(data)
    if "repeat" in told:
        told["repeat"] = timedelta(seconds=told["repeat"])
    return msgspec.convert({**told, "id": id_, "name": name, "enabled": enabled}, Rule)


def fits_service(node: Node, service: str, environment: str) -> bool:
    """Whether a search that asks for nothing but service and environment finds this one."""
    match node:
        case search.Term(field, search.Pattern() as pattern):
            return _is_like(pattern, service if field == "service" else environment)
        case search.Not(part):
            return not fits_service(part, service, environment)
        case search.And(parts):
            return all(fits_service(part, service, environment) for part in parts)
        case search.Or(parts):
            return any(fits_service(part, service, environment) for part in parts)
        case _:
            return False


def _is_like(pattern: search.Pattern, text: str) -> bool:
    pieces = [piece.lower() for piece in pattern.pieces]
    told = text.lower()
    if len(pieces) == 1:
        return told == pieces[0]
    first, *between, last = pieces
    if not told.startswith(first) or not told.endswith(last) or len(told) < len(first) + len(last):
        return False
    middle = told[len(first) : len(told) - len(last)]
    for piece in between:
        _, found, middle = middle.partition(piece)
        if piece and not found:
            return False
    return True


def _check_match(rule: Rule) -> None:
    try:
        node = search.parse(rule.match)
    except SearchError as wrong:
        raise AlertingError("match", wrong.why, wrong.position) from wrong
    for name in _asked(node):
        if name in ("is", "state") and rule.when in OF_INCIDENTS:
            continue
        if rule.when not in OF_INCIDENTS and name not in _OF_SERVICES:
            at = max(0, rule.match.lower().find(name))
            raise AlertingError("match", "Of services and jobs only `service:` and `env:` can be asked", at)
        if name == "assigned" and "assigned:me" in rule.match.lower():
            at = rule.match.lower().find("assigned:me")
            raise AlertingError("match", "A rule is nobody's own: name a person in the place of `me`", at)


def _asked(node: Node) -> Iterator[str]:
    """The fields that are asked for; of a word without a field the word itself."""
    match node:
        case search.Term(field, _):
            yield field
        case search.Word(pattern):
            yield pattern.pieces[0]
        case search.Not(part):
            yield from _asked(part)
        case search.And(parts) | search.Or(parts):
            for part in parts:
                yield from _asked(part)


def _with_its_numbers(rule: Rule) -> Rule:
    if rule.when is When.MANY:
        return _within_a_time(rule)
    if rule.when is When.WORTH:
        if rule.events is None and rule.people is None:
            raise AlertingError("events", "Say how many events or people make it worth it, or both")
        return replace(rule, hours=None, minutes=None)
    return replace(rule, events=None, hours=None, minutes=None, people=None)


def _within_a_time(rule: Rule) -> Rule:
    if rule.events is None and rule.people is None:
        raise AlertingError("events", "Say how many events or people are many")
    if (rule.hours is None) == (rule.minutes is None):
        raise AlertingError("hours", "Say within how many minutes, or how many hours")
    if rule.people is not None and rule.people > MOST_PEOPLE:
        raise AlertingError("people", f"Of an incident {MOST_PEOPLE:,} people are told apart: say so many at most")
    if rule.hours is not None and rule.hours > MOST_HOURS:
        raise AlertingError("hours", f"Count within 1 to {MOST_HOURS} hours")
    if rule.minutes is not None and rule.minutes > MOST_MINUTES:
        raise AlertingError("minutes", f"Count within 1 to {MOST_MINUTES} minutes, or within hours")
    if rule.people is not None and rule.minutes is not None and rule.minutes < FEWEST_MINUTES_OF_PEOPLE:
        raise AlertingError("minutes", f"People are counted within {FEWEST_MINUTES_OF_PEOPLE} minutes at least")
    return rule


def _to(said: Mapping[str, str]) -> To:
    channels = tuple(number for each in said.get("channels", "").split() if (number := _number(each, "to")))
    rota, policy = _number(said.get("rota", ""), "to"), _number(said.get("policy", ""), "to")
    return To(channels=channels if policy is None else (), rota=rota if policy is None else None, policy=policy)


def _repeat(text: str) -> timedelta | None:
    if not text.strip():
        return None
    try:
        return muting.span_of(text)
    except muting.MuteError as wrong:
        raise AlertingError("repeat", str(wrong)) from wrong


def _number(text: str, name: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 11 and 1 <= int(text) <= MOST_NUMBER):
        raise AlertingError(name, f"Give a number from 1 to {MOST_NUMBER:,}")
    return int(text)


def _one_of(kinds: type[_Kind], text: str, name: str) -> _Kind:
    try:
        return kinds(text)
    except ValueError as wrong:
        raise AlertingError(name, f"One of {', '.join(kinds)}") from wrong
