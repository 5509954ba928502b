"""The table of `bench/grouping`: events of real libraries, and which of them are one problem."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from made import read

from aiops_platform.core.grouping import key_for

TABLE = Path(__file__).parents[4] / "bench" / "grouping" / "table.jsonl"

# What the rule splits although it is one problem, and why it is left so: docs/reference/grouping.md.
SPLIT = {
    # Old clients name no logger: their log lines are incidents of their own.
    ("logging: a template filled with numbers, as both clients see it", "one"),
    ("logging: a template filled with numbers, as both clients see it", "two"),
    ("logging: messages put together before", "one"),
    ("logging: an exception behind the line", "one"),
    ("logging: an exception behind the line", "two"),
    ("logging: paths in a message put together before", "one"),
    ("logging: lists in a message put together before", "one"),
    ("logging: what stands in extra does not matter", "one"),
    # Words that are data, and that nothing shows to be data.
    ("An error wrapped with its cause hidden", "one"),
    ("One problem told in the language of the user", "one"),
    ("attrs: validators", "one"),
    ("requests: addresses that are none", "one"),
}


@pytest.fixture(scope="module")
def keys():
    """The keys of each problem."""
    found = defaultdict(set)
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        found[told["case"], told["problem"]].add(key_for(read(told["body"])).hash)
    return dict(found)


def test_there_are_many_cases(keys):
    assert len({case for case, _ in keys}) >= 150


def test_what_is_one_problem_is_one_incident(keys):
    assert {problem for problem, its in keys.items() if len(its) > 1} == SPLIT


def test_what_are_two_problems_are_two_incidents(keys):
    owners = defaultdict(set)
    for (case, problem), its in keys.items():
        for key in its:
            owners[case, key].add(problem)
    assert not {key: problems for key, problems in owners.items() if len(problems) > 1}
