"""The page of a service: all that is known of it, and nothing of another project."""

from datetime import timedelta

from scenes import plant_busy
from seeds import Seeds
from sqlalchemy import insert

from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage import schema

DAY = timedelta(days=1)


def a_service_with_everything(seeds: Seeds, project: int) -> int:
    """A service with an incident, a heartbeat, processes, releases, a deploy and a job. Returns its id."""
    service = seeds.service(project, "till", "staging", last_event_at=seeds.now)
    seeds.monitor(service, [(MonitorState.ALIVE, 8 * DAY), (MonitorState.SILENT, 2 * DAY), (MonitorState.ALIVE, DAY)])
    incident = seeds.incident(project, service, type="TillError", message="the drawer is stuck", hours={0: 3, 40: 2})
    seeds.event(
        incident, {"signal_type": "exception", "contexts": {"runtime": {"name": "CPython", "version": "3.13.1"}}}
    )
    seeds.instance(service, "a", stats={"captured": 4}, host="till-host-1")
    seeds.job(service, "count-the-cash", [{"state": "succeeded", "ago": DAY, "duration": 4.0}])
    with seeds.database.begin() as connection:
        connection.execute(
            insert(schema.releases).values(service_id=service, release="2026.11.7", first_seen_at=seeds.now - DAY)
        )
        connection.execute(
            insert(schema.deploys).values(
                service_id=service, release="2026.11.7", at=seeds.now - DAY, by="deploy script"
            )
        )
    return service


def test_it_tells_all_that_is_known(client, site):
    service = a_service_with_everything(site.seeds, site.project)
    page = client.get(f"/services/{service}").text
    for told in (
        "TillError: the drawer is stuck", "till-host-1", "aiops-sdk 0.2.0", "CPython 3.13.1", "2026.11.7", "deploy script",
        "count-the-cash", "silent for 24 h in all, once",
    ):  # fmt: skip
        assert told in page, told
    assert "5 events" in page


def test_the_list_leads_to_it(client, site):
    service = a_service_with_everything(site.seeds, site.project)
    assert f'href="/services/{service}"' in client.get("/services").text


def test_a_service_of_which_hardly_anything_is_known_has_a_page_too(client, site):
    service = site.seeds.service(site.project)
    assert "Nothing has failed in it so far" in client.get(f"/services/{service}").text


def test_for_htmx_there_is_only_what_changes(client, site):
    service = site.seeds.service(site.project)
    part = client.get(f"/services/{service}", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert part.lstrip().startswith("<section")


def test_what_is_no_service_of_this_project_is_not_found(client, stranger, site):
    theirs = site.seeds.service(site.seeds.project("other"))
    assert [client.get(f"/services/{number}").status_code for number in (theirs, 10**30, "x", -1)] == [404] * 4
    assert stranger.get(f"/services/{theirs}").headers["location"].startswith("/signin")


def test_every_service_of_a_busy_project_can_be_looked_at(client, site):
    plant_busy(site.seeds, site.project)
    rows = site.reads.services(site.project, site.seeds.now).rows
    assert {client.get(f"/services/{row.id}").status_code for row in rows} == {200}
