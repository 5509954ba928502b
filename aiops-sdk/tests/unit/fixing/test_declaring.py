"""What can be a fixer, and what its parameters may be."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

import pytest

from aiops_sdk.fixing import declaring
from aiops_sdk.fixing.declaring import Fixer, Registry
from aiops_sdk.fixing.signing import RefusedError


def declared(function: Callable[..., object], name: Any = "mend", **options: Any) -> Fixer:
    usual: Dict[str, Any] = {"description": None, "params": None, "each_instance": False, "timeout": 60.0}
    return declaring.declared(name, function, **{**usual, **options})


def flush(region: str, older_than: float = 1.5, dry: bool = False, most: int = 3) -> None:
    """Forget every cached
    price.

    Nothing else.
    """


def test_what_the_platform_is_told_of_it():
    assert declared(flush).told() == {
        "name": "mend",
        "description": "Forget every cached price.",
        "params": {
            "region": {"type": "string", "required": True},
            "older_than": {"type": "number", "required": False},
            "dry": {"type": "boolean", "required": False},
            "most": {"type": "integer", "required": False},
        },
        "each_instance": False,
        "timeout": 60.0,
    }


def test_params_say_what_annotations_do_not():
    def clear(what, where):
        return what, where

    said = {"what": {"type": "string", "description": "Which cache.", "choices": ["prices", "stock"]}, "where": int}
    told = declared(clear, params=said, description="Clear.", each_instance=True, timeout=5).told()
    assert told["params"] == {
        "what": {"type": "string", "required": True, "description": "Which cache.", "choices": ["prices", "stock"]},
        "where": {"type": "integer", "required": True},
    }
    assert (told["each_instance"], told["timeout"], told["description"]) == (True, 5.0, "Clear.")


def test_a_literal_of_texts_is_a_choice():
    typing = pytest.importorskip("typing")

    def clear(what) -> None: ...

    clear.__annotations__["what"] = typing.Literal["prices", "stock"]
    assert declared(clear).told()["params"] == {
        "what": {"type": "string", "required": True, "choices": ["prices", "stock"]}
    }


@pytest.mark.parametrize(
    "given",
    [
        {"region": "eu"},
        {"region": "", "older_than": 2, "dry": True, "most": -(2**62)},
        {"region": "x" * 4_096, "older_than": 0.5},
    ],
)
def test_parameters_of_the_right_types_fit(given: Dict[str, object]):
    declared(flush).check(given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"region": 7},
        {"region": None},
        {"region": "eu", "zone": "1"},
        {"region": "eu", "dry": 1},
        {"region": "eu", "dry": "true"},
        {"region": "eu", "most": True},
        {"region": "eu", "most": 1.0},
        {"region": "eu", "most": "1"},
        {"region": "eu", "most": 2**63},
        {"region": "eu", "older_than": float("inf")},
        {"region": "eu", "older_than": float("nan")},
        {"region": "eu", "older_than": False},
        {"region": "x" * 4_097},
        {"region": ["eu"]},
        {"region": {"$ne": ""}},
    ],
)
def test_others_are_refused(given: Dict[str, object]):
    with pytest.raises(RefusedError) as refused:
        declared(flush).check(given)
    assert refused.value.reason == "params"


def test_a_text_that_is_no_choice_is_refused():
    def clear(what):
        return what

    fixer = declared(clear, params={"what": {"type": str, "choices": ["prices"]}})
    fixer.check({"what": "prices"})
    with pytest.raises(RefusedError):
        fixer.check({"what": "orders"})


def unclear(what) -> None: ...


def many(*what: str) -> None: ...


def all_named(**what: str) -> None: ...


def perhaps(what: Optional[str] = None) -> None: ...


@pytest.mark.parametrize("function", [unclear, many, all_named, perhaps])
def test_a_function_whose_parameters_nobody_can_check_is_no_fixer(function: Callable[..., object]):
    with pytest.raises(TypeError, match="fixer 'mend'"):
        declared(function)


def test_params_for_what_the_function_does_not_take_are_a_mistake():
    with pytest.raises(TypeError, match="no parameter 'zone'"):
        declared(flush, params={"zone": str})


@pytest.mark.parametrize("option", ["choice", "required", 7])
def test_an_option_that_a_parameter_has_not_is_a_mistake(option: object):
    with pytest.raises(TypeError, match=f"'region' of the fixer 'mend' has no option '{option}'"):
        declared(flush, params={"region": {"type": str, option: ["eu"]}})


@pytest.mark.parametrize("name", ["", "Mend", "a b", "../x", ".x", "x" * 101, 7, flush])
def test_a_name_is_plain(name: object):
    with pytest.raises(TypeError, match="fixer's name"):
        declared(flush, name)


@pytest.mark.parametrize("seconds", [0, -1, 3_601, "5", None, True])
def test_a_timeout_is_seconds(seconds: object):
    with pytest.raises(TypeError, match="timeout"):
        declared(flush, timeout=seconds)


def test_the_newest_of_a_name_counts():
    registry, older, newer = Registry(), declared(flush), declared(flush, timeout=5)
    registry.add(older)
    registry.add(newer)
    assert registry.find("mend") is newer
    assert registry.all() == [newer]
    assert registry.find("other") is None
    assert registry.version == 2


def test_another_function_of_the_same_name_is_told_of_and_one_that_is_loaded_anew_is_not(
    caplog: pytest.LogCaptureFixture,
):
    def mend(region: str) -> None: ...

    registry = Registry()
    for function in (flush, flush):
        registry.add(declared(function))
    assert caplog.messages == []
    registry.add(declared(mend))
    (line,) = caplog.messages
    assert line.startswith("The fixer 'mend' was registered twice: ")
    assert f"<locals>.mend is asked for from now on, and no more {__name__}.flush." in line
    caplog.clear()
    registry.add(declared(mend))
    assert caplog.messages == []
