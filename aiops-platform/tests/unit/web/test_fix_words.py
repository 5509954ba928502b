"""Fixes in words: a field of the event is told from a text, and what a form shows means the same when it is sent."""

import pytest

from aiops_platform.core.fixing import policy
from aiops_platform.web import fix_words


def test_a_field_of_the_event_looks_other_than_the_text_that_says_it() -> None:
    given = {"field": {"from": "tag.k"}, "text": "=tag.k", "plain": "a = b", "many": 3, "deep": True}
    assert dict(fix_words.params(given)) == {
        "field": "tag.k of the newest event",
        "text": '"=tag.k"',
        "plain": "a = b",
        "many": "3",
        "deep": "true",
    }


@pytest.mark.parametrize("value", [{"from": "tag.k"}, "=tag.k", "==", "a = b", "plain", 3, 0.5, True])
def test_what_the_form_shows_of_a_parameter_is_read_as_the_same(value: object) -> None:
    ((name, text),) = fix_words.params_written({"entry": value})
    said = {"name": "It", "match": "service:shop", "fixer": "drop", f"param.{name}": text}
    assert policy.read(said | {"mode": "ask"}).params == {"entry": value}
