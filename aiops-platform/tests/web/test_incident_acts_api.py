"""What programs do with incidents, and tell of releases."""

import httpx
import pytest
from scenes import plant_busy
from web_site import a_site

from aiops_platform.core.access import Scope


@pytest.fixture(scope="module")
def site():
    """One for all: each test takes an incident of its own."""
    with a_site() as running:
        plant_busy(running.seeds, running.project)
        running.session()  # With the first one there is a member.
        yield running


@pytest.fixture(scope="module")
def api(site):
    with a_client(site, site.access.create_token(site.project, "program", site.seeds.now)) as client:
        yield client


@pytest.fixture(scope="module")
def all_of_them(api):
    """The numbers of the incidents of a service."""
    found = api.get("/incidents", params={"service": "shop", "environment": "production", "per_page": 50}).json()
    return [each["id"] for each in found["items"] if each["kind"] != "silence"]


@pytest.fixture
def number(all_of_them):
    """Another one for each test, as far as there are."""
    all_of_them.append(all_of_them.pop(0))
    return all_of_them[-1]


def a_client(site, token) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60)


def of(answer: httpx.Response, *names: str):
    assert answer.status_code == 200, answer.text
    return tuple(answer.json()[name] for name in names)


def test_it_is_resolved_now_in_the_next_release_or_in_one_by_its_name(api, number):
    address = f"/incidents/{number}/resolve"
    api.post("/releases", json={"service": "shop", "release": "2026.11.4"})
    assert of(api.post(address), "state", "resolved_how") == ("resolved", "now")
    assert of(api.post(address, json={"in": "next"}), "resolved_how", "resolved_in") == ("next", "2026.11.4")
    assert of(api.post(address, json={"in": "3.0"}), "resolved_how", "resolved_in") == ("given", "3.0")
    told = api.get(f"/incidents/{number}").json()["facts"][0]
    assert told["data"]["by"] == {"kind": "token", "id": 1, "name": "program"}
    assert api.post(address, json={"on": "3.0"}).status_code == 400


def test_it_is_muted_until_what_comes_first(api, number):
    address = f"/incidents/{number}/mute"
    ends = of(api.post(address, json={"for": "8h", "events": 100, "within": "1h"}), "ends")[0]
    assert ends.startswith("until ")
    assert ends.endswith("or 100 events come within 1 h")
    assert of(api.post(address, json={}), "state", "ends") == ("muted", "")
    for wrong in ({"for": "soon"}, {"until": "2020-01-01T00:00:00Z"}, {"until": "2099-01-01T00:00:00"}, {"events": 0}):
        assert api.post(address, json=wrong).status_code == 400, wrong


def test_it_is_given_to_somebody_and_linked(api, number):
    (member,) = api.get("/members").json()["items"]
    address = f"/incidents/{number}"
    assert of(api.post(f"{address}/assign", json={"to": member["id"]}), "assigned_to") == (member,)
    assert api.post(f"{address}/assign", json={"to": 99}).status_code == 400
    assert of(api.post(f"{address}/assign", json={"to": None}), "assigned_to") == (None,)
    link = "https://tracker.example.com/17"
    assert of(api.put(f"{address}/tracker", json={"url": link}), "tracker") == (link,)
    assert api.put(f"{address}/tracker", json={"url": "javascript:alert(1)"}).status_code == 400


def test_something_is_said_about_it_once(api, number):
    address = f"/incidents/{number}/comments"
    once = {"Idempotency-Key": "deploy-17"}
    first = api.post(address, json={"text": "**seen**"}, headers=once)
    assert first.status_code == 201
    assert api.post(address, json={"text": "**seen**"}, headers=once).json() == first.json()
    number = first.json()["id"]
    assert of(api.put(f"{address}/{number}", json={"text": "seen"}), "text") == ("seen",)
    assert [each["text"] for each in api.get(address).json()["items"]] == ["seen"]
    assert api.delete(f"{address}/{number}").status_code == 204
    assert api.delete(f"{address}/{number}").status_code == 404
    assert api.post(address, json={"text": "x" * 10_001}).status_code == 400


def test_incidents_are_merged_and_taken_apart(api, all_of_them):
    one, other = [api.get(f"/incidents/{all_of_them.pop(0)}").json() for _ in range(2)]
    whole = api.post(f"/incidents/{one['id']}/merge", json={"parts": [other["id"]], "why": "same"})
    assert of(whole, "count") == (one["count"] + other["count"],)
    assert [part["id"] for part in whole.json()["parts"]] == [other["id"]]
    assert of(api.get(f"/incidents/{other['id']}"), "state", "merged_into") == ("merged", one["id"])
    assert api.post(f"/incidents/{other['id']}/resolve").status_code == 404
    assert of(api.post(f"/incidents/{other['id']}/unmerge"), "state", "count") == ("open", other["count"])
    assert of(api.post(f"/incidents/{other['id']}/unmerge"), "state") == ("open",)
    assert of(api.get(f"/incidents/{one['id']}"), "count") == (one["count"],)
    assert api.post(f"/incidents/{one['id']}/merge", json={"parts": [one["id"]]}).status_code == 400


def test_what_is_deleted_is_not_found(api, all_of_them):
    number = all_of_them.pop(0)
    address = f"/incidents/{number}"
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(f"{address}/events").status_code == 404
    assert api.get(f"{address}/events/newest").status_code == 404
    assert api.delete(address).status_code == 404
    assert api.post(f"{address}/reopen").status_code == 404


def test_many_are_changed_at_once_and_back(api):
    before = api.get("/incidents", params={"per_page": 50}).json()
    done = of(api.post("/incidents/bulk", json={"do": "resolve", "filter": {}}), "meant", "changed", "undo")
    assert done[:2] == (before["total"], before["total"])
    assert api.get("/incidents").json()["total"] == 0
    undone = of(api.post(f"/undo/{done[2]}"), "restored", "left")
    assert undone == (before["total"], 0)
    assert api.get("/incidents", params={"per_page": 50}).json()["items"] == before["items"]
    some = [each["id"] for each in before["items"][:3]]
    assert of(api.post("/incidents/bulk", json={"do": "mute", "ids": some}), "changed") == (3,)
    assert api.post(f"/undo/{'0' * 32}").status_code == 404
    for wrong in ({"do": "resolve"}, {"do": "explode", "ids": []}, {"do": "resolve", "filter": {"query": "count:("}}):
        assert api.post("/incidents/bulk", json=wrong).status_code == 400, wrong


def test_what_is_mine_is_the_same_to_change_as_it_is_to_list(site, number):
    (member,) = site.people.members(site.project)
    token = site.access.create_token(site.project, "mine", site.seeds.now, user_id=member.user.id)
    with a_client(site, token) as mine:
        of(mine.post(f"/incidents/{number}/assign", json={"to": member.user.id}))
        for query in ("assigned:me", "-assigned:me"):
            listed = of(mine.get("/incidents", params={"query": query}), "total")
            done = mine.post("/incidents/bulk", json={"do": "reopen", "filter": {"query": query}})
            assert of(done, "meant") == listed, query


@pytest.mark.parametrize("no_row", [2**63, -(10**30)])
def test_a_number_that_no_row_can_have_is_no_mistake_of_ours(api, number, no_row):
    address = f"/incidents/{number}"
    for path, body in (
        ("/incidents/bulk", {"do": "resolve", "ids": [no_row]}),
        ("/incidents/bulk", {"do": "assign", "ids": [number], "to": no_row}),
        (f"{address}/merge", {"parts": [no_row]}),
        (f"{address}/assign", {"to": no_row}),
    ):
        assert api.post(path, json=body).status_code == 400, path


def test_a_deploy_script_tells_with_the_key_of_its_service(site, number):
    key = site.access.create_key(site.project, "deploy", site.seeds.now)
    with a_client(site, key) as script:
        told = {
            "service": "shop",
            "release": "9.9",
            "at": site.seeds.now.isoformat(),
            "url": "https://ci.example.com/1",
        }
        first = script.post("/deploys", json=told)
        assert of(first, "release", "environment", "by") == ("9.9", "production", "an API key")
        assert script.post("/deploys", json=told).json() == first.json()
        assert of(script.post("/releases", json={"service": "shop", "release": "9.10"}), "release") == ("9.10",)
        assert script.get("/deploys").status_code == 401, "It may tell, and nothing else."
        assert script.post(f"/incidents/{number}/resolve").status_code == 401
        for wrong in (
            {"service": "", "release": "1"},
            told | {"url": "ftp://x"},
            told | {"at": "2099-01-01T00:00:00Z"},
        ):
            assert script.post("/deploys", json=wrong).status_code == 400, wrong


def test_what_was_told_is_listed_and_stands_in_the_story(site, api, number):
    api.post("/deploys", json={"service": "shop", "release": "11.0"})
    assert api.get("/deploys", params={"service": "shop"}).json()["items"][0]["release"] == "11.0"
    assert "11.0" in [each["release"] for each in api.get("/releases", params={"most": 5}).json()["items"]]
    incident = api.get(f"/incidents/{number}").json()
    assert incident["facts"][0]["kind"] == "service_deployed"
    assert incident["marks"][-1]["release"] == "11.0"
    api.post(f"/incidents/{number}/reopen")
    assert of(api.post(f"/incidents/{number}/resolve"), "resolved_in") == ("2026.11.4",), "By its number that is newer."


def test_who_may_only_read_changes_nothing(site, number):
    token = site.access.create_token(site.project, "reader", site.seeds.now, Scope.READ)
    address = f"/incidents/{number}"
    with a_client(site, token) as reader:
        assert reader.get(address + "/comments").status_code == 200
        for path in ("/resolve", "/merge", "/comments", "/assign"):
            assert reader.post(address + path, json={}).status_code == 403
        assert reader.delete(address).status_code == 403
        for path in ("/incidents/bulk", f"/undo/{'0' * 32}", "/deploys", "/releases"):
            assert reader.post(path, json={}).status_code == 403


def test_another_project_is_out_of_reach(site, number):
    other, _ = site.access.ensure_project("other", "Other", site.seeds.now)
    token = site.access.create_token(other, "stranger", site.seeds.now)
    address = f"/incidents/{number}"
    with a_client(site, token) as stranger:
        assert stranger.get(address + "/comments").status_code == 404
        for path, body in (("/resolve", {}), ("/mute", {}), ("/comments", {"text": "x"}), ("/unmerge", {})):
            assert stranger.post(address + path, json=body).status_code == 404, path
        assert stranger.post(address + "/merge", json={"parts": [1]}).status_code == 404
        assert stranger.delete(address).status_code == 404
        bulk = stranger.post("/incidents/bulk", json={"do": "resolve", "ids": [number]})
        assert of(bulk, "changed") == (0,)
        assert stranger.get("/deploys").json() == {"items": []}
