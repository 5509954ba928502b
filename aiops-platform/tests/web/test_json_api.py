"""The JSON API as programs use it."""

import re

import httpx
import pytest
from scenes import plant_busy

from aiops_platform.core.access import SESSION_COOKIE


@pytest.fixture
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    with httpx.Client(
        base_url=site.url + "/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        yield client


def test_without_a_token_there_is_a_problem_and_the_way_to_a_token(stranger):
    answer = stranger.get("/api/v1/incidents")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "aiops token create" in answer.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer aiopst_" + "x" * 43, "Bearer", "Basic YTpi", "Bearer ü", "bearer x y"])
def test_a_wrong_token_is_refused(stranger, header):
    assert stranger.get("/api/v1/incidents", headers={"Authorization": header.encode()}).status_code == 401


def test_a_revoked_token_is_refused_at_once(site, api):
    assert api.get("/services").status_code == 200
    site.access.revoke_token(site.project, "program", site.seeds.now)
    assert api.get("/services").status_code == 401


def test_incidents_are_listed_filtered_and_paged(site, api):
    plant_busy(site.seeds, site.project)
    page = api.get("/incidents", params={"per_page": 5}).json()
    assert (len(page["items"]), page["total"], page["page"], page["per_page"]) == (5, 12, 1, 5)
    assert page["items"][0]["type"] == "OrderFailed"
    assert page["items"][0]["last_seen_at"].endswith("Z")
    assert len(page["items"][0]["trend"]) == 24
    assert api.get("/incidents", params={"state": "all"}).json()["total"] == 17
    assert api.get("/incidents", params={"state": "muted"}).json()["items"][0]["type"] == "BrokenPipeError"
    assert api.get("/incidents", params={"text": "stock apple"}).json()["total"] == 1
    assert api.get("/incidents", params={"service": "payments", "environment": "production"}).json()["total"] == 2


def test_an_incident_tells_its_hours_its_story_and_its_reasons(site, api):
    ids = plant_busy(site.seeds, site.project)
    incident = api.get(f"/incidents/{ids['everything']}").json()
    assert len(incident["hours"]) == 336
    mine = [fact["kind"] for fact in incident["facts"] if fact["kind"].startswith("incident_")]
    assert mine == ["incident_reopened", "incident_resolved", "incident_opened"]
    assert incident["grouping"][0]["parts"]["type"] == "OrderFailed"
    assert "type: OrderFailed" in incident["grouping"][0]["why"]
    assert incident["first_release"] == "2026.11.3"


def test_events_are_read_by_place_or_number(site, api):
    ids = plant_busy(site.seeds, site.project)
    newest = api.get(f"/incidents/{ids['everything']}/events/newest").json()
    assert (newest["number"], newest["of"], newest["later_id"]) == (4, 4, None)
    assert newest["body"]["error_type"] == "OrderFailed"
    earlier = api.get(f"/incidents/{ids['everything']}/events/{newest['earlier_id']}").json()
    assert earlier["later_id"] == newest["id"]
    assert api.get(f"/incidents/{ids['everything']}/events/oldest").json()["number"] == 1


def test_the_events_of_an_incident_are_listed_in_pages_the_newest_first(site, api):
    ids = plant_busy(site.seeds, site.project)
    first = api.get(f"/incidents/{ids['everything']}/events", params={"per_page": 3}).json()
    assert (len(first["items"]), first["total"], first["page"], first["per_page"]) == (3, 4, 1, 3)
    newest = api.get(f"/incidents/{ids['everything']}/events/newest").json()
    assert first["items"][0] == {
        "id": newest["id"],
        "event_id": newest["event_id"],
        "occurred_at": newest["occurred_at"],
        "received_at": newest["received_at"],
        "repeat_count": 1,
    }
    last = api.get(f"/incidents/{ids['everything']}/events", params={"per_page": 3, "page": 2}).json()
    assert [row["id"] for row in last["items"]] == [
        api.get(f"/incidents/{ids['everything']}/events/oldest").json()["id"]
    ]


def test_an_incident_without_kept_events_has_an_empty_list(site, api):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    assert api.get(f"/incidents/{incident}/events").json() == {"items": [], "total": 0, "page": 1, "per_page": 25}


def test_the_body_of_an_event_always_holds_the_basic_fields(site, api):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    site.seeds.event(incident, {"signal_type": "exception", "timestamp": 1795317247.0, "tags": {"a": "b"}})
    body = api.get(f"/incidents/{incident}/events/newest")
    assert '"timestamp":1795317247,' in body.text
    assert body.json()["body"] == {
        "signal_type": "exception",
        "service": "unknown-service",
        "environment": "production",
        "host": None,
        "timestamp": 1795317247,
        "source": None,
        "status_code": None,
        "request_path": None,
        "error_type": "",
        "message": "",
        "stack_trace": "",
        "tags": {"a": "b"},
    }


def test_an_incident_is_resolved_reopened_and_muted(site, api):
    ids = plant_busy(site.seeds, site.project)
    for action, state in (("resolve", "resolved"), ("reopen", "open"), ("mute", "muted")):
        answer = api.post(f"/incidents/{ids['group']}/{action}")
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    kinds = [fact["kind"] for fact in api.get(f"/incidents/{ids['group']}").json()["facts"]]
    assert kinds[:2] == ["incident_muted", "incident_reopened"]


def test_services_tell_how_they_live(site, api):
    plant_busy(site.seeds, site.project)
    services = api.get("/services").json()
    assert [(row["name"], row["state"]) for row in services["items"]][:2] == [
        ("mailer", "silent"),
        ("payments", "late"),
    ]
    assert services["items"][0]["spans"][-1]["until"] is None
    assert api.get("/services", params={"per_page": 2, "page": 3}).json()["total"] == 6


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 101},
        {"per_page": 0},
        {"page": 0},
        {"page": 10**30},
        {"page": "x"},
        {"state": "closed"},
        {"text": "x" * 201},
        {"service": "x" * 201},
    ],
)
def test_a_parameter_that_cannot_be_is_named_in_the_problem(api, query):
    answer = api.get("/incidents", params=query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["name"] for error in answer.json()["errors"]] == list(query)


@pytest.mark.parametrize(
    ("path", "name", "hint"),
    [
        ("/incidents", "stat", "`state`"),
        ("/incidents", "Service", "`service`"),
        ("/incidents", "limit", "`query`, `state`, `from`, `to`, `service`, `environment`, `text`, `sort`, `cursor`"),
        ("/incidents", "x" * 90, "`per_page`"),
        ("/services", "per-page", "`per_page`"),
        ("/incidents/1/events", "pages", "`page`"),
    ],
)
def test_a_parameter_that_a_list_does_not_know_is_named_with_the_nearest_one(site, api, path, name, hint):
    site.seeds.incident(site.project, site.seeds.service(site.project))
    answer = api.get(path, params={name: "1"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["name"][:59] == name[:59]
    assert hint in error["why"]


SENSIBLE = {"state": "open", "sort": "newest", "from": "2026-11-22T00:00:00Z", "to": "2026-11-22T00:00:00Z"}
# Where a word means something else.
ELSEWHERE = {("/api/v1/monitors", "state"): "silent", ("/api/v1/alerts", "state"): "firing"}


def words_of(schema):
    """The words of which a parameter takes one."""
    return schema.get("enum", []) or [word for each in schema.get("oneOf", []) for word in words_of(each)]


def test_every_parameter_that_the_document_names_is_known(site, api, stranger):
    site.seeds.incident(site.project, site.seeds.service(site.project))
    document = stranger.get("/api/openapi.json").json()
    for path, verbs in document["paths"].items():
        asked = [each for each in verbs.get("get", {}).get("parameters", []) if each["in"] == "query"]
        for parameter in asked:
            name = parameter["name"]
            value = ELSEWHERE.get((path, name)) or next(iter(words_of(parameter["schema"])), SENSIBLE.get(name, "1"))
            if name == "cursor":
                continue  # It takes one that the list has given.
            place = re.sub(r"\{[^}]*\}", "1", path.removeprefix("/api/v1"))
            # Of all that has a number there is one incident only.
            known = (200, 404) if "{" in path and "{incident_id}" not in path else (200,)
            assert api.get(place, params={name: value}).status_code in known, (path, name)


@pytest.mark.parametrize(
    "path",
    [
        "/incidents/7",
        "/incidents/7/events",
        "/incidents/99999999999999999999999",
        "/incidents/0",
        "/incidents/7/events/newest",
        "/incidents/x",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_a_problem(api, path):
    answer = api.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    ("path", "way_on"),
    [
        ("/incidents/7", "/api/v1/incidents?state=all"),
        ("/incidents/x", "/api/docs"),
        ("/nowhere", "/api/docs"),
    ],
)
def test_what_is_not_there_says_where_to_look(api, path, way_on):
    assert way_on in api.get(path).json()["detail"]


def test_a_wrong_verb_is_a_problem(api):
    answer = api.delete("/incidents")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "/api/docs" in answer.json()["detail"]


def test_a_browser_s_session_may_read_but_not_change(site, client):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    assert client.get("/api/v1/incidents").status_code == 200
    assert client.cookies[SESSION_COOKIE]
    assert client.post(f"/api/v1/incidents/{incident}/resolve").status_code == 401


def test_a_token_sees_nothing_of_another_project(site, api):
    other = site.seeds.project("other")
    theirs = site.seeds.incident(other, site.seeds.service(other))
    assert api.get(f"/incidents/{theirs}").status_code == 404
    assert api.get(f"/incidents/{theirs}/events").status_code == 404
    assert api.post(f"/incidents/{theirs}/resolve").status_code == 404
    assert api.get("/incidents").json()["total"] == 0


def test_the_document_describes_every_operation(site, stranger):
    document = stranger.get("/api/openapi.json").json()
    operations = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
    there_are = {
        (verb, getattr(route, "path_format", route.path))
        for route in site.app.routes
        if route.path.startswith("/api/v1/")
        for verb in (route.methods or {"GET"}) - {"OPTIONS"}
    }
    assert operations == there_are
    assert {
        ("GET", "/api/v1/incidents"),
        ("POST", "/api/v1/incidents/bulk"),
        ("PUT", "/api/v1/views/{view_id}"),
    } <= there_are
    assert {parameter["name"] for parameter in document["paths"]["/api/v1/incidents"]["get"]["parameters"]} == {
        "state",
        "service",
        "environment",
        "text",
        "query",
        "from",
        "to",
        "sort",
        "cursor",
        "page",
        "per_page",
    }


def test_the_document_is_also_a_page(stranger):
    page = stranger.get("/api/docs").text
    assert "/api/v1/incidents/{incident_id}/resolve" in page
    assert 'Answers with <a href="#shape-IncidentResource">IncidentResource</a>' in page
    assert "exception | http_error | log_error | silence" in page
    assert "<code>body</code> is in the fields of the wire" in page
    assert "`" not in page.split("<main", 1)[1]


def test_who_asks_the_page_for_json_gets_the_document(stranger):
    document = stranger.get("/api/openapi.json").json()
    for accept in ("application/json", "application/json, text/html;q=0.5"):
        answer = stranger.get("/api/docs", headers={"Accept": accept})
        assert answer.json() == document
        assert "Accept" in answer.headers["vary"]
    assert stranger.get("/api/docs/openapi.json").json() == document
    for accept in ("*/*", "text/html,application/xhtml+xml,*/*;q=0.8", ""):
        assert stranger.get("/api/docs", headers={"Accept": accept}).text.startswith("<!doctype html>")
