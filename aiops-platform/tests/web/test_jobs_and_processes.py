"""What the pages and the API say of jobs, and of what became of the events of each process."""

import re
from datetime import timedelta

import httpx
import pytest
from scenes import minutes, plant_jobs, plant_processes

from aiops_platform.core.monitor import MonitorState


@pytest.fixture
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60) as client:
        yield client


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def part_of(page, beginning):
    return text_of(page.split(beginning, 1)[1].split("</li>\n    <li", 1)[0])


def test_a_page_without_jobs_says_how_to_get_one(client):
    assert "No job has reported yet" in client.get("/jobs").text
    assert 'aiops_sdk.monitor("nightly-import")' in text_of(client.get("/jobs").text).replace("&#34;", '"')
    assert client.get("/jobs/7").status_code == 404
    assert client.get("/jobs/x").status_code == 404
    assert client.get("/jobs/" + "9" * 19).status_code == 404


def test_a_job_says_how_its_last_run_went_and_what_it_means_to_do(client, site):
    ids = plant_jobs(site.seeds, site.project)
    page = client.get("/jobs").text
    settled = part_of(page, f'id="job-{ids["settle-accounts"]}"')
    assert "settle-accounts billing production cron 30 */12 * * *" in settled
    assert re.search(r"Failed why 4 h ago , took \d+ min", settled)
    assert "shop production every 15 min Running for 6 min" in part_of(page, f'id="job-{ids["send-reminders"]}"')
    assert "failed before that" in part_of(page, f'id="job-{ids["reindex"]}"')
    assert page.index("settle-accounts") < page.index("nightly-import")
    assert "2 in trouble" in text_of(page.split("</nav>", 1)[0])


def test_a_job_s_page_lists_its_runs_and_leads_to_the_incident_of_a_failed_one(client, site):
    ids = plant_jobs(site.seeds, site.project)
    page = client.get(f"/jobs/{ids['settle-accounts']}").text
    assert page.count('data-testid="run"') == 31
    assert page.count('href="/incidents/1"') == 1
    assert client.get("/incidents/1").status_code == 200


def test_a_run_without_an_end_runs_until_a_later_one_has_ended(client, site):
    ids = plant_jobs(site.seeds, site.project)
    assert "No end was heard" in client.get(f"/jobs/{ids['warm-cache']}").text
    runs = client.get(f"/jobs/{ids['send-reminders']}").text
    assert "Running" in runs
    assert "No end was heard" not in runs


def test_the_api_lists_jobs_and_reads_one(api, site):
    ids = plant_jobs(site.seeds, site.project)
    listed = api.get("/jobs").json()
    assert (listed["total"], len(listed["items"])) == (6, 6)
    assert [each["name"] for each in listed["items"]][:2] == ["reindex", "settle-accounts"]
    assert {len(each["runs"]) for each in listed["items"]} == {1, 6, 20}
    assert api.get("/jobs", params={"service": "billing", "per_page": 2, "page": 2}).json()["total"] == 3
    job = api.get(f"/jobs/{ids['settle-accounts']}").json()
    assert (job["outcome"], len(job["runs"]), job["runs"][0]["state"]) == ("failed", 31, "failed")
    assert (job["runs"][0]["incident_id"], job["runs"][1]["incident_id"]) == (1, None)
    assert job["schedule"] == {"cron": "30 */12 * * *"}
    assert api.get("/jobs/999").status_code == 404
    assert api.get("/jobs", params={"state": "failed"}).status_code == 400


def test_each_process_says_what_became_of_its_events(client, site):
    plant_processes(site.seeds, site.project)
    page = text_of(client.get("/services").text)
    # However long the page took.
    page = re.sub(r"beat \d+ s ago", "beat a while ago", page)
    assert "shop-1 process 4700 beat a while ago , aiops-sdk 0.2.0 41,200 events captured, 41,198 delivered" in page
    assert "12 waiting in memory, 380 put on disk to wait" in page
    assert "Dropped: 812 more at once than its queue holds; 40 dropped by before_send" in page
    assert "1,518 answers of 404: /orders/&lt;int:id&gt; 311, (none) 1,204" in page
    assert "131 MB of memory, up for 25 h 56 min" in page
    assert "It tells nothing of its events." in page


def test_a_service_whose_events_do_not_come_through_is_said_to_be_blind(client, site):
    plant_processes(site.seeds, site.project)
    page = text_of(client.get("/services").text)
    assert (
        "Monitoring is blind in 1 process: nothing gets through, 392 events waiting (503: the platform cannot store"
        in page
    )
    assert "Monitoring is blind in 1 process: 812 events lost (no answer within 10 s)" in page
    assert page.count("Monitoring is blind") == 2


def test_what_was_lost_long_ago_no_longer_blinds(client, site):
    service = site.seeds.service(site.project)
    site.seeds.monitor(service, [(MonitorState.ALIVE, timedelta(hours=1))])
    site.seeds.instance(service, "one", stats={"captured": 9, "dropped": {"exit": 2}}, lost_ago=minutes(16))
    page = text_of(client.get("/services").text)
    assert "blind" not in page
    assert "Dropped: 2 the process ended too soon" in page


def test_the_api_tells_of_each_process(api, site):
    plant_processes(site.seeds, site.project)
    services = {each["name"]: each for each in api.get("/services").json()["items"]}
    till = services["till"]["instances"]
    assert [each["pid"] for each in till] == [4700, 4701, 4702]
    assert till[0]["stuck_since"] is not None
    assert till[0]["stats"]["spooled"] == 380
    assert services["mailer"]["instances"][0]["lost"] == 812
