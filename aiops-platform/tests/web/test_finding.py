"""Incidents are found over HTTP: by pages and programs, in one language, and by nobody who is no member."""

import re
from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import plant_busy
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web.origin import token_for


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        plant_busy(running.seeds, running.project)
        other = running.seeds.project("other")
        running.seeds.incident(other, running.seeds.service(other, "secret-service"), type="SecretError")
        yield running


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def api(site):
    token = site.access.create_token(site.project, "finder", site.seeds.now)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60) as program:
        yield program


def listed(api, **parameters):
    answer = api.get("/incidents", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_programs_search_in_the_same_language(api):
    assert [row["type"] for row in listed(api, query="redis OR (service:payments sub-exceptions)")["items"]] == [
        "ExceptionGroup",
        "ConnectionError",
    ]
    assert listed(api, query="is:muted")["total"] == 1
    assert listed(api, query="state:muted", state="open")["total"] == 0
    assert listed(api, query="SecretError", state="all")["total"] == 0


def test_a_list_goes_on_where_a_page_ended_until_there_is_no_more(api):
    for sort in ("newest", "count", "matters", "first-seen", "people"):
        every = [row["id"] for row in listed(api, state="all", sort=sort, per_page=100)["items"]]
        gone_through, cursor = [], {}
        while True:
            page = listed(api, state="all", sort=sort, per_page=6, **cursor)
            gone_through += [row["id"] for row in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert gone_through == every
        assert len(every) == 17


def test_a_time_is_asked_for_and_counts_are_those_within_it(api, site):
    since = (site.seeds.now - timedelta(hours=3)).isoformat()
    page = listed(api, **{"from": since}, sort="count")
    assert 0 < page["total"] < 12
    assert all(row["count"] == sum(row["trend"]) for row in page["items"])
    assert listed(api, to="2001-01-01T00:00:00Z")["total"] == 0


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"query": "a state:opn"}, {"position": 8}),
        ({"query": "x" * 501}, {}),
        ({"cursor": "nonsense"}, {}),
        ({"cursor": "WzEsMiwzXQ"}, {}),
        ({"from": "0001-01-01T00:00:00+14:00"}, {}),
        ({"to": "9999-12-31T23:59:59-14:00"}, {}),
        ({"sort": "loudest"}, {}),
        ({"querry": "a"}, {}),
    ],
)
def test_what_makes_no_sense_is_a_problem_that_says_where(api, parameters, said):
    answer = api.get("/incidents", params=parameters)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["errors"][0]["name"] == next(iter(parameters))
    assert told | said == told


def test_facets_are_a_resource_of_their_own(api):
    facets = {
        each["field"]: each for each in api.get("/incidents/facets", params={"query": "service:shop"}).json()["items"]
    }
    assert facets["service"]["values"][0] == {"value": "shop", "count": 8}
    assert sum(each["count"] for each in facets["level"]["values"]) == 8
    assert api.get("/incidents/facets", params={"query": "("}).json()["position"] == 0
    assert "secret" not in api.get("/incidents/facets", params={"state": "all"}).text


def test_a_page_shows_what_was_found_what_else_there_is_and_what_is_wrong(client):
    page = client.get("/incidents", params={"query": "service:shop", "time": "7d", "sort": "count"}).text
    assert "/incidents?query=service%3Apayments&amp;sort=count&amp;time=7d" in page
    assert "of these incidents, by" in page
    assert 'href="/incidents?sort=count&amp;time=7d" aria-current="true"' in page
    wrong = client.get("/incidents", params={"query": 'service:shop OR "<b>'})
    assert (wrong.status_code, "This quote is not closed" in wrong.text) == (200, True)
    assert "<mark>&#34;</mark>&lt;b&gt;" in wrong.text
    assert len(client.get("/incidents?state=all").content) < 60_000


def test_older_addresses_lead_to_the_same_incidents(client):
    older = client.get("/incidents?service=payments&environment=production").text
    assert older.count('data-testid="incident"') == 2
    assert 'value="service:payments env:production"' in older


def test_offers_are_made_from_what_the_project_has_and_from_nothing_else(client):
    def offers(text):
        return client.get("/search/offers", params={"text": text}).text

    assert 'data-text="service:"' in offers("ser")
    assert 'data-text="payments"' in offers("a -service:pay")
    assert 'data-text="critical"' in offers("level:")
    assert "secret" not in offers("service:")
    assert "<li" not in offers("nothing:")
    assert "<li" not in offers('"service:')


def test_a_stranger_finds_nothing(site):
    with httpx.Client(base_url=site.url, timeout=60) as stranger:
        for path in ("/incidents?query=a", "/search/offers?text=service:"):
            assert stranger.get(path).status_code == 303
        assert stranger.get("/api/v1/incidents/facets").status_code == 401


def test_a_view_is_saved_begun_with_renamed_and_deleted(client):
    csrf = token_for(client.cookies[SESSION_COOKIE])

    def post(path, **said):
        answer = client.post(path, data={"csrf": csrf, "query": "query=service%3Ashop&time=7d", **said})
        return answer.headers.get("location", answer.status_code)

    there = "/incidents?query=service%3Ashop&time=7d"
    assert post("/views", name="Shop <b>", shared="1") == there
    page = client.get(there).text
    assert 'href="/incidents?query=service%3Ashop&amp;time=7d" aria-current="true"><bdi>Shop &lt;b&gt;</bdi>' in page
    (number,) = re.findall(r'action="/views/(\d+)"', page)
    assert client.get("/incidents").status_code == 200
    assert post(f"/views/{number}/default") == there
    assert client.get("/incidents").headers["location"] == there
    assert client.get("/incidents?state=open").status_code == 200
    assert post(f"/views/{number}", name="Renamed") == there
    assert "Renamed" in client.get(there).text
    assert post(f"/views/{number}", name=" ") == 422
    assert post(f"/views/{number}/delete") == there
    assert post(f"/views/{number}/delete") == 404
    assert client.get("/incidents").status_code == 200
    assert client.post("/views", data={"name": "x", "query": "y"}).status_code == 403


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                ["a", "OR", "(", ")", "-", '"', "count:>1", "tag.x:y", "user:7", "is:rising", "age:<2d", "*", "has:"]
            ),
            max_size=12,
        ).map(" ".join),
    ),
    st.sampled_from(["", "24h", "90d"]),
)
def test_nothing_that_is_typed_breaks_a_page(client, text, time):
    assert client.get("/incidents", params={"query": text, "time": time}).status_code == 200
    assert client.get("/search/offers", params={"text": text}).status_code == 200
