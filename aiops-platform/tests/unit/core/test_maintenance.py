"""Windows of maintenance: when they hold, across midnight and changed clocks, and what cannot be one."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core import maintenance
from aiops_platform.core.maintenance import MaintenanceError, Weekly, Window, weekly_from
from aiops_platform.core.zones import ZoneError

NOW = datetime(2026, 3, 24, 12, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)


def a_window(**fields: object) -> Window:
    known: dict[str, object] = {
        "id": 1,
        "project_id": 1,
        "name": "backup",
        "since": NOW,
        "until": NOW + HOUR,
        "made_by": "Ana",
        "made_at": NOW,
    }
    return Window(**known | fields)  # type: ignore[arg-type]


def weekly(days: tuple[int, ...], at: str, lasts: timedelta, zone: str = "UTC", **fields: object) -> Window:
    plan = Weekly(days, time.fromisoformat(at), lasts, zone)
    return a_window(**{"since": NOW - timedelta(days=60), "until": None, "weekly": plan} | fields)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def holds(window: Window, now: datetime, service: str = "shop", environment: str = "production") -> bool:
    return maintenance.held([window], service, environment, now) is not None


@pytest.mark.parametrize(
    ("now", "is_held"),
    [(NOW - timedelta(seconds=1), False), (NOW, True), (NOW + HOUR / 2, True), (NOW + HOUR, False)],
)
def test_a_window_holds_from_its_beginning_to_just_before_its_end(now: datetime, is_held: bool) -> None:
    assert holds(a_window(), now) is is_held


def test_a_window_holds_for_the_services_and_environments_that_it_names_and_for_all_where_it_names_none() -> None:
    assert holds(a_window(), NOW, "anything", "anywhere")
    named = a_window(services=("shop", "search"), environments=("staging",))
    assert holds(named, NOW, "search", "staging")
    assert not holds(named, NOW, "search", "production")
    assert not holds(named, NOW, "billing", "staging")


def test_of_several_windows_the_one_that_holds_longest_is_told() -> None:
    short, long = a_window(id=1), a_window(id=2, until=NOW + 3 * HOUR)
    assert maintenance.held([short, long], "shop", "production", NOW) == long
    assert maintenance.held([long, short], "shop", "production", NOW) == long


def test_a_weekly_window_comes_on_its_days_and_across_midnight() -> None:
    nights = weekly((0, 2), "23:30", 2 * HOUR)
    assert holds(nights, at("2026-03-24 00:30"))  # it began on Monday
    assert not holds(nights, at("2026-03-24 01:30"))
    assert not holds(nights, at("2026-03-25 00:30"))
    assert holds(nights, at("2026-03-25 23:30"))
    assert nights.next_at(NOW) == at("2026-03-25 23:30")
    assert nights.holds_until(at("2026-03-26 00:00")) == at("2026-03-26 01:30")


def test_a_weekly_window_lies_at_the_same_time_of_its_zone_in_summer_and_winter() -> None:
    berlin = weekly((5,), "04:00", HOUR, "Europe/Berlin")
    assert berlin.next_at(at("2026-03-20 00:00")) == at("2026-03-21 03:00")
    assert berlin.next_at(at("2026-04-01 00:00")) == at("2026-04-04 02:00")


def test_a_time_that_the_clocks_skip_comes_as_much_later_and_one_that_they_show_twice_holds_the_first_time() -> None:
    at_half_past_two = weekly((6,), "02:30", HOUR, "Europe/Berlin", since=at("2025-01-01 00:00"))
    spring, autumn = at("2026-03-29 00:00"), at("2026-10-25 00:00")
    assert at_half_past_two.spans(spring, spring + 5 * HOUR) == ((at("2026-03-29 01:30"), at("2026-03-29 02:30")),)
    assert at_half_past_two.spans(autumn, autumn + 5 * HOUR) == ((at("2026-10-25 00:30"), at("2026-10-25 01:30")),)


def test_a_weekly_window_holds_only_between_its_first_and_its_last_day() -> None:
    some = weekly((1,), "12:00", HOUR, since=NOW, until=NOW + timedelta(days=7))
    assert not holds(some, NOW - timedelta(days=7))
    assert holds(some, NOW)
    assert not holds(some, NOW + timedelta(days=7))
    assert some.next_at(NOW) is None


def test_a_window_that_is_ended_holds_no_longer_and_one_that_had_not_begun_never_does() -> None:
    ended = a_window().ended(NOW + HOUR / 2)
    assert holds(ended, NOW + HOUR / 4)
    assert not holds(ended, NOW + HOUR / 2)
    assert ended.ended(NOW + 2 * HOUR).until == NOW + HOUR / 2
    early = a_window().ended(NOW - HOUR)
    assert early.spans(NOW - 2 * HOUR, NOW + 2 * HOUR) == ()
    assert weekly((1,), "11:30", HOUR).ended(NOW).is_over(NOW)


def test_windows_that_touch_are_one_stretch() -> None:
    windows = [a_window(), a_window(since=NOW + HOUR, until=NOW + 2 * HOUR), a_window(services=("other",))]
    windows.append(a_window(since=NOW + 3 * HOUR, until=NOW + 4 * HOUR))
    found = maintenance.spans_of(windows, "shop", "production", NOW - HOUR, NOW + 5 * HOUR)
    assert found == ((NOW, NOW + 2 * HOUR), (NOW + 3 * HOUR, NOW + 4 * HOUR))


def test_maintenance_speaks_for_a_service_up_to_its_end_and_that_lies_ahead_while_it_lasts() -> None:
    def excused(now: datetime, service: str = "shop") -> datetime | None:
        return maintenance.excused_until(
            maintenance.ends_of([a_window(services=("shop",))], now), service, "production"
        )

    assert excused(NOW - HOUR) is None
    assert excused(NOW + HOUR / 2) == NOW + HOUR
    assert excused(NOW + 5 * HOUR) == NOW + HOUR
    assert excused(NOW + HOUR / 2, "billing") is None


def planned(**fields: object) -> Window:
    known: dict[str, object] = {
        "project_id": 1,
        "name": "  move\x00 the database ",
        "services": ["shop", "shop", " "],
        "environments": [],
        "since": NOW,
        "until": NOW + HOUR,
        "weekly": None,
        "made_by": "Ana",
        "now": NOW,
    }
    return maintenance.planned(**known | fields)  # type: ignore[arg-type]


def test_what_is_planned_is_made_fit_to_be_kept() -> None:
    window = planned()
    assert (window.name, window.services, window.environments) == ("move the database", ("shop",), ())


PLAN = Weekly((0,), time(4), HOUR, "Europe/Berlin")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"until": None}, "Say when"),
        ({"since": NOW - HOUR, "until": NOW}, "over already"),
        ({"until": NOW + timedelta(days=31)}, "at most 30 days"),
        ({"since": NOW + HOUR, "until": NOW + HOUR}, "at least a minute"),
        ({"name": " \n"}, "what the window is for"),
        ({"services": [f"s{number}" for number in range(51)]}, "at most 50 services"),
        ({"since": NOW + timedelta(days=400), "until": NOW + timedelta(days=401)}, "within a year"),
        ({"weekly": Weekly((), time(4), HOUR, "UTC"), "until": None}, "which days"),
        ({"weekly": Weekly((7,), time(4), HOUR, "UTC"), "until": None}, "which days"),
        ({"weekly": Weekly((0,), time(4), timedelta(days=8), "UTC"), "until": None}, "at most a week"),
        ({"weekly": PLAN, "until": NOW - HOUR}, "lies ahead"),
    ],
)
def test_what_cannot_be_a_window_is_refused_with_what_to_do(fields: dict[str, object], why: str) -> None:
    with pytest.raises(MaintenanceError, match=why):
        planned(**fields)


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "/etc/passwd", "Mars/Base", "", "a" * 500, "\x00", "ü"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(ZoneError):
        planned(weekly=Weekly((0,), time(4), HOUR, zone), until=None)


def test_what_comes_every_week_is_kept_as_json() -> None:
    assert weekly_from(PLAN.as_data()) == PLAN


@settings(max_examples=60, deadline=None)
@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    clock=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    minutes=st.integers(1, 7 * 24 * 60),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Australia/Lord_Howe"]),
    moment=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),
)
def test_a_weekly_window_holds_exactly_in_its_spans(
    days: set[int], clock: time, minutes: int, zone: str, moment: datetime
) -> None:
    now = moment.replace(tzinfo=UTC)
    window = a_window(
        since=at("2024-01-01 00:00"),
        until=None,
        weekly=Weekly(tuple(sorted(days)), clock, timedelta(minutes=minutes), zone),
    )
    spans = window.spans(now - timedelta(days=8), now + timedelta(days=8))
    assert spans
    assert all(begin < end for begin, end in spans)
    assert holds(window, now) is any(begin <= now < end for begin, end in spans)
    coming = window.next_at(now)
    assert coming is not None
    assert coming > now
    assert holds(window, coming)
