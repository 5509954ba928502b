import pytest
from argon2 import extract_parameters

from aiops_platform.storage.passwords import LANES, MEMORY_KIB, ROUNDS, Passwords


@pytest.fixture(scope="module")
def quick():
    return Passwords(memory_kib=8, rounds=1)


def test_what_is_kept_matches_its_password_and_no_other(quick):
    kept = quick.hash("blue horse lamp")
    assert quick.matches(kept, "blue horse lamp")
    assert not quick.matches(kept, "blue horse lamp ")
    assert kept != quick.hash("blue horse lamp")


def test_where_nothing_is_kept_nothing_matches_and_as_much_is_done(quick):
    assert not quick.matches(None, "nobody")
    assert extract_parameters(quick._made_for_nobody()) == extract_parameters(quick.hash("somebody"))


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$", "$2b$12$abcdefghijklmnopqrstuv"])
def test_what_nobody_can_read_matches_nothing(quick, kept):
    assert not quick.matches(kept, "plain")


def test_the_parameters_are_those_that_were_chosen_and_stand_in_the_hash(quick):
    passwords = Passwords()
    made = extract_parameters(passwords.hash("blue horse lamp"))
    assert (made.memory_cost, made.time_cost, made.parallelism) == (MEMORY_KIB, ROUNDS, LANES) == (19_456, 2, 1)
    assert passwords.is_old(quick.hash("blue horse lamp"))
    assert not passwords.is_old(passwords.hash("blue horse lamp"))
