"""One person's data out of an event."""

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


def test_what_can_be_looked_for_in_the_bytes_is_what_json_writes_as_it_is():
    assert mention("Ada@example.com") == b"ada@example.com"
    assert mention('say "7"') is None
    assert mention("Łukasz") is None
