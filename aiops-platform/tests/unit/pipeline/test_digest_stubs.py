"""A stub that outlived its process joins the failure that was told in full, and the other way round."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from made import a_body, a_parcel
from workshop import Workshop

from aiops_platform.storage import schema
from aiops_platform.storage.reads import SqlReads


@pytest.fixture
def shop() -> Iterator[Workshop]:
    workshop = Workshop()
    yield workshop
    workshop.close()


def a_frame(function: str, *, in_app: bool = True) -> dict[str, Any]:
    return {"file": "/srv/shop/orders.py", "function": function, "line": 7, "in_app": in_app}


def raised(*functions: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    """A failure with its stack, the innermost call last."""
    message = f"order {number} was not taken"
    told = {"type": "OrderFailed", "value": message, "frames": [a_frame(each) for each in functions]}
    return a_body(error_type="OrderFailed", message=message, exceptions=[told], **fields)


def rescued(function: str, *, cut: bool = False, **fields: Any) -> dict[str, Any]:
    """What its journal has kept of such a failure."""
    return raised(function, contexts={"delivery": {"rescued": True, "message_cut": cut}}, **fields)


def digest(shop: Workshop, *bodies: dict[str, Any]) -> list[int]:
    """The bodies in one transaction; how many events each incident has."""
    start = 1 + shop.count(schema.events)
    shop.receive(*(a_parcel(start + number, body) for number, body in enumerate(bodies)))
    shop.digest_all()
    return list(shop.rows(schema.incidents, "count"))


FULL, STUB = raised("view", "take", "reserve", number=1), rescued("reserve", number=22)


@pytest.mark.parametrize("bodies", list(permutations([FULL, STUB, STUB, FULL], 4)))
def test_a_stub_and_its_failure_are_one_incident_in_whatever_order_they_come(shop, bodies):
    for body in bodies:
        counts = digest(shop, body)
    assert counts == [4]


@pytest.mark.parametrize("bodies", list(permutations([FULL, STUB, STUB], 3)))
def test_the_same_within_one_transaction(shop, bodies):
    assert digest(shop, *bodies) == [3]


def test_stacks_that_differ_stay_two_incidents_also_when_a_stub_has_come_first(shop):
    other = raised("job", "take", "reserve")
    assert digest(shop, STUB) == [1]
    assert digest(shop, FULL) == [2]
    assert digest(shop, other) == [2, 1]
    assert digest(shop, STUB, FULL, other) == [4, 2]


def test_what_was_told_in_full_by_one_frame_is_not_adopted_by_another_stack(shop):
    assert digest(shop, raised("reserve")) == [1]
    assert digest(shop, FULL) == [1, 1]
    assert digest(shop, STUB) == [2, 1]


@pytest.mark.parametrize(
    "stub",
    [
        rescued("charge"),
        rescued("reserve", service="till"),
        rescued("reserve", environment="staging"),
        rescued("reserve") | {"message": "the card was declined"},
        rescued("reserve") | {"error_type": "KeyError"},
        rescued("reserve", cut=True),
        rescued("reserve") | {"fingerprint": ["mine"]},
    ],
    ids=[
        "another place",
        "another service",
        "elsewhere",
        "another message",
        "another type",
        "a cut message",
        "fingerprint",
    ],
)
def test_a_stub_that_may_be_of_something_else_stays_apart(shop, stub):
    assert digest(shop, FULL, stub) == [1, 1]


def test_a_stub_that_has_joined_leads_no_other_stack_there(shop):
    assert digest(shop, FULL, STUB) == [2]
    assert digest(shop, raised("reserve")) == [2, 1]


def test_what_says_so_in_a_wrong_type_is_no_stub(shop):
    body = raised("reserve", contexts={"delivery": {"rescued": "yes"}})
    assert digest(shop, FULL, body) == [1, 1]


def test_a_recursion_s_innermost_call_is_the_one_that_counts(shop):
    assert digest(shop, raised("walk", "visit", "walk"), rescued("walk")) == [2]


def test_the_reasons_that_people_are_given_leave_the_short_ones_out(shop):
    digest(shop, FULL, STUB)
    reads = SqlReads(shop.database)
    detail = reads.incident(1, 1, shop.rows(schema.incidents, "last_seen_at")[0])
    assert detail is not None
    assert [reason.parts["kind"] for reason in detail.grouping] == ["exception"]
