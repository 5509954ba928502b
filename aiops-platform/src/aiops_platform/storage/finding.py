"""A search as conditions of SQL, for every engine. They name no table but incidents, so that counting needs no other."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt
from typing import Any, Final, assert_never

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, false, func, not_, or_, select, true

from aiops_platform.core import affected
from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.listing import LATELY, Period
from aiops_platform.core.search import (
    Age,
    And,
    Choice,
    Day,
    Hundreds,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Pattern,
    Term,
    Word,
    both,
    phrased,
    terms_of,
)
from aiops_platform.core.search.fields import TAG
from aiops_platform.core.search.tree import Comparison, Ordering
from aiops_platform.core.views import IncidentQuery
from aiops_platform.storage.dialects import any_case_like
from aiops_platform.storage.schema import (
    incident_hours,
    incident_people,
    incident_values,
    incidents,
    members,
    services,
    users,
)

_Condition = ColumnElement[bool]

_MOST_WORDS: Final = 8
_MOST_VALUES: Final = 2_000
_MOST_MATCHED: Final = 1_000
_ESCAPE: Final = "/"
_COMPARE: Final = {"<": lt, "<=": le, ">=": ge, ">": gt, "=": eq}


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a search leaves to its circumstances: of which project it is, when and by whom it is asked, what rises.

    `tagged` says which values of tags hold a word; for one that is not there all are looked through. `matched` says which
    incidents match a search; for one that is not there each is compared.
    """

    project_id: int
    now: datetime
    me: int | None = None
    rising: Collection[int] = ()
    period: Period | None = None
    tagged: Mapping[Pattern, Collection[tuple[str, str]]] = field(default_factory=dict)
    matched: Mapping[Node, Collection[int]] = field(default_factory=dict)


def search_of(query: IncidentQuery) -> Node:
    """All that a query says but for its state and its time, as one search."""
    named = [(name, said) for name, said in (("service", query.service), ("env", query.environment)) if said]
    words = (query.text or "").split()[:_MOST_WORDS]
    return both(
        query.search,
        *(Term(name, phrased(_storable(said))) for name, said in named),
        *(Word(phrased(_storable(word))) for word in words),
    )


def needs_rising(node: Node) -> bool:
    """Whether it takes to know what rises."""
    return any(term == Term("is", Choice("rising")) for term in terms_of(node))


def matching(search: Node, around: Around) -> list[_Condition]:
    """What incidents must be like, the state aside that a query names."""
    conditions = [incidents.c.project_id == around.project_id]
    if search in around.matched:
        return [*conditions, incidents.c.id.in_(around.matched[search])]
    if around.period is not None:
        conditions += _in_period(around.period, around.now)
    parts = search.parts if isinstance(search, And) else (search,)
    return conditions + [_condition(part, around) for part in parts]


def matched(connection: Connection, search: Node, around: Around) -> dict[Node, Collection[int]]:
    """Which incidents match a search for words; nothing for another one, or where very many do.

    A list asks five questions of them: each text is read through once, and not for each question anew.
    """
    if next(_words(search), None) is None:
        return {}
    wanted = select(incidents.c.id).where(standing(None), *matching(search, around)).limit(_MOST_MATCHED + 1)
    found = connection.scalars(wanted).all()
    return {search: found} if len(found) <= _MOST_MATCHED else {}


def tagged(connection: Connection, search: Node) -> dict[Pattern, Collection[tuple[str, str]]]:
    """Which values of tags hold the words of a search; nothing where there are very many values.

    Many incidents say the same values: each is looked at once, and not for each question anew.
    """
    words = list(dict.fromkeys(_words(search)))
    if not words:
        return {}
    pairs = connection.execute(_EVERY_VALUE).all()
    if len(pairs) > _MOST_VALUES:
        return {}
    told = [(name, value) for name, value in pairs if value is not None]
    return {word: [(name, value) for name, value in told if word.is_in(value)] for word in words}


def _every_value() -> Select[Any]:
    """Every name and value that tags have, from one to the next by the index: rows that say the same are passed over."""
    table = incident_values
    names = select(func.min(table.c.name).label("name")).cte("names", recursive=True)
    next_name = select(func.min(table.c.name)).where(table.c.name > names.c.name).scalar_subquery()
    names = names.union_all(select(next_name).where(names.c.name.is_not(None)))
    value = func.min(table.c.value)
    first = select(value).where(table.c.name == names.c.name).scalar_subquery()
    found = select(names.c.name, first.label("value")).where(names.c.name.is_not(None)).cte("found", recursive=True)
    next_value = select(value).where(table.c.name == found.c.name, table.c.value > found.c.value).scalar_subquery()
    found = found.union_all(select(found.c.name, next_value).where(found.c.value.is_not(None)))
    return select(found).limit(_MOST_VALUES + 1)


def _words(node: Node) -> Iterator[Pattern]:
    match node:
        case Word(pattern):
            yield pattern
        case Not(part):
            yield from _words(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _words(part)
        case Term():
            return


def standing(state: IncidentState | None) -> _Condition:
    """That it stands so; None is every way in which incidents are seen."""
    return incidents.c.state.in_(STANDING) if state is None else incidents.c.state == state


def count_within(period: Period) -> ColumnElement[int]:
    """How many events an incident had in that time."""
    counts = select(func.coalesce(func.sum(incident_hours.c.count), 0)).where(*_hours_within(period))
    return counts.correlate(incidents).scalar_subquery()


def last_within(period: Period) -> ColumnElement[int]:
    """The last hour of that time in which an incident had events."""
    return select(func.max(incident_hours.c.hour)).where(*_hours_within(period)).correlate(incidents).scalar_subquery()


def _hours_within(period: Period) -> list[_Condition]:
    hour = incident_hours.c.hour
    return [incident_hours.c.incident_id == incidents.c.id, hour >= period.since, hour < period.until]


def _in_period(period: Period, now: datetime) -> list[_Condition]:
    since = incidents.c.last_seen_at >= period.since
    if period.until > now:
        return [since]
    within = select(incident_hours.c.hour).where(*_hours_within(period)).correlate(incidents).exists()
    return [since, incidents.c.first_seen_at < period.until, within]


def _condition(node: Node, around: Around) -> _Condition:
    match node:
        case Word(pattern):
            return _word(pattern, around.tagged.get(pattern))
        case Term():
            return _term(node, around)
        case Not(part):
            return not_(_condition(part, around))
        case And(parts):
            return and_(true(), *(_condition(part, around) for part in parts))
        case Or(parts):
            return or_(false(), *(_condition(part, around) for part in parts))
        case _:
            assert_never(node)


def _word(pattern: Pattern, tagged: Collection[tuple[str, str]] | None) -> _Condition:
    places = (incidents.c.type, incidents.c.message, incidents.c.place, func.coalesce(incidents.c.path, ""))
    held = [_holds(place, pattern) for place in places]
    values = incident_values
    if tagged is None:
        held.append(incidents.c.id.in_(select(values.c.incident_id).where(_holds(values.c.value, pattern))))
    elif tagged:
        of_names: dict[str, list[str]] = {}
        for name, value in sorted(tagged):
            of_names.setdefault(name, []).append(value)
        said = [and_(values.c.name == name, values.c.value.in_(some)) for name, some in of_names.items()]
        held.append(incidents.c.id.in_(select(values.c.incident_id).where(or_(*said))))
    return or_(*held)


def _term(term: Term, around: Around) -> _Condition:
    match term.value:
        case Choice(word):
            return _chosen(term.field, word, around)
        case Pattern():
            return _text(term.field, term.value, around)
        case Hundreds(digit):
            return _known(incidents.c.status_code, incidents.c.status_code.between(digit * 100, digit * 100 + 99))
        case Number(comparison, number):
            return _number(term.field, comparison, number, around)
        case Age() | Day() | Moment() as when:
            return _time(incidents.c[term.field.replace("-", "_") + "_at"], when, around.now)
        case _:
            assert_never(term.value)


def _chosen(field: str, word: str, around: Around) -> _Condition:
    match field:
        case "is":
            return _is(word, around)
        case "has":
            return _has(word)
        case "assigned":
            return _assigned_to(around.me if word == "me" else None, is_nobody=word == "none")
        case _:
            return _same(incidents.c[field], word)


def _text(field: str, pattern: Pattern, around: Around) -> _Condition:
    match field:
        case "service" | "env":
            column = services.c.name if field == "service" else services.c.environment
            mine = select(services.c.id).where(services.c.project_id == around.project_id, _is_like(column, pattern))
            return incidents.c.service_id.in_(mine)
        case "user":
            named = incident_people.c.name == affected.hashed(pattern.pieces[0], around.project_id)
            return incidents.c.id.in_(select(incident_people.c.incident_id).where(named))
        case "assigned":
            return _assigned_by_name(pattern, around)
        case "message" | "place" | "path" if pattern.is_plain:
            return _holds(func.coalesce(incidents.c[field], ""), pattern)
        case _ if field == "release" or field.startswith(TAG):
            return _said(field.removeprefix(TAG), pattern)
        case _:
            return _is_like(func.coalesce(incidents.c[field], ""), pattern)


def _number(field: str, comparison: Comparison, number: int, around: Around) -> _Condition:
    match field:
        case "status":
            return _known(incidents.c.status_code, _compared(incidents.c.status_code, comparison, number))
        case "count" if around.period is not None:
            return _compared(count_within(around.period), comparison, number)
        case _:
            return _compared(incidents.c[field], comparison, number)


def _is(word: str, around: Around) -> _Condition:
    is_open = incidents.c.state == IncidentState.OPEN
    match word:
        case "new":
            return and_(is_open, incidents.c.first_seen_at > around.now - LATELY)
        case "regressed":
            return and_(is_open, incidents.c.reopened_at.is_not(None))
        case "rising":
            return and_(is_open, incidents.c.id.in_(sorted(around.rising)))
        case "assigned":
            return incidents.c.assigned_to.is_not(None)
        case "unassigned":
            return incidents.c.assigned_to.is_(None)
        case _:
            return incidents.c.state == word


def _has(word: str) -> _Condition:
    match word:
        case "path" | "logger":
            return not_(_same(func.coalesce(incidents.c[word], ""), ""))
        case "status":
            return incidents.c.status_code.is_not(None)
        case "release":
            return incidents.c.last_release.is_not(None)
        case "user":
            return incidents.c.people > 0
        case _:
            return _said(word[len(TAG) :], None)


def _assigned_to(user_id: int | None, *, is_nobody: bool) -> _Condition:
    if is_nobody:
        return incidents.c.assigned_to.is_(None)
    return false() if user_id is None else _same(func.coalesce(incidents.c.assigned_to, 0), user_id)


def _assigned_by_name(pattern: Pattern, around: Around) -> _Condition:
    named = or_(_is_like(users.c.name, pattern), _is_like(func.coalesce(users.c.email, ""), pattern))
    mine = select(members.c.user_id).where(members.c.project_id == around.project_id)
    found = select(users.c.id).where(users.c.id.in_(mine), named)
    return func.coalesce(incidents.c.assigned_to, 0).in_(found)


def _said(name: str, pattern: Pattern | None) -> _Condition:
    """Whether events said this value of a tag, or the release; without a pattern, whether they said any."""
    asked: Select[Any] = select(incident_values.c.incident_id).where(incident_values.c.name == name)
    if pattern is not None:
        value = incident_values.c.value
        # As it was said: so the index finds it.
        asked = asked.where(value == pattern.pieces[0] if pattern.is_plain else _is_like(value, pattern))
    return incidents.c.id.in_(asked)


def _holds(column: Any, pattern: Pattern) -> _Condition:
    return any_case_like(column, f"%{_escaped(pattern)}%")


def _is_like(column: Any, pattern: Pattern) -> _Condition:
    return any_case_like(column, _escaped(pattern))


def _escaped(pattern: Pattern) -> str:
    return "%".join(_literally(piece) for piece in pattern.pieces)


def _literally(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return text


def _compared(column: Any, comparison: Comparison, value: Any) -> _Condition:
    condition: _Condition = _COMPARE[comparison](column, value)
    return condition


def _same(column: Any, value: object) -> _Condition:
    return _compared(column, "=", value)


def _known(column: Column[Any], condition: _Condition) -> _Condition:
    # Else the opposite of it would not hold either.
    return and_(column.is_not(None), condition)


def _time(column: Column[Any], when: Age | Day | Moment, now: datetime) -> _Condition:
    match when:
        case Age(comparison, _, _):
            try:
                at = now - timedelta(seconds=when.seconds)
            except OverflowError:
                return true() if comparison == "<" else false()
            return column > at if comparison == "<" else column < at
        case Moment(comparison, at):
            return _compared(column, comparison, at)
        case Day(comparison, begin):
            end = begin + timedelta(days=1)
            return and_(column >= begin, column < end) if comparison == "=" else _day(column, comparison, begin, end)
        case _:
            assert_never(when)


def _day(column: Column[Any], comparison: Ordering, begin: datetime, end: datetime) -> _Condition:
    match comparison:
        case "<":
            return column < begin
        case "<=":
            return column < end
        case ">=":
            return column >= begin
        case ">":
            return column >= end
        case _:
            assert_never(comparison)


def _storable(text: str) -> str:
    # PostgreSQL refuses this character even to look for it; nothing that is kept holds it.
    return text.replace("\x00", "\ufffd")


_EVERY_VALUE: Final = _every_value()
