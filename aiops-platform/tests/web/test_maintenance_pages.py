"""Windows of maintenance are planned and ended on the page, by API and by command, and each in one's own project."""

import httpx
import pytest
from web_site import a_site

from aiops_platform import cli
from aiops_platform.core.access import SESSION_COOKIE, Scope
from aiops_platform.core.people import Role


@pytest.fixture(scope="module")
def site():
    """One for all: each test plans windows of its own."""
    with a_site() as running:
        yield running


@pytest.fixture(scope="module")
def api(site):
    site.session()  # With the first one there is a member.
    headers = {"Authorization": f"Bearer {site.access.create_token(site.project, 'deploys', site.seeds.now)}"}
    with httpx.Client(base_url=f"{site.url}/api/v1", headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


def submit(client, site, path="/maintenance", **fields):
    csrf = client.get("/maintenance").text.split('name="csrf" value="')[1].split('"')[0]
    known = {"csrf": csrf, "name": "Move", "number": "30", "unit": "minutes"}
    return client.post(path, data=known | fields, headers={"Origin": site.url})


def named(api, name):
    return [each for each in api.get("/maintenance").json()["items"] if each["name"] == name]


def test_a_window_begins_now_is_shown_and_is_ended_on_the_page(client, site, api):
    assert submit(client, site, name="Move <the> database", services="shop, search").status_code == 303
    (window,) = named(api, "Move <the> database")
    assert (window["services"], window["environments"], window["made_by"]) == (["search", "shop"], [], "Admin")
    assert window["holds_until"] is not None
    page = client.get("/maintenance").text
    assert "Move &lt;the&gt; database" in page
    assert "holds now" in page
    assert submit(client, site, f"/maintenance/{window['id']}/end").status_code == 303
    assert named(api, "Move <the> database") == []
    assert "Move &lt;the&gt; database" in client.get("/maintenance").text, "It is listed as over."


def test_a_window_of_every_week_is_in_its_time_zone(client, site, api):
    fields = {"name": "Nightly", "day0": "on", "day6": "on", "at": "04:30", "zone": "Europe/Berlin", "unit": "hours"}
    assert submit(client, site, "/maintenance/weekly", **fields, last="2027-01-31").status_code == 303
    (window,) = named(api, "Nightly")
    assert window["weekly"] == {"days": ["monday", "sunday"], "at": "04:30", "minutes": 1800, "zone": "Europe/Berlin"}
    assert window["until"] == "2027-01-31T23:00:00Z"
    assert "Mondays, Sundays at 04:30 (Europe/Berlin)" in client.get("/maintenance").text


@pytest.mark.parametrize(
    ("path", "fields", "why"),
    [
        ("/maintenance", {"number": "0"}, "at least a minute"),
        ("/maintenance", {"number": "-7"}, "whole number"),
        ("/maintenance", {"number": "31", "unit": "days"}, "at most 30 days"),
        ("/maintenance", {"begins": "2026-13-01T00:00"}, "a day and a time"),
        ("/maintenance", {"begins": "9999-12-31T23:59", "zone": "Pacific/Honolulu"}, "within a year"),
        ("/maintenance", {"begins": "2026-12-01T08:00", "zone": "../../etc/passwd"}, "no time zone"),
        ("/maintenance/weekly", {"at": "04:30"}, "which days"),
        ("/maintenance/weekly", {"day1": "on", "at": "x"}, "at what time"),
        ("/maintenance/weekly", {"day1": "on", "at": "04:00", "zone": "Mars"}, "no time zone"),
    ],
)
def test_what_cannot_be_planned_stays_in_the_form_with_what_is_wrong(client, site, path, fields, why):
    answer = submit(client, site, path, **{"name": "Never"} | fields)
    assert answer.status_code == 422
    assert why in answer.text
    assert 'value="Never"' in answer.text


def test_a_deploy_script_says_for_how_long_and_ends_early(api):
    said = {"name": "Deploy 7", "services": ["shop"], "minutes": 10, "ends_with_deploy": True}
    first, again = (api.post("/maintenance", json=said).json() for _ in range(2))
    assert first["id"] == again["id"], "Sent twice it is there once."
    api.post("/deploys", json={"service": "shop", "release": "7.0"})
    assert named(api, "Deploy 7") == []
    other = api.post("/maintenance", json=said | {"ends_with_deploy": False}).json()
    for _ in range(2):
        assert api.delete(f"/maintenance/{other['id']}").json()["holds_until"] is None
    assert named(api, "Deploy 7") == []
    assert other["id"] in [each["id"] for each in api.get("/maintenance", params={"over": "true"}).json()["items"]]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"minutes": 10, "until": "2026-12-01T00:00:00Z"},
        {"minutes": 0},
        {"minutes": 99_999_999},
        {"until": "2026-12-01T00:00:00"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"minutes": 10, "services": ["x" * 201]},
        {"minutes": 10, "services": [f"s{number}" for number in range(51)]},
        {"minutes": 10, "weekly": {"days": [], "at": "04:00"}},
        {"minutes": 10, "weekly": {"days": ["monday"], "at": "44:00"}},
        {"minutes": 10, "weekly": {"days": ["monday"], "at": "04:00", "zone": "/etc/passwd"}},
        {"weekly": {"days": ["monday"], "at": "04:00"}},
        {"minutes": 10, "unknown": 1},
    ],
)
def test_the_api_says_what_cannot_be(api, said):
    answer = api.post("/maintenance", json=said)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_ends_the_window_of_another_project_or_plans_without_a_right(site, api):
    window = api.post("/maintenance", json={"name": "Ours", "minutes": 10}).json()
    other = site.people.add_project("Theirs", None, site.seeds.now).id
    for project, scope, status in ((other, Scope.ACT, 404), (site.project, Scope.READ, 403)):
        token = site.access.create_token(project, "another", site.seeds.now, scope)
        answer = httpx.delete(
            f"{site.url}/api/v1/maintenance/{window['id']}", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        assert answer.status_code == status
    viewer = site.somebody("Vera", Role.VIEWER)
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: viewer}, timeout=60) as client:
        page = client.get("/maintenance").text
        assert "Ours" in page
        assert 'action="/maintenance' not in page
    assert named(api, "Ours")


def test_commands_begin_list_and_end_windows_on_a_platform_elsewhere(site, api, monkeypatch, capsys):
    token = api.headers["Authorization"].partition(" ")[2]
    monkeypatch.setenv("AIOPS_TOKEN", token)

    def command(*words):
        code = cli.main(["maintenance", *words, "--url", site.url])
        return code, capsys.readouterr().out

    code, number = command("start", "From a shell", "--for", "2h", "--service", "shop", "--environment", "staging")
    assert code == 0
    (window,) = named(api, "From a shell")
    assert window["id"] == int(number)
    assert (window["services"], window["environments"]) == (["shop"], ["staging"])
    assert "From a shell" in command("list")[1]
    assert command("stop", number.strip())[0] == 0
    assert named(api, "From a shell") == []
    assert command("stop", "999999")[0] == 1


def test_commands_do_the_same_in_the_data_folder(tmp_path, capsys):
    folder = str(tmp_path / "data")
    assert cli.main(["key", "create", "shop", "--data", folder]) == 0
    capsys.readouterr()
    assert cli.main(["maintenance", "start", "--for", "10min", "--data", folder]) == 0
    number = capsys.readouterr().out.strip()
    cli.main(["maintenance", "list", "--data", folder])
    assert "Deploy" in capsys.readouterr().out
    assert cli.main(["maintenance", "start", "--for", "90d", "--data", folder]) == 1
    assert cli.main(["maintenance", "stop", number, "--data", folder]) == 0
