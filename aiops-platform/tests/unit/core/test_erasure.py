"""One person's data out of an event."""

import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.erasure import ERASED, erased, mention, without

EVENT = {
    "signal_type": "exception",
    "service": "shop",
    "event_id": "6f1c1b0e-0000-4000-8000-000000000000",
    "error_type": "LookupError",
    "message": "no order of ada@example.com",
    "user": {"id": "7", "email": "Ada@example.com", "name": "Ada Lovelace"},
    "request": {"method": "POST", "url": "http://shop/orders?mail=x", "body": "card 4111", "headers": {"Cookie": "a"}},
    "breadcrumbs": [{"message": "signed in"}],
    "exceptions": [
        {"type": "LookupError", "value": "Ada Lovelace", "frames": [{"line": 7, "locals": {"card": "4111"}}]}
    ],
}


@pytest.mark.parametrize("identity", ["7", "ada@example.com", "ADA LOVELACE"])
def test_an_event_of_theirs_keeps_what_failed_and_loses_what_is_theirs(identity):
    assert erased(EVENT, identity) == {
        "signal_type": "exception",
        "service": "shop",
        "event_id": EVENT["event_id"],
        "error_type": "LookupError",
        "message": f"no order of {ERASED}",
        "request": {"method": "POST", "url": "http://shop/orders"},
        "exceptions": [{"type": "LookupError", "value": ERASED, "frames": [{"line": 7}]}],
    }


def test_an_event_of_others_that_names_them_loses_the_name_alone():
    other = {"user": {"id": "8"}, "message": "shared with Ada@Example.com.", "tags": {"to": "ada@example.com"}}
    told = {"user": {"id": "8"}, "message": f"shared with {ERASED}.", "tags": {"to": ERASED}}
    assert erased(other, "ada@example.com") == told


@pytest.mark.parametrize("identity", ["7", "lovelac", "nobody@example.com"])
def test_an_event_of_others_is_not_touched(identity):
    assert erased({"message": "7 lovelace7 orders", "user": {"id": "77"}}, identity) is None


def test_an_incident_may_name_them_too():
    assert without("no order of ada@example.com", "ada@example.com") == f"no order of {ERASED}"
    assert without("7 orders", "7") == "7 orders"


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=20)), st.text(min_size=1, max_size=12))
def test_erasing_twice_is_as_erasing_once(user, identity):
    body = {"user": user, "message": f"of {identity}"}
    once = erased(body, identity)
    assert once is None or erased(once, identity) is None


def test_what_must_be_in_the_bytes_is_the_longest_part_that_is_written_alike_everywhere():
    assert mention("Ada@example.com") == b"example.com"
    assert mention("Łukasz") == b"ukasz"
    assert mention("Müßig") is None
    assert mention("7") is None


@pytest.mark.parametrize(
    "text",
    [
        "no order of Ängström.Ünal",
        "no order of ÄNGSTRÖM.ÜNAL!",
        "/users/%C3%84ngstr%c3%b6m.%C3%9Cnal/orders",
        "?q=%22%C3%84ngstr%C3%B6m.%C3%9Cnal%22",
        '{"name": "\\u00c4ngstr\\u00f6m.\\u00dcnal"}',
        unicodedata.normalize("NFD", "no order of Ängström.Ünal"),
    ],
)
def test_a_name_is_found_however_it_is_written(text):
    left = without(text, "Ängström.Ünal")
    assert ERASED in left
    assert "nal" not in left.lower()
    assert "ngstr" not in left.lower()


def test_a_name_is_found_in_the_names_of_tags_and_contexts_and_nothing_is_lost():
    body = {"tags": {"ada@example.com": "x"}, "contexts": {"extra": {"ADA@example.com": {"v": 1}, "w": 2}}}
    assert erased(body, "ada@example.com") == {"tags": {ERASED: "x"}, "contexts": {"extra": {ERASED: {"v": 1}, "w": 2}}}


def test_a_person_who_is_called_like_a_field_takes_no_field_away():
    body = {"user": {"name": "source"}, "exceptions": [{"frames": [{"source": {"line": "the source"}}]}]}
    assert erased(body, "Source") == {"exceptions": [{"frames": [{"source": {"line": f"the {ERASED}"}}]}]}


@pytest.mark.parametrize("name", ["erased", "[erased]"])
def test_who_is_called_erased_is_erased_once(name):
    body = {"user": {"name": name}, "message": "was [erased] by erased"}
    assert erased(erased(body, name) or {}, name) is None


@given(st.text(min_size=6, max_size=12), st.sampled_from(["upper", "lower", "casefold", "title"]))
def test_whatever_is_erased_is_not_passed_over_by_the_quick_look(identity, case):
    body = {"message": f"of ({getattr(identity, case)()})"}
    wanted = mention(identity)
    assert erased(body, identity) is None or wanted is None or wanted in msgspec.json.encode(body).lower()
