"""Reads the corpus: what must be silent and what must not, each case with its reason. The files say how they are written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

HERE = Path(__file__).parent

REQUEST = re.compile(
    r"(?P<method>[A-Z]+) (?P<target>\S+)(?: via (?P<route>\S+)|(?P<refused> refused))?"
    r" (?:(?P<status>\d{3})(?: says (?P<says>\{.*?\}(?= logs |$)))?|raises (?P<raises>.+?))"
    r"(?: logs (?P<logs>.+?))?(?: as (?P<rule>[a-z-]+))?"
)
LINE = re.compile(
    r"(?P<level>[A-Z]+) (?P<logger>\S+) \| (?P<message>.*?)"
    r"(?: \| (?:with (?P<exc>.+?)(?P<how> as an argument| being handled)?|(?P<answering>while answering)))?"
)
TASK = re.compile(
    r"(?P<how>returns|raises|logs and raises|raises in a subtask|gives up after|retries after|retries by itself after|"
    r"retries|ignores itself|rejects itself|asks to come back)"
    r"(?: (?P<exc>.+?))??(?: and throws (?P<throws>\w+))?(?: logs (?P<logs>.+))?"
)


@dataclass(frozen=True)
class RequestCase:
    """A request, what becomes of it in the application, and why it is silent, or not."""

    why: str
    rule: str
    text: str
    method: str
    target: str
    route: Optional[str]
    refused: bool
    status: int
    says: Any
    raises: Optional[str]
    logs: Optional[str]


@dataclass(frozen=True)
class LineCase:
    """A log line, and why it is silent, or not. ``how`` says in which way it tells of ``exc``."""

    why: str
    rule: str
    text: str
    level: str
    logger: str
    message: str
    exc: Optional[str]
    how: str
    answering: bool


@dataclass(frozen=True)
class TaskCase:
    """What a task of a queue does, and why it is silent, or not. ``throws`` names what it expects."""

    why: str
    rule: str
    text: str
    how: str
    exc: Optional[str]
    throws: Optional[str]
    logs: Optional[str]


def requests(name: str) -> List[RequestCase]:
    """The cases of ``requests-<name>.txt``."""
    return [_request(*case) for case in _cases("requests-" + name + ".txt")]


def lines(name: str) -> List[LineCase]:
    """The cases of ``lines-<name>.txt``."""
    return [_line(*case) for case in _cases("lines-" + name + ".txt")]


def tasks(name: str) -> List[TaskCase]:
    """The cases of ``tasks-<name>.txt``."""
    return [_task(*case) for case in _cases("tasks-" + name + ".txt")]


def _request(rule: str, why: str, text: str) -> RequestCase:
    found = REQUEST.fullmatch(text)
    assert found is not None, "This line of the corpus cannot be read: " + text
    return RequestCase(
        why=why,
        rule=found["rule"] or rule,
        text=text,
        method=found["method"],
        target=found["target"],
        route=found["route"],
        refused=bool(found["refused"]),
        status=int(found["status"] or 500),
        says=json.loads(found["says"]) if found["says"] else None,
        raises=found["raises"],
        logs=found["logs"],
    )


def _line(rule: str, why: str, text: str) -> LineCase:
    found = LINE.fullmatch(text)
    assert found is not None, "This line of the corpus cannot be read: " + text
    return LineCase(
        why=why,
        rule=rule,
        text=text,
        level=found["level"],
        logger=found["logger"],
        message=found["message"].replace("\\n", "\n"),
        exc=found["exc"],
        how=(found["how"] or "").strip(),
        answering=bool(found["answering"]),
    )


def _task(rule: str, why: str, text: str) -> TaskCase:
    found = TASK.fullmatch(text)
    assert found is not None, "This line of the corpus cannot be read: " + text
    return TaskCase(why, rule, text, found["how"], found["exc"], found["throws"], found["logs"])


def _cases(file: str) -> Iterator[Tuple[str, str, str]]:
    rule = why = ""
    for line in (HERE / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            rule, colon, why = line[3:].partition(": ")
            if not colon or " " in rule:
                rule, why = "", line[3:]
        elif line and not line.startswith("#"):
            yield rule, why, line
