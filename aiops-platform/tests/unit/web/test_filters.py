"""What the address of the list says, and addresses that lead to it."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from aiops_platform.core.incident import IncidentState
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.search import SearchError, written
from aiops_platform.web.filters import Filters


def read(address):
    return Filters.read(dict(parse_qsl(urlsplit(address).query)))


def test_an_address_that_says_nothing_lists_what_is_open():
    query = read("/incidents").query(25, now=NOW, me=7)
    assert (query.state, query.sort, query.period, query.me) == (IncidentState.OPEN, Sort.NEWEST, None, 7)
    assert Filters().url() == "/incidents?state=open"


def test_the_address_holds_the_whole_state_so_that_a_link_is_a_view():
    filters = read("/incidents?query=service:shop+a%26b&state=muted&sort=count&time=7d&page=3")
    assert filters.url(page=3) == "/incidents?query=service%3Ashop+a%26b&state=muted&sort=count&time=7d&page=3"
    assert read(filters.url(page=3)) == filters
    assert filters.url() == "/incidents?query=service%3Ashop+a%26b&state=muted&sort=count&time=7d"


@pytest.mark.parametrize(
    ("older", "text"),
    [
        ("service=shop&environment=production", "service:shop env:production"),
        ("text=timed+out", "timed out"),
        ("text=a:b+-c&service=my+shop&query=is:new", 'is:new service:"my shop" "a:b" "-c"'),
    ],
)
def test_older_addresses_become_a_search(older, text):
    assert read(f"/incidents?{older}").text == text
    assert written(read(f"/incidents?{older}").search) == text


def test_a_search_that_says_which_states_are_meant_is_about_all_of_them():
    assert read("/incidents?query=state:muted").state == "all"
    assert read("/incidents?query=is:new").state == "open"
    assert read("/incidents?query=state:muted&state=open").url() == "/incidents?query=state%3Amuted&state=open"
    assert read("/incidents?query=state:muted").url(state="all") == "/incidents?query=state%3Amuted"


def test_a_search_that_is_wrong_lists_nothing():
    filters = read("/incidents?query=state:")
    assert filters.wrong is not None
    assert filters.url() == "/incidents?query=state%3A"
    with pytest.raises(SearchError):
        filters.query(25, now=NOW)


def test_a_value_of_a_facet_is_put_into_the_search_and_taken_out_again():
    filters = read("/incidents?query=a+OR+b")
    chosen = read(filters.toggled("service", "my shop"))
    assert chosen.text == '(a OR b) service:"my shop"'
    assert chosen.has("service", "my shop")
    assert read(chosen.toggled("service", "other")).text == "(a OR b) service:other"
    assert read(chosen.toggled("service", "my shop")).text == "a OR b"
    assert read(read("/incidents").toggled("level", "error")).text == "level:error"
    assert read(read("/incidents").toggled("assigned", "none")).has("assigned", "none")


def test_a_time_is_in_whole_hours_and_the_present_one_is_within_it():
    period = read("/incidents?time=24h").period(NOW)
    assert period == Period(
        NOW.replace(hour=4, minute=0, second=0) - timedelta(days=1), NOW.replace(hour=4, minute=0, second=0)
    )
    day = read("/incidents?from=2026-11-20&to=2026-11-20&time=7d")
    assert (day.period(NOW).span, day.time) == (timedelta(days=1), "")
    assert day.url() == "/incidents?from=2026-11-20&to=2026-11-20"
    assert day.url(time="7d") == "/incidents?time=7d"
    assert read("/incidents?to=2026-11-20T05:30").period(NOW).until.hour == 6
    assert read("/incidents?from=2030-01-01").period(NOW).span == timedelta(hours=1)


PARAMETERS = st.dictionaries(
    st.sampled_from(["query", "state", "service", "environment", "text", "sort", "time", "from", "to", "page"]),
    st.one_of(
        st.text(max_size=300), st.sampled_from(["open", "count", "7d", "2026-11-20", "service:shop", "0", "99999"])
    ),
)


@given(PARAMETERS)
def test_any_parameters_give_filters_an_address_and_a_query(parameters):
    filters = Filters.read(parameters)
    assert filters.url().isascii()
    again = read(filters.url())
    assert (again.state, again.search, again.period(NOW)) == (filters.state, filters.search, filters.period(NOW))
    if filters.wrong is None:
        assert filters.query(25, now=NOW).per_page == 25
