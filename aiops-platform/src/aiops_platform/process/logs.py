"""Log lines: a constant sentence and its fields, for people or for programs. Fields are what a log call hands over as `extra`.

`log.info("Child ended", extra={"exit": -9})` becomes `03:14:07 serve   Child ended exit=-9`.
"""

import json
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# A warning that clients can cause as often as they like says little the second time; what breaks here says more.
_CAUSED_BY_CLIENTS = ("uvicorn.", "aiops_platform.api.", "aiops_platform.door.", "aiops_platform.web.")
# Said by us better, or not at all.
_QUIET = ("uvicorn", "alembic", "asyncio", "litestar")


def start_logging(part: str, form: str = "plain", stream: TextIO = sys.stderr) -> None:
    """Sends this process's log lines, from level info on, to the stream. `part` names the process in each.

    `form` is "plain" for people, or "json" for programs.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(part) if form == "json" else PlainLines(part, short_time=stream.isatty()))
    handler.addFilter(Repeats(time.monotonic))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Lines(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """The traceback. What failed may have been handed in, and an error may quote it: no secret gets into a log."""
        # Seldom needed, and not by every process.
        from aiops_platform.core.salvage import sound
        from aiops_platform.core.scrubbing import Scrubber

        return Scrubber().text(sound(super().formatException(ei)))


class PlainLines(_Lines):
    """One line for people: time, part, the level if it matters, the sentence, its fields."""

    def __init__(self, part: str, *, short_time: bool) -> None:
        # Whoever sits at a terminal knows the day; a file is read later and elsewhere.
        super().__init__(datefmt="%H:%M:%S" if short_time else "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.localtime if short_time else time.gmtime
        self._part = part

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The line without a traceback."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname}: "
        line = f"{self.formatTime(record, self.datefmt)} {self._part:<7} {level}{record.message}"
        return " ".join([line, *(f"{name}={_shown(value)}" for name, value in fields_of(record).items())])

    def usesTime(self) -> bool:  # noqa: N802 - logging's own name
        """False: we put the time in ourselves."""
        return False


class JsonLines(_Lines):
    """One object in a line, for programs: `at`, `level`, `process`, `message`, what else is known, and `trace`."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = fields_of(record) | {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._part,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str, ensure_ascii=False)


@dataclass(frozen=True)
class Pace:
    """How often the same sentence is said: at most so many times within so many seconds."""

    times: int
    seconds: float


CALM = Pace(5, 10.0)
SELDOM = Pace(1, 60.0)


class Repeats(logging.Filter):
    """Lets a sentence through as its pace allows; the next one after that says how many were left out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what is one too many."""
        sentence = (record.name, str(record.msg))
        now, pace = self._clock(), _pace_of(record)
        since, count = self._seen.get(sentence, (now, 0))
        if now - since >= pace.seconds:
            if count > pace.times:
                record.left_out = count - pace.times
            since, count = now, 0
        self._seen[sentence] = (since, count + 1)
        return count < pace.times


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What the log call handed over as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _pace_of(record: logging.LogRecord) -> Pace:
    by_clients = record.levelno == logging.WARNING and record.name.startswith(_CAUSED_BY_CLIENTS)
    return SELDOM if by_clients else CALM


def _shown(value: object) -> str:
    text = str(value)
    # Quoted when it could be mistaken for more than one field, or for a line of its own.
    return text if text.isprintable() and " " not in text and text else json.dumps(text, ensure_ascii=False)
