"""Both sides hide the same secrets and leave the same harmless texts: `scrubbing.jsonl` says which."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing import Scrubber as OfThePlatform
from aiops_sdk.steps import Scrubber as OfTheSdk

TABLE = [json.loads(line) for line in (Path(__file__).parents[1] / "scrubbing.jsonl").read_text().splitlines()]
Case = dict[str, Any]


def by_the_sdk(case: Case) -> object:
    scrubber = OfTheSdk(names=case.get("names", ()), values=case.get("values", ()))
    return scrubber.text(case["text"]) if "text" in case else scrubber.value("", case["value"])


def by_the_platform(case: Case) -> object:
    scrubber = OfThePlatform(Rules(names=tuple(case.get("names", ())), values=tuple(case.get("values", ()))))
    return scrubber.text(case["text"]) if "text" in case else scrubber.value("", case["value"])


@pytest.mark.parametrize("side", [by_the_sdk, by_the_platform])
def test_the_table_is_what_both_sides_do(side: Callable[[Case], object]) -> None:
    wrong = []
    for case in TABLE:
        given = case.get("text", case.get("value"))
        told, expected = side(case), case.get("told", given)
        if told != expected:
            wrong.append((case["why"], given, told))
    assert wrong == []


def test_the_table_has_both_what_is_hidden_and_what_stays() -> None:
    hidden = [case for case in TABLE if "told" in case]
    assert all("[hidden]" in json.dumps(case["told"]) for case in hidden)
    assert (len(hidden) > 250, len(TABLE) - len(hidden) > 350) == (True, True)
    assert max(Counter(json.dumps(case, sort_keys=True) for case in TABLE).values()) == 1
