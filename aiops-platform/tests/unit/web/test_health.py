"""How the platform is, in words."""

from aiops_platform.web import health


def said(**numbers):
    return {sign.name: (sign.value, sign.is_bad) for sign in health.in_short(numbers)}


def test_without_numbers_nothing_is_said():
    assert said() == {}


def test_a_platform_that_keeps_up_is_behind_by_nothing():
    assert said(intake_depth=0, intake_oldest_seconds=0, worker_running=1)["intake_oldest_seconds"] == (
        "nothing",
        False,
    )


def test_what_waits_for_long_is_told_as_bad():
    assert said(intake_depth=7, intake_oldest_seconds=190)["intake_oldest_seconds"] == ("3 min", True)


def test_a_worker_that_does_not_run_comes_first():
    assert next(iter(said(worker_running=0))) == "worker_running"


def test_refusals_are_told_together_and_one_by_one():
    numbers = {"refused_key": 3, "refused_quota": 4}
    assert said(**numbers)["refused"] == ("7", False)
    assert [each.name for each in health.in_full(numbers)] == ["refused_key", "refused_quota"]


def test_every_sign_leads_to_its_number_with_a_meaning():
    numbers = {
        "accepted": 5,
        "intake_depth": 1,
        "intake_oldest_seconds": 2.5,
        "stored_events": 9,
        "store_bytes": 10**9,
        "buried": 1,
    }
    names = {each.name for each in health.in_full(numbers)}
    assert {sign.name for sign in health.in_short(numbers)} - {"refused"} <= names
    assert all(each.meaning for each in health.in_full(numbers))
