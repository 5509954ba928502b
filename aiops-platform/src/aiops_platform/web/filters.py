"""Which incidents a page lists, as its address says it. Forgiving: what makes no sense is as if it were not there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from aiops_platform.core import search
from aiops_platform.core.incident import STANDING, IncidentState
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.search import EVERYTHING, And, Node, SearchError, Term, Word, both, phrased, written
from aiops_platform.core.views import IncidentQuery
from aiops_platform.web.cut import visible

TIMES: Final[Mapping[str, timedelta]] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "90d": timedelta(days=90),
}
_EVERY_STATE: Final = "all"
_LONGEST: Final = 200
_LAST_PAGE: Final = 100_000
_LARGEST_ID: Final = 2**63 - 1
_MOST_WORDS: Final = 8
# As the address names what is called otherwise here.
_NAMES: Final = {"text": "query", "since": "from", "until": "to"}


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The list's filters. `text` is the search as it was typed; `standing` one of the states, `all`, or what it says.

    `time` is the last so much (`TIMES`), or empty; `since` and `until` are days or moments instead of it, or empty.
    """

    text: str = ""
    standing: str = ""
    sort: str = Sort.NEWEST.value
    time: str = ""
    since: str = ""
    until: str = ""
    page: int = 1

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Filters":
        """The filters in a query string; those of older addresses (`service`, `environment`, `text`) become a search."""
        standing, sort, time = (parameters.get(name, "") for name in ("state", "sort", "time"))
        since, until = _moment(parameters.get("from", "")), _moment(parameters.get("to", ""))
        return cls(
            text=_with_older(_text(parameters.get("query", ""), search.LONGEST * 2), parameters),
            standing=standing if standing in {_EVERY_STATE, *STANDING} else "",
            sort=sort if sort in set(Sort) else Sort.NEWEST.value,
            time=time if time in TIMES and not (since or until) else "",
            since=since,
            until=until,
            page=page_number(parameters.get("page", "")),
        )

    @cached_property
    def _read(self) -> Node | SearchError:
        try:
            return search.parse(self.text)
        except SearchError as wrong:
            return wrong

    @property
    def wrong(self) -> SearchError | None:
        """What is wrong with the search."""
        return self._read if isinstance(self._read, SearchError) else None

    @property
    def search(self) -> Node:
        """What is searched for; everything where that is wrong."""
        return EVERYTHING if isinstance(self._read, SearchError) else self._read

    @property
    def state(self) -> str:
        """One of the states, or `all`: the open ones, unless the search says itself which are meant."""
        return self.standing or (_EVERY_STATE if search.says_states(self.search) else IncidentState.OPEN.value)

    @property
    def narrows(self) -> bool:
        """Whether anything but the state is filtered by."""
        return bool(self.text or self.has_time)

    @property
    def has_time(self) -> bool:
        """Whether a time was chosen."""
        return bool(self.time or self.since or self.until)

    def period(self, now: datetime) -> Period | None:
        """The time that was chosen."""
        if self.time:
            return Period.lasting(TIMES[self.time], now)
        if not self.has_time:
            return None
        until = datetime.fromisoformat(self.until) if self.until else None
        # A day that is named is meant to its end.
        until = until + timedelta(days=1) if until and len(self.until) == len("2026-11-22") else until
        return Period.between(
            _utc(datetime.fromisoformat(self.since)) if self.since else None, until and _utc(until), now
        )

    def query(self, per_page: int, *, now: datetime, me: int | None = None) -> IncidentQuery:
        """The same, for the store. Raises SearchError."""
        if isinstance(self._read, SearchError):
            raise self._read
        return IncidentQuery(
            state=None if self.state == _EVERY_STATE else IncidentState(self.state),
            search=self.search,
            period=self.period(now),
            sort=Sort(self.sort),
            me=me,
            page=self.page,
            per_page=per_page,
        )

    def told(self, **changes: str | int) -> dict[str, str]:
        """What the address says with these changes; any change of a filter leads back to the first page."""
        # By their names in the address.
        named: dict[str, Any] = {"standing" if name == "state" else name: value for name, value in changes.items()}
        changed = replace(self, **({"page": 1} | named))
        if named.get("time"):
            changed = replace(changed, since="", until="")
        default = Filters()
        told = {
            {"standing": "state", **_NAMES}.get(name, name): str(value)
            for name in self.__dataclass_fields__
            if (value := getattr(changed, name)) != getattr(default, name)
        }
        # What is open is listed unless the search says otherwise; and an address that says nothing is somebody's own view.
        if told.get("state") == changed._by_itself():
            del told["state"]
        return told or {"state": IncidentState.OPEN.value}

    def url(self, **changes: str | int) -> str:
        """The address of the list with these changes."""
        return f"/incidents?{urlencode(self.told(**changes))}"

    def link(self, **changes: str | int) -> str:
        """The same for a page, where letters of any script may be themselves, which is shorter: browsers know how to ask."""
        told = self.told(**changes)
        return f"/incidents?{'&'.join(f'{name}={_written(value)}' for name, value in told.items())}"

    def has(self, field: str, value: str) -> bool:
        """Whether the search asks for this value of a field already."""
        return Term(field, _meant(field, value)) in _parts(self.search)

    def toggled(self, field: str, value: str) -> str:
        """The address of the list with this value of a field, or without it if it is asked for already."""
        term = Term(field, _meant(field, value))
        parts = [part for part in _parts(self.search) if part != term]
        if len(parts) == len(_parts(self.search)):
            # One value at a time: nothing is of two services.
            parts = [part for part in parts if not (isinstance(part, Term) and part.field == field)] + [term]
        return self.link(text=written(both(*parts)))

    def _by_itself(self) -> str:
        return replace(self, standing="").state


def _written(text: str) -> str:
    return "".join(each if each > "\x7f" and each.isprintable() else quote_plus(each) for each in text)


def page_number(text: str) -> int:
    """The page that is meant; 1 when none is."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return 1
    return min(max(1, int(text)), _LAST_PAGE)


def row_number(text: str) -> int | None:
    """The number of a row in an address; None when no row can have it."""
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= _LARGEST_ID else None


def _with_older(text: str, parameters: Mapping[str, str]) -> str:
    named = (("service", "service"), ("env", "environment"))
    older: list[Node] = [
        Term(field, phrased(said)) for field, name in named if (said := _text(parameters.get(name, "")))
    ]
    older += [Word(phrased(word)) for word in _text(parameters.get("text", "")).split()[:_MOST_WORDS]]
    return f"{text} {written(both(*older))}".strip() if older else text


def _meant(field: str, value: str) -> Any:
    """A value of a facet as the search says it."""
    try:
        found = search.parse(f"{field}:{search.quoted(value)}")
    except SearchError:
        return phrased(value)
    return found.value if isinstance(found, Term) else phrased(value)


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, And) else (node,)


def _text(text: str, longest: int = _LONGEST) -> str:
    return visible(text.strip()[:longest])


def _moment(text: str) -> str:
    try:
        told = _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return ""
    return text if 1970 <= told.year < 9999 and text.isascii() else ""


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
