"""Whether a job does what is expected of it, on clocks that are handed in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core import job_settings
from aiops_platform.core.event import RunState
from aiops_platform.core.facts import FactKind
from aiops_platform.core.job import Run
from aiops_platform.core.job_ruling import paused, planned, resumed, ruled
from aiops_platform.core.job_watch import JobState, Standing, Trouble, WatchedJob, heard, look
from aiops_platform.core.monitor import Listening
from aiops_platform.core.service import Service, ServiceName

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Clock:
    """A job, and what is said of it."""

    def __init__(self, **told):
        job = WatchedJob(
            id=7,
            service=Service(3, ServiceName(1, "jobs", "production")),
            name="nightly-import",
            settings=job_settings.read(told),
            is_paused=False,
            standing=Standing(since=START),
        )
        self.job = planned(job, START)
        self.listening_since = ALWAYS
        self.held = ()
        self.verdicts = []
        self.runs = {}

    def look(self, now):
        judged = look(self.job, Listening(self.listening_since, now), self.held, now)
        return self._took(judged)

    def until(self, now):
        """Looks whenever that is due."""
        while self.job.standing.due_at is not None and self.job.standing.due_at <= now:
            self.look(self.job.standing.due_at)
        return self

    def starts(self, when, run=1, *, received_at=None):
        self._word(Run(**self._blank(run, RunState.STARTED, when)), received_at or when)
        return self

    def ends(self, when, run=1, *, state=RunState.SUCCEEDED, received_at=None, **fields):
        known = self.runs.get(run) or Run(**self._blank(run, state, when))
        duration = (when - known.began_at).total_seconds() if run in self.runs else None
        self._word(
            replace(known, state=state, ended_at=when, duration=fields.pop("duration", duration), **fields),
            received_at or when,
            run,
        )
        return self

    def fails(self, when, run=1, **fields):
        return self.ends(when, run, state=RunState.FAILED, **fields)

    def runs_at(self, when, run, seconds=60):
        self.until(when).starts(when, run)
        return self.ends(when + timedelta(seconds=seconds), run)

    @property
    def state(self):
        return self.job.standing.state

    @property
    def troubles(self):
        return [each.trouble for each in self.verdicts]

    def _blank(self, run, state, when):
        fields = dict.fromkeys(("ended_at", "duration", "host", "release", "event_id"))
        return {**fields, "run_id": run.to_bytes(16), "state": state, "began_at": when}

    def _word(self, run, received_at, number=None):
        number = number or int.from_bytes(run.run_id)
        before = self.runs.get(number)
        self.runs[number] = run
        self._took(heard(self.job, run, before, received_at=received_at))

    def _took(self, judged):
        self.job = judged.job
        self.verdicts += judged.verdicts
        return self


NIGHTLY = {"cron": "0 2 * * *", "timezone": "Europe/Berlin", "grace": 900}


def test_a_job_that_runs_in_time_is_never_told_of():
    clock = Clock(**NIGHTLY)
    assert clock.state is JobState.WAITING
    for day in range(3):
        clock.runs_at(at("2026-11-23 01:00:02") + timedelta(days=day), day + 1)
    assert (clock.state, clock.verdicts) == (JobState.ON_TIME, [])
    assert clock.job.standing.expected_at == at("2026-11-26 01:00")


def test_a_start_that_does_not_come_is_late_and_then_missed_once_and_a_good_run_ends_it():
    clock = Clock(**NIGHTLY).look(at("2026-11-23 01:00"))
    assert (clock.state, clock.job.standing.due_at) == (JobState.LATE, at("2026-11-23 01:15"))
    clock.until(at("2026-11-25 02:00"))
    assert (clock.state, clock.troubles) == (JobState.WRONG, [Trouble.MISSED])
    assert clock.verdicts[0].why == (
        "nightly-import did not start: expected 2026-11-23 02:00 Europe/Berlin, 15 min grace"
    )
    assert clock.verdicts[0].at == at("2026-11-23 01:15")
    assert clock.job.standing.bad == 3
    clock.starts(at("2026-11-25 05:00"))
    assert clock.state is JobState.WRONG
    clock.ends(at("2026-11-25 05:10"))
    assert (clock.state, clock.troubles) == (JobState.ON_TIME, [Trouble.MISSED, None])
    assert [each.fact(clock.job, START).kind for each in clock.verdicts] == [
        FactKind.JOB_MISSED,
        FactKind.JOB_RECOVERED,
    ]


def test_what_is_late_and_comes_within_the_grace_is_on_time():
    clock = Clock(**NIGHTLY).look(at("2026-11-23 01:00")).starts(at("2026-11-23 01:14"))
    clock.until(at("2026-11-23 12:00"))
    assert (clock.state, clock.verdicts) == (JobState.ON_TIME, [])


def test_a_run_by_hand_does_not_stand_for_the_nightly_one():
    clock = Clock(**NIGHTLY).runs_at(at("2026-11-22 20:00"), 1)
    clock.until(at("2026-11-23 02:00"))
    assert clock.troubles == [Trouble.MISSED]


def test_so_many_in_a_row_are_a_trouble():
    clock = Clock(**NIGHTLY, in_a_row=2, good_runs=2).until(at("2026-11-23 12:00"))
    assert clock.verdicts == []
    clock.until(at("2026-11-24 12:00"))
    assert clock.verdicts[0].why.endswith("15 min grace (2 in a row)")
    clock.runs_at(at("2026-11-25 01:00"), 1)
    assert clock.state is JobState.WRONG
    clock.runs_at(at("2026-11-26 01:00"), 2)
    assert clock.troubles == [Trouble.MISSED, None]


def test_each_failure_is_told_with_its_exit_status():
    clock = Clock(**NIGHTLY)
    clock.starts(at("2026-11-23 01:00")).fails(at("2026-11-23 01:01"), exit_status=3)
    clock.starts(at("2026-11-24 01:00"), 2).fails(at("2026-11-24 01:01"), 2, event_id=b"e" * 16)
    assert [each.why for each in clock.verdicts] == [
        "nightly-import failed with exit status 3",
        "nightly-import failed",
    ]
    fact = clock.verdicts[1].fact(clock.job, START)
    assert (fact.kind, fact.data["event_id"]) == (FactKind.JOB_FAILED, "65656565-6565-6565-6565-656565656565")
    assert fact.data["run_id"] == "00000000-0000-0000-0000-000000000002"


def test_a_job_without_a_schedule_fails_too_and_nothing_is_expected_of_it():
    clock = Clock().fails(START).until(START + timedelta(days=400))
    assert (clock.troubles, clock.job.standing.due_at) == ([Trouble.FAILED], None)
    assert clock.ends(START + timedelta(days=401), 2).troubles == [Trouble.FAILED, None]


@pytest.mark.parametrize(
    ("told", "seconds", "trouble", "why"),
    [
        ({"max_run": 1800}, 3600, Trouble.TOO_LONG, "runs for longer than 30 min: it began 2026-11-23 02:00"),
        ({"min_run": 60}, 2, Trouble.TOO_SHORT, "took 2 s only: expected 1 min at least"),
        ({}, 2 * 86400, Trouble.DIED, "has said nothing for 1 day: it began 2026-11-23 02:00"),
    ],
)
def test_how_long_a_run_takes(told, seconds, trouble, why):
    clock = Clock(**NIGHTLY, **told).starts(at("2026-11-23 01:00"))
    end = at("2026-11-23 01:00") + timedelta(seconds=seconds)
    clock.until(min(end, at("2026-11-24 01:00:30"))).ends(end)
    assert clock.troubles == [trouble]
    assert why in clock.verdicts[0].why
    # What was wrong of this run is not made good by its end.
    assert clock.state is JobState.WRONG
    assert clock.runs_at(at("2026-11-26 01:00"), 2).troubles[-1] is None


def test_a_long_run_that_only_its_end_tells_of():
    clock = Clock(max_run=60).ends(START, duration=90.5)
    assert clock.verdicts[0].why == "nightly-import took 1 min 30 s: expected 1 min at most"


def test_a_late_start_and_one_too_many():
    clock = Clock(**NIGHTLY, max_delay=300, min_gap=3600).starts(at("2026-11-23 01:06"))
    assert clock.verdicts[0].why == "nightly-import started 6 min late: expected 2026-11-23 02:00 Europe/Berlin"
    assert clock.ends(at("2026-11-23 01:07")).state is JobState.WRONG
    clock.starts(at("2026-11-23 01:20"), 2)
    assert clock.verdicts[1].why == "nightly-import ran again after 14 min: expected 1 h at least"
    assert clock.troubles == [Trouble.STARTED_LATE, Trouble.TOO_OFTEN]


def test_overlapping_runs_are_told_apart():
    clock = Clock(every=600, max_run=900)
    clock.starts(START, 1).starts(START + timedelta(minutes=10), 2)
    clock.ends(START + timedelta(minutes=12), 2).until(START + timedelta(minutes=16))
    assert clock.troubles == [Trouble.TOO_LONG]
    assert clock.verdicts[0].run_id == (1).to_bytes(16)
    clock.ends(START + timedelta(minutes=17), 1)
    assert clock.state is JobState.WRONG


def test_what_waited_somewhere_is_history():
    clock = Clock(**NIGHTLY).look(at("2026-11-23 01:00"))
    # Its words were kept somewhere: that it ran is known in time, that it failed is no news.
    clock.starts(at("2026-11-23 01:00:05"), received_at=at("2026-11-23 01:10"))
    clock.fails(at("2026-11-23 01:01"), received_at=at("2026-11-23 01:10"))
    clock.until(at("2026-11-23 12:00"))
    assert (clock.state, clock.verdicts) == (JobState.WAITING, [])
    clock.until(at("2026-11-24 02:00"))
    clock.ends(at("2026-11-23 23:00"), 2, received_at=at("2026-11-24 02:00"))
    assert (clock.state, clock.troubles) == (JobState.WRONG, [Trouble.MISSED])


def test_what_could_not_be_heard_does_not_count():
    clock = Clock(**NIGHTLY)
    clock.listening_since = at("2026-11-23 01:05")
    clock.until(at("2026-11-23 12:00"))
    assert (clock.state, clock.verdicts) == (JobState.WAITING, [])
    clock.until(at("2026-11-24 12:00"))
    assert clock.troubles == [Trouble.MISSED]


def test_a_period_is_counted_from_when_it_can_be_heard():
    clock = Clock(every=3600, grace=60).runs_at(START, 1)
    clock.listening_since = START + timedelta(minutes=90)
    clock.until(START + timedelta(minutes=150))
    assert clock.verdicts == []
    assert clock.until(START + timedelta(minutes=151)).troubles == [Trouble.MISSED]


def test_a_gap_in_which_nothing_was_expected_changes_nothing():
    clock = Clock(**NIGHTLY)
    clock.listening_since = at("2026-11-23 00:50")
    assert clock.until(at("2026-11-23 02:00")).troubles == [Trouble.MISSED]


def test_an_end_that_could_not_be_heard_does_not_count():
    clock = Clock(max_run=60).starts(START)
    clock.listening_since = START + timedelta(seconds=30)
    assert clock.until(START + timedelta(days=3)).verdicts == []
    assert clock.job.standing.due_at is None


def test_maintenance_holds():
    clock = Clock(**NIGHTLY, max_run=60)
    clock.held = ((at("2026-11-23 00:30"), at("2026-11-23 01:05")),)
    clock.starts(at("2026-11-23 00:10")).until(at("2026-11-23 12:00"))
    assert [each for each in clock.troubles if each is Trouble.MISSED] == []
    assert clock.until(at("2026-11-24 12:00")).troubles[-1] is Trouble.MISSED


def test_a_paused_job_is_silent_and_goes_on_from_then():
    clock = Clock(**NIGHTLY)
    judged = paused(clock.job, START, by="Ana")
    clock.job = judged.job
    clock.until(at("2026-11-25 12:00")).fails(at("2026-11-25 12:00")).look(at("2026-11-25 12:00"))
    assert (judged.verdicts, clock.verdicts, clock.job.standing.due_at) == ((), [], None)
    clock.job = resumed(clock.job, at("2026-11-25 12:00"))
    assert clock.job.standing.due_at == at("2026-11-26 01:00")


def test_a_pause_ends_a_trouble():
    clock = Clock(**NIGHTLY).until(at("2026-11-23 02:00"))
    judged = paused(clock.job, at("2026-11-23 02:00"), by="Ana")
    assert [each.why for each in judged.verdicts] == [
        "nightly-import is paused by Ana: it is not judged until it goes on"
    ]
    assert resumed(judged.job, at("2026-11-23 03:00")).standing.state is JobState.WAITING


def test_what_people_rule_holds_until_it_is_handed_back():
    clock = Clock(**NIGHTLY)
    said = replace(clock.job, said=NIGHTLY)
    job = ruled(said, {"every": 60}, START)
    assert (job.is_ruled, job.standing.expected_at) == (True, START + timedelta(minutes=1))
    job = ruled(job, {}, START)
    assert (job.is_ruled, job.standing.expected_at) == (True, None)
    assert ruled(job, None, START) == replace(said, standing=replace(said.standing, since=START))


def test_another_schedule_counts_from_now_and_a_trouble_stays():
    clock = Clock(**NIGHTLY).until(at("2026-11-23 02:00"))
    clock.job = planned(replace(clock.job, settings=job_settings.read({"every": 3600})), at("2026-11-23 02:00"))
    assert (clock.state, clock.job.standing.expected_at) == (JobState.WRONG, at("2026-11-23 03:00"))


@pytest.mark.parametrize(
    ("told", "day", "expected"),
    [
        # Put forward: 02:30 is not there, it is expected at 03:00.
        ({"cron": "30 2 * * *"}, "2026-03-28 12:00", ["2026-03-29 01:00"]),
        # Put back: 02:30 comes twice, and is expected once.
        ({"cron": "30 2 * * *"}, "2026-10-24 12:00", ["2026-10-25 00:30"]),
        ({"on_calendar": "02:30"}, "2026-10-24 12:00", ["2026-10-25 00:30"]),
    ],
)
def test_across_a_change_of_clocks(told, day, expected):
    begin = at(day)
    clock = Clock(**told, timezone="Europe/Berlin", grace=900)
    clock.job = planned(clock.job, begin)
    for each in expected:
        clock.runs_at(at(each), 1)
    clock.until(begin + timedelta(hours=20))
    assert clock.verdicts == []
    # And a day on it is missed, once.
    assert clock.until(begin + timedelta(hours=38)).troubles == [Trouble.MISSED]


def test_a_schedule_of_every_second_takes_bounded_work_to_judge():
    clock = Clock(cron="* * * * * *", grace=0)
    clock.look(START + timedelta(days=30))
    assert (clock.troubles, clock.job.standing.bad) == ([Trouble.MISSED], 10)
    assert clock.job.standing.expected_at > START + timedelta(days=30)


def test_what_a_clock_ahead_has_written_is_not_believed():
    clock = Clock(every=3600)
    clock.starts(START + timedelta(days=300))
    clock.starts(START, 2)
    assert clock.job.standing.expected_at == START + timedelta(hours=1)


MINUTES = st.integers(1, 300)


@settings(max_examples=60, deadline=None)
@given(
    every=st.sampled_from([{"every": 1800}, {"cron": "*/30 * * * *", "timezone": "Europe/Berlin"}, NIGHTLY]),
    gaps=st.lists(MINUTES, max_size=8),
    delays=st.lists(st.integers(0, 50), min_size=1, max_size=20),
    looks=st.lists(MINUTES, max_size=20),
)
def test_a_job_that_always_runs_is_never_told_of_whatever_the_platform_misses(every, gaps, delays, looks):
    """Runs that begin while nobody listens are lost; the platform starts to listen again at the end of each gap."""
    clock = Clock(**every)
    schedule, grace = clock.job.settings.schedule, min(clock.job.settings.grace, timedelta(seconds=50))
    down, moment = [], START
    for minutes in gaps:
        begin = moment + timedelta(minutes=minutes)
        down.append((begin, begin + timedelta(minutes=minutes % 45 + 1)))
        moment = down[-1][1]
    happens = []
    due = START
    for number, delay in enumerate(delays):
        due = schedule.next_after(due)
        began = due + timedelta(seconds=min(delay, grace.total_seconds()))
        happens.append((began, "run", number + 1))
        due = began if schedule.every else due
    moment = START
    for minutes in looks:
        moment += timedelta(minutes=minutes)
        happens.append((moment, "look", 0))
    last = max(began for began, what, _ in happens if what == "run")
    for when, what, number in sorted(happens):
        if when > last or any(begin <= when <= end for begin, end in down):
            continue
        clock.listening_since = max((end for _, end in down if end <= when), default=ALWAYS)
        if what == "look":
            clock.look(when)
        else:
            clock.starts(when, number).ends(when + timedelta(seconds=1), number)
    assert clock.verdicts == []


@settings(max_examples=40, deadline=None)
@given(looks=st.lists(MINUTES, min_size=1, max_size=30), in_a_row=st.integers(1, 3))
def test_a_job_that_never_runs_is_told_of_once_and_never_too_soon(looks, in_a_row):
    clock, now = Clock(every=3600, grace=300, in_a_row=in_a_row), START
    for minutes in looks:
        now += timedelta(minutes=minutes)
        clock.look(now)
        deadline = START + timedelta(hours=in_a_row, minutes=5)
        assert clock.troubles == ([Trouble.MISSED] if now >= deadline else [])
