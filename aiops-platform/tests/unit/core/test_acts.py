"""What people do with incidents, and that it can be put back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, SHOP, after, an_event

from aiops_platform.core import acts, muting
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.incident import IncidentState, absorb
from aiops_platform.core.muting import Ends, MuteError
from aiops_platform.core.people import Actor

ANA = Actor("user", 1, "Ana")
ACTS = st.one_of(
    st.sampled_from([None, "next", "2.0"]).map(acts.resolving),
    st.sampled_from([ActKind.REOPEN, ActKind.DELETE]).map(lambda kind: Act(kind=kind)),
    st.builds(
        lambda hours, events: Act(kind=ActKind.MUTE, ends=Ends(until=after(hours=hours), events=events)),
        st.integers(1_000, 2_000),
        st.none() | st.integers(1, 9),
    ),
)


def an_incident():
    return absorb(an_event(release="1.0"), None, service=SHOP, at=NOW, now=NOW).incident


@given(st.lists(ACTS, max_size=5), ACTS)
def test_what_was_done_is_put_back_exactly_whatever_was_done_before(earlier, last):
    incident = an_incident()
    for number, act in enumerate(earlier, 1):
        incident = acts.done(act, incident, newest="1.0", now=after(minutes=number), by=ANA).incident
    standing = acts.standing_of(incident)
    there = acts.done(last, incident, newest="1.0", now=after(hours=1), by=ANA)
    back = acts.put_back(there.incident, standing, after(hours=2), ANA, "x")
    assert back.incident == incident
    assert [fact.data["by"] for fact in (*there.facts, *back.facts)] == [ANA.as_data()] * (len(there.facts) + 1)


@given(ACTS)
def test_twice_is_as_once(act):
    once = acts.done(act, an_incident(), newest="1.0", now=after(minutes=1), by=ANA).incident
    again = acts.done(act, once, newest="1.0", now=after(minutes=2), by=ANA)
    assert (again.incident, again.facts) == (once, ())


def test_an_act_says_in_which_release():
    known, named = (
        acts.done(acts.resolving(which), an_incident(), newest="1.0", now=NOW, by=None) for which in ("next", "2")
    )
    assert (known.incident.state, known.incident.resolved_in) == (IncidentState.RESOLVED, "1.0")
    assert named.incident.resolved_in == "2"
    with pytest.raises(MuteError):
        acts.resolving("2\n")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("8 H", timedelta(hours=8)),
        ("2w", timedelta(14)),
    ],
)
def test_a_span_is_read_as_people_write_it(text, span):
    assert muting.span_of(text) == span


@pytest.mark.parametrize("text", ["", "8", "h", "1.5h", "-1h", "9999999w", "12345678s", "٣h"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(MuteError):
        muting.span_of(text)
