"""People settle incidents in a browser: what they type and pick stays when something comes in meanwhile."""

import httpx
import pytest
from browsing import PHONE
from playwright.sync_api import expect
from scenes import plant_busy


@pytest.fixture
def ids(site):
    return plant_busy(site.seeds, site.project)


@pytest.fixture
def api(site):
    headers = {"Authorization": f"Bearer {site.access.create_token(site.project, 'program', site.seeds.now)}"}
    with httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60) as client:
        yield client


def test_what_is_typed_and_folded_open_stays_while_others_act(site, visit, api, ids):
    number = ids["everything"]
    page = visit(size=PHONE).page
    page.goto(f"/incidents/{number}")
    page.locator("#live[data-state=on]").wait_for()
    page.get_by_test_id("comment-text").fill("half a thought")
    page.locator("#menu-mute summary").click()
    page.locator("#mute-events").fill("50")
    api.post(f"/incidents/{number}/comments", json={"text": "seen by a program"})
    expect(page.get_by_test_id("comments")).to_contain_text("seen by a program")
    expect(page.get_by_test_id("comment-text")).to_have_value("half a thought")
    expect(page.locator("#mute-events")).to_have_value("50")
    page.get_by_test_id("mute-until").click()
    expect(page.locator("#incident-head")).to_contain_text("or 50 more events came")
    page.get_by_test_id("comment-text").fill("a whole thought")
    page.get_by_test_id("comment").click()
    expect(page.get_by_test_id("comments")).to_contain_text("a whole thought")


def test_rows_are_picked_by_key_and_by_range_and_what_was_done_is_undone(site, visit, api, ids):
    page = visit().page
    page.goto("/incidents")
    page.locator("#live[data-state=on]").wait_for()
    rows = page.get_by_test_id("incident")
    before = rows.count()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk-count")).to_have_text("1 picked")
    page.locator("input.pick").nth(3).click(modifiers=["Shift"])
    expect(page.locator("#bulk-count")).to_have_text("4 picked")
    last = page.locator("[data-incident-id]").last.get_attribute("data-incident-id")
    api.post(f"/incidents/{last}/resolve")
    expect(page.locator(f"#incident-{last} .pill")).to_have_text("Resolved")
    expect(rows).to_have_count(before)
    expect(page.locator("#bulk-count")).to_have_text("4 picked")
    expect(page.locator("input.pick:checked")).to_have_count(4)
    page.get_by_test_id("bulk-resolve").click()
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Resolved: 4 incidents.")
    expect(rows).to_have_count(before - 5)
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Undone")
    expect(rows).to_have_count(before - 1)
