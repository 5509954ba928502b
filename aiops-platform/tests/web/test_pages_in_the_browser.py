"""The pages as people meet them: in Chromium, live, by keyboard, on a phone, without JavaScript, and under attack."""

import re
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from browsing import PHONE
from made import a_parcel
from playwright.sync_api import expect
from scenes import plant_busy, plant_harm, plant_services, plant_too_much
from sqlalchemy import update

from aiops_platform.core.incident import IncidentKind
from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage import schema
from aiops_platform.storage.transactions import SqlStore

INCIDENT = "[data-testid=incident]"


def change(site, table, row_id, topic, **values):
    """Something happens in the store, and open pages are told."""
    with site.seeds.database.begin() as connection:
        connection.execute(update(table).where(table.c.id == row_id).values(**values))
    site.seeds.bump(site.project, topic)


def plant(site, **fields):
    """A fresh incident, told to open pages."""
    service = site.seeds.service(site.project, f"shop-{len(fields)}-{datetime.now(UTC):%f}")
    incident = site.seeds.incident(site.project, service, **fields)
    site.seeds.bump(site.project, "incidents")
    return incident


def bury(site, number, body):
    """What the digest does with what nobody can read."""
    with SqlStore(site.seeds.database).begin() as transaction:
        transaction.bury(a_parcel(number, body, project_id=site.project), "the body is not JSON")


def wait_until(page, condition):
    """Waits, with a deadline, while the browser goes on living."""
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come true in 10 s")


def test_a_new_incident_stands_on_the_open_page_without_a_reload(site, visit):
    window = visit()
    window.wait_until_live()
    window.mark()
    plant(site, type="FreshError", message="brand new")
    row = window.page.locator(INCIDENT, has_text="FreshError")
    expect(row).to_be_visible()
    expect(row).to_contain_text("brand new")
    expect(window.page.locator("#nav .badge")).to_contain_text("1")
    assert window.is_same_document()


def test_a_count_rises_in_place_and_lights_up(site, visit):
    incident = plant(site, count=7)
    window = visit()
    window.wait_until_live()
    window.mark()
    row = window.page.locator(f"#incident-{incident}")
    expect(row.locator(".row-count")).to_contain_text("7")
    row.evaluate("row => row.kept = true")
    change(site, schema.incidents, incident, "incidents", count=8)
    expect(row.locator(".row-count")).to_contain_text("8")
    expect(row).to_have_class(re.compile("fresh"))
    assert row.evaluate("row => row.kept === true")
    assert window.is_same_document()


def test_what_is_buried_stands_on_the_open_page_and_leaves_it(site, visit):
    window = visit()
    window.page.goto("/buried")
    window.wait_until_live()
    window.mark()
    expect(window.page.locator("main")).to_contain_text("Nothing is buried")
    for number, body in enumerate((b"one", b"two"), start=1):
        bury(site, number, body)
    expect(window.page.get_by_test_id("buried")).to_have_count(2)
    expect(window.page.get_by_test_id("retry-all")).to_be_visible()
    with SqlStore(site.seeds.database).begin() as transaction:
        transaction.unbury([number for number, _ in transaction.buried(site.project, after=0, limit=1)])
    expect(window.page.get_by_test_id("buried")).to_have_count(1)
    expect(window.page.locator("#nav .badge")).to_contain_text("1")
    assert window.is_same_document()


def test_what_is_being_read_stays_while_its_numbers_change(site, visit):
    ids = plant_busy(site.seeds, site.project)
    window = visit()
    window.page.goto(f"/incidents/{ids['everything']}")
    window.wait_until_live()
    window.mark()
    window.page.locator(".frames-library summary").first.click()
    window.page.locator("#grouping summary").click()
    site.seeds.event(ids["everything"], {"signal_type": "exception", "message": "a newer one"}, ago=timedelta())
    change(site, schema.incidents, ids["everything"], "incidents", count=98765)
    expect(window.page.locator("#incident-charts")).to_contain_text("98,765")
    expect(window.page.locator("#event-nav")).to_contain_text("4 of 5")
    expect(window.page.locator(".frames-library").first.locator("li").first).to_be_visible()
    expect(window.page.locator("#grouping dl").first).to_be_visible()
    window.page.get_by_role("link", name="Newest").click()
    expect(window.page.locator(".event")).to_contain_text("a newer one")


def test_an_incident_is_resolved_reopened_and_muted_in_place(site, visit):
    ids = plant_busy(site.seeds, site.project)
    window = visit()
    window.page.goto(f"/incidents/{ids['everything']}")
    window.mark()
    pill = window.page.locator("#incident-head .pill")
    for button, state, fact in (
        ("resolve", "Resolved", "Resolved"),
        ("reopen", "Open", "Reopened"),
        ("mute", "Muted", "Muted"),
        ("resolve", "Resolved", "Resolved"),
    ):
        window.page.get_by_test_id(button).click()
        expect(pill).to_have_text(state)
        expect(window.page.locator("#said")).not_to_be_empty()
        expect(window.page.locator(".timeline li").first).to_contain_text(fact)
    assert window.is_same_document()


def test_without_javascript_everything_can_be_read_and_done(site, visit):
    ids = plant_busy(site.seeds, site.project)
    window = visit(java_script_enabled=False)
    page = window.page
    page.goto("/incidents?text=order")
    expect(page.locator(INCIDENT)).to_have_count(3)
    page.locator("#facets").get_by_role("link", name="payments").click()
    expect(page.locator(INCIDENT)).to_have_count(1)
    page.locator("#text").fill("service:payments -order")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(INCIDENT)).to_have_count(1)
    page.locator("#text").fill("service:payments -")
    page.locator("#text").press("Enter")
    expect(page.locator("#search-wrong")).to_contain_text("a word or a field is missing")
    page.goto(f"/incidents/{ids['everything']}")
    expect(page.get_by_test_id("traceback")).to_contain_text("take_order")
    expect(page.locator(".chart-still").first).to_be_visible()
    page.get_by_test_id("resolve").click()
    expect(page.locator("#incident-head .pill")).to_have_text("Resolved")
    page.goto("/setup")
    page.get_by_test_id("make-key").click()
    expect(page.get_by_test_id("snippet")).to_contain_text("AIOPS_API_KEY=aiops_")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_search_narrows_the_list_as_one_types_and_stays_in_the_address(site, visit):
    plant_busy(site.seeds, site.project)
    window = visit()
    page = window.page
    page.goto("/incidents")
    window.mark()
    page.locator("#text").press_sequentially("redis")
    expect(page.locator(INCIDENT)).to_have_count(1)
    expect(page).to_have_url(f"{site.url}/incidents?query=redis")
    page.locator("#text").fill("servce:payments")
    expect(page.locator("#search-wrong")).to_contain_text("did you mean service:?")
    expect(page.locator(INCIDENT)).to_have_count(1)
    page.locator("#text").fill("service:payments")
    expect(page.locator(INCIDENT)).to_have_count(2)
    expect(page.locator("#search-wrong")).to_be_empty()
    page.locator("select[name=sort]").select_option("Most events")
    expect(page).to_have_url(f"{site.url}/incidents?query=service%3Apayments&sort=count")
    page.locator("#text").fill("service:payments env:staging")
    expect(page.locator("#incidents")).to_contain_text("Nothing matches")
    assert window.is_same_document()
    page.reload()
    expect(page.locator("#incidents")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Clear the filter").click()
    expect(page.locator(INCIDENT)).to_have_count(12)


def test_what_might_be_meant_is_offered_while_one_types_and_taken_by_keyboard(site, visit):
    plant_busy(site.seeds, site.project)
    page = visit().page
    page.goto("/incidents")
    box, offers = page.locator("#text"), page.locator("#search-offers li")
    box.press_sequentially("serv")
    expect(offers).to_have_count(1)
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "offer-1")
    box.press("Enter")
    expect(box).to_have_value("service:")
    expect(offers.first).to_have_text("legacy-crm")
    box.press_sequentially("pay")
    expect(offers).to_have_text(["payments"])
    box.press("ArrowDown")
    box.press("Tab")
    expect(box).to_have_value("service:payments ")
    expect(page.locator(INCIDENT)).to_have_count(2)
    box.press_sequentially("-is:")
    expect(offers.first).to_contain_text("open")
    box.press("Escape")
    expect(page.locator("#search-offers")).to_be_hidden()


def test_a_filtered_list_stays_filtered_when_something_happens(site, visit):
    plant_busy(site.seeds, site.project)
    window = visit()
    window.page.goto("/incidents")
    window.page.locator("#text").fill("redis")
    expect(window.page.locator(INCIDENT)).to_have_count(1)
    window.wait_until_live()
    plant(site, type="Other", message="unrelated")
    plant(site, type="Another", message="redis is back")
    expect(window.page.locator("#news-bar")).to_contain_text("1 new")
    window.page.locator("#news-bar").click()
    expect(window.page.locator(INCIDENT)).to_have_count(2)
    expect(window.page.locator("#text")).to_have_value("redis")


def test_the_search_comes_with_the_first_incident_and_what_there_is_to_choose_while_one_types(site, visit):
    window = visit()
    page = window.page
    page.goto("/incidents")
    window.wait_until_live()
    window.mark()
    expect(page.locator("#text")).to_be_hidden()
    shop = site.seeds.service(site.project, "shop")
    site.seeds.incident(site.project, shop, type="FirstError")
    site.seeds.bump(site.project, "incidents", "services")
    expect(page.locator(INCIDENT)).to_have_count(1)
    page.locator("#text").press_sequentially("Error")
    expect(page).to_have_url(f"{site.url}/incidents?query=Error")
    billing = site.seeds.service(site.project, "billing", "staging")
    site.seeds.incident(site.project, billing, type="BillingError")
    site.seeds.incident(site.project, shop, type="SecondError")
    site.seeds.bump(site.project, "incidents", "services")
    expect(page.locator("#news-bar")).to_contain_text("2 new")
    expect(page.locator("#text")).to_be_focused()
    page.locator("#news-bar").click()
    expect(page.locator(INCIDENT, has_text="SecondError")).to_be_visible()
    expect(page.locator("#facets")).to_contain_text("billing")
    expect(page.locator("#text")).to_have_value("Error")
    assert window.is_same_document()


def test_a_change_that_comes_in_late_never_brings_an_earlier_filter_back(site, visit):
    plant_busy(site.seeds, site.project)
    window = visit()
    page = window.page
    page.goto("/incidents")
    window.wait_until_live()
    held, released, read = [], Event(), site.reads.found_since

    def read_late_once(*asked):
        found = read(*asked)
        if not held:
            held.append(asked)
            released.wait(60)
        return found

    site.reads.found_since = read_late_once
    site.seeds.bump(site.project, "incidents")
    wait_until(page, lambda: held)
    page.locator("#text").fill("service:payments")
    expect(page.locator(INCIDENT)).to_have_count(2)
    released.set()
    payments = site.seeds.service(site.project, "payments", "staging")
    site.seeds.incident(site.project, payments, type="NewestError", last_seen=timedelta())
    plant(site, type="OfAnotherService")
    page.locator("#news-bar", has_text="1 new").click()
    expect(page.locator(INCIDENT)).to_have_count(3)
    expect(page.locator(INCIDENT).first).to_contain_text("NewestError")
    expect(page.locator("#text")).to_have_value("service:payments")


def test_the_tabs_lead_to_the_other_states_and_the_pager_to_the_other_pages(site, visit):
    plant_busy(site.seeds, site.project)
    service = site.seeds.service(site.project, "many")
    for number in range(30):
        site.seeds.incident(site.project, service, type=f"E{number}", last_seen=timedelta(days=5))
    page = visit().page
    expect(page.locator(INCIDENT)).to_have_count(25)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(INCIDENT)).to_have_count(17)
    page.get_by_role("link", name="Muted").click()
    expect(page.locator(INCIDENT)).to_have_count(1)
    page.go_back()
    expect(page.locator(INCIDENT)).to_have_count(17)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(site, visit):
    plant(site, type="FirstError")
    page = visit().page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "row-link":
            break
        width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert width != "0px", page.evaluate("document.activeElement.outerHTML")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("FirstError")
    page.get_by_test_id("resolve").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#incident-head .pill")).to_have_text("Resolved")


def test_changes_are_told_to_those_who_listen(site, visit):
    window = visit()
    page = window.page
    incident = plant(site)
    page.goto("/incidents")
    window.wait_until_live()
    told = page.get_by_role("status").filter(has_text="listed")
    expect(told).to_have_text("1 incident listed")
    plant(site, type="Second")
    news = page.get_by_role("status").filter(has_text="1 new")
    news.get_by_role("link").click()
    expect(told).to_have_text("2 incidents listed")
    page.goto(f"/incidents/{incident}")
    page.get_by_test_id("mute").click()
    said = page.locator("#said")
    expect(said).to_contain_text("Muted")
    assert said.get_attribute("aria-live") == "polite"
    assert said.get_attribute("role") == "status"


@pytest.mark.parametrize(
    "path",
    [
        "/incidents",
        "/incidents?state=all",
        "/services",
        "/jobs",
        "/jobs/1",
        "/setup",
        "/settings/grouping",
        "/settings/secrets",
        "/settings/keys",
        "/settings/sessions",
        "/settings/people",
        "/settings/projects",
        "/settings/tokens",
        "/account",
        "/api/docs",
        "/nowhere",
        "incident",
    ],
)
def test_every_page_has_its_landmarks_names_and_one_heading(site, visit, path):
    ids = plant_busy(site.seeds, site.project)
    job = site.seeds.job(site.seeds.service(site.project, "till"), "close", [{"state": "started", "ago": timedelta()}])
    assert job == 1
    window = visit()
    page = window.page
    page.goto(f"/incidents/{ids['everything']}" if path == "incident" else path)
    window.wrongs[:] = [wrong for wrong in window.wrongs if "404" not in wrong]
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary, [role=img]")]
            .filter((e) => !(e.getAttribute("aria-label") || e.innerText?.trim() || e.labels?.[0]?.textContent.trim() || e.textContent.trim()))
            .map((e) => e.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
    doubled = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i) }"
    )
    assert doubled == []


def test_nothing_hostile_runs_on_any_page(site, visit):
    incident = plant_harm(site.seeds, site.project)
    window = visit()
    page = window.page
    for path in (
        "/incidents",
        f"/incidents/{incident}",
        "/services",
        "/jobs",
        "/jobs/1",
        "/setup",
        "/incidents?text=%22%3E%3Cscript%3Ewindow.harmed%3D1%3C%2Fscript%3E",
    ):
        page.goto(path)
        window.wait_until_live()
        for summary in page.locator("summary").all():
            summary.evaluate("(e) => { e.parentElement.open = true }")
        site.seeds.bump(site.project, "incidents", "services", "jobs")
        page.wait_for_timeout(1500)
        assert page.evaluate("window.harmed") is None
    page.goto(f"/incidents/{incident}")
    page.get_by_test_id("resolve").click()
    expect(page.locator("#incident-head .pill")).to_have_text("Resolved")
    assert page.evaluate("window.harmed") is None


@pytest.mark.parametrize("plant_scene", [plant_busy, plant_too_much, plant_harm], ids=["busy", "too much", "harm"])
def test_nothing_sticks_out_of_a_phone(site, visit, plant_scene):
    planted = plant_scene(site.seeds, site.project)
    numbers = planted.values() if isinstance(planted, dict) else [planted]
    page = visit(size=PHONE).page
    for path in [
        "/incidents",
        "/incidents?state=all",
        "/services",
        "/jobs",
        *(["/jobs/1"] if site.reads.job(site.project, 1) else []),
        "/setup",
        "/settings/grouping",
        "/settings/secrets",
        "/settings/keys",
        "/api/docs",
        *(f"/incidents/{number}" for number in numbers),
    ]:
        page.goto(path)
        page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path


def test_words_stay_whole_on_the_narrowest_phone(site, visit):
    plant_busy(site.seeds, site.project)
    page = visit(size={"width": 320, "height": 640}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for part in page.locator(".tabs a, .row-count, .nav a").all():
        assert part.bounding_box()["height"] < 50


def test_endless_texts_leave_the_traceback_within_reach_on_a_phone(site, visit):
    incident = plant_too_much(site.seeds, site.project)
    page = visit(size=PHONE).page
    page.goto(f"/incidents/{incident}")
    tallest = "(nodes) => Math.max(...nodes.map((node) => node.getBoundingClientRect().height))"
    assert page.locator(".message, .note, .pairs dd").evaluate_all(tallest) <= 340
    number = page.locator(".tally dd").first.evaluate("(dd) => [dd.scrollWidth - dd.clientWidth, dd.clientHeight]")
    assert number[0] <= 0
    assert number[1] < 40


def test_buttons_on_a_phone_are_large_enough_to_be_hit(site, visit):
    ids = plant_busy(site.seeds, site.project)
    page = visit(size=PHONE).page
    for path in ("/incidents", f"/incidents/{ids['everything']}", "/setup"):
        page.goto(path)
        for button in page.locator("button:visible, .button:visible, .nav a:visible").all():
            assert button.bounding_box()["height"] >= 32


def test_a_hidden_tab_holds_no_stream_and_catches_up_when_it_is_seen_again(site, visit):
    window = visit()
    page = window.page
    window.wait_until_live()
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => window.pretendHidden === true });
            window.pretendHidden = true;
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    expect(page.locator("#live")).to_have_attribute("data-state", "off")
    wait_until(page, lambda: site.live.listening == 0)
    plant(site, type="Meanwhile")
    expect(page.locator(INCIDENT)).to_have_count(0)
    page.evaluate("() => { window.pretendHidden = false; document.dispatchEvent(new Event('visibilitychange')) }")
    expect(page.locator(INCIDENT)).to_have_count(1)


def test_signing_out_ends_every_other_open_page(site, visit):
    window = visit()
    other = window.page.context.new_page()
    other.goto("/services")
    other.locator("#live[data-state=on]").wait_for()
    window.page.get_by_role("button", name="Sign out").click()
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.wait_for_url("**/signin?next=*")


def test_the_set_up_page_turns_by_itself_when_the_key_is_used(site, visit):
    window = visit()
    page = window.page
    page.goto("/setup")
    window.wait_until_live()
    window.mark()
    page.get_by_test_id("make-key").click()
    snippet = page.get_by_test_id("snippet")
    expect(snippet).to_contain_text(f"{site.url}/sdk/aiops_sdk-0.2.0-py3-none-any.whl")
    expect(page.get_by_test_id("waiting")).to_be_visible()
    key = re.search(r"AIOPS_API_KEY=(\S+)", snippet.inner_text())[1]
    holder = site.access.holder_of_key(key)
    service = site.seeds.service(site.project, "my-service", first_seen_at=datetime.now(UTC))
    site.seeds.monitor(service, [(MonitorState.ALIVE, timedelta())])
    site.access.note_keys_used({holder.id: datetime.now(UTC)})
    site.seeds.bump(site.project, "services")
    expect(page.get_by_test_id("first-event")).to_be_visible()
    expect(page.locator("#heard")).to_contain_text("my-service")
    expect(snippet).to_contain_text(key)
    assert window.is_same_document()


def test_a_snippet_is_copied(site, visit):
    window = visit(permissions=["clipboard-read", "clipboard-write"])
    page = window.page
    page.goto("/setup")
    page.get_by_test_id("make-key").click()
    page.locator("[data-copy=snippet-python]").click()
    expect(page.locator("[data-copy=snippet-python]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "import aiops_sdk\n\naiops_sdk.init()"


def test_services_show_how_they_live_and_change_by_themselves(site, visit):
    ids = plant_services(site.seeds, site.project)
    window = visit()
    page = window.page
    page.goto("/services")
    window.wait_until_live()
    window.mark()
    shown = {
        row.locator("h2").inner_text(): row.get_attribute("data-state") for row in page.get_by_test_id("service").all()
    }
    assert shown["mailer production"] == "silent"
    assert shown["legacy-crm production"] == "none"
    row = page.locator(f"#service-{ids['payments/production']}")
    expect(row.locator(".life")).to_have_text("Late")
    with site.seeds.database.read() as connection:
        monitor = connection.scalar(
            schema.monitors.select()
            .with_only_columns(schema.monitors.c.id)
            .where(schema.monitors.c.service_id == ids["payments/production"])
        )
    change(site, schema.monitors, monitor, "services", state=MonitorState.ALIVE)
    expect(row.locator(".life")).to_have_text("Alive")
    assert window.is_same_document()


def test_a_run_ends_on_the_open_page_without_a_reload(site, visit):
    service = site.seeds.service(site.project)
    job = site.seeds.job(service, "nightly-import", [{"state": "started", "ago": timedelta(minutes=3)}])
    window = visit()
    page = window.page
    for path in ("/jobs", f"/jobs/{job}"):
        with site.seeds.database.begin() as connection:
            connection.execute(update(schema.job_runs).values(state="started", duration=None, ended_at=None))
        page.goto(path)
        window.wait_until_live()
        window.mark()
        expect(page.locator("main")).to_contain_text("Running for" if path == "/jobs" else "3 min")
        with site.seeds.database.begin() as connection:
            ended = {"state": "succeeded", "duration": 72.0, "ended_at": site.seeds.now}
            connection.execute(update(schema.job_runs).values(ended))
        site.seeds.bump(site.project, "jobs")
        expect(page.locator("main")).to_contain_text("1 min 12 s")
        assert window.is_same_document()


def test_a_silence_says_what_it_is(site, visit):
    incident = plant(site, kind=IncidentKind.SILENCE, type="ServiceSilent", message="no sign of life")
    page = visit().page
    page.goto(f"/incidents/{incident}")
    expect(page.locator(".event")).to_contain_text("resolves by itself")


def test_the_chart_is_drawn_and_tells_what_lies_under_the_pointer(site, visit):
    ids = plant_busy(site.seeds, site.project)
    page = visit().page
    page.goto(f"/incidents/{ids['http']}")
    chart = page.locator("#chart-1")
    expect(chart.locator("canvas")).to_be_visible()
    chart.locator(".u-over").hover()
    expect(chart.locator("figcaption")).to_contain_text("UTC")


def test_old_times_grow_older_without_a_reload(site, visit):
    plant(site, last_seen=timedelta(seconds=50))
    window = visit()
    expect(window.page.locator(INCIDENT)).to_contain_text("1 min ago", timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_s_colour_scheme_is_followed(site, visit, scheme):
    page = visit(color_scheme=scheme).page
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(248, 248, 246)", "dark": "rgb(18, 19, 22)"}[scheme]


def test_an_event_is_copied_for_a_ticket_and_for_a_shell(site, visit):
    ids = plant_busy(site.seeds, site.project)
    made = visit()
    page = made.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.url}/incidents/{ids['everything']}")
    for name, begins in (("Copy as Markdown", "# `OrderFailed`"), ("Copy as curl", "curl -g ")):
        page.get_by_role("link", name=name).click()
        page.wait_for_function(
            "async (begins) => (await navigator.clipboard.readText()).startsWith(begins)", arg=begins
        )
        expect(page.locator("#said")).to_have_text("Copied.")
    page.context.clear_permissions()


def test_without_a_clipboard_the_link_leads_to_the_text(site, visit):
    ids = plant_busy(site.seeds, site.project)
    page = visit().page
    page.goto(f"{site.url}/incidents/{ids['everything']}")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.get_by_role("link", name="Copy as Markdown").click()
    page.wait_for_url("**/ticket")
    assert page.locator("body").inner_text().startswith("# `OrderFailed`")
