"""Quiet hours, escalation and rotas by API: the same that the pages keep, and of no other project."""

from datetime import timedelta

import httpx
import pytest
from web_site import a_site

from aiops_platform.core.access import Scope
from aiops_platform.core.people import Role

ROTAS, POLICIES = "/api/v1/rotas", "/api/v1/alert-policies"
WEEKS = {"name": "Nights", "first": "2026-11-16", "at": "09:00", "zone": "Europe/Berlin"}


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        yield running


def a_client(site, project, scope=Scope.ACT):
    token = site.access.create_token(project, f"program to {scope}", site.seeds.now, scope)
    return httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


@pytest.fixture(scope="module")
def api(site):
    with a_client(site, site.project) as client:
        yield client


@pytest.fixture(scope="module")
def reader(site):
    with a_client(site, site.project, Scope.READ) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(site):
    other = site.people.add_project("Elsewhere", None, site.seeds.now).id
    with a_client(site, other) as client:
        yield client


@pytest.fixture(scope="module")
def channel(api):
    made = api.post(
        "/api/v1/channels", json={"name": "#ops", "kind": "slack", "settings": {"url": "https://127.0.0.1/x"}}
    )
    return made.json()["id"]


@pytest.fixture
def rota(api, channel):
    people = [{"name": name, "channel": channel} for name in ("Ana", "Ben")]
    made = api.post(ROTAS, json=WEEKS | {"people": people})
    assert made.status_code == 201, made.text
    yield made.json()
    api.delete(f"{ROTAS}/{made.json()['id']}")


def test_a_channel_is_quiet_when_it_is_said_and_never_again(site, api, reader, stranger, channel):
    where = f"/api/v1/channels/{channel}/quiet"
    never = {"begin": None, "end": None, "zone": None, "but_critical": None}
    assert api.get(where).json() == never
    said = {"begin": "22:00", "end": "07:00", "zone": "Europe/Berlin", "but_critical": False}
    assert api.put(where, json=said).json() == said
    assert reader.get(where).json() == said
    page = site.app.state.site.alerts.reads.quiet(channel)
    assert (page.begin.hour, page.zone, page.but_critical) == (22, "Europe/Berlin", False), "what the page shows"
    for wrong, name in (({"zone": "Mars"}, "zone"), ({"end": "22:00"}, "end"), ({"begin": "25:00"}, "begin")):
        answer = api.put(where, json=said | wrong)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, name)
    assert reader.put(where, json=said).status_code == 403
    for call in (stranger.get(where), stranger.put(where, json=said), stranger.delete(where)):
        assert call.status_code == 404
    assert api.delete(where).json() == never


def test_a_rota_is_added_read_changed_and_deleted(site, api, reader, stranger, channel, rota):
    assert (rota["on_call"], rota["shifts"][0]["name"], rota["shifts"][1]["is_override"]) == (
        rota["shifts"][0]["name"],
        rota["on_call"],
        False,
    )
    assert {each["name"] for each in rota["shifts"]} == {"Ana", "Ben"}
    assert httpx.get(f"{site.url}{rota['calendar']}").text.startswith("BEGIN:VCALENDAR")
    where = f"{ROTAS}/{rota['id']}"
    assert reader.get(where).json()["calendar"] is None, "Who knows it may read it without a sign-in."
    one = [{"name": "Cleo", "channel": channel}]
    changed = api.put(where, json=WEEKS | {"people": one, "at": "08:30"}).json()
    assert (changed["on_call"], changed["at"], changed["calendar"]) == ("Cleo", "08:30", rota["calendar"])
    assert [each["id"] for each in api.get(ROTAS).json()["items"]] == [rota["id"]]
    said = WEEKS | {"people": one}
    assert reader.put(where, json=said).status_code == 403
    assert stranger.get(ROTAS).json() == {"items": []}
    for call in (stranger.get(where), stranger.put(where, json=said), stranger.delete(where)):
        assert call.status_code == 404
    theirs = stranger.post(ROTAS, json=said)
    assert (theirs.status_code, theirs.json()["errors"][0]["name"]) == (400, "people"), "the channel is not theirs"
    assert api.delete(where).status_code == 204
    assert api.get(where).status_code == 404


def test_somebody_stands_in_and_stays_in_when_the_rest_is_changed(api, stranger, channel, rota):
    where = f"{ROTAS}/{rota['id']}"
    holidays = {"name": "Ben", "since": "2026-12-24T08:00:00+01:00", "until": "2026-12-26T08:00:00+01:00"}
    once = {"Idempotency-Key": "christmas"}
    for _ in range(2):
        stands = api.post(f"{where}/overrides", json=holidays, headers=once)
        assert stands.status_code == 201
    (kept,) = stands.json()["overrides"]
    assert kept == {"name": "Ben", "since": "2026-12-24T07:00:00Z", "until": "2026-12-26T07:00:00Z"}
    assert stranger.post(f"{where}/overrides", json=holidays).status_code == 404
    for wrong, name in (({"name": "Zoe"}, "who"), ({"until": holidays["since"]}, "until")):
        answer = api.post(f"{where}/overrides", json=holidays | wrong)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, name)
    people = [{"name": name, "channel": channel} for name in ("Ben", "Cleo")]
    assert api.put(where, json=WEEKS | {"people": people}).json()["overrides"] == [kept]
    assert api.put(where, json=WEEKS | {"people": people, "overrides": []}).json()["overrides"] == []


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"zone": "Mars"}, "zone"),
        ({"first": "2026-02-30"}, "first"),
        ({"people": [{"name": "A", "channel": 999}]}, "people"),
    ],
)
def test_a_rota_that_cannot_be_says_in_which_field(api, channel, wrong, name):
    answer = api.post(ROTAS, json=WEEKS | {"people": [{"name": "A", "channel": channel}]} | wrong)
    assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, name)


def test_steps_are_kept_and_a_rule_tells_by_them(site, api, reader, stranger, channel, rota):
    steps = [
        {"minutes": 0, "channels": [channel], "rota": None},
        {"minutes": 10, "channels": [], "rota": rota["id"]},
        {"minutes": 30, "channels": [], "rota": None},
    ]
    once = {"Idempotency-Key": "late"}
    made, again = (api.post(POLICIES, json={"name": "Late", "steps": steps}, headers=once) for _ in range(2))
    assert (made.status_code, made.json()["steps"], again.json()) == (201, steps, made.json())
    number = made.json()["id"]
    assert [each["id"] for each in reader.get(POLICIES).json()["items"]] == [number]
    rule = api.post("/api/v1/alert-rules", json={"name": "Paying", "when": "new", "policy": number})
    assert rule.json()["policy"] == number
    assert site.app.state.site.alerts.policies(site.project)[number].name == "Late", "what the page shows"
    where = f"{POLICIES}/{number}"
    two = {"name": "Later", "steps": steps[:2]}
    assert api.put(where, json=two).json()["name"] == "Later"
    wrong = api.put(where, json={"name": "Later", "steps": [steps[1]]})
    assert (wrong.status_code, wrong.json()["errors"][0]["name"]) == (400, "steps")
    assert reader.delete(where).status_code == 403
    assert stranger.put(where, json={"name": "x", "steps": [{}]}).status_code == 404
    assert stranger.delete(where).status_code == 404
    assert stranger.get(POLICIES).json() == {"items": []}
    theirs = stranger.post(POLICIES, json={"name": "x", "steps": steps[:1]})
    assert (theirs.status_code, theirs.json()["errors"][0]["name"]) == (400, "steps")
    assert api.delete(where).status_code == 204
    assert api.put(where, json=two).status_code == 404


@pytest.mark.parametrize(
    ("verb", "path", "said", "names", "why"),
    [
        ("POST", "/alert-rules", {"name": "x", "when": "never"}, ["when"], "'never' is none of new, again, "),
        ("GET", "/alerts?state=bad", None, ["state"], "'bad' is none of acknowledged, all, firing, over"),
        ("POST", "/alert-rules", {"name": "x"}, ["when"], "missing"),
        ("POST", "/maintenance", {"minutes": 3, "until": "2027-01-01T00:00:00Z"}, ["minutes", "until"], "either"),
        (
            "PUT",
            "/jobs/{job}",
            {"settings": {"cron": "* * * * *", "every": 60}},
            ["settings.every", "settings.cron"],
            "one of",
        ),
    ],
)
def test_a_mistake_names_its_field_and_what_would_be_right(site, api, verb, path, said, names, why):
    runs = [{"state": "succeeded", "ago": timedelta(hours=1), "duration": 2.0}]
    job = site.seeds.job(site.seeds.service(site.project), "nightly", runs) if "{job}" in path else 0
    errors = api.request(verb, f"/api/v1{path.format(job=job)}", json=said).json()["errors"]
    assert [each["name"] for each in errors] == names
    assert why in errors[0]["why"]


def test_who_hears_of_the_platform_is_handed_over_by_an_admin_of_both(site, api):
    where = "/api/v1/platform/told"
    site.somebody("Ada", Role.ADMIN)
    site.somebody("Bob", Role.MEMBER)
    ada, bob = (site.people.user_with_email(f"{name}@example.com").id for name in ("ada", "bob"))
    other = site.people.add_project("Operations", ada, site.seeds.now).id
    theirs = site.people.add_project("Secret affairs", bob, site.seeds.now).id
    assert api.get(where).json() == {"is_told": True}
    assert api.put(where, json={"project": other}).status_code == 403, "This token is of no user."
    token = site.access.create_token(site.project, "mine", site.seeds.now, user_id=ada)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as hers:
        for to in (theirs, 999):
            assert hers.put(where, json={"project": to}).status_code == 403
        assert hers.put(where, json={"project": other}).json() == {"is_told": False}
        assert site.app.state.site.alerts.reads.told_of_platform() == other
        assert hers.put(where, json={"project": site.project}).status_code == 403, "It is not this one's to give."
    token = site.access.create_token(other, "back", site.seeds.now, user_id=ada)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as hers:
        assert hers.put(where, json={"project": site.project}).status_code == 200
    token = site.access.create_token(site.project, "his", site.seeds.now, user_id=bob)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as his:
        assert his.put(where, json={"project": theirs}).status_code == 403, "He is no admin here."
