"""What everybody may see is what admins have chosen, and nothing else: no names, no other services, no other project."""

from datetime import timedelta
from xml.etree import ElementTree

import httpx
import pytest
from lives import plant_lives
from sqlalchemy import delete, insert
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.people import Role
from aiops_platform.storage import schema

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def site():
    """One for all."""
    with a_site() as running:
        running.ids = plant_lives(running.seeds, running.project)
        yield running


@pytest.fixture
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture
def stranger(site):
    with httpx.Client(base_url=site.url, timeout=60) as unknown:
        yield unknown


def submit(client, site, path="/settings/status", **fields):
    csrf = client.get("/settings/status").text.split('name="csrf" value="')[1].split('"')[0]
    return client.post(path, data={"csrf": csrf} | fields, headers={"Origin": site.url})


def chosen(site, **names):
    """The fields of a form that shows these services under those names."""
    fields = {f"show_{site.ids[service]}": "on" for service in names}
    return fields | {f"name_{site.ids[service]}": name for service, name in names.items()}


def page_of(site, client, slug, *, incidents=False, **names):
    fields = {"slug": slug, "title": "How Acme is", "is_on": "on", **chosen(site, **names)}
    assert submit(client, site, **fields, **({"shows_incidents": "on"} if incidents else {})).status_code == 303


def test_there_is_no_page_until_an_admin_switches_it_on_and_none_after_it_is_off(client, stranger, site):
    assert stranger.get("/status/acme-first").status_code == 404
    fields = {"slug": "acme-first", "title": "How Acme is", **chosen(site, shop="Web shop")}
    submit(client, site, **fields)
    assert stranger.get("/status/acme-first").status_code == 404
    submit(client, site, **fields, is_on="on")
    assert stranger.get("/status/acme-first").status_code == 200
    submit(client, site, **fields)
    assert stranger.get("/status/acme-first").status_code == 404


def test_it_shows_what_was_chosen_under_other_names_and_nothing_else(client, stranger, site):
    page_of(site, client, "acme", shop="Web <shop>", search="Finding")
    answer = stranger.get("/status/acme")
    page = answer.text
    assert "Web &lt;shop&gt;" in page
    assert page.count('data-testid="life"') == 2
    assert "1 service of 2 has trouble" in page
    for hidden in (
        "mailer",
        "billing",
        ">shop<",
        "production",
        "Move",
        "since 20",
        "/services",
        "/incidents",
        "csrf",
        "<script",
    ):
        assert hidden not in page, hidden
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert len(answer.content) < 60_000


def test_of_how_little_uptime_is_the_share_is_said_to_everybody(client, stranger, site):
    page_of(site, client, "acme-new", mailer="Letters")
    assert '100% <span class="dim">of 5 days</span>' in stranger.get("/status/acme-new").text


def test_since_when_something_is_wrong_is_said_only_where_that_was_chosen(client, stranger, site):
    page_of(site, client, "acme-told", incidents=True, search="Finding")
    assert "Down since 20" in stranger.get("/status/acme-told").text


@pytest.mark.parametrize("slug", ["nowhere", "a" * 5_000, "%00", "..%2f..%2fetc", "ACME"])
def test_an_address_that_nobody_has_is_not_found(stranger, slug):
    assert stranger.get(f"/status/{slug}").status_code in (400, 404)


def test_what_makes_no_sense_changes_nothing(client, site, stranger):
    page_of(site, client, "acme-stays", shop="Web shop")
    for wrong in ({"slug": "x y", "title": "T"}, {"slug": "acme-x", "title": ""}):
        answer = submit(client, site, **wrong, is_on="on", **chosen(site, shop="Shop"))
        assert answer.status_code == 422
        assert "Nothing was changed" in answer.text
    assert "Web shop" in stranger.get("/status/acme-stays").text


def test_a_project_has_no_address_of_another_and_shows_no_service_of_another(client, stranger, site):
    page_of(site, client, "acme-mine", shop="Web shop")
    other = site.people.add_project("Theirs", None, site.seeds.now).id
    session = site.somebody("Eve", Role.ADMIN, other)
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: session}, timeout=60) as theirs:
        service = site.seeds.service(other, "theirs")
        site.seeds.monitor(service, [(MonitorState.ALIVE, timedelta(days=1))])
        fields = {"title": "T", "is_on": "on", f"show_{service}": "on", f"name_{service}": "Theirs"}
        assert submit(theirs, site, slug="acme-mine", **fields).status_code == 422
        fields |= chosen(site, shop="Stolen")
        submit(theirs, site, slug="acme-theirs", **fields)
    page = stranger.get("/status/acme-theirs").text
    assert "Theirs" in page
    assert "Stolen" not in page


def test_badges_say_how_a_service_is_to_who_has_the_address(client, stranger, site):
    assert submit(client, site, "/settings/status/badges", do="renew").status_code == 303
    token = client.get("/settings/status").text.split("/badge/")[1].split("/")[0]
    assert len(token) >= 32
    for service, said in (
        ("shop", "up"),
        ("search", "down"),
        ("billing", "paused"),
        ("mailer", "late"),
        ("import", "stopped"),
    ):
        answer = stranger.get(f"/badge/{token}/{service}.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert f">{said}</text>" in answer.text
        ElementTree.fromstring(answer.text)
    unknown = [
        stranger.get(path)
        for path in (
            f"/badge/{token}/nothing.svg",
            f"/badge/{token}/shop.svg?environment=staging",
            f"/badge/{token[:-1]}/shop.svg",
            "/badge/x/shop.svg",
        )
    ]
    assert {answer.status_code for answer in unknown} == {404}
    submit(client, site, "/settings/status/badges", do="renew")
    assert stranger.get(f"/badge/{token}/shop.svg").status_code == 404, "The old addresses end."
    submit(client, site, "/settings/status/badges", do="end")
    assert "/badge/" not in client.get("/settings/status").text.replace("/settings/status/badges", "")


def test_what_is_in_maintenance_is_said_to_be_that_on_the_page_and_on_badges(client, stranger, site):
    now = site.seeds.now
    window = {"project_id": site.project, "name": "Move", "services": ["search"], "environments": [], "weekly": None}
    window |= {
        "since": now - DAY,
        "until": now + DAY,
        "ends_with_deploy": False,
        "made_by": "Ana",
        "made_at": now - DAY,
    }
    with site.seeds.database.begin() as connection:
        connection.execute(insert(schema.maintenance).values(**window))
    submit(client, site, "/settings/status/badges", do="renew")
    token = client.get("/settings/status").text.split("/badge/")[1].split("/")[0]
    page_of(site, client, "acme-held", search="Finding")
    page = stranger.get("/status/acme-held").text
    assert "1 service of 1 in maintenance, else all is well" in page
    assert "<span>Maintenance</span>" in page
    assert "<span>Down</span>" not in page
    assert "until" not in page
    assert ">maintenance</text>" in stranger.get(f"/badge/{token}/search.svg").text
    assert ">up</text>" in stranger.get(f"/badge/{token}/shop.svg").text
    with site.seeds.database.begin() as connection:
        connection.execute(delete(schema.maintenance).where(schema.maintenance.c.until > now))


def test_who_asks_for_ever_other_addresses_is_held_back(stranger):
    codes = {stranger.get(f"/badge/{number}/shop.svg").status_code for number in range(150)}
    assert codes == {404, 429}
