"""How lists stand, and by which clock times are told: each as the one who looks wants it."""

from datetime import timedelta

import httpx
import pytest
from browsing import DESKTOP, PHONE
from playwright.sync_api import expect
from scenes import plant_busy

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web.origin import token_for

COMPACT = '<html lang="en" data-density="compact">'


@pytest.fixture
def viewer(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.somebody("Vera", Role.VIEWER)}) as signed_in:
        yield signed_in


def choose(client, density, referer):
    form = {"csrf": token_for(client.cookies[SESSION_COOKIE]), "density": density}
    return client.post("/density", data=form, headers={"Referer": referer})


def test_the_choice_is_kept_in_the_browser_and_the_way_back_is_where_one_was(site, viewer):
    answer = choose(viewer, "compact", f"{site.url}/incidents?state=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents?state=all")
    assert all(word in answer.headers["set-cookie"] for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert COMPACT in viewer.get("/incidents?state=all").text
    choose(viewer, "anything else", site.url)
    assert COMPACT not in viewer.get("/incidents?state=all").text


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("", "/"),
        ("https://evil.example//evil.example/x", "/"),
        ("https://evil.example/incidents", "/incidents"),
        ("https://aiops.example/incidents/7/comment", "/incidents/7"),
        ("https://aiops.example/incidents/bulk", "/incidents"),
        ("https://aiops.example/settings/keys/3/replace", "/settings/keys"),
        ("http://[", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_the_way_back_leads_nowhere_else(viewer, referer, back):
    assert choose(viewer, "compact", referer).headers["location"] == back


def test_only_a_form_of_ours_chooses(site, viewer):
    assert viewer.post("/density", data={"density": "compact"}).status_code == 403
    assert httpx.post(f"{site.url}/density", data={"density": "compact"}).headers["location"].startswith("/signin")


def test_no_word_breaks_in_the_head_of_a_page_however_long_the_names_are(site, visit):
    site.introduce("Maximiliane von Hohenfels-Langenburg")
    user = site.access.session(site.session(), site.seeds.now).user.id
    site.people.add_project("The warehouse in which all of it is", user, site.seeds.now)
    site.seeds.buried(site.project)
    page = visit().page
    for width, rows in ((1280, 1), (1000, 2), (760, 2)):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator(".top").evaluate("head => head.offsetHeight") < 60 * rows, width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    page.set_viewport_size({"width": 1280, "height": 800})
    hidden = page.locator(".nav").first.evaluate("nav => nav.scrollWidth - nav.clientWidth")
    assert hidden <= 0, "All of it is in sight."


def test_compact_lists_have_one_line_for_an_incident_at_any_width(site, visit):
    plant_busy(site.seeds, site.project)
    page = visit(timezone_id="Asia/Kathmandu").page
    page.goto("/incidents?state=all")
    rows = page.get_by_test_id("incident")
    tallest = "rows => Math.max(...rows.map(row => row.offsetHeight))"
    comfortable = rows.evaluate_all(tallest)
    expect(page.get_by_role("contentinfo")).to_contain_text("by your clock (Asia/K")
    page.get_by_role("button", name="Compact lists").click()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    assert page.url.endswith("/incidents?state=all")
    assert rows.evaluate_all(tallest) * 2 < comfortable
    page.set_viewport_size(PHONE)
    assert rows.evaluate_all(tallest) < 48
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Comfortable lists").click()
    expect(page.locator("html")).not_to_have_attribute("data-density", "compact")


def test_the_design_is_shown_whole_to_who_is_signed_in_and_no_page_but_the_guide_leads_there(viewer):
    page = viewer.get("/design")
    assert len(page.content) < 60_000
    assert page.text.count('data-testid="colour"') > 20
    assert 'class="number pair-bad"' not in page.text
    assert 'href="/design"' not in viewer.get("/").text


def test_numbers_and_times_are_written_as_the_viewer_writes_them_also_in_charts_and_by_a_tap(site, visit):
    service = site.seeds.service(site.project)
    incident = site.seeds.incident(site.project, service, hours={0: 12_345, 3: 2_000}, count=1_234_567)
    page = visit(size=PHONE, has_touch=True, is_mobile=True, locale="de-DE", timezone_id="Asia/Kathmandu").page
    row = page.locator(f"#incident-{incident}")
    expect(row.locator(".row-count")).to_contain_text("1,2M")
    expect(page.locator(".over-time")).to_contain_text("14.345 events")
    until = page.locator(".over-time time").last
    hours, minutes = (until.get_attribute("datetime")[11:16]).split(":")
    later = (int(hours) * 60 + int(minutes) + 5 * 60 + 45) % (24 * 60)
    expect(until).to_contain_text(f"{later // 60:02}:{later % 60:02}")
    page.goto(f"/incidents/{incident}")
    expect(page.locator(".tally")).to_contain_text("1.234.567")
    over = page.locator("#chart-1 .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    over.tap(position={"x": box["width"] - 6, "y": 20})
    expect(page.locator("#chart-1 figcaption")).to_contain_text(":45")
    expect(page.locator("#chart-1 figcaption")).to_contain_text("12.345 events")
    expect(page.locator("#chart-1 figcaption")).to_contain_text("GMT+5:45")
    page.locator(".tally time").first.tap()
    expect(page.locator("#said")).to_contain_text("UTC")
    assert page.url.endswith(f"/incidents/{incident}")


def test_without_a_script_numbers_and_charts_are_as_the_server_writes_them(site, viewer):
    service = site.seeds.service(site.project)
    site.seeds.incident(site.project, service, hours={0: 12_345})
    page = viewer.get("/incidents").text
    assert '<data value="12345" data-short>12.3k</data>' in page
    assert '<data value="12345">12,345</data> events' in page
    assert "Charts are <span data-clock>in UTC</span>" in page


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_when_it_was_stands_beside_how_long_ago_by_the_viewers_clock(site, visit, size):
    service = site.seeds.service(site.project)
    first, last = timedelta(days=20), timedelta(hours=3)
    incident = site.seeds.incident(site.project, service, hours={3: 1}, first_seen=first, last_seen=last)
    earlier = site.seeds.event(incident, {"signal_type": "exception"}, ago=first)
    site.seeds.event(incident, {"signal_type": "exception"}, ago=last)
    page = visit(size=size, locale="de-DE", timezone_id="Asia/Kathmandu").page
    there = [site.seeds.now - ago + timedelta(hours=5, minutes=45) for ago in (last, first)]
    said = [f"{at:%d.%m.%Y, %H:%M:%S}" for at in there]
    page.goto(f"/incidents/{incident}")
    assert page.locator(".tally .exactly").all_inner_texts() == said
    expect(page.locator("#event-title")).to_contain_text("Newest event 3 h ago")
    page.goto(f"/incidents/{incident}?event={earlier}")
    expect(page.locator("#event-title")).to_contain_text(f"Event {said[1]}")
    page.goto(f"/incidents/{incident}/events")
    expect(page.locator(".events-when time").first).to_have_text(said[0])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_of_an_incident_without_events_lately_it_is_said_and_nothing_empty_is_drawn(site, viewer):
    service = site.seeds.service(site.project)
    old, young = timedelta(days=20), timedelta(days=13)
    ids = [
        site.seeds.incident(site.project, service, hours={ago.days * 24: 1}, first_seen=ago, last_seen=ago)
        for ago in (old, young)
    ]
    pages = [viewer.get(f"/incidents/{each}").text for each in ids]
    assert "No event in the last 14 days." in pages[0]
    assert 'id="chart-1"' not in pages[0]
    assert 'id="chart-1"' in pages[1]


def test_above_the_fold_stands_which_address_was_asked_for(site, viewer):
    service = site.seeds.service(site.project)
    asked = site.seeds.incident(site.project, service, place="pay (till.py)", path="/checkout", status_code=500)
    known = site.seeds.incident(site.project, service, place="GET /checkout", path="/checkout", status_code=500)
    heads = [viewer.get(f"/incidents/{each}").text.partition('id="incident-charts"')[0] for each in (asked, known)]
    assert [head.count("<bdi>/checkout</bdi>") for head in heads] == [1, 0]
    assert "<bdi>GET /checkout</bdi>" in heads[1]
