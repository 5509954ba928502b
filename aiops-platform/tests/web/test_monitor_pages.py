"""Time lines of services, found, paused and with as many processes as are expected; a thousand of them in little room."""

import re
from datetime import timedelta

import httpx
import pytest
from lives import plant_lives
from sqlalchemy import insert, select
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.storage import schema

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def site():
    """One for all: each test changes a service of its own."""
    with a_site() as running:
        running.ids = plant_lives(running.seeds, running.project)
        yield running


@pytest.fixture
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


def named(page):
    return re.findall(r'data-testid="monitor" data-state="(\w+)">.*?<bdi>([^<]*)</bdi>', page, re.DOTALL)


def act(client, site, service, do, **fields):
    path = f"/services/{site.ids[service]}"
    csrf = client.get(path).text.split('name="csrf" value="')[1].split('"')[0]
    return client.post(f"{path}/{do}", data={"csrf": csrf} | fields, headers={"Origin": site.url})


def column(site, service, name):
    with site.seeds.database.read() as connection:
        table = schema.monitors
        return connection.execute(select(table.c[name]).where(table.c.service_id == site.ids[service])).scalar_one()


def test_each_service_has_its_time_line_with_what_was_not_known_and_the_worst_come_first(client):
    page = client.get("/monitors").text
    assert [name for _, name in named(page)[:2]] == ["search", "mailer"]
    assert len(named(page)) == 5
    for told in (
        "cell-unknown",
        "cell-silent",
        "cell-maintenance",
        "cell-paused",
        "23 h not known",
        "99.94%",
        "not known",
    ):
        assert told in page, told


@pytest.mark.parametrize("span", ["90d", "7d", "24h", "1h", "never"])
def test_it_shows_months_days_and_hours(client, span):
    page = client.get("/monitors", params={"span": span}).text
    assert len(re.findall(r"<svg class=\"time-line\" viewBox=\"0 0 \d+ 20\" preserve", page)) == 5


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"query": "service:shop"}, {"shop"}),
        ({"query": "bill prod"}, {"billing"}),
        ({"query": 'env:"production" state:late'}, {"mailer"}),
        ({"state": "silent"}, {"search"}),
        ({"query": "env:staging"}, set()),
        ({"query": "100%_/"}, set()),
        ({"query": "state:nonsense"}, set()),
    ],
)
def test_services_are_found_by_state_name_and_environment(client, asked, found):
    assert {name for _, name in named(client.get("/monitors", params=asked).text)} == found


def test_of_how_little_uptime_is_the_share_stands_beside_it(client, site):
    page = client.get("/monitors?q=mailer").text
    mailer = page.split("<bdi>mailer</bdi>")[1].split("</li>")[0]
    told = re.findall(r"<dt>([^<]+)</dt><dd[^>]*>(.*?)</dd>", mailer)
    few = '100% <span class="dim">of 5 days</span>'
    assert [value for _, value in told] == ["100%", few, few, few]
    assert few in client.get(f"/services/{site.ids['mailer']}").text


def test_a_service_is_paused_and_resumed_on_its_page(client, site):
    assert "done=paused" in act(client, site, "shop", "pause", lasts="8h").headers["location"]
    assert column(site, "shop", "state") == "paused"
    page = client.get(f"/services/{site.ids['shop']}?done=paused").text
    assert "Paused: whether it beats or not" in page
    assert 'data-testid="resume"' in page
    assert act(client, site, "shop", "resume").status_code == 303
    assert column(site, "shop", "state") in ("alive", "late")


def test_so_many_processes_are_expected_as_is_said_on_its_page(client, site):
    assert "done=expected" in act(client, site, "mailer", "expected", processes="3").headers["location"]
    assert column(site, "mailer", "expected") == 3
    assert re.search(r"\d of 3 processes beat", client.get(f"/services/{site.ids['mailer']}").text)
    act(client, site, "mailer", "expected", processes="")
    assert column(site, "mailer", "expected") is None


@pytest.mark.parametrize(
    ("do", "fields"),
    [
        ("expected", {"processes": "0"}),
        ("expected", {"processes": "101"}),
        ("expected", {"processes": "-1"}),
        ("expected", {"processes": "9" * 50}),
        ("pause", {"until": "2020-01-01T00:00"}),
        ("pause", {"until": "9999-12-31T23:59"}),
        ("pause", {"until": "soon"}),
    ],
)
def test_what_makes_no_sense_changes_nothing(client, site, do, fields):
    before = [column(site, "import", name) for name in ("state", "expected")]
    location = act(client, site, "import", do, **fields).headers["location"]
    assert "done=wrong" in location
    assert "Nothing was changed" in client.get(location).text
    assert [column(site, "import", name) for name in ("state", "expected")] == before


def test_a_viewer_sees_all_and_is_offered_nothing(site):
    viewer = site.somebody("Vera", Role.VIEWER)
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: viewer}, timeout=60) as client:
        assert len(named(client.get("/monitors").text)) == 5
        assert 'data-testid="pause"' not in client.get(f"/services/{site.ids['shop']}").text


def test_a_thousand_services_are_pages_of_little_room():
    with a_site() as site:
        now = site.seeds.now
        with site.seeds.database.begin() as connection:
            rows = [
                {
                    "project_id": site.project,
                    "name": f"a-service-with-a-long-name-{number}",
                    "environment": "production",
                    "first_seen_at": now,
                }
                for number in range(1_000)
            ]
            connection.execute(insert(schema.services), rows)
            monitors = [
                {
                    "service_id": number + 1, "state": "alive", "state_since": now - DAY, "last_beat_at": now, "interval": 30,
                    "last_beat": {}, "instances": {},
                }
                for number in range(1_000)
            ]  # fmt: skip
            connection.execute(insert(schema.monitors), monitors)
            # As bad as it can be: each day is another one than the day before.
            states = [
                {
                    "monitor_id": number + 1,
                    "state": ("silent", "stopped")[day % 2],
                    "since": now - (90 - day) * DAY + HOUR,
                }
                for number in range(25)
                for day in range(90)
            ]
            connection.execute(insert(schema.monitor_states), states)
        with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as client:
            page = client.get("/monitors")
            assert len(page.content) <= 60_000
            assert len(named(page.text)) == 25
            assert "Page 1 of 40" in page.text
            assert len(named(client.get("/monitors?page=40").text)) == 25
