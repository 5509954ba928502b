"""Keys of the pages: everything that one does all day, without a mouse."""

import pytest
from playwright.sync_api import expect
from scenes import plant_busy

from aiops_platform.core.incident import IncidentState
from aiops_platform.core.views import IncidentQuery


@pytest.fixture
def shop(site):
    """Telling incidents by name."""
    return plant_busy(site.seeds, site.project)


@pytest.fixture
def page(site, visit, shop):
    made = visit()
    made.page.goto(f"{site.url}/incidents")
    made.wait_until_live()
    return made.page


def state_of(site, number):
    return site.reads.incident(site.project, number, site.seeds.now).row.state


def test_one_goes_through_the_list_and_opens_what_one_finds(page):
    links = page.locator("a.row-link")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(links.nth(1)).to_be_focused()
    where = links.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{where}*")


@pytest.mark.parametrize(("key", "state"), [("e", IncidentState.RESOLVED), ("m", IncidentState.MUTED)])
def test_the_incident_that_has_the_focus_is_resolved_or_muted(site, page, key, state):
    page.keyboard.press("j")
    row = page.locator("[data-incident-id]").first
    number = int(row.get_attribute("data-incident-id"))
    page.keyboard.press(key)
    expect(page.locator("#said")).to_contain_text(state.value.capitalize())
    assert state_of(site, number) is state
    # It stays where it is, so that the next key is about what one sees, and says how it stands.
    expect(page.locator(f"#incident-{number} .pill").first).to_have_text(state.value.capitalize())
    expect(row.locator("a.row-link")).to_be_focused()


def test_an_incident_is_resolved_and_reopened_on_its_own_page(site, page, shop):
    page.goto(f"{site.url}/incidents/{shop['http']}")
    page.keyboard.press("e")
    expect(page.get_by_test_id("reopen")).to_be_visible()
    assert state_of(site, shop["http"]) is IncidentState.RESOLVED
    page.keyboard.press("o")
    expect(page.get_by_test_id("resolve")).to_be_visible()
    assert state_of(site, shop["http"]) is IncidentState.OPEN


def test_what_is_typed_is_text(site, page):
    page.keyboard.press("/")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("jeme?")
    expect(page.locator("#text")).to_have_value("jeme?")
    expect(page.locator("#keys")).not_to_be_visible()
    assert {row.state for row in site.reads.incidents(site.project, IncidentQuery(), site.seeds.now).rows} >= {
        IncidentState.OPEN
    }


def test_two_keys_lead_to_the_other_pages(page):
    for keys, place in (
        ("gs", "/services"),
        ("go", "/"),
        ("gj", "/jobs"),
        ("gt", "/settings/grouping"),
        ("gi", "/incidents"),
    ):
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_url(f"**{place}")
    # Without the first one, the second is what it is by itself.
    page.keyboard.press("s")
    page.keyboard.press("t")
    assert page.url.endswith("/incidents")


def test_earlier_and_later_events_are_a_key_away(site, page, shop):
    page.goto(f"{site.url}/incidents/{shop['everything']}")
    page.keyboard.press("[")
    page.wait_for_url("**event=*")
    page.keyboard.press("]")
    expect(page.locator("#event-title")).to_contain_text("Newest event")


def test_the_list_of_keys_opens_and_turns_them_off_and_on(site, page):
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    keys.get_by_label("These keys act in this browser").uncheck()
    page.keyboard.press("Escape")
    expect(keys).not_to_be_visible()
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Keys").click()
    keys.get_by_label("These keys act in this browser").check()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("a.row-link").first).to_be_focused()


def test_no_key_acts_with_another_one_held(site, page):
    page.keyboard.press("j")
    first = page.locator("[data-incident-id]").first
    number = int(first.get_attribute("data-incident-id"))
    for keys in ("Control+e", "Alt+e", "Meta+m"):
        page.keyboard.press(keys)
    assert state_of(site, number) is IncidentState.OPEN
