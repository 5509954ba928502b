"""What is silent and what is not: hundreds of realistic requests and log lines, through Flask and through real loggers.

The other frameworks have theirs beside their own tests.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Iterator

import pytest
from corpus import driving, failing, reading
from corpus.driving import Watch
from corpus.reading import LineCase, RequestCase

from aiops_sdk import scope
from aiops_sdk.scope import RequestScope


@pytest.fixture
def watch() -> Iterator[Watch]:
    with driving.watching() as watching:
        yield watching


def test_the_corpus_is_large_and_each_case_has_its_reason():
    silent = [*reading.requests("silent"), *reading.lines("silent")]
    heard = [*reading.requests("heard"), *reading.lines("heard")]
    assert len({case.text for case in silent}) >= 300
    assert len({case.text for case in heard}) >= 200
    assert all(len(case.why) > 10 for case in [*silent, *heard])
    assert not {case.text for case in silent} & {case.text for case in heard}


# Requests.


def by_flask(case: RequestCase) -> int:
    import flask

    import aiops_sdk

    app = flask.Flask("shop", static_folder=None)
    aiops_sdk.init_flask(app)

    def answer(**_: object) -> Any:
        driving.happen(case)
        return (case.says if case.says is not None else "", case.status)

    if case.refused:
        app.before_request(answer)
    if case.route is not None:
        app.add_url_rule(case.route, "view", answer, methods=[case.method], strict_slashes=True)
    return int(app.test_client().open(case.target, method=case.method).status_code)


def test_requests_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch):
    pytest.importorskip("flask")
    assert driving.not_silent(watch, by_flask) == []


def test_requests_that_must_be_reported_are_once(watch: Watch):
    pytest.importorskip("flask")
    assert driving.not_reported_once(watch, by_flask) == []


# Log lines.


def write(case: LineCase) -> None:
    """Log the line as it says, printing nothing."""
    logger, level = logging.getLogger(case.logger), getattr(logging, case.level)
    before = logger.handlers[:], logger.propagate, logger.level
    logger.handlers[:], logger.propagate = [logging.NullHandler()], False
    logger.setLevel(logging.DEBUG)
    try:
        if case.exc is None:
            logger.log(level, case.message)
            return
        try:
            failing.named(case.exc)()
        except BaseException as exc:
            if case.how == "as an argument":
                logger.log(level, case.message.replace("{exc}", "%s"), exc)
            else:
                logger.log(level, case.message, exc_info=case.how != "being handled")
    finally:
        logger.handlers[:], logger.propagate, level = before
        logger.setLevel(level)


def answering(case: LineCase) -> None:
    token = scope.begin(RequestScope("GET", "/orders"))
    try:
        write(case)
    finally:
        scope.end(token)


def test_lines_that_must_stay_silent_do_by_the_rule_that_says_why(watch: Watch):
    wrong = []
    for case in reading.lines("silent"):
        (answering if case.answering else write)(case)
        number, rules = watch.outcome()
        if number or rules != ([] if case.rule == "-" else [case.rule]):
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_lines_that_must_be_reported_are_once(watch: Watch):
    wrong = []
    for case in reading.lines("heard"):
        (answering if case.answering else write)(case)
        number, rules = watch.outcome()
        if number != 1:
            wrong.append((case.text, number, rules))
    assert wrong == []


def test_of_what_an_answer_says_all_is_read():
    for name in ("silent", "heard"):
        said = [case for case in reading.requests(name) if " says {" in case.text]
        assert len(said) > 2
        assert [case.text for case in said if json.dumps(case.says, ensure_ascii=False) not in case.text] == []
