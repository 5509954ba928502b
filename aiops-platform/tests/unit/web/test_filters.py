"""Which incidents a page lists, as its address says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.incident import IncidentState
from aiops_platform.web.filters import Filters


def test_open_incidents_are_shown_when_nothing_is_said():
    assert Filters.read({}).query(25).state is IncidentState.OPEN
    assert Filters.read({"state": "all"}).query(25).state is None


@pytest.mark.parametrize("page", ["0", "-3", "x", "", "1e9", "9" * 4000, "٣"])
def test_a_page_that_makes_no_sense_is_some_page(page):
    assert 1 <= Filters.read({"page": page}).page <= 100_000


def test_a_change_of_filter_leads_to_the_first_page():
    filters = Filters.read({"text": "a b&c", "page": "7", "state": "muted"})
    assert filters.url(service="shop") == "/incidents?state=muted&service=shop&text=a+b%26c"
    assert filters.url(page=8) == "/incidents?state=muted&text=a+b%26c&page=8"
    assert Filters().url() == "/incidents"


@given(
    st.dictionaries(
        st.sampled_from(["state", "service", "environment", "text", "page"]), st.text(st.characters(codec=None))
    )
)
def test_any_parameters_give_filters_an_address_and_a_query(parameters):
    filters = Filters.read(parameters)
    assert filters.url().isascii()
    assert len(filters.query(25).text or "") <= 200 * 6
