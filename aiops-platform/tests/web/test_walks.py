"""As a person goes through a working day: settle incidents, find them, understand one, begin with the overview."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import DESKTOP, PHONE
from playwright.sync_api import Page, expect
from scenes import HARM, plant_busy
from sqlalchemy import insert

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.storage import schema


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def size(request):
    return request.param


@pytest.fixture
def ids(site):
    site.introduce()
    return plant_busy(site.seeds, site.project)


@pytest.fixture
def page(visit, ids, size):
    window = visit(size=size).page
    yield window
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), "Nothing sticks out."


def is_above_the_fold(page: Page, selector: str) -> bool:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"] <= page.viewport_size["height"]


def test_one_settles_an_incident_in_every_way_and_its_timeline_says_so(site, page, ids):
    number, other = ids["everything"], ids["log"]
    service = site.reads.incident(site.project, number, site.seeds.now).service_id
    known = {"service_id": service, "release": "2026.11.3", "first_seen_at": site.seeds.now}
    with site.seeds.database.begin() as connection:
        connection.execute(insert(schema.releases).values(known))
    head = page.locator("#incident-head")
    page.goto(f"/incidents/{number}")
    page.locator("#menu-resolve summary").click()
    page.get_by_test_id("resolve-next").click()
    expect(head).to_contain_text("Resolved")
    page.get_by_test_id("reopen").click()
    expect(head).to_contain_text("Open")
    page.locator("#menu-resolve summary").click()
    page.get_by_label("A release by its name").fill("2027.1")
    page.locator("#menu-resolve").get_by_role("button", name="Resolve", exact=True).click()
    expect(head).to_contain_text("in 2027.1")
    page.locator("#menu-mute summary").click()
    page.locator("#mute-for").select_option("8h")
    page.locator("#mute-events").fill("50")
    page.get_by_test_id("mute-until").click()
    expect(head).to_contain_text("or 50 more events came")
    page.get_by_test_id("assign-me").click()
    expect(head).to_contain_text("for Ana Lee")
    page.locator("#link-it summary").click()
    page.get_by_label("Address of the ticket").fill("https://tracker.example/shop/17")
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("link", name="tracker.example")).to_have_attribute("rel", "nofollow noopener noreferrer")
    page.get_by_test_id("comment-text").fill(f"It is **the pool** again. {HARM}")
    page.get_by_test_id("comment").click()
    expect(page.get_by_test_id("comments").locator("strong")).to_have_text("the pool")
    page.locator("#menu-more summary").click()
    page.get_by_label("Merge other incidents into this one").fill(f"#{other}")
    page.get_by_label("Why they are one problem").fill("the same pool")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_test_id("parts")).to_contain_text("stock of apple is below 5")
    page.get_by_role("button", name="Take it out again").click()
    expect(page.get_by_test_id("parts")).to_have_count(0)
    page.locator("#menu-more summary").click()
    expect(page.get_by_role("link", name="rule for grouping")).to_have_attribute("href", "/settings/grouping")
    timeline = page.locator("#incident-side section", has=page.get_by_role("heading", name="Timeline"))
    if page.locator("#earlier-facts summary").count():
        page.locator("#earlier-facts summary").click()
    for said in ("2026.11.3", "2027.1", "50 more events", "Ana Lee", "tracker.example", "the same pool"):
        expect(timeline).to_contain_text(said)
    assert page.evaluate("window.harmed") is None


def test_one_deletes_an_incident_after_a_question_and_takes_that_back(page, ids):
    number = ids["http"]
    page.goto(f"/incidents/{number}")
    page.locator("#menu-more summary").click()
    page.get_by_role("link", name="Delete …").click()
    page.get_by_role("button", name="Delete", exact=False).click()
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Deleted: 1 incident.")
    expect(page.locator(f"#incident-{number}")).to_have_count(0)
    page.get_by_test_id("undo").click()
    expect(page.locator(f"#incident-{number}")).to_be_visible()


def test_one_mutes_all_that_match_and_some_that_are_ticked_and_takes_both_back(page):
    page.goto("/incidents?query=service:shop&sort=count")
    rows = page.get_by_test_id("incident")
    before = rows.count()
    page.locator("#bulk-all").check()
    page.locator("#bulk").get_by_role("button", name="Mute", exact=True).first.click()
    expect(page.get_by_test_id("bulk-done")).to_contain_text(f"Muted: {before} incidents.")
    expect(rows).to_have_count(0)
    page.get_by_test_id("undo").click()
    # Back in the list as it was searched.
    expect(rows).to_have_count(before)
    for place in (0, 1):
        page.locator("input.pick").nth(place).check()
    page.locator("#bulk summary").click()
    menu = page.locator("#bulk .menu-in").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= page.viewport_size["width"]
    page.get_by_label("Assign to").select_option(label="Ana Lee (me)")
    page.get_by_test_id("bulk-assign").click()
    expect(page.get_by_test_id("bulk-done")).to_contain_text("Assigned: 2 incidents.")
    page.goto("/incidents?query=assigned:me")
    expect(rows).to_have_count(2)


def test_one_finds_what_one_looks_for_and_hands_it_on_as_a_link_and_as_a_view(site, page, visit, size):
    page.goto("/incidents")
    box = page.locator("#text")
    box.fill("service:shop levl:error")
    expect(page.locator("#search-wrong")).to_contain_text("levl")
    box.fill("(service:shop OR service:payments) -type:Key*")
    expect(page.locator("#search-wrong")).to_be_empty()
    if size is PHONE:
        page.get_by_role("link", name="Narrow down").click()
    page.locator("#facets").get_by_role("link", name="production").click()
    expect(box).to_have_value("(service:shop OR service:payments) -type:Key* env:production")
    page.locator("select[name=time]").select_option("7d")
    page.locator("select[name=sort]").select_option("count")
    page.wait_for_url("**sort=count**")
    asked = parse_qs(urlsplit(page.url).query)
    assert (asked["time"], asked["sort"]) == (["7d"], ["count"])
    rows = page.get_by_test_id("incident")
    expect(page.locator(".columns")).to_contain_text("Last 7 days")
    counts = [int(each) for each in rows.evaluate_all("rows => rows.map(row => row.dataset.count)")]
    assert len(counts) > 3
    assert counts == sorted(counts, reverse=True)
    assert f"{sum(counts):,} events of these incidents" in page.locator(".over-time").inner_text()
    titles = page.locator(".row-title a").all_inner_texts()
    page.get_by_text("Save this view").click()
    page.get_by_label("Name", exact=True).fill("Shop, loudest")
    page.get_by_label("for all in the project").check()
    page.get_by_test_id("save-view").click()
    expect(page.locator("#views").get_by_role("link", name="Shop, loudest")).to_be_visible()
    other = visit(size=size, signed_in=False).page
    other.context.add_cookies([{"name": SESSION_COOKIE, "value": site.somebody("Bo"), "url": site.url}])
    other.goto(page.url)
    assert other.locator(".row-title a").all_inner_texts() == titles
    other.goto("/incidents")
    other.locator("#views").get_by_role("link", name="Shop, loudest").click()
    expect(other.locator(".row-title a")).to_have_text(titles)


def test_one_understands_an_incident_without_leaving_its_page(page, ids):
    page.goto(f"/incidents/{ids['everything']}")
    for told in ("h1", ".incident-message", ".incident-where", ".acts", ".tally", "[data-testid=origin]"):
        assert is_above_the_fold(page, told), told
    # What changed follows how often, and stands above the event.
    tally, origin, event = (page.locator(each).bounding_box()["y"] for each in (".tally", ".origin", "#event-title"))
    assert tally < origin < event
    expect(page.locator(".tally")).to_contain_text("12 days ago")
    expect(page.get_by_test_id("origin")).to_contain_text("same line of code")
    trace = page.get_by_test_id("traceback")
    ours = trace.locator(".frame-ours details.inside").first
    expect(ours).to_have_attribute("open", "")
    expect(ours.locator(".code-here")).to_contain_text("raise OrderFailed")
    library = trace.locator(".frames-library details").first
    expect(library).not_to_have_attribute("open", "")
    library.locator("summary").first.click()
    expect(library.locator(".call-name").first).to_be_visible()
    expect(trace).to_contain_text("OrderFailed was raised from this")
    expect(page.locator("#trace-text")).to_contain_text("Traceback (most recent call last)")
    for part, said in (
        ("#request", "POST"), ("#concerns", "order"), ("#crumbs", "newest first"), ("#contexts", "Python"), ("#about", "id"),
    ):  # fmt: skip
        expect(page.locator(part)).to_contain_text(said)
    expect(page.locator(".tags, #tags").first).to_be_visible()
    page.locator("#grouping summary").click()
    expect(page.locator("#grouping")).to_contain_text("orders.take_order")
    expect(page.get_by_test_id("neighbours")).to_be_visible()
    page.get_by_role("link", name="← Earlier").click()
    expect(page.locator("#event-title")).to_contain_text("Event ")
    page.get_by_role("link", name="Newest", exact=True).click()
    page.get_by_test_id("telling").click()
    page.wait_for_url("**event=*")
    whole = page.get_by_role("link", name="The whole event as JSON").get_attribute("href")
    assert json.loads(page.request.get(whole).text())["message"]
    ticket = page.request.get(page.get_by_test_id("ticket").get_attribute("href")).text()
    assert "OrderFailed" in ticket
    page.get_by_test_id("all-events").click()
    expect(page.get_by_test_id("event")).to_have_count(4)


def test_one_begins_with_the_overview_and_every_number_leads_to_what_it_counts(page):
    page.goto("/")
    for tile in ("new", "back", "rising", "open"):
        page.goto("/")
        place = page.get_by_test_id(tile)
        assert is_above_the_fold(page, f"[data-testid={tile}]"), tile
        many = int(place.locator("b").inner_text())
        place.click()
        expect(page.get_by_test_id("incident")).to_have_count(many)
    page.goto("/")
    page.locator("section[aria-labelledby=silent-title] a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("mailer")
    page.goto("/")
    page.get_by_test_id("traffic").first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("shop")


def test_one_makes_a_token_of_ones_own_ends_it_and_ends_other_browsers(site, page, visit, size):
    other = visit(size=size).page
    page.goto("/settings/tokens")
    page.get_by_label("What is it for?").fill("laptop")
    page.get_by_test_id("make-token").click()
    token = page.locator("#made").inner_text()
    asked = {"headers": {"Authorization": f"Bearer {token}"}}
    assert page.request.get("/api/v1/incidents", **asked).status == 200
    page.goto("/settings/tokens")
    expect(page.locator("body")).not_to_contain_text(token)
    page.get_by_test_id("token").get_by_role("button").click()
    expect(page.get_by_test_id("done")).to_contain_text("It lets nobody in any more.")
    assert page.request.get("/api/v1/incidents", **asked).status == 401
    page.goto("/settings/sessions")
    expect(page.get_by_test_id("session").filter(has_text="this browser")).to_have_count(1)
    page.get_by_test_id("end-others").click()
    expect(page.get_by_test_id("session")).to_have_count(1)
    other.goto("/settings/sessions")
    assert "/signin" in other.url
