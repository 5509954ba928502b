"""When a job is meant to run: across changes of clocks and leap days, and with whatever somebody types."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiops_platform.core.schedule import Schedule, ScheduleError, read, span


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def the(**told):
    found = read(told)
    assert found is not None
    return found


def times(schedule, after, many):
    found = []
    for _ in range(many):
        after = schedule.next_after(after)
        found.append(f"{after:%m-%d %H:%M}")
    return found


def test_no_schedule_expects_nothing():
    assert read({}) is None
    assert read({"cron": "", "every": None, "timezone": "Europe/Berlin"}) is None


def test_a_period_counts_from_when_it_ran_last():
    assert the(every=90).next_after(at("2026-11-23 12:00")) == at("2026-11-23 12:01:30")


@pytest.mark.parametrize(
    ("told", "after", "expected"),
    [
        # Put forward: 02:00 to 03:00 is not there. What cron meant for then runs after it, OnCalendar leaves it out.
        ({"cron": "30 2 * * *", "timezone": "Europe/Berlin"}, "2026-03-28 12:00", ["03-29 01:00", "03-30 00:30"]),
        ({"on_calendar": "02:30", "timezone": "Europe/Berlin"}, "2026-03-28 12:00", ["03-30 00:30", "03-31 00:30"]),
        # Put back: 02:00 to 03:00 comes twice, and what is meant for then runs once.
        ({"cron": "30 2 * * *", "timezone": "Europe/Berlin"}, "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        ({"on_calendar": "02:30", "timezone": "Europe/Berlin"}, "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"]),
        # Asked within the second of the two hours, nothing of the first one comes again.
        ({"cron": "45 2 * * *", "timezone": "Europe/Berlin"}, "2026-10-25 01:30", ["10-26 01:45"]),
        # What runs all the time does so in both.
        ({"cron": "*/30 * * * *", "timezone": "Europe/Berlin"}, "2026-10-25 00:00", ["10-25 00:30", "10-25 01:00"]),
        ({"cron": "30 2 * * *", "timezone": "America/New_York"}, "2026-03-08 00:00", ["03-08 07:00", "03-09 06:30"]),
        # A day that was never there: Samoa went over the date line.
        ({"cron": "0 0 * * *", "timezone": "Pacific/Apia"}, "2011-12-29 12:00", ["12-30 10:00", "12-31 10:00"]),
        ({"cron": "0 0 29 2 *"}, "2026-01-01 00:00", ["02-29 00:00"]),
        ({"cron": "0 0 L * *"}, "2026-02-01 00:00", ["02-28 00:00", "03-31 00:00"]),
        ({"on_calendar": "Mon *-*-* 02:00"}, "2026-11-23 12:00", ["11-30 02:00"]),
        ({"on_calendar": "*-*~1 06:00\nFri 18:00"}, "2026-11-27 12:00", ["11-27 18:00", "11-30 06:00"]),
        # Six fields: the seconds come last, as the wire has it.
        ({"cron": "0 3 * * * 0"}, "2026-11-23 12:00", ["11-24 03:00"]),
        ({"cron": "@hourly"}, "2026-11-23 12:10", ["11-23 13:00"]),
    ],
)
def test_when_it_runs_next(told, after, expected):
    assert times(the(**told), at(after), len(expected)) == expected


def test_two_zones_are_two_times():
    berlin, tokyo = the(cron="0 2 * * *", timezone="Europe/Berlin"), the(cron="0 2 * * *", timezone="Asia/Tokyo")
    assert times(berlin, at("2026-11-23 12:00"), 1) == ["11-24 01:00"]
    assert times(tokyo, at("2026-11-23 12:00"), 1) == ["11-23 17:00"]
    assert tokyo.clock(at("2026-11-23 17:00")) == "2026-11-24 02:00 Asia/Tokyo"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"cron": "61 * * * *"}, "cron: the minute is not understood in '61 * * * *'"),
        ({"cron": "* * *"}, "cron: expected five fields, or six with the seconds last, in '* * *'"),
        ({"cron": "0 0 31 2 *"}, "cron: '0 0 31 2 *' never comes: no such month has such a day"),
        ({"cron": "0 0 31 4,6 *"}, "cron: '0 0 31 4,6 *' never comes: no such month has such a day"),
        ({"cron": "0 0 32 2 *"}, "cron: the day-of-month is not understood in '0 0 32 2 *'"),
        ({"cron": "0 0 31 13 *"}, "cron: the month is not understood in '0 0 31 13 *'"),
        ({"cron": "٣ * * * *"}, "cron: expected letters, digits and signs of ASCII only"),
        ({"cron": "*,*" * 90 + " * * * *"}, "cron: longer than 200 characters"),
        ({"cron": 5}, "cron: expected text"),
        ({"cron": "0 3 * * *", "every": 60}, "every and cron: say one of them"),
        ({"cron": "0 3 * * *", "timezone": "Mars/Olympus"}, "timezone: There is no time zone called 'Mars/Olympus'"),
        (
            {"cron": "0 3 * * *", "timezone": "../../etc/passwd"},
            "timezone: There is no time zone called '../../etc/passwd'",
        ),
        ({"cron": "0 3 * * *", "timezone": 1}, "timezone: expected an IANA name"),
        ({"on_calendar": "25:00"}, "on_calendar: the hour is not understood in '25:00'"),
        ({"on_calendar": "2020-01-01"}, "on_calendar: '2020-01-01' never comes"),
        ({"on_calendar": "*-02-30"}, "on_calendar: '*-02-30' never comes"),
        ({"on_calendar": "\n".join(["02:00"] * 6)}, "on_calendar: expected one expression, or up to 5"),
        ({"every": 0}, "every: expected between a second and ten years"),
        ({"every": float("nan")}, "every: expected between a second and ten years"),
        ({"every": True}, "every: expected a number of seconds"),
        ({"every": "5 minutes"}, "every: expected a number of seconds"),
    ],
)
def test_what_is_wrong_is_said(told, why):
    with pytest.raises(ScheduleError) as caught:
        read(told)
    assert str(caught.value).startswith(why)


SIGNS = st.text("0123456789*/,-LW#~.: MONfriJAN@", max_size=40)


@settings(max_examples=120, deadline=None)
@given(name=st.sampled_from(["cron", "on_calendar"]), text=SIGNS)
@example(name="cron", text="* * * * * *")
@example(name="cron", text="0 0 30 2 1#5")
@example(name="cron", text="0 0 29 2 MON#5")
@example(name="cron", text="1L/2 * * * 5L/2")
@example(name="cron", text="0 0 1 1 5L,1#5")
@example(name="on_calendar", text="*:*:*")
@example(name="on_calendar", text="Mon 2199-12-31 23:59:59")
@example(name="on_calendar", text="*-02-29 02:30:00 Europe")
def test_whatever_is_typed_is_x(name, text):
    try:
        schedule = read({name: text, "timezone": "Europe/Berlin"})
    except ScheduleError as error:
        assert str(error)  # noqa: PT017 (both ways out are right)
    else:
        if schedule is not None:
            # Within the hour that comes twice: the most to look through.
            asked = at("2026-10-25 01:00:01")
            found = schedule.next_after(asked)
            assert found is None or found > asked


@settings(max_examples=60, deadline=None)
@given(
    minutes=st.integers(0, 60 * 24 * 365),
    told=st.sampled_from(
        [
            {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
            {"cron": "*/10 * * * *", "timezone": "America/New_York"},
            {"cron": "15 1-3 * * 0", "timezone": "Europe/London"},
            {"on_calendar": "*-*-* 02,03:15", "timezone": "Australia/Lord_Howe"},
            {"every": 3600},
        ]
    ),
)
def test_times_only_go_forward(minutes, told):
    schedule, moment = the(**told), at("2026-01-01 00:00") + timedelta(minutes=minutes)
    first = schedule.next_after(moment)
    second = schedule.next_after(first)
    assert moment < first < second
    # Nothing lies between: asked from right before, it is the same.
    if schedule.every is None:
        assert schedule.next_after(first - timedelta(seconds=1)) == first


def test_a_start_a_little_early_is_the_start_of_its_time():
    nightly = the(cron="0 2 * * *")
    assert nightly.after_start(at("2026-11-23 01:59:30")) == at("2026-11-24 02:00")
    assert nightly.after_start(at("2026-11-23 01:58:30")) == at("2026-11-23 02:00")
    assert the(cron="* * * * *").after_start(at("2026-11-23 01:59:30")) == at("2026-11-23 02:00")


def test_a_schedule_is_said_in_a_few_words():
    assert the(cron="0 3 * * *", timezone="Europe/Berlin").said() == "cron 0 3 * * * (Europe/Berlin)"
    assert the(on_calendar="Mon  02:00").said() == "OnCalendar Mon 02:00 (UTC)"
    assert the(every=5400).said() == "every 90 min"
    assert Schedule(every=86400).said() == "every 1 day"
    assert (span(59.5), span(7200), span(172800)) == ("59.5 s", "2 h", "2 days")
