"""Who sends a value that is not taken is told which are, by the name of the field."""

from enum import StrEnum
from typing import Any, Literal

import msgspec
import pytest

from aiops_platform.api import allowed


class Color(StrEnum):
    """Some values, in their order."""

    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct):
    """Within another one."""

    color: Color | None = None
    days: tuple[Literal["monday", "sunday"], ...] = ()
    number: int = 0


class Body(msgspec.Struct):
    """What is sent."""

    inner: Inner | None = None
    many: dict[str, Color] = {}


TAKEN: dict[str, Any] = {"data": Body, "state": Color | None}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("state", ("red", "blue")),
        ("inner.color", ("red", "blue")),
        ("inner.days[0]", ("monday", "sunday")),
        ("many[...]", ("red", "blue")),
        ("inner.number", ()),
        ("inner.nothing.more", ()),
        ("", ()),
    ],
)
def test_what_a_field_takes_is_found_by_its_name(name: str, values: tuple[str, ...]) -> None:
    assert allowed.allowed(name, TAKEN) == values


@pytest.mark.parametrize(
    ("name", "message", "told"),
    [
        ("state", "Invalid enum value 'x'", ("state", "'x' is none of red, blue")),
        ("state", f"Invalid enum value '{'x' * 500}'", ("state", f"'{'x' * 59}… is none of red, blue")),
        ("data", "Object missing required field `when`", ("when", "Object missing required field `when`")),
        ("inner", "Object contains unknown field `x`", ("inner.x", "Object contains unknown field `x`")),
        ("inner.number", "Expected `int`, got `str`", ("inner.number", "Expected `int`, got `str`")),
        ("elsewhere", "Invalid enum value 'x'", ("elsewhere", "Invalid enum value 'x'")),
    ],
)
def test_an_error_says_the_field_and_what_would_be_right(name: str, message: str, told: tuple[str, str]) -> None:
    assert tuple(allowed.told(name, message, TAKEN).values()) == told
