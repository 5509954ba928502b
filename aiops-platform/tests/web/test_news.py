"""What comes in while somebody reads the list: the rows stay where they are, and a bar says what is new."""

from datetime import UTC, datetime, timedelta

from browsing import PHONE
from playwright.sync_api import expect
from sqlalchemy import update

from aiops_platform.core.incident import IncidentState
from aiops_platform.storage import schema

INCIDENT = "[data-testid=incident]"


def plant(site, number, **fields):
    service = site.seeds.service(site.project, f"shop-{number}")
    return site.seeds.incident(site.project, service, **{"type": f"Planted{number}", **fields})


def change(site, incident, **values):
    with site.seeds.database.begin() as connection:
        connection.execute(update(schema.incidents).where(schema.incidents.c.id == incident).values(**values))
    site.seeds.bump(site.project, "incidents")


def test_rows_stay_under_the_pointer_while_others_come_in_and_a_bar_says_how_many(site, visit):
    kept = [plant(site, number, last_seen=timedelta(minutes=number + 1)) for number in range(4)]
    window = visit()
    page = window.page
    page.goto("/incidents")
    window.wait_until_live()
    window.mark()
    row = page.locator(f"#incident-{kept[2]}")
    row.hover()
    before = row.bounding_box()
    order = [page.locator(INCIDENT).nth(place).get_attribute("id") for place in range(4)]
    for number in range(10, 13):
        plant(site, number, last_seen=timedelta())
    # An old one goes on, and would now be the first.
    change(site, kept[2], count=77, last_seen_at=datetime.now(UTC))
    bar = page.locator("#news-bar")
    expect(bar).to_contain_text("3 new")
    expect(page).to_have_title("(3) Incidents · AIOps")
    expect(row.locator(".row-count")).to_contain_text("77")
    assert row.bounding_box() == before
    assert [page.locator(INCIDENT).nth(place).get_attribute("id") for place in range(4)] == order
    # Somebody else settles one: it says so where it stands.
    change(site, kept[1], state=IncidentState.RESOLVED, state_since=datetime.now(UTC))
    expect(page.locator(f"#incident-{kept[1]} .pill")).to_have_text("Resolved")
    assert row.bounding_box() == before
    assert page.locator("#news").get_attribute("role") == "status"
    bar.click()
    expect(page.locator(INCIDENT)).to_have_count(6)
    expect(page.locator(INCIDENT).first).to_have_id(f"incident-{kept[2]}")
    expect(bar).to_have_count(0)
    expect(page).to_have_title("Incidents · AIOps")
    expect(page.locator("a.row-link").first).to_be_focused()
    assert window.is_same_document()


def test_the_bar_follows_search_and_page_and_a_key_shows_what_it_tells_of(site, visit):
    for number in range(30):
        plant(site, number, message="timeout", last_seen=timedelta(minutes=number + 1))
    window = visit(size=PHONE)
    page = window.page
    page.goto("/incidents?query=timeout&page=2")
    window.wait_until_live()
    expect(page.locator(INCIDENT)).to_have_count(5)
    plant(site, 40, message="something else", last_seen=timedelta())
    plant(site, 41, message="timeout", last_seen=timedelta())
    site.seeds.bump(site.project, "incidents")
    expect(page.locator("#news-bar")).to_contain_text("1 new")
    expect(page.locator(INCIDENT)).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.press(".")
    expect(page.locator(INCIDENT).first).to_contain_text("Planted41")
    expect(page.locator(INCIDENT)).to_have_count(25)
    expect(page).to_have_url(f"{site.url}/incidents?query=timeout")


def test_without_a_script_nothing_says_that_something_is_new(site, client):
    plant(site, 1)
    assert "news-bar" not in client.get("/incidents").text


def test_a_mark_that_makes_no_sense_lists_as_ever(site, client):
    plant(site, 1)
    partly = {"HX-Request": "true", "HX-Request-Type": "partial"}
    for mark in (
        "",
        "x",
        "1.2",
        "1.2.x",
        "-1.2.3",
        "1." + "9" * 30 + ".1",
        "9" * 19 + ".1.1",
        "1.1." + ".".join("1" * 500),
    ):
        answer = client.get("/incidents", params={"reading": mark}, headers=partly)
        assert (answer.status_code, 'id="facets"' in answer.text or 'id="told"' in answer.text) == (200, True), mark


def test_a_mark_shows_no_incident_of_another_project(site, client):
    user = site.access.session(site.session(), site.seeds.now).user.id
    other = site.people.add_project("Elsewhere", user, site.seeds.now)
    theirs = site.seeds.incident(other.id, site.seeds.service(other.id, "safe"), type="TheirSecret")
    plant(site, 1)
    partly = {"HX-Request": "true", "HX-Request-Type": "partial", "X-AIOps-Project": str(site.project)}
    answer = client.get("/incidents", params={"reading": f"1.0.{theirs}"}, headers=partly)
    assert answer.status_code == 200
    assert "TheirSecret" not in answer.text
