import json
import logging
from io import StringIO

import pytest

from aiops_platform.process.logs import JsonLines, PlainLines, Repeats


def a_record(message: str = "Child ended", level: int = logging.INFO, **fields: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"name": "x", "levelno": level, "levelname": logging.getLevelName(level)})
    record.msg, record.created = message, 0
    vars(record).update(fields)
    return record


def line(record: logging.LogRecord) -> str:
    return PlainLines("serve", short_time=False).format(record)


def test_a_line_says_when_who_and_what():
    assert line(a_record()) == "1970-01-01T00:00:00Z serve   Child ended"


def test_fields_follow_the_sentence():
    assert line(a_record(part="door", exit=-9)).endswith("Child ended part=door exit=-9")


def test_a_level_is_said_when_it_matters():
    assert "serve   WARNING: Child ended" in line(a_record(level=logging.WARNING))


@pytest.mark.parametrize(
    ("value", "shown"), [("a b", '"a b"'), ("", '""'), ("a\nb", '"a\\nb"'), ("\x1b[31m", '"\\u001b[31m"'), ("ä", "ä")]
)
def test_a_value_cannot_pretend_to_be_another_field_or_line(value, shown):
    assert line(a_record(why=value)).endswith(f"why={shown}")


@pytest.mark.parametrize("lines", [PlainLines("serve", short_time=False), JsonLines("serve")])
def test_an_error_that_quotes_a_secret_or_half_a_character_is_logged_without(lines):
    try:
        raise ValueError("password=hunter2 half \ud800")
    except ValueError as error:
        said = lines.format(a_record(exc_info=(type(error), error, error.__traceback__)))
    assert "ValueError: password=[hidden] half ?" in said
    assert "hunter2" not in said


def test_a_line_that_repeats_is_limited_and_what_was_left_out_is_counted():
    clock = [0.0]
    repeats = Repeats(lambda: clock[0])

    passed = [repeats.filter(a_record()) for _ in range(20)]
    clock[0] = 10.0
    next_one = a_record()

    assert passed == [True] * 5 + [False] * 15
    assert repeats.filter(next_one)
    assert line(next_one).endswith("left_out=15")


@pytest.mark.parametrize("name", ["aiops_platform.api.ingest.handler", "uvicorn.error"])
def test_what_clients_cause_is_said_once_and_then_once_a_minute_with_a_count(name):
    clock = [0.0]
    repeats = Repeats(lambda: clock[0])
    said = []
    for second in range(150):
        clock[0] = float(second)
        record = a_record("Refused", logging.WARNING, name=name)
        if repeats.filter(record):
            said.append((second, line(record)))

    assert [second for second, _ in said] == [0, 60, 120]
    assert ["left_out=59" in text for _, text in said] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "level"), [("aiops_platform.api.front", logging.ERROR), ("aiops_platform.worker", logging.WARNING)]
)
def test_what_breaks_here_is_said_more_often(name, level):
    repeats = Repeats(lambda: 0.0)

    assert sum(repeats.filter(a_record(level=level, name=name)) for _ in range(20)) == 5


def test_different_lines_do_not_count_together():
    repeats = Repeats(lambda: 0.0)

    assert all(repeats.filter(a_record(f"line {number}")) for number in range(20))


def test_logging_itself_finds_nothing_wrong_with_it(monkeypatch):
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines("door", short_time=True))
    logger = logging.Logger("alone")
    logger.addHandler(handler)

    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("It failed", extra={"station": "digest"})

    assert "ERROR: It failed station=digest\nTraceback" in stream.getvalue()


def test_a_program_reads_each_line_as_an_object():
    try:
        raise KeyError("x")
    except KeyError as error:
        record = a_record("It\nfailed", logging.ERROR, why=error, part="door")
        record.exc_info = (KeyError, error, error.__traceback__)

    text = JsonLines("worker").format(record)

    assert "\n" not in text
    told = json.loads(text)
    assert told.pop("trace").startswith("Traceback")
    assert told == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "level": "error",
        "process": "worker",
        "part": "door",
        "message": "It\nfailed",
        "why": "'x'",
    }
