"""A walk in a browser: services are found, one is paused, maintenance is planned, and everybody sees what was chosen."""

from browsing import PHONE
from lives import plant_lives
from playwright.sync_api import expect


def test_services_are_found_paused_kept_out_of_alarm_and_shown_to_everybody(site, visit):
    plant_lives(site.seeds, site.project)
    page = visit(size=PHONE).page
    page.goto("/services")
    page.get_by_role("link", name="Time lines").click()
    monitors = page.get_by_test_id("monitor")
    expect(monitors).to_have_count(5)
    page.locator("#text").fill("bill state:paused")
    expect(monitors).to_have_count(1)
    page.locator("#text").fill("shop")
    expect(monitors).to_contain_text("99.94%")
    page.get_by_role("link", name="24 h", exact=True).click()
    monitors.get_by_role("link", name="shop").click()
    page.get_by_test_id("pause").click()
    page.get_by_test_id("pause-now").click()
    expect(page.get_by_test_id("done")).to_contain_text("Paused")
    page.get_by_test_id("resume").click()
    expect(page.get_by_test_id("done")).to_contain_text("Watched again")
    page.goto("/maintenance")
    page.get_by_text("Begin now, or plan once").click()
    page.locator("#once-name").fill("Move the database")
    page.locator("#once-services").fill("shop")
    page.get_by_test_id("plan-once").click()
    window = page.get_by_test_id("window").filter(has_text="Move the database")
    expect(window).to_contain_text("holds now")
    page.goto("/monitors?query=shop")
    expect(monitors).to_contain_text("in maintenance: Move the database")
    page.goto("/maintenance")
    window.get_by_test_id("end").click()
    expect(page.get_by_test_id("saved")).to_be_visible()
    page.goto("/settings/status")
    page.locator("#slug").fill("acme")
    page.locator("#title").fill("How Acme is")
    page.get_by_test_id("is-on").check()
    page.get_by_label("shop production").check()
    page.get_by_test_id("save").click()
    stranger = visit(signed_in=False).page
    stranger.goto("/status/acme")
    expect(stranger.get_by_test_id("life")).to_have_count(1)
    expect(stranger.get_by_test_id("overall")).to_have_text("All is well")
    assert stranger.evaluate("document.documentElement.scrollWidth <= innerWidth")
