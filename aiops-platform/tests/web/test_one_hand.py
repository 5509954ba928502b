"""On a phone at night: by touch, with the thumb of the hand that holds it, all that the keys do at a desk."""

import pytest
from browsing import PHONE
from playwright.sync_api import expect
from scenes import plant_busy

from aiops_platform.core.incident import IncidentState

# From half of the height on a thumb reaches everything.
REACH = PHONE["height"] / 2
FINGER = 40


@pytest.fixture
def ids(site):
    site.introduce()
    return plant_busy(site.seeds, site.project)


@pytest.fixture
def page(visit, ids):
    window = visit(size=PHONE, has_touch=True, is_mobile=True).page
    yield window
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), "Nothing sticks out."


def state_of(site, number):
    return site.reads.incident(site.project, number, site.seeds.now).row.state


def tap_with_the_thumb(target):
    """Taps it where it is: it needs no scrolling, and is as large as a finger hits."""
    box = target.bounding_box()
    assert box["height"] >= FINGER, box
    assert REACH <= box["y"] <= PHONE["height"] - box["height"], box
    target.tap()


def test_one_reads_mutes_resolves_and_goes_to_the_event_before(site, page, ids):
    number = ids["everything"]
    page.goto("/incidents")
    page.locator(f"#incident-{number} a.row-link").tap()
    page.wait_for_url(f"**/incidents/{number}*")
    acts = page.locator("#incident-head .acts")
    acts.get_by_role("button", name="Mute", exact=True).tap()
    expect(page.locator("#incident-head")).to_contain_text("Muted")
    assert state_of(site, number) is IncidentState.MUTED
    page.get_by_test_id("reopen").tap()
    expect(page.locator("#said")).to_contain_text("Reopened")
    page.get_by_test_id("resolve").tap()
    expect(page.locator("#said")).to_contain_text("Resolved")
    assert state_of(site, number) is IncidentState.RESOLVED
    page.get_by_role("link", name="← Earlier").tap()
    page.wait_for_url("**event=*")


def test_one_picks_some_mutes_them_and_takes_it_back_under_the_thumb(site, page):
    page.goto("/incidents")
    boxes = page.locator("input.pick")
    numbers = [int(boxes.nth(place).get_attribute("value")) for place in (0, 1)]
    before = boxes.nth(1).bounding_box()
    assert before["height"] >= 24, "WCAG 2.5.8"
    boxes.nth(0).tap()
    # What one is about to hit stays where it is.
    assert boxes.nth(1).bounding_box() == before
    boxes.nth(1).tap()
    bar = page.locator("#bulk")
    expect(page.locator("#bulk-count")).to_have_text("2 picked")
    tap_with_the_thumb(bar.get_by_role("button", name="Mute", exact=True).first)
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Muted: 2 incidents.")
    assert {state_of(site, number) for number in numbers} == {IncidentState.MUTED}
    tap_with_the_thumb(page.get_by_test_id("undo"))
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Undone")
    assert {state_of(site, number) for number in numbers} == {IncidentState.OPEN}


def test_what_else_can_be_done_with_many_opens_above_the_bar(page):
    page.goto("/incidents")
    page.locator("input.pick").first.tap()
    tap_with_the_thumb(page.locator("#bulk summary"))
    menu, bar = page.locator("#bulk .menu-in").bounding_box(), page.locator("#bulk").bounding_box()
    assert menu["y"] >= 0
    assert menu["y"] + menu["height"] <= bar["y"] + 1
    page.get_by_label("Assign to").select_option(label="Ana Lee (me)")
    page.get_by_test_id("bulk-assign").tap()
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Assigned: 1 incident.")
