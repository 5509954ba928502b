"""Values are what their fields say, and stay so."""

from __future__ import annotations

import copy
import pickle
from typing import Mapping, Tuple

import pytest

from aiops_sdk.frozen import Frozen, replace


class Place(Frozen):
    """A value with defaults."""

    file: str
    line: int = 1
    notes: Tuple[str, ...] = ()

    def above(self) -> Place:
        return replace(self, line=self.line - 1)


class Setting(Frozen):
    """A value with a field that is called as the argument of replace()."""

    value: str


class Access(Frozen, hidden=("key",)):
    """A value of which not everything may be printed."""

    key: str
    headers: Mapping[str, str] = {}


def test_a_value_is_made_by_position_or_by_name():
    assert Place("shop.py", 7) == Place(line=7, file="shop.py", notes=())
    assert (Place("shop.py").line, Place("shop.py").notes) == (1, ())


@pytest.mark.parametrize(
    ("given", "named"),
    [((), {}), (("a", 1, (), 4), {}), (("a",), {"file": "b"}), (("a",), {"colour": "red"})],
    ids=["missing", "too many", "twice", "unknown"],
)
def test_a_field_too_many_or_too_few_is_an_error(given: Tuple[object, ...], named: Mapping[str, object]):
    with pytest.raises(TypeError, match="Place has the fields file, line, notes"):
        Place(*given, **named)  # type: ignore[arg-type]  # that is the point


def test_a_value_cannot_be_changed():
    place = Place("shop.py")
    with pytest.raises(AttributeError, match="cannot be changed"):
        place.line = 2  # type: ignore[misc]  # that is the point
    with pytest.raises(AttributeError, match="cannot be changed"):
        del place.file


def test_values_with_the_same_fields_are_one_and_the_same():
    assert len({Place("a"), Place("a", 1), Place("b")}) == 2
    assert Place("a") != ("a", 1, ())
    assert Place("a") != Access("a")


def test_another_one_differs_only_where_it_should():
    assert Place("a", 7, ("n",)).above() == Place("a", 6, ("n",))


def test_a_field_may_be_called_value():
    assert replace(Setting("a"), value="b") == Setting("b")


def test_what_is_hidden_is_not_printed():
    assert repr(Place("a", 7)) == "Place(file='a', line=7, notes=())"
    assert repr(Access("s3cret")) == "Access(headers={})"


@pytest.mark.parametrize("through", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_value_survives_copying_and_pickling(through):
    assert through(Place("a", 7)) == Place("a", 7)
