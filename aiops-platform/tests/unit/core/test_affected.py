"""Whom an event touched, as hashes."""

import pytest
from made import an_event

from aiops_platform.core.affected import hashed, names_of


def names(project_id=1, **user):
    return names_of(an_event(user=user), project_id)


def test_who_somebody_is_says_the_id_then_the_address_then_the_name():
    assert names(id="7", email="ada@example.com", name="Ada") == tuple(
        hashed(name, 1) for name in ("7", "ada@example.com", "Ada")
    )
    assert names(email="ada@example.com", ip_address="::1") == (hashed("ada@example.com", 1),)


def test_an_address_on_the_network_counts_only_where_nothing_else_is_said():
    assert names(ip_address="::1") == (hashed("::1", 1),)


@pytest.mark.parametrize("user", [{}, {"id": ""}, {"id": " "}, {"id": "[hidden]"}, {"email": "[erased]"}])
def test_nobody_is_nobody(user):
    assert names(**user) == ()
    assert names_of(an_event(), 1) == ()


def test_a_hash_tells_nothing_across_projects_and_capital_letters_make_no_other():
    assert hashed("Ada", 1) == hashed(" ada ", 1) != hashed("ada", 2)
    assert len(hashed("ada" * 10_000, 1)) == 8
    assert hashed("\ud800", 1)
