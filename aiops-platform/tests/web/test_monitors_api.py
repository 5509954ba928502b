"""Monitors by API: their states and uptime, pauses, and expected processes."""

import httpx
import pytest
from lives import plant_lives
from web_site import a_site

from aiops_platform.core.access import Scope


@pytest.fixture(scope="module")
def site():
    """One for all: each test changes a service of its own."""
    with a_site() as running:
        running.ids = plant_lives(running.seeds, running.project)
        running.session()  # With the first one there is a member.
        yield running


@pytest.fixture(scope="module")
def api(site):
    headers = {"Authorization": f"Bearer {site.access.create_token(site.project, 'program', site.seeds.now)}"}
    with httpx.Client(base_url=f"{site.url}/api/v1", headers=headers, timeout=60) as client:
        yield client


def test_monitors_are_listed_with_their_uptime_and_found(api, site):
    found = api.get("/monitors").json()
    assert found["total"] == 5
    assert [each["service"] for each in found["items"][:2]] == ["search", "mailer"]
    shop = next(each for each in found["items"] if each["service"] == "shop")
    assert shop["service_id"] == site.ids["shop"]
    assert shop["uptime"]["1d"] == 1.0
    assert 0.999 < shop["uptime"]["90d"] < 1
    assert shop["known"]["1d"] == 86_400
    mailer = next(each for each in found["items"] if each["service"] == "mailer")
    assert mailer["uptime"]["90d"] == 1.0
    assert 5 * 86_400 <= mailer["known"]["90d"] < 6 * 86_400, "not of three months"
    stopped = next(each for each in found["items"] if each["service"] == "import")
    assert stopped["uptime"]["1d"] is None
    assert [each["service"] for each in api.get("/monitors", params={"state": "silent"}).json()["items"]] == ["search"]
    assert api.get("/monitors", params={"service": "shop", "environment": "staging"}).json()["total"] == 0
    assert api.get("/monitors", params={"state": "nonsense"}).status_code == 400
    assert api.get("/monitors", params={"servce": "shop"}).status_code == 400


def test_a_monitor_is_paused_and_resumed(api, site):
    address = f"/monitors/{site.ids['shop']}"
    paused = api.post(f"{address}/pause", json={"minutes": 30}).json()
    assert paused["state"] == "paused"
    assert paused["paused_until"] is not None
    assert api.post(f"{address}/pause", json={}).json()["paused_until"] is None
    for _ in range(2):
        assert api.post(f"{address}/resume").json()["state"] in ("alive", "late")


def test_processes_are_expected(api, site):
    address = f"/monitors/{site.ids['mailer']}/expected"
    assert api.put(address, json={"processes": 3}).json()["expected"] == 3
    assert api.put(address, json={"processes": None}).json()["expected"] is None


@pytest.mark.parametrize(
    ("verb", "path", "said"),
    [
        ("POST", "pause", {"minutes": 0}),
        ("POST", "pause", {"minutes": 5, "until": "2030-01-01T00:00:00Z"}),
        ("POST", "pause", {"until": "2020-01-01T00:00:00Z"}),
        ("POST", "pause", {"until": "9999-12-31T23:59:59-14:00"}),
        ("PUT", "expected", {"processes": 0}),
        ("PUT", "expected", {"processes": 101}),
        ("PUT", "expected", {}),
    ],
)
def test_what_makes_no_sense_is_refused(api, site, verb, path, said):
    answer = api.request(verb, f"/monitors/{site.ids['import']}/{path}", json=said)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_reaches_a_monitor_of_another_project_or_without_a_right(api, site):
    other = site.people.add_project("Theirs", None, site.seeds.now).id
    for project, scope, status in ((other, Scope.ACT, 404), (site.project, Scope.READ, 403)):
        token = site.access.create_token(project, "another", site.seeds.now, scope)
        answer = httpx.post(
            f"{site.url}/api/v1/monitors/{site.ids['shop']}/pause",
            headers={"Authorization": f"Bearer {token}"},
            json={},
            timeout=60,
        )
        assert answer.status_code == status
    assert api.post(f"/monitors/{2**63}/resume").status_code == 400
