"""What an incident's page tells of all its events together, and the navigation around it."""

import pytest
from browsing import PHONE
from playwright.sync_api import expect
from scenes import plant_busy
from sqlalchemy import insert

from aiops_platform.storage import schema


def say(site, incident, values):
    """So many events of the incident said this in their tags; an empty value is all others together."""
    rows = [
        {"incident_id": incident, "name": name, "value": value, "count": count}
        for name, of_name in values.items()
        for value, count in of_name.items()
    ]
    with site.seeds.database.begin() as connection:
        connection.execute(insert(schema.incident_values), rows)


def test_each_tag_is_shown_with_the_part_that_said_each_value_and_leads_to_those_events(site, visit):
    site.introduce()
    incident = plant_busy(site.seeds, site.project)["everything"]
    tenants = {"acme": 600, "globex": 390, "initech": 7, "hooli": 2, "": 1}
    say(site, incident, {"tenant": tenants, "region": {"eu-1": 1000}, "release": {"2026.11.3": 999, "2026.11.2": 1}})
    page = visit().page
    page.goto(f"/incidents/{incident}")
    said = page.get_by_test_id("said-values")
    rows = [" ".join(row.split()) for row in said.locator("dl > div").all_inner_texts()]
    assert rows == [
        "region eu-1 all",
        "release 2026.11.3 99 % 2026.11.2 < 1 %",
        "tenant acme 60 % globex 39 % initech 1 % others < 1 %",
    ]
    said.get_by_role("link", name="acme").click()
    # What was planted says so in each of its events.
    expect(page.get_by_test_id("event")).to_have_count(4)


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
@pytest.mark.parametrize("path", ["/incidents", "/settings", "/incidents?state=resolved"])
def test_the_tab_that_is_open_is_in_sight_on_a_phone(site, visit, path, script):
    plant_busy(site.seeds, site.project)
    page = visit(size=PHONE, java_script_enabled=script).page
    page.goto(path)
    for each in page.locator(".nav a[aria-current], .tabs a[aria-current]").all():
        expect(each).to_be_in_viewport(ratio=0.95, timeout=5_000)
    if path.startswith("/incidents"):
        # What is in sight anyway moves nothing out of it.
        expect(page.locator(".nav a").first).to_be_in_viewport(ratio=0.95, timeout=5_000)


def test_the_tab_is_in_sight_in_a_browser_that_knows_no_first_place_of_scrolling(site, visit):
    plant_busy(site.seeds, site.project)
    page = visit(size=PHONE).page
    page.route(
        "**/*.css*",
        lambda route: route.fulfill(
            body=route.fetch().text().replace("scroll-initial-target", "x"), content_type="text/css"
        ),
    )
    page.goto("/settings")
    expect(page.locator(".nav a[aria-current]")).to_be_in_viewport(ratio=0.95, timeout=5_000)
