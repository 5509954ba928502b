"""What people say of jobs, on the pages and by the API: what is expected of them, and that one is to be left alone."""

from datetime import timedelta
from itertools import count

import httpx
import pytest
from web_site import a_site

NUMBERS = count()
NIGHTLY = {"cron": "0 2 * * *", "timezone": "Europe/Berlin"}


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        yield running


@pytest.fixture
def job(site):
    service = site.seeds.service(site.project, f"shop-{next(NUMBERS)}")
    runs = [{"state": "succeeded", "ago": timedelta(hours=1), "duration": 60.0}]
    return site.seeds.job(service, "nightly-import", runs, schedule=NIGHTLY)


@pytest.fixture(scope="module")
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60) as client:
        yield client


def test_a_program_says_what_is_expected_and_hands_it_back(api, job):
    assert api.get(f"/jobs/{job}").json()["schedule"] == NIGHTLY
    ruled = api.put(f"/jobs/{job}", json={"settings": {"every": 3600, "max_run": 600}}).json()
    assert (ruled["settings"], ruled["schedule"]) == ({"every": 3600, "max_run": 600}, NIGHTLY)
    assert ruled["expected_at"] is not None
    assert api.put(f"/jobs/{job}", json={}).json() == ruled
    assert api.put(f"/jobs/{job}", json={"settings": {}}).json()["expected_at"] is None
    back = api.put(f"/jobs/{job}", json={"settings": None}).json()
    assert (back["settings"], back["state"]) == (None, "waiting")
    assert back["expected_at"].endswith(("01:00:00Z", "00:00:00Z"))


def test_a_program_pauses_a_job_and_lets_it_go_on(api, job):
    paused = api.put(f"/jobs/{job}", json={"paused": True}).json()
    assert paused["paused_at"] is not None
    assert paused["expected_at"] is None
    assert api.put(f"/jobs/{job}", json={"paused": True}).json() == paused
    resumed = api.put(f"/jobs/{job}", json={"paused": False}).json()
    assert resumed["paused_at"] is None
    assert resumed["expected_at"] is not None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"settings": {"cron": "at night"}}, "cron: expected five fields"),
        ({"settings": {"every": 60, "timezone": "Mars"}}, "timezone: There is no time zone called 'Mars'"),
        ({"settings": {"grace": -1}}, "grace: expected more than nothing"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(api, job, body, why):
    refused = api.put(f"/jobs/{job}", json=body)
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    assert refused.json()["detail"].startswith(why)
    assert refused.json()["errors"][0]["name"] == f"settings.{why.partition(':')[0]}"
    assert api.get(f"/jobs/{job}").json()["settings"] is None


@pytest.mark.parametrize("body", [{"settings": {"crom": "0 2 * * *"}}, {"settings": 7}, {"paused": "yes"}, []])
def test_what_is_misspelt_changes_nothing(api, job, body):
    assert api.put(f"/jobs/{job}", json=body).status_code == 400
    assert api.get(f"/jobs/{job}").json()["settings"] is None


def test_what_is_not_there_is_not_found(api, job):
    assert api.put("/jobs/999999", json={"paused": True}).status_code == 404
    for run in ("00000000-0000-0000-0000-000000000000", "x"):
        assert api.get(f"/jobs/{job}/runs/{run}").status_code == 404
    run_id = api.get(f"/jobs/{job}").json()["runs"][0]["run_id"]
    run = api.get(f"/jobs/{job}/runs/{run_id}").json()
    assert (run["job"], run["output"], run["run"]["run_id"]) == ("nightly-import", "", run_id)
