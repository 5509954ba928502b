"""A schedule that is suggested by runs: the period that they keep, room for their delays, and nothing where they keep none."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW

from aiops_platform.core.job_guess import FEWEST_RUNS, guessed

DAY = 86_400


def starts(every: float, many: int = 20, jitter: float = 0.0, seed: int = 1, without: tuple[int, ...] = ()):
    chance = random.Random(seed)
    times = [NOW + timedelta(seconds=every * number + chance.uniform(0, jitter)) for number in range(many)]
    return [at for number, at in enumerate(times) if number not in without]


@pytest.mark.parametrize(
    ("every", "jitter", "said", "grace"),
    [
        (60, 2, 60, 60),
        (300, 20, 300, 75),
        (3600, 90, 3600, 900),
        (DAY, 600, DAY, 3600),
        (7 * DAY, 3600, 7 * DAY, 3600),
        (2520, 1, 2520, 660),
        (45, 0, 45, 60),
    ],
)
def test_what_runs_regularly_suggests_its_period_and_a_grace(every, jitter, said, grace):
    guess = guessed(starts(every, jitter=jitter))
    assert guess is not None
    assert guess.every == timedelta(seconds=said)
    assert timedelta(seconds=grace) <= guess.grace <= timedelta(seconds=max(2 * grace, 3 * jitter))


def test_a_start_that_did_not_come_makes_no_other_period_and_no_longer_grace():
    whole, missing = guessed(starts(3600)), guessed(starts(3600, without=(5, 11)))
    assert missing is not None
    assert (missing.every, missing.grace) == (whole.every, whole.grace)


def test_a_nightly_job_by_a_clock_that_is_changed_runs_every_day():
    nights = [NOW + timedelta(days=number, hours=1 if number > 6 else 0) for number in range(14)]
    assert guessed(nights).every == timedelta(days=1)


def test_too_few_runs_and_runs_that_come_as_they_like_suggest_nothing():
    assert guessed(starts(3600, many=FEWEST_RUNS - 1)) is None
    assert guessed([NOW] * 50) is None
    chance = random.Random(3)
    assert guessed([NOW + timedelta(seconds=chance.expovariate(1 / 3600) * 20) for _ in range(40)]) is None
    assert guessed(starts(2, many=40)) is None, "Nobody watches what runs every other second."


@given(
    every=st.integers(20, 30 * DAY),
    jitter=st.floats(0, 0.1),
    many=st.integers(FEWEST_RUNS, 60),
    seed=st.integers(0, 99),
)
@settings(max_examples=200)
def test_what_is_suggested_would_have_missed_none_of_the_runs_that_suggested_it(every, jitter, many, seed):
    times = starts(every, many=many, jitter=jitter * every, seed=seed)
    guess = guessed(times)
    assert guess is not None
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap <= guess.every + guess.grace for gap in gaps)
