"""Alerts: rules, an alert's life, when channels are told, who is on call, links. Clocks are handed in."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops_platform.core import search
from aiops_platform.core.alerting import alert as states
from aiops_platform.core.alerting import links, policy, quiet, rehearsal, rota, rules, wording
from aiops_platform.core.alerting.alert import Alert, AlertState, Why, looked_at
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.links import Claim, LinkAct, LinkError
from aiops_platform.core.alerting.policy import Policy, Step
from aiops_platform.core.alerting.quiet import FIRST_GAP, LONGEST_GAP, URGENT_GAP, Pace
from aiops_platform.core.alerting.rota import OnCall, Override, Rota
from aiops_platform.core.alerting.rules import Rule, To, When
from aiops_platform.core.alerting.troubles import troubles
from aiops_platform.core.alerting.wording import Place, Told
from aiops_platform.core.messages import Severity

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = st.integers(0, 6 * 3600)


def an_alert(**fields: object) -> Alert:
    said = {"id": 1, "project_id": 1, "rule_id": 1, "subject": "incident:1", "incident_id": 1, "service_id": 1}
    said |= {"severity": Severity.ERROR, "title": "It", "text": "", "since": NOW, "due_at": NOW}
    return Alert(**said | fields)  # type: ignore[arg-type]


def a_rule(**fields: object) -> Rule:
    return Rule(**{"name": "It", "when": When.NEW} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": " "}, "name"),
        ({"when": "never"}, "when"),
        ({"when": "many"}, "events"),
        ({"when": "many", "events": "10", "hours": "999"}, "hours"),
        ({"when": "worth"}, "events"),
        ({"events": "-1", "when": "worth"}, "events"),
        ({"events": "1e3", "when": "worth"}, "events"),
        ({"repeat": "soon"}, "repeat"),
        ({"repeat": "1m"}, "repeat"),
        ({"match": "service:shop ("}, "match"),
        ({"when": "silence", "match": "level:error"}, "match"),
        ({"when": "job", "match": "nightly"}, "match"),
        ({"match": "assigned:me"}, "match"),
        ({"severity": "bad"}, "severity"),
        ({"channels": "1 x"}, "to"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(said, name):
    with pytest.raises(AlertingError) as refused:
        rules.read({"name": "It", "when": "new"} | said)
    assert refused.value.name == name


def test_two_platforms_with_the_same_numbers_are_told_apart_by_a_receiver():
    alert = Told(id=1, alert=an_alert(), why=Why.FIRED, at=NOW)
    places = [Place(project="Web", address="https://a.example", key=key) for key in (b"test", b"test", b"production")]
    one, again, other = (wording.said([alert], total=1, place=place, channel_id=1, now=NOW) for place in places)
    assert (one.key, one.group) == (again.key, again.group)
    assert len({one.key, other.key, one.group, other.group}) == 4


def test_a_zone_that_this_machine_has_not_stops_nothing():
    hours = quiet.QuietHours(begin=time(11), end=time(13), zone="Gone/Zone")
    assert quiet.quiet_until(hours, NOW) == NOW + timedelta(hours=1)
    ben = OnCall(name="Ben", channel=2)
    assert rota.on_call(Rota(name="It", zone="Gone/Zone", at=time(9), first=NOW.date(), people=(ben,)), NOW) == ben


def test_a_mistake_in_a_search_is_pointed_at():
    with pytest.raises(AlertingError) as refused:
        rules.read({"name": "It", "when": "new", "match": "env:test servce:shop"})
    assert refused.value.position == 9


@given(
    when=st.sampled_from(When),
    repeat=st.none() | st.integers(300, 86_400).map(lambda seconds: timedelta(seconds=seconds)),
    channels=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    recovery=st.booleans(),
)
@settings(max_examples=30)
def test_a_rule_is_kept_as_it_is(when, repeat, channels, recovery):
    numbers = (
        {"events": 10, "people": 5, "minutes": 90} if when is When.MANY else {"people": 3} if when is When.WORTH else {}
    )
    rule = rules.checked(a_rule(when=when, repeat=repeat, to=To(channels=channels), recovery=recovery, **numbers))
    assert rules.from_data(rules.as_data(rule), id_=7, name="It", enabled=False) == Rule(
        **{**vars(rule), "id": 7, "enabled": False}
    )


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({}, "events"),
        ({"events": "5"}, "hours"),
        ({"events": "5", "hours": "1", "minutes": "9"}, "hours"),
        ({"people": "1001", "hours": "1"}, "people"),
        ({"events": "5", "hours": "169"}, "hours"),
        ({"events": "5", "minutes": "181"}, "minutes"),
        ({"people": "5", "minutes": "4"}, "minutes"),
    ],
)
def test_a_rule_about_many_says_what_it_lacks(said, about):
    with pytest.raises(AlertingError) as wrong:
        rules.read({"name": "It", "when": "many"} | said)
    assert wrong.value.name == about


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ("service:shop", True),
        ("service:SHOP env:prod*", True),
        ("service:s*p", True),
        ("service:s*p*x", False),
        ("-service:shop", False),
        ("service:mail OR env:production", True),
        ("service:sho", False),
        ("service:shop*shop", False),
    ],
)
def test_services_are_found_by_name_and_environment(match, fits):
    assert rules.fits_service(search.parse(match), "shop", "production") is fits


def test_the_usual_rules_are_fit_to_be_kept_and_only_the_first_project_hears_of_the_platform():
    for rule in rules.defaults(is_first=True):
        assert rules.checked(rule) == rule
        assert rule.to.is_all
    whens = {rule.when for rule in rules.defaults(is_first=False)}
    assert whens == {When.NEW, When.AGAIN, When.RISING, When.SILENCE, When.JOB, When.UNMENDED}


@given(
    looks=st.lists(SECONDS, max_size=60).map(sorted),
    repeat=st.none() | st.integers(300, 3600),
    held=st.tuples(SECONDS, SECONDS).map(sorted),
)
@settings(max_examples=80)
def test_an_alert_is_told_once_it_may_be_and_never_more_often_than_it_is_repeated(looks, repeat, held):
    alert, told = an_alert(), []
    interval = None if repeat is None else timedelta(seconds=repeat)
    window = (NOW + timedelta(seconds=held[0]), NOW + timedelta(seconds=held[1]))
    for seconds in looks:
        now = NOW + timedelta(seconds=seconds)
        if alert.due_at is None or alert.due_at > now:
            continue
        name = "Move" if window[0] <= now < window[1] else None
        looked = looked_at(alert, repeat=interval, steps=states.steps_of(a_rule(), None), held=name, now=now)
        alert = looked.alert
        assert not (looked.tell and name)
        told += [(now, each.why) for each in looked.tell]
    free = [each for each in looks if not window[0] <= NOW + timedelta(seconds=each) < window[1]]
    assert bool(told) or not free or alert.held is not None
    assert [why for _, why in told[:1]] == [Why.FIRED] * bool(told)
    if repeat is None:
        assert len(told) <= 1
    assert all(later - earlier >= timedelta(seconds=repeat or 0) for (earlier, _), (later, _) in pairwise(told))


@given(waits=st.lists(st.integers(1, 120), min_size=1, max_size=4, unique=True), ack=st.integers(0, 150))
@settings(max_examples=60)
def test_each_step_is_told_once_in_its_time_until_somebody_acknowledges(waits, ack):
    steps = [
        Step(after=timedelta(minutes=each), to=To(channels=(number + 2,))) for number, each in enumerate(sorted(waits))
    ]
    steps.insert(0, Step(after=timedelta(0), to=To(channels=(1,))))
    alert, told = an_alert(), {}
    for minute in range(150):
        now = NOW + timedelta(minutes=minute)
        if minute == ack:
            alert = states.acknowledged(alert, "Ana", now)
        if alert.due_at is not None and alert.due_at <= now:
            looked = looked_at(alert, repeat=None, steps=steps, held=None, now=now)
            alert = looked.alert
            for each in looked.tell:
                assert each.to.channels not in told
                told[each.to.channels] = minute
    expected = {each.to.channels: int(each.after.total_seconds()) // 60 for each in steps}
    assert told == {to: minute for to, minute in expected.items() if minute < ack}


def test_what_nobody_was_told_is_over_without_a_word_and_what_was_is_over_once():
    untold = states.over(an_alert(), NOW, recovery=True)
    assert (untold.alert.state, untold.recovers) == (AlertState.OVER, False)
    told = looked_at(an_alert(), repeat=None, steps=states.steps_of(a_rule(), None), held=None, now=NOW).alert
    assert states.over(told, NOW, recovery=True).recovers
    assert states.over(told, NOW, why="Muted, by Ana", recovery=True).recovers
    assert states.over(told, NOW, why="Muted, by Ana", recovery=True).alert.ended_why == "Muted, by Ana"
    assert not states.over(told, NOW, recovery=False).recovers
    ended = states.over(told, NOW, recovery=True).alert
    assert not states.over(ended, NOW, recovery=True).recovers
    assert states.acknowledged(ended, "Ana", NOW) == ended


@given(arrivals=st.lists(st.integers(0, 3600), min_size=1, max_size=200).map(sorted))
@settings(max_examples=60)
def test_a_channel_hears_at_once_of_what_comes_alone_and_of_a_storm_in_few_messages(arrivals):
    pace, waiting, sent = Pace(), 0, []
    for second in range(3600 + 600):
        waiting += arrivals.count(second)
        now = NOW + timedelta(seconds=second)
        if waiting and quiet.goes_at(pace, now, is_critical=False) <= now:
            sent.append((second, waiting))
            pace, waiting = quiet.sent(pace, now), 0
    assert sent[0][0] == arrivals[0]
    assert waiting == 0
    assert sum(many for _, many in sent) == len(arrivals)
    assert len(sent) <= 6 + 3600 // 150
    assert all(later - earlier >= FIRST_GAP.seconds for (earlier, _), (later, _) in pairwise(sent))
    for arrived in arrivals:
        assert min(at for at, _ in sent if at >= arrived) - arrived <= LONGEST_GAP.seconds


@given(arrivals=st.lists(st.tuples(st.integers(0, 1800), st.booleans()), min_size=1, max_size=200).map(sorted))
@settings(max_examples=60)
def test_what_is_urgent_waits_seconds_however_noisy_the_channel_is(arrivals):
    pace, waiting, sent = Pace(), [], []
    for second in range(1800 + 600):
        waiting += [is_urgent for at, is_urgent in arrivals if at == second]
        now = NOW + timedelta(seconds=second)
        if waiting and quiet.goes_at(pace, now, is_critical=any(waiting), is_urgent=any(waiting)) <= now:
            sent.append((second, any(waiting)))
            pace, waiting = quiet.sent(pace, now), []
    assert waiting == []
    for arrived, is_urgent in arrivals:
        waited = min(at for at, _ in sent if at >= arrived) - arrived
        assert waited <= (URGENT_GAP if is_urgent else LONGEST_GAP).seconds
    for (earlier, _), (later, is_urgent) in pairwise(sent):
        assert later - earlier >= (URGENT_GAP if is_urgent else FIRST_GAP).seconds


def test_what_is_over_alone_waits_for_others_of_its_kind():
    pace = quiet.sent(Pace(), NOW)
    now = NOW + timedelta(minutes=2)
    assert quiet.goes_at(pace, now, is_critical=False) == now
    assert quiet.goes_at(pace, now, is_critical=False, over_at=now - timedelta(seconds=5)) == now + timedelta(
        seconds=25
    )
    assert quiet.goes_at(pace, now, is_critical=False, over_at=now + timedelta(hours=5)) == now + FIRST_GAP


@pytest.mark.parametrize(
    ("begin", "end", "at", "until"),
    [
        ("22:00", "07:00", "2026-03-28T23:30", "2026-03-29T05:00"),
        ("22:00", "07:00", "2026-03-29T04:59", "2026-03-29T05:00"),
        ("22:00", "07:00", "2026-03-29T05:00", None),
        ("22:00", "07:00", "2026-10-25T05:30", "2026-10-25T06:00"),
        ("12:00", "13:00", "2026-06-01T10:30", "2026-06-01T11:00"),
        ("12:00", "13:00", "2026-06-01T11:00", None),
        ("02:30", "03:30", "2026-03-29T01:15", None),
        ("02:30", "03:30", "2026-10-25T00:45", "2026-10-25T02:30"),
    ],
)
def test_quiet_hours_follow_the_clocks_of_their_zone(begin, end, at, until):
    hours = quiet.read(begin, end, "Europe/Berlin", but_critical=True)
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    expected = None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert quiet.quiet_until(hours, now) == expected
    assert quiet.goes_at(Pace(quiet=hours), now, is_critical=False) == (expected or now)
    assert quiet.goes_at(Pace(quiet=hours), now, is_critical=True) == now


@pytest.mark.parametrize(
    ("begin", "end", "zone"),
    [("25:00", "07:00", "UTC"), ("7", "8", "UTC"), ("22:00", "22:00", "UTC"), ("22:00", "07:00", "Mars")],
)
def test_quiet_hours_that_cannot_be_are_refused(begin, end, zone):
    with pytest.raises(AlertingError):
        quiet.read(begin, end, zone, but_critical=False)
    assert quiet.read("", "", zone, but_critical=False) is None


def a_rota(**fields: object) -> Rota:
    people = (OnCall(name="Ana", channel=1), OnCall(name="Ben", channel=2), OnCall(name="Cem", channel=3))
    said = {
        "id": 1,
        "name": "Nights",
        "zone": "Europe/Berlin",
        "at": time(9),
        "first": date(2026, 3, 16),
        "people": people,
    }
    return Rota(**said | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-03-16T07:59", "Cem"),
        ("2026-03-16T08:00", "Ana"),
        ("2026-03-23T08:00", "Ben"),
        ("2026-03-30T06:59", "Ben"),
        ("2026-03-30T07:00", "Cem"),
        ("2026-10-26T07:59", "Ben"),
        ("2026-10-26T08:00", "Cem"),
    ],
)
def test_turns_are_handed_over_by_the_clocks_there_across_daylight_saving(at, who):
    found = rota.on_call(a_rota(), datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found is not None
    assert found.name == who


@given(
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Auckland", "Asia/Kolkata"]),
    at=st.times().map(lambda each: each.replace(microsecond=0, tzinfo=None)),
    minutes=st.integers(0, 60 * 24 * 900),
)
@settings(max_examples=60)
def test_there_is_always_exactly_one_who_is_on_call_and_turns_last_a_week_there(zone, at, minutes):
    mine = a_rota(zone=zone, at=at)
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = list(rota.shifts(mine, now, now + timedelta(weeks=5)))
    assert (found[0].since, found[-1].until) == (now, now + timedelta(weeks=5))
    assert found[0].who == rota.on_call(mine, now)
    assert all(earlier.until == later.since for earlier, later in pairwise(found))
    for shift in found[1:-1]:
        begin, end = (each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in (shift.since, shift.until))
        # A time that the clocks skip comes as much later.
        assert abs((end - begin) - timedelta(weeks=1)) <= timedelta(hours=1)


def test_who_stands_in_has_the_time_and_the_last_word_counts():
    override = Override(name="Cem", since=NOW, until=NOW + timedelta(days=1))
    later = Override(name="Ana", since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2))
    mine = a_rota(overrides=(override, later))
    shifts = list(rota.shifts(mine, NOW - timedelta(hours=1), NOW + timedelta(days=2)))
    assert [(each.who.name, each.is_override) for each in shifts][1:4] == [("Cem", True), ("Ana", True), ("Cem", True)]
    assert rota.from_data(rota.as_data(mine), id_=1, name="Nights") == mine


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": ()},
        {"people": (OnCall(name="Ana", channel=1), OnCall(name="Ana", channel=2))},
        {"zone": "Mars"},
        {"overrides": (Override(name="Dora", since=NOW, until=NOW + timedelta(hours=1)),)},
        {"overrides": (Override(name="Ana", since=NOW, until=NOW),)},
        {"name": ""},
    ],
)
def test_a_rota_that_cannot_be_is_refused(wrong):
    with pytest.raises(AlertingError):
        rota.checked(a_rota(**wrong))


def test_a_calendar_says_the_same_in_lines_that_are_short_and_whole():
    mine = a_rota(name="Nächte; lang,\n" + "ö" * 60)
    text = rota.calendar(mine, address="aiops.test", since=NOW, until=NOW + timedelta(weeks=3), now=NOW)
    lines = text.split("\r\n")
    assert (lines[0], lines[-2], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert all(len(line.encode()) <= 75 for line in lines)
    whole = text.replace("\r\n ", "")
    assert "X-WR-CALNAME:On call: Nächte\\; lang\\,\\n" + "ö" * 60 in whole
    assert whole.count("BEGIN:VEVENT") == whole.count("DTSTART:2026") == 4
    assert len({line for line in whole.split("\r\n") if line.startswith("UID:")}) == 4


@given(later=st.integers(0, 60 * 24 * 40), people=st.integers(1, 3))
@settings(max_examples=40)
def test_a_shift_is_the_same_entry_of_the_calendar_whenever_it_is_asked_for(later, people):
    override = Override(name="Ana", since=NOW + timedelta(days=3), until=NOW + timedelta(days=5))
    mine = replace(a_rota(overrides=(override,)), people=a_rota().people[:people], first=NOW.date())
    now = NOW + timedelta(minutes=later)

    def entries(since: datetime) -> list[tuple[str, str]]:
        text = rota.calendar(mine, address="aiops.test", since=since, until=NOW + timedelta(weeks=20), now=NOW)
        return re.findall(r"UID:(\S+)\r\n.*?DTSTART:(\S+)", text.replace("\r\n ", ""), re.DOTALL)

    first = entries(NOW - timedelta(days=30))
    assert set(entries(now)) <= set(first)
    assert (
        min(begin for _, begin in first)
        == f"{datetime.combine(mine.first, mine.at, ZoneInfo(mine.zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    )
    assert len({uid for uid, _ in first}) == len(first)


def test_a_rota_that_begins_later_has_an_empty_calendar_until_then():
    mine = replace(a_rota(), first=NOW.date() + timedelta(weeks=4))
    text = rota.calendar(mine, address="aiops.test", since=NOW, until=NOW + timedelta(weeks=3), now=NOW)
    assert "BEGIN:VEVENT" not in text


@pytest.mark.parametrize("waits", [[], [5], [0, 0], [0, 10, 5], [0, 9999]])
def test_steps_that_cannot_be_are_refused(waits):
    steps = tuple(Step(after=timedelta(minutes=each), to=To()) for each in waits)
    with pytest.raises(AlertingError):
        policy.checked(Policy(name="It", steps=steps))


def test_steps_are_kept_as_they_are():
    steps = (Step(after=timedelta(0), to=To(channels=(1, 2))), Step(after=timedelta(minutes=10), to=To(rota=3)))
    kept = Policy(id=1, name="It", steps=steps)
    assert policy.from_data(policy.as_data(policy.checked(kept)), id_=1, name="It") == kept


@given(text=st.text(max_size=120))
@settings(max_examples=60)
def test_what_was_not_signed_here_is_no_link(text):
    with pytest.raises(LinkError):
        links.read(text, b"key", NOW)


def test_a_link_is_read_until_it_expires_and_by_its_own_key_alone():
    claim = Claim(alert_id=7, act=LinkAct.MUTE, channel_id=3, expires_at=NOW + links.LASTS)
    text = links.signed(claim, links.key_from(b"a"))
    assert links.read(text, links.key_from(b"a"), NOW) == claim
    with pytest.raises(LinkError, match="expired"):
        links.read(text, links.key_from(b"a"), NOW + links.LASTS)
    with pytest.raises(LinkError, match="not made here"):
        links.read(text, links.key_from(b"b"), NOW)


def test_what_a_rule_about_numbers_would_have_told_is_counted_once_for_each_time_it_began():
    since, hour = NOW - timedelta(days=7), timedelta(hours=1)
    counts = {NOW - 50 * hour: 9, NOW - 49 * hour: 9, NOW - 10 * hour: 20, NOW: 3}
    told = rehearsal.many(counts, events=15, hours=1, since=since, now=NOW)
    assert told == [NOW - 49 * hour, NOW - 10 * hour]
    assert rehearsal.worth(counts, before=0, events=30, since=since) == NOW - 10 * hour
    assert rehearsal.worth(counts, before=40, events=30, since=since) is None
    steady = {NOW - each * hour: 1 for each in range(1, 300)} | {NOW - 3 * hour: 500}
    assert len(rehearsal.rises(steady, first_seen_at=NOW - 300 * hour, since=since, now=NOW)) == 1


def test_the_platform_says_what_troubles_it():
    fine = {"intake_depth": 9, "intake_oldest_seconds": 3.0, "refused": 500}
    assert troubles(fine, free_bytes=10**10, refused_before=450) == {}
    assert troubles(fine, free_bytes=10**10, refused_before=None) == {}
    bad = troubles(fine | {"intake_oldest_seconds": 601.0}, free_bytes=10**6, refused_before=400)
    assert set(bad) == {"lag", "disk", "refused"}
    assert "10 min" in bad["lag"]
