"""Messages: what a channel is handed to tell people. Each sender says it in its provider's way, nothing else is added."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from aiops_platform.core import text as texts

MOST_ITEMS: Final = 10
#: So many are named of those that were over before anybody was told.
MOST_PASSED: Final = 3
LONGEST_KEY: Final = 200
_LONGEST_TITLE: Final = 200
_LONGEST_LINE: Final = 1_000
_MOST_LINES: Final = 20
_LONGEST_LABEL: Final = 60
_LONGEST_PASSED: Final = 60
_LONGEST_URL: Final = 2_000
_MOST_ACTIONS: Final = 5


class MessageState(StrEnum):
    """What became of what the message is about."""

    FIRING = "firing"
    OVER = "over"
    TEST = "test"


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Link:
    """Something to press: what it says, and where it leads."""

    label: str
    url: str


@dataclass(frozen=True)
class Item:
    """One of those that a grouped message is about."""

    title: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What people are told, in plain text without any markup; it is bounded and made of single lines when it is made.

    `key` is the same however often it is sent, so that receivers can drop a second one. `group` is the same for all
    that is said of one alert, also that it is over. `more` says how many there are besides the `items`. `passed` are some
    that began and were over before this message went, with `passed_more` besides: nobody was told of them by another one.
    """

    key: str
    group: str
    state: MessageState
    severity: Severity
    title: str
    project: str
    at: datetime
    text: tuple[str, ...] = ()
    facts: Mapping[str, str] | None = None
    url: str = ""
    actions: tuple[Link, ...] = ()
    items: tuple[Item, ...] = ()
    more: int = 0
    passed: tuple[Item, ...] = ()
    passed_more: int = 0
    service: str = ""
    environment: str = ""

    def __post_init__(self) -> None:
        """Texts come from reports: nothing in them may break a line, hide itself or grow."""
        for name, most in (("key", LONGEST_KEY), ("group", LONGEST_KEY), ("title", _LONGEST_TITLE)):
            self._put(name, _line(getattr(self, name), most))
        for name in ("project", "service", "environment"):
            self._put(name, _line(getattr(self, name), _LONGEST_TITLE))
        self._put("text", tuple(_line(line, _LONGEST_LINE) for line in self.text[:_MOST_LINES]))
        facts = list((self.facts or {}).items())[:_MOST_LINES]
        said = {_line(label, _LONGEST_LABEL): _line(value, _LONGEST_LINE) for label, value in facts}
        self._put("facts", {label: value for label, value in said.items() if label and value})
        self._put("url", _url(self.url))
        links = (Link(_line(each.label, _LONGEST_LABEL), _url(each.url)) for each in self.actions[:_MOST_ACTIONS])
        self._put("actions", tuple(each for each in links if each.label and each.url))
        kept = self.items[:MOST_ITEMS]
        self._put("more", max(0, self.more) + len(self.items) - len(kept))
        self._put("items", tuple(_item(each) for each in kept))
        named = self.passed[:MOST_PASSED]
        self._put("passed_more", max(0, self.passed_more) + len(self.passed) - len(named))
        self._put("passed", tuple(Item(_line(each.title, _LONGEST_PASSED), "", _url(each.url)) for each in named))

    @property
    def labels(self) -> dict[str, str]:
        """What is known of it, as label and value: where it is first, then the facts."""
        where = {"Service": self.service, "Environment": self.environment, "Project": self.project}
        return {label: value for label, value in (where | dict(self.facts or {})).items() if value}

    @property
    def subject(self) -> str:
        """One line for where there is room for one only."""
        return f"[{self.project}] {_SAID[self.state]}{self.title}"

    @property
    def heading(self) -> str:
        """The title with what became of it."""
        return _SAID[self.state] + self.title

    def lines(self) -> list[str]:
        """All of it but the heading and the actions as plain lines, such as a terminal or a small screen shows."""
        items = [f"• {item.title}" + (f": {item.text}" if item.text else "") for item in self.items]
        return [*self.text, *items, *self.rest()]

    def rest(self, linked: Callable[[Item], str] = lambda item: item.title) -> list[str]:
        """What there is besides the items, if there is: `and 9,990 more`, and what began and ended meanwhile.

        `linked` says how one of those is written where there are links.
        """
        lines = [f"… and {self.more:,} more"] if self.more else []
        if self.passed:
            many = len(self.passed) + self.passed_more
            others = f" and {self.passed_more:,} others" if self.passed_more else ""
            lines.append(f"{many:,} more began and ended meanwhile: {', '.join(map(linked, self.passed))}{others}")
        return lines

    def as_data(self) -> dict[str, Any]:
        """As JSON; `message_from` reads it."""
        return {
            "key": self.key,
            "group": self.group,
            "state": self.state.value,
            "severity": self.severity.value,
            "title": self.title,
            "text": list(self.text),
            "project": self.project,
            "service": self.service,
            "environment": self.environment,
            "at": self.at.astimezone(UTC).isoformat(),
            "url": self.url,
            "facts": dict(self.facts or {}),
            "actions": [{"label": each.label, "url": each.url} for each in self.actions],
            "items": [{"title": each.title, "text": each.text, "url": each.url} for each in self.items],
            "more": self.more,
            "passed": [{"title": each.title, "url": each.url} for each in self.passed],
            "passed_more": self.passed_more,
        }

    def _put(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def message_from(data: Mapping[str, Any]) -> Message:
    """What `as_data` gave."""
    return Message(
        **dict(data)
        | {
            "state": MessageState(data["state"]),
            "severity": Severity(data["severity"]),
            "at": datetime.fromisoformat(data["at"]),
            "text": tuple(data["text"]),
            "actions": tuple(Link(**each) for each in data["actions"]),
            "items": tuple(Item(**each) for each in data["items"]),
            "passed": tuple(Item(**each) for each in data.get("passed", ())),
        }
    )


_SAID: Final = {MessageState.FIRING: "", MessageState.OVER: "Over: ", MessageState.TEST: "Test: "}


def _url(text: str) -> str:
    # A link that is not one of ours to follow is none: it could run something where it is shown.
    fits = text.startswith(("https://", "http://")) and len(text) <= _LONGEST_URL
    return text if fits and text.isprintable() and not set(text) & set(' "<>\\^`{|}') else ""


def _item(item: Item) -> Item:
    return Item(_line(item.title, _LONGEST_TITLE), _line(item.text, _LONGEST_TITLE), _url(item.url))


def _line(text: str, limit: int) -> str:
    # Half of a pair, as JSON may say it, cannot be sent.
    return texts.one_line(text[: limit * 5].encode(errors="replace").decode(), limit)
