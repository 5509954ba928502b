"""Fix policies: which incidents (match) are answered with which fixer, how (mode), and within which guard rails."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from aiops_platform.core import search
from aiops_platform.core.fixing import fixer as fixers
from aiops_platform.core.fixing.errors import FixError, UnfitEventError
from aiops_platform.core.search import Node, SearchError
from aiops_platform.core.text import one_line

MOST_POLICIES: Final = 100
_TAG: Final = "tag."
LONGEST_NAME: Final = 100
MOST_ENVIRONMENTS: Final = 20
MOST_PARAMS: Final = 50
#: In seconds.
LONGEST_COOL_DOWN: Final = 7 * 24 * 3600
SHORTEST_WATCH: Final = 1
LONGEST_WATCH: Final = 24 * 3600
USUAL_WATCH: Final = 600
MOST_BUDGET: Final = 1_000
MOST_AT_ONCE: Final = 100
#: In a parameter's place these are taken from the newest event of the incident, or from the incident; `tag.` with a name.
FIELDS: Final[Mapping[str, str]] = {
    "service": "the service's name",
    "environment": "its environment",
    "incident": "the incident's number",
    "type": "the error's type",
    "message": "the error's message",
    "route": "the route of the request",
    "path": "the path of the request",
    "host": "the machine",
    "release": "the release",
    "logger": "the logger",
    _TAG: "a tag by its name, as in tag.pool",
}


class Mode(StrEnum):
    """What a policy does: only says what could be done, asks whether it is to be done, or does it."""

    SUGGEST = "suggest"
    ASK = "ask"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, kw_only=True)
class FixPolicy:
    """One policy of a project; `id` is None until it is saved. `match` is a search; without one it is about nothing.

    `params` are values, or `{"from": "tag.pool"}` for a field of the event (`FIELDS`). Times are in seconds.
    `environments`: none of them is all. `paused_at`, with a reason: since when it does nothing, because something failed.
    """

    id: int | None = None
    name: str
    match: str
    fixer: str
    params: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode = Mode.SUGGEST
    environments: tuple[str, ...] = ()
    cool_down: int = 600
    per_hour: int = 4
    per_day: int = 20
    at_once: int = 1
    stop_after_failure: bool = True
    watch: int = USUAL_WATCH
    resolve: bool = False
    enabled: bool = True
    since: datetime | None = None
    paused_at: datetime | None = None
    paused_why: str = ""

    @property
    def search(self) -> Node | None:
        """What is asked of incidents; None for what cannot be read any more: that is about nothing."""
        try:
            return search.parse(self.match)
        except SearchError:
            return None

    @property
    def is_active(self) -> bool:
        """Whether it does anything."""
        return self.enabled and self.paused_at is None


def read(said: Mapping[str, str]) -> FixPolicy:
    """A policy from what a form said, all of it text; what is missing is as in a new one. Raises FixError.

    `param.NAME` is a parameter: a value as JSON or plain text, or what `param_from` takes for it. `environments` has
    commas between. A switch (`stop_after_failure`, `resolve`, `enabled`) is on when it says anything.
    """
    new = FixPolicy(name="", match="", fixer="")
    policy = FixPolicy(
        name=said.get("name", ""),
        match=said.get("match", "").strip(),
        fixer=said.get("fixer", "").strip(),
        params={name[6:]: _param(value) for name, value in said.items() if name.startswith("param.") and value.strip()},
        mode=_mode(said.get("mode", new.mode)),
        environments=tuple(part.strip() for part in said.get("environments", "").split(",") if part.strip()),
        cool_down=_number(said, "cool_down", new.cool_down),
        per_hour=_number(said, "per_hour", new.per_hour),
        per_day=_number(said, "per_day", new.per_day),
        at_once=_number(said, "at_once", new.at_once),
        stop_after_failure=bool(said.get("stop_after_failure")),
        watch=_number(said, "watch", new.watch),
        resolve=bool(said.get("resolve")),
        enabled=bool(said.get("enabled", "on")),
    )
    return checked(policy)


def checked(policy: FixPolicy) -> FixPolicy:
    """The policy as it is kept. Raises FixError."""
    name = " ".join(policy.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise FixError("name", f"Give it a name of 1 to {LONGEST_NAME} printable characters")
    if not fixers.is_name(policy.fixer):
        raise FixError("fixer", "Name one of the fixers that services offer, such as recycle-db-pool")
    _check_match(policy.match)
    _check_params(policy.params)
    for field_, least, most in (
        ("cool_down", 0, LONGEST_COOL_DOWN),
        ("per_hour", 1, MOST_BUDGET),
        ("per_day", 1, MOST_BUDGET),
        ("at_once", 1, MOST_AT_ONCE),
        ("watch", SHORTEST_WATCH, LONGEST_WATCH),
    ):
        if not least <= getattr(policy, field_) <= most:
            raise FixError(field_, f"Give a whole number from {least:,} to {most:,}")
    if len(policy.environments) > MOST_ENVIRONMENTS or any(len(each) > 200 for each in policy.environments):
        raise FixError("environments", f"There is room for {MOST_ENVIRONMENTS} environments")
    return replace(policy, name=name)


def param_from(text: str) -> Any:
    """What a text in a parameter's place means: `=FIELD` is that field of the event, and `==` begins a text with one `=`."""
    if text.startswith("=="):
        return text[1:]
    return {"from": text[1:].strip()} if text.startswith("=") else text


def param_typed(text: str, *, is_text: bool) -> Any:
    """What a text that somebody typed means: for a parameter that is a text it stays one, though it looks like a number."""
    text = text.strip()
    return param_from(text) if is_text else _param(text)


def param_as_text(text: str) -> str:
    """A text so that `param_from` gives it again."""
    return f"={text}" if text.startswith("=") else text


def values_of(policy: FixPolicy, fixer: fixers.Fixer, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with which the fixer is asked for: constants, and fields of the event by name.

    Raises UnfitEventError where only another event helps, and FixError.
    """
    known = {each.name: each for each in fixer.params}
    given: dict[str, Any] = {}
    for name, said in policy.params.items():
        value = said
        source = _source(said)
        if source is not None:
            value = _of_event(known.get(name), name, source, fields)
        given[name] = value
    return fixers.checked_params(fixer, given)


def check_params(policy: FixPolicy, offered: Sequence[fixers.Fixer]) -> None:
    """Raises FixError where its parameters fit none of these: what services offer now under the name of its fixer.

    Of a field of the event nothing is known before there is one, but that the fixer has such a parameter.
    """
    problems = [_misfit(policy, fixer) for fixer in offered]
    if problems and all(problems):
        raise FixError("params", problems[0])


def as_data(policy: FixPolicy) -> dict[str, Any]:
    """What is kept of a policy beside its columns, as JSON."""
    told: dict[str, Any] = msgspec.to_builtins(policy)
    return {name: value for name, value in told.items() if name not in _COLUMNS}


def from_data(data: Mapping[str, Any], **columns: Any) -> FixPolicy:
    """What `as_data` gave, with the columns."""
    return replace(msgspec.convert({**data, "name": columns["name"]}, FixPolicy), **columns)


_COLUMNS: Final = frozenset({"id", "name", "enabled", "since", "paused_at", "paused_why"})


def _check_match(match: str) -> None:
    if not match:
        raise FixError("match", "Say which incidents it is about, such as `service:shop is:open`")
    try:
        node = search.parse(match)
    except SearchError as wrong:
        raise FixError("match", wrong.why, wrong.position) from wrong
    if "assigned:me" in match.lower() and "assigned" in _asked(node):
        raise FixError(
            "match", "A policy is nobody's own: name a person in the place of `me`", match.lower().find("me")
        )


def _check_params(params: Mapping[str, Any]) -> None:
    if len(params) > MOST_PARAMS:
        raise FixError("params", f"There is room for {MOST_PARAMS} parameters")
    for name, said in params.items():
        source = _source(said)
        if source is not None:
            if not _is_field(source):
                raise FixError("params", _no_field(name, source))
        elif not isinstance(said, str | int | float | bool) or len(str(said)) > fixers.LONGEST_TEXT:
            raise FixError("params", f"The parameter '{name}' is to be a text, a number, or yes or no")


def _misfit(policy: FixPolicy, fixer: fixers.Fixer) -> str:
    fields = {name for name, said in policy.params.items() if _source(said) is not None}
    known = {each.name for each in fixer.params}
    others = replace(fixer, params=tuple(each for each in fixer.params if each.name not in fields))
    values = {name: said for name, said in policy.params.items() if name not in fields & known}
    try:
        fixers.checked_params(others, values)
    except FixError as wrong:
        return str(wrong)
    return ""


def _of_event(parameter: fixers.Parameter | None, name: str, source: str, fields: Mapping[str, Any]) -> Any:
    found = fields.get(source)
    if found is None:
        raise UnfitEventError(f"The event has no {source}, which is to be the parameter '{name}'")
    try:
        return found if parameter is None else fixers.converted(parameter, found)
    except FixError as wrong:
        raise UnfitEventError(f"{wrong}: the event's {source} is not") from wrong


def _is_field(source: str) -> bool:
    return source.startswith(_TAG) if source not in FIELDS else source != _TAG


def _no_field(name: str, source: str) -> str:
    names = ", ".join(f"{each}<name>" if each == _TAG else each for each in FIELDS)
    return (
        f"The parameter '{one_line(name, 100)}' asks for '{one_line(source, 100)}', which is no field of the event: take one "
        f'of {names}, as =tag.pool or {{"from": "tag.pool"}}. A text that begins with = is written with two of them'
    )


def _source(said: Any) -> str | None:
    if isinstance(said, Mapping):
        source = said.get("from")
        if set(said) == {"from"} and isinstance(source, str):
            return source
        raise FixError("params", 'A parameter that is a field of the event is written {"from": "tag.pool"}')
    return None


def _asked(node: Node) -> frozenset[str]:
    def walk(each: Node) -> Iterator[str]:
        match each:
            case search.Term(field_, _):
                yield field_
            case search.Not(part):
                yield from walk(part)
            case search.And(parts) | search.Or(parts):
                for part in parts:
                    yield from walk(part)

    return frozenset(walk(node))


def _param(text: str) -> Any:
    text = text.strip()
    if text.startswith("="):
        return param_from(text)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
    return value if isinstance(value, str | int | float | bool) else text


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as wrong:
        raise FixError("mode", f"One of {', '.join(Mode)}") from wrong


def _number(said: Mapping[str, str], name: str, usual: int) -> int:
    text = said.get(name, "").strip()
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise FixError(name, "Give a whole number")
    return int(text)
