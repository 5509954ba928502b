"""Which of two releases is the older one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, after

from aiops_platform.core.releases import is_older, newest


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.2.3", "1.10.0"),
        ("1.2.3-rc.1", "1.2.3"),
        ("1.2.3-alpha", "1.2.3-alpha.1"),
        ("1.2.3-alpha.9", "1.2.3-alpha.10"),
        ("1.2.3-9", "1.2.3-alpha"),
        ("v1.9.0", "v1.10.0"),
        ("v1.9.0", "1.10.0"),
        ("shop@1.9.0", "shop@1.10.0"),
        ("release-2.0", "release-10.0"),
        ("my-app2@1.2", "my-app2@1.3"),
        ("2026.11.3", "2026.11.20"),
        ("2026.09.30", "2026.10.01"),
        ("41", "100"),
        ("1.0.dev3", "1.0a1"),
        ("1.0a1.dev1", "1.0a1"),
        ("1.0a2", "1.0b1"),
        ("1.0b9", "1.0rc1"),
        ("1.0c1", "1.0rc2"),
        ("1.0rc1", "1.0"),
        ("1.0", "1.0.post1"),
        ("1.0.post1.dev2", "1.0.post1"),
        ("1.0.post1", "1.1"),
        ("9.9", "1!0.1"),
        ("1.9", "1.10.0"),
    ],
)
def test_versions_are_ordered_by_their_numbers_whatever_was_seen_first(older, newer):
    first_seen = {older: after(days=1), newer: NOW}
    assert is_older(older, newer, first_seen)
    assert not is_older(newer, older, first_seen)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("4f3a2b1", "9c8d7e6"),
        ("1234567", "7654321"),
        ("12a34567", "11a34567"),
        ("main", "hotfix"),
        ("1.2.3", "nightly"),
        ("shop@9.9.9", "till@1.0.0"),
        ("2026-11-22T10:00", "2026-11-21T10:00"),
        ("1.2.3", "1.2.3.4.x"),
    ],
)
def test_what_is_no_version_is_ordered_by_when_it_was_first_seen(one, other):
    assert is_older(one, other, {one: NOW, other: after(seconds=1)})
    assert not is_older(one, other, {one: after(seconds=1), other: NOW})
    assert not is_older(one, other, {one: NOW}), "Nobody knows: then none is older."


@pytest.mark.parametrize(
    ("one", "same"), [("1.0", "1.0.0"), ("1.0", "1.0"), ("1.2.3+g4f3a", "1.2.3+g9c8d"), ("2026.01.02", "2026.1.2")]
)
def test_of_the_same_neither_is_older(one, same):
    assert not is_older(one, same, {one: NOW, same: after(days=1)})
    assert not is_older(same, one, {one: NOW, same: after(days=1)})


def test_the_newest_is_the_highest_version_or_else_the_last_that_was_seen():
    assert newest({}) is None
    assert newest({"1.1": NOW, "1.10": after(days=1), "1.9": after(days=2)}) == "1.10"
    assert newest({"b": NOW, "a": after(days=1)}) == "a"


@given(st.text(max_size=200), st.text(max_size=200))
def test_of_two_texts_at_most_one_is_older(one, other):
    assert not (is_older(one, other, {}) and is_older(other, one, {}))


@pytest.mark.parametrize("text", ["a_" * 100, "1." * 100, "1.0.0-" + "a-" * 97, "v" + "9" * 199, "0.0.0-" + "0" * 190])
def test_odd_texts_are_compared_at_once(text):
    assert not is_older(text, text[:-1] + "!", {})
