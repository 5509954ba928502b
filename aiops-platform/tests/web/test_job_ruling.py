"""What people say of jobs, on the pages and by the API: what is expected of them, and that one is to be left alone."""

import re
from datetime import timedelta
from itertools import count

import httpx
import pytest
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web.origin import token_for

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


def test_a_job_is_deleted_with_its_runs(api, client, press, job):
    assert api.delete(f"/jobs/{job}").status_code == 204
    assert api.get(f"/jobs/{job}").status_code == api.delete(f"/jobs/{job}").status_code == 404
    assert client.get(f"/jobs/{job}").status_code == press(f"/jobs/{job}/delete").status_code == 404


def test_a_job_is_deleted_on_its_page(api, client, press, job):
    assert "Delete it now" in client.get(f"/jobs/{job}").text
    assert press(f"/jobs/{job}/delete").headers["location"] == "/jobs"
    assert api.get(f"/jobs/{job}").status_code == 404


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


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


SAID = {"kind": "cron", "when": "0 2 * * *", "timezone": "Europe/Berlin", "grace": "15 min", "max_run": "1.5h"}


def test_people_say_what_is_expected_see_it_and_hand_it_back(api, client, press, job):
    done = press(f"/jobs/{job}/expect", **SAID, in_a_row="3")
    assert done.headers["location"] == f"/jobs/{job}?done=expected"
    page = client.get(f"/jobs/{job}?done=expected").text
    assert "It counts from now on" in page
    assert "set by people" in page
    assert "no later than 15 min after that" in page
    assert "02:00 Europe/Berlin" in page
    assert 'value="90 min"' in page
    told = {"cron": "0 2 * * *", "timezone": "Europe/Berlin", "grace": 900, "max_run": 5400, "in_a_row": 3}
    assert api.get(f"/jobs/{job}").json()["settings"] == told
    assert press(f"/jobs/{job}/hand-back").headers["location"] == f"/jobs/{job}?done=handed-back"
    assert "as the job says" in client.get(f"/jobs/{job}").text
    assert api.get(f"/jobs/{job}").json()["settings"] is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"when": "at night"}, "cron: expected five fields"),
        ({"when": ""}, "Say when it runs"),
        ({"kind": "every", "when": "soon"}, "It runs every: write a length of time, as 90s, 15min, 8h or 2d"),
        ({"max_run": "<b>"}, "A run takes at most: write a length of time"),
        ({"in_a_row": "x"}, "Bad runs in a row that count: write a whole number"),
        ({"timezone": "Mars"}, "There is no time zone called"),
    ],
)
def test_what_is_not_understood_is_said_and_stays_typed(api, press, job, said, why):
    page = press(f"/jobs/{job}/expect", **SAID | said)
    assert page.status_code == 422
    assert why in page.text
    assert "<b>&" not in page.text
    assert 'value="15 min"' in page.text
    assert api.get(f"/jobs/{job}").json()["settings"] is None


def test_people_pause_a_job_and_let_it_go_on(client, press, job):
    assert press(f"/jobs/{job}/pause").headers["location"] == f"/jobs/{job}?done=paused"
    assert 'data-testid="resume"' in client.get(f"/jobs/{job}").text
    assert press(f"/jobs/{job}/resume").headers["location"] == f"/jobs/{job}?done=resumed"
    assert 'data-testid="pause"' in client.get(f"/jobs/{job}").text
    assert press("/jobs/999999/pause").status_code == press("/jobs/x/expect", **SAID).status_code == 404


def test_what_a_run_printed_is_text_and_its_page_is_short(client, site):
    service = site.seeds.service(site.project, f"shop-{next(NUMBERS)}")
    printed = '<script>alert("&")</script>\n' + '"' * 10_000
    runs = [{"state": "failed", "ago": timedelta(hours=1), "duration": 1.0, "exit_status": 3, "output": printed}]
    job = site.seeds.job(service, "backup", runs * 100)
    page = client.get(f"/jobs/{job}").text
    assert "exit 3" in page
    assert len(page.encode()) <= 60_000
    run = site.reads.job(site.project, job).row.runs[0].run_id
    shown = client.get(f"/jobs/{job}/runs/{run}").text
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert "has all of it that is kept" in shown
    assert len(shown.encode()) <= 60_000
    assert client.get(f"/jobs/{job}/runs/x").status_code == 404


def test_what_runs_regularly_suggests_a_schedule_that_one_click_keeps(api, client, press, site):
    service = site.seeds.service(site.project, f"shop-{next(NUMBERS)}")
    runs = [{"state": "succeeded", "ago": timedelta(minutes=15 * each), "duration": 60.0} for each in range(1, 8)]
    number = site.seeds.job(service, "sweep", runs)
    api.put(f"/jobs/{number}", json={"settings": {"max_run": 600}})
    page = client.get(f"/jobs/{number}").text
    assert "It seems to run every 15 min" in page
    form = page[page.index('data-testid="guess"') :]
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', form[: form.index("</form>")]))
    assert fields.pop("csrf")
    assert press(f"/jobs/{number}/expect", **fields).status_code == 303
    assert api.get(f"/jobs/{number}").json()["settings"] == {"every": 900, "grace": 240, "max_run": 600}
    assert "It seems to run" not in client.get(f"/jobs/{number}").text


def test_of_a_job_that_runs_as_it_likes_or_has_a_schedule_nothing_is_suggested(client, site, job):
    service = site.seeds.service(site.project, f"shop-{next(NUMBERS)}")
    ago = (1, 2, 40, 41, 300, 900, 5000)
    runs = [{"state": "succeeded", "ago": timedelta(minutes=each), "duration": 60.0} for each in ago]
    for number in (site.seeds.job(service, "by hand", runs), job):
        assert "It seems to run" not in client.get(f"/jobs/{number}").text
