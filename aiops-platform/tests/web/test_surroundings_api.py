"""What stands beside an incident, as programs see it."""

import httpx
import pytest
from scenes import plant_busy
from web_site import a_site


@pytest.fixture(scope="module")
def site():
    """One for all: nobody here changes anything."""
    with a_site() as running:
        running.ids = plant_busy(running.seeds, running.project)
        yield running


@pytest.fixture(scope="module")
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    with httpx.Client(
        base_url=site.url + "/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        yield client


@pytest.fixture(scope="module")
def incident(site):
    return f"/incidents/{site.ids['everything']}"


def told(answer: httpx.Response):
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_events_over_time_follow_the_search_and_the_time(api):
    day = told(api.get("/incidents/chart"))
    assert (day["hours"], len(day["counts"]), sum(day["counts"])) == (1, 24, day["total"])
    one = told(api.get("/incidents/chart", params={"query": "type:OrderFailed"}))
    (listed,) = told(api.get("/incidents", params={"query": "type:OrderFailed"}))["items"]
    assert one["counts"] == listed["trend"]
    assert 0 < one["total"] < day["total"]
    months = told(api.get("/incidents/chart", params={"from": "2020-01-01T00:00:00Z"}))
    assert months["hours"] > 24
    assert len(months["counts"]) <= 120
    assert api.get("/incidents/chart", params={"query": "service:shop ("}).json()["position"] == 13


def test_an_incident_s_events_over_time_are_those_of_the_hours_that_it_tells(api, site, incident):
    known = {each["hour"]: each["count"] for each in told(api.get(incident))["hours"]}
    chart = told(api.get(f"{incident}/chart", params={"from": min(known)}))
    assert (chart["hours"], chart["total"]) == (3, sum(known.values()))
    day = told(api.get(f"{incident}/chart"))
    assert day["counts"] == list(known.values())[-24:]
    assert api.get(f"{incident}/chart", params={"from": "9999-01-01T00:00:00Z"}).status_code == 400
    assert api.get("/incidents/99999/chart").status_code == 404


def test_what_is_like_it_says_in_what(api, site, incident):
    for name in site.ids:
        for each in told(api.get(f"/incidents/{site.ids[name]}/similar"))["items"]:
            assert each["shares"]
            assert each["id"] != site.ids[name]
    assert api.get("/incidents/99999/similar").status_code == 404


def test_how_it_began_and_what_else_happened_then_is_told(api, site, incident):
    assert told(api.get(f"{incident}/origin")).keys() >= {"host", "release", "deploy", "same"}
    others = told(api.get(f"{incident}/events/newest/neighbours"))["items"]
    assert site.ids["http"] in {each["id"] for each in others}
    assert all(abs(each["later"]) <= 300 for each in others)
    assert told(api.get(f"{incident}/events/newest/companions"))["items"] == []
    assert api.get(f"{incident}/events/999999/companions").status_code == 404


def test_its_events_are_looked_for(api, incident):
    every = told(api.get(f"{incident}/events/search"))
    assert (len(every["items"]), every["kept"], every["before"]) == (4, 4, None)
    first = told(api.get(f"{incident}/events/search", params={"per_page": 3}))
    rest = told(api.get(f"{incident}/events/search", params={"per_page": 3, "before": first["before"]}))
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in every["items"]]
    assert told(api.get(f"{incident}/events/search", params={"find": "nobody-says-this"}))["items"] == []
    later = {"from": every["items"][1]["received_at"]}
    assert len(told(api.get(f"{incident}/events/search", params=later))["items"]) == 2


def test_the_event_that_tells_most_can_be_read(api, incident):
    every = [each["id"] for each in told(api.get(f"{incident}/events"))["items"]]
    assert told(api.get(f"{incident}/events/telling"))["id"] in every


def test_the_project_and_a_service_are_told_in_one_piece(api, site):
    overview = told(api.get("/overview"))
    assert overview["now"]["open_incidents"] == told(api.get("/incidents"))["total"]
    assert overview["new"]["total"] == told(api.get("/incidents", params={"query": "is:new"}))["total"]
    assert (
        told(api.get("/overview", params={"from": "2020-01-01T00:00:00Z"}))["new"]["total"] >= overview["new"]["total"]
    )
    shop = next(each for each in told(api.get("/services"))["items"] if each["name"] == "shop")
    service = told(api.get(f"/services/{shop['id']}"))
    assert service["row"]["name"] == "shop"
    assert len(service["hours"]) == 336
    assert api.get("/services/99999").status_code == 404


def test_what_could_not_be_digested_is_read(api, site):
    site.seeds.buried(site.project)
    buried = told(api.get("/buried"))
    assert buried["total"] == 1
    assert told(api.get(f"/buried/{buried['items'][0]['id']}"))["reason"] == buried["items"][0]["reason"]
    assert api.get("/buried/99999").status_code == 404
