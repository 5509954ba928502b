"""The palette: what it offers over HTTP, and in a browser the way by keys to everything."""

import re

import httpx
import pytest
from accessibility import grave_violations
from browsing import PHONE
from playwright.sync_api import expect
from scenes import plant_busy
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.people import Role


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        running.ids = plant_busy(running.seeds, running.project)
        shop = running.reads.services(running.project, running.seeds.now, per_page=100).rows[0].id
        running.seeds.job(shop, "count 100%_<b>", [])
        other = running.seeds.project("other")
        service = running.seeds.service(other, "secret-service")
        running.secret = running.seeds.incident(other, service, type="SecretError")
        running.seeds.job(service, "secret-job", [])
        yield running


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


def offered(client, text=""):
    """The addresses that are offered, and all that is said."""
    answer = client.get("/palette", params={"text": text})
    assert answer.status_code == 200
    return re.findall(r'role="option"[^>]* href="([^"]*)"', answer.text), answer.text


def test_where_nothing_was_typed_there_are_pages_and_the_latest_incidents(client):
    addresses, _ = offered(client)
    assert addresses[0] == "/"
    assert len([each for each in addresses if re.fullmatch(r"/incidents/\d+", each)]) == 5


def test_an_incident_is_found_by_its_number_and_by_words(site, client):
    number = site.ids["everything"]
    assert offered(client, f"#{number}")[0] == [f"/incidents/{number}"]
    assert offered(client, f"{number}")[0][0] == f"/incidents/{number}"
    addresses, text = offered(client, "OrderFailed")
    assert f"/incidents/{number}" in addresses
    assert addresses[-1] == "/incidents?query=OrderFailed&amp;state=all"
    assert f"#{number} · shop" in text


def test_services_and_jobs_are_found_by_each_word_of_their_names(client):
    addresses, text = offered(client, "shop STAG")
    assert re.match(r"/services/\d+", addresses[0])
    assert "staging" in text
    # What means something to the store means itself here, and nothing is markup.
    addresses, text = offered(client, "100%_<B>")
    assert addresses[0].startswith("/jobs/")
    assert "count 100%_&lt;b&gt;" in text
    assert not [each for each in offered(client, "%_%")[0] if each.startswith(("/jobs/", "/services/"))]


def test_what_nobody_can_read_is_offered_as_nothing(client):
    for text in ("#", "#0", "#" + "9" * 40, "(", 'service:"', "\u202e\x00", "x" * 5_000, "' OR 1=1 --"):
        addresses, _ = offered(client, text)
        assert not [each for each in addresses if re.fullmatch(r"/(incidents|services|jobs)/\d+", each)], text


def test_nothing_of_another_project_is_offered(site, client):
    for text in ("secret", "SecretError", f"#{site.secret}", f"{site.secret}"):
        addresses, said = offered(client, text)
        assert f"/incidents/{site.secret}" not in addresses
        assert "secret-" not in said


def test_only_who_rules_is_led_to_the_settings_of_the_project(site, client):
    assert "/settings/people" in offered(client, "people")[0]
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.somebody("Vera", Role.VIEWER)}) as viewer:
        assert "/settings/people" not in offered(viewer, "people")[0]
        assert "/settings/sessions" in offered(viewer, "settings")[0]


def test_a_stranger_is_offered_nothing(site):
    assert httpx.get(f"{site.url}/palette").status_code == 303


def test_one_goes_anywhere_by_keys_and_comes_back(site, visit):
    window = visit()
    page = window.page
    page.locator("#text").focus()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Jump, or do")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(palette.get_by_role("option").first).to_be_visible()
    # Enter alone does nothing, and nothing is chosen.
    page.keyboard.press("Enter")
    expect(palette.locator('[aria-selected="true"]')).to_have_count(0)
    assert grave_violations(page) == []
    page.keyboard.press("Escape")
    expect(palette).not_to_be_visible()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("shop prod")
    expect(palette.get_by_role("option", name="shop production")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(palette.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "palette-option-2")
    page.keyboard.press("ArrowUp")
    # Enter waits for what was typed last.
    page.keyboard.type(" and no such thing")
    expect(palette.get_by_role("status")).to_have_text("1 offer")
    field.fill("")
    page.keyboard.type("tokens")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/tokens")
    # The setting for keys rules this one, too; the button is for the mouse.
    page.evaluate("localStorage.setItem('aiops-keys-off', '1')")
    page.keyboard.press("Control+k")
    expect(palette).not_to_be_visible()
    page.get_by_role("button", name="Jump anywhere, or do something").click()
    expect(field).to_be_focused()


def test_the_open_incident_is_given_to_oneself_and_resolved_on_a_phone(site, visit):
    number = site.ids["http"]
    page = visit(size=PHONE).page
    page.goto(f"/incidents/{number}")
    palette = page.get_by_role("dialog", name="Jump, or do")
    jump = page.get_by_role("button", name="Jump anywhere, or do something")
    jump.click()
    palette.get_by_role("option", name="Assign this incident to me").click()
    expect(page.get_by_test_id("assign-to").locator("option:checked")).to_contain_text("(me)")
    expect(page.get_by_test_id("assign-me")).to_have_count(0)
    jump.click()
    page.keyboard.type("resolve this")
    expect(palette.get_by_role("option").first).to_have_text("Resolve this incident")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("reopen")).to_be_visible()
    assert site.reads.incident(site.project, number, site.seeds.now).row.state is IncidentState.RESOLVED
