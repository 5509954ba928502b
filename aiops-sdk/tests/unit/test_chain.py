"""Which exceptions belong together."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import pytest
from events import ExceptionGroup
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk import chain


def linked(
    cause: Optional[BaseException] = None, context: Optional[BaseException] = None, hide: bool = False
) -> Exception:
    error = ValueError("it broke")
    error.__context__ = context
    if cause is not None or hide:
        error.__cause__ = cause
    return error


def told(exc: BaseException) -> List[Tuple[int, Any, Any]]:
    return [(id(entry.exc), entry.parent, entry.relation) for entry in chain.tree(exc)]


def test_a_lone_exception_is_alone():
    error = linked()
    assert told(error) == [(id(error), None, None)]


def test_behind_one_that_was_made_for_another_is_that_one():
    original, made = linked(), linked()
    made.original_exception = original  # type: ignore[attr-defined]  # as Werkzeug has it
    assert chain.behind(made) is original
    assert chain.behind(original) is original


@pytest.mark.parametrize("original", [None, "a text", ValueError])
def test_behind_one_that_keeps_something_else_is_itself(original: object):
    made = linked()
    made.original_exception = original  # type: ignore[attr-defined]  # as Werkzeug has it
    assert chain.behind(made) is made


def test_behind_one_that_was_raised_is_itself():
    raised = linked()
    raised.original_exception = linked()  # type: ignore[attr-defined]  # as Werkzeug has it
    with pytest.raises(ValueError, match="it broke"):
        raise raised
    assert chain.behind(raised) is raised


def test_a_cause_comes_before_a_context():
    cause, context = linked(), linked()
    error = linked(cause=cause, context=context)
    assert told(error)[1:] == [(id(cause), 0, "cause")]


def test_without_a_cause_the_context_is_told():
    context = linked()
    assert told(linked(context=context))[1:] == [(id(context), 0, "context")]


def test_a_hidden_context_is_not_told_but_is_an_ancestor():
    context = linked()
    error = linked(context=context, hide=True)
    assert told(error)[1:] == []
    assert list(chain.ancestors(error)) == [context]


def test_a_cycle_ends():
    first, second = linked(), linked()
    first.__context__, second.__context__ = second, first
    assert len(told(first)) == 2
    assert list(chain.ancestors(first)) == [second]


def test_a_very_long_chain_is_cut():
    error = linked()
    for _ in range(1000):
        error = linked(cause=error)
    assert len(chain.tree(error)) == 50
    assert len(list(chain.ancestors(error))) <= 50


def test_links_are_found_although_a_class_hides_them():
    class Liar(Exception):
        __cause__ = __context__ = __traceback__ = __dict__ = property(lambda self: 1 / 0)  # type: ignore[assignment]

    context = linked()
    try:
        try:
            raise context
        except ValueError:
            raise Liar  # noqa: B904 - the context is what this is about
    except Liar as caught:
        error = caught
    assert list(chain.ancestors(error)) == [context]
    assert chain.traceback_of(error) is not None
    assert chain.attributes_of(error) == {}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=30))
def test_every_tree_ends_has_each_once_and_parents_first(links: List[Tuple[int, int, bool]]):
    errors = [ValueError(number) for number in range(10)]
    for newer, older, explicit in links:
        if explicit:
            errors[newer].__cause__ = errors[older]
        else:
            errors[newer].__context__ = errors[older]
    entries = told(errors[0])
    assert len({one[0] for one in entries}) == len(entries) <= 10
    assert all(parent < index for index, (_, parent, _) in enumerate(entries) if parent is not None)


class TestGroups:
    def test_members_are_told(self):
        a, b = ValueError("a"), KeyError("b")
        group = ExceptionGroup("both", [a, b])
        assert told(group)[1:] == [(id(a), 0, "member"), (id(b), 0, "member")]

    def test_the_leaves_of_nested_groups_are_found(self):
        a, b, c = ValueError("a"), KeyError("b"), OSError("c")
        group = ExceptionGroup("all", [a, ExceptionGroup("two", [b, c])])
        assert set(map(id, chain.leaves_of(group))) == {id(a), id(b), id(c)}

    def test_of_a_huge_group_no_leaves_are_told(self):
        assert chain.leaves_of(ExceptionGroup("huge", [ValueError(n) for n in range(100)])) == ()


def test_no_group_has_no_leaves():
    assert chain.leaves_of(ValueError()) == chain.members_of(ValueError()) == ()
