"""The table of an incident's events, the ways to one of them, and what stands beside it."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import DESKTOP, PHONE
from scenes import plant_busy
from seeds import Seeds
from sqlalchemy import insert

from aiops_platform.core.likeness import of as likenesses_of
from aiops_platform.storage import schema

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def minutes(number):
    return timedelta(minutes=number)


def plant(seeds: Seeds, project: int) -> int:
    """An incident with sixty events of two users, the newest now. Returns its id."""
    service = seeds.service(project)
    incident = seeds.incident(project, service, type="Sold", message="apple is sold out today", count=60)
    for number in range(60):
        body = {
            "signal_type": "exception", "message": f"piece {number}", "user": {"id": f"u{number % 2}"}, "release": "7",
            "host": "shop-1", "request_path": f"/orders/{number}", "tags": {"region": "eu-1"},
        }  # fmt: skip
        seeds.event(incident, body, ago=minutes(59 - number))
    return incident


def test_the_newest_events_stand_first_with_what_sets_them_apart(client, site):
    incident = plant(site.seeds, site.project)
    page = client.get(f"/incidents/{incident}/events").text
    assert page.count('data-testid="event"') == 40
    assert all(told in page for told in ("piece 59", "u1", "/orders/59", "shop-1", "region", "60 events in all"))
    assert "piece 19<" not in page


def test_the_way_to_earlier_ones_needs_no_script(client, site):
    incident = plant(site.seeds, site.project)
    page = client.get(f"/incidents/{incident}/events", params={"find": "user:u1"}).text
    assert page.count('data-testid="event"') == 30
    onward = client.get(f"/incidents/{incident}/events").text.split('rel="next" href="')[1].split('"')[0]
    assert client.get(onward.replace("&amp;", "&")).text.count('data-testid="event"') == 20


def test_events_are_found_by_time(client, site):
    incident = plant(site.seeds, site.project)
    begin, end = (f"{site.seeds.now - minutes(ago):%Y-%m-%dT%H:%M}" for ago in (30, 20))
    page = client.get(f"/incidents/{incident}/events", params={"from": begin, "to": end}).text
    assert 10 <= page.count('data-testid="event"') <= 12


@pytest.mark.parametrize(
    "wrong", [{"from": "x"}, {"to": "9999-12-31T23:59"}, {"before": "-1"}, {"find": "x" * 900}, {"from": "0001-01-01"}]
)
def test_what_makes_no_sense_is_no_error(client, site, wrong):
    incident = plant(site.seeds, site.project)
    assert client.get(f"/incidents/{incident}/events", params=wrong).status_code == 200


def test_a_moment_leads_to_the_event_that_came_then(client, site):
    incident = plant(site.seeds, site.project)
    moment = int((site.seeds.now - minutes(30)).timestamp())
    answer = client.get(f"/incidents/{incident}/events/at", params={"t": moment}, follow_redirects=True)
    assert "piece 29" in answer.text
    assert client.get(f"/incidents/{incident}/events/at", params={"t": "x"}).status_code == 404


def test_the_most_telling_event_is_one_click_away(client, site):
    incident = plant(site.seeds, site.project)
    frame = {"file": "a.py", "function": "f", "in_app": True, "locals": {"the_variable": "1"}}
    body = {"signal_type": "exception", "exceptions": [{"type": "E", "frames": [frame]}]}
    site.seeds.event(incident, body, ago=minutes(-1))
    site.seeds.event(incident, ago=minutes(-2))
    assert 'data-testid="telling"' in client.get(f"/incidents/{incident}").text
    assert "the_variable" in client.get(f"/incidents/{incident}/events/telling", follow_redirects=True).text


def test_an_incident_tells_how_it_began_and_what_is_like_it(client, site):
    incident = plant(site.seeds, site.project)
    seeds = site.seeds
    till = seeds.incident(
        site.project, seeds.service(site.project, "till"), type="Gone", message="apple is sold out today"
    )
    here = seeds.event(incident, {"signal_type": "exception", "tags": {"trace_id": TRACE}}, ago=minutes(-3))
    seeds.event(till, {"signal_type": "exception", "tags": {"trace_id": TRACE}}, ago=minutes(-3.1))
    with seeds.database.begin() as connection:
        for number in (incident, till):
            for each in likenesses_of(site.project, "", "", "apple is sold out today", {}):
                row = {"hash": each.hash, "incident_id": number, "trait": each.trait}
                connection.execute(insert(schema.likenesses).values(**row))
        service = {"service_id": 1, "release": "7.0", "first_seen_at": seeds.now - timedelta(days=3)}
        connection.execute(insert(schema.releases).values(**service))
    page = client.get(f"/incidents/{incident}?event={here}").text
    for part in ("origin", "companions", "similar"):
        assert f'data-testid="{part}"' in page, part
    assert "first heard 24 h before" in page
    assert "same words" in page
    assert page.count("Gone: apple is sold out today") == 3  # in the same minutes, in the same request, and similar


def test_strangers_see_none_of_it(client, stranger, site):
    theirs = plant_busy(site.seeds, site.seeds.project("other"))["everything"]
    paths = [f"/incidents/{theirs}/events{rest}" for rest in ("", "/telling", "/at?t=1")]
    assert [client.get(path).status_code for path in paths] == [404] * 3
    assert all(stranger.get(path).headers["location"].startswith("/signin") for path in paths)
    assert [client.get(f"/incidents/{number}/events").status_code for number in ("x", 10**30, 0)] == [404] * 3


def test_a_click_on_a_bar_leads_to_the_events_of_its_time(site, visit):
    hours = {0: 1, 5: 1}
    incident = site.seeds.incident(site.project, site.seeds.service(site.project), hours=hours, last_seen=minutes(0))
    for ago, message in ((5 * 60, "long ago"), (0, "now")):
        site.seeds.event(incident, {"signal_type": "exception", "message": message}, ago=minutes(ago))
    page = visit().page
    page.goto(f"/incidents/{incident}")
    bars = page.locator("#chart-1 .u-over")
    box = bars.bounding_box()
    # The last 24 hours: of 24 bars the one of five hours ago.
    bars.click(position={"x": box["width"] * (24 - 5 - 0.6) / 24, "y": box["height"] / 2})
    page.wait_for_url("**event=*")
    assert "long ago" in page.locator(".event").inner_text()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_times_are_typed_by_the_viewers_clock_and_the_address_says_them_in_utc(site, visit, size):
    incident = plant(site.seeds, site.project)
    page = visit(size=size, timezone_id="Asia/Kathmandu").page
    page.goto(f"/incidents/{incident}/events")
    # By the clocks there it is 5:45 h later.
    begin, end = (site.seeds.now - minutes(ago) for ago in (30, 20))
    there = timedelta(hours=5, minutes=45)
    typed = [f"{moment + there:%Y-%m-%dT%H:%M}" for moment in (begin, end)]
    labels = ("From (your clock)", "To (your clock)")
    for label, text in zip(labels, typed, strict=True):
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Find", exact=True).click()
    page.wait_for_url("**from=*")
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {"from": [f"{begin:%Y-%m-%dT%H:%MZ}"], "to": [f"{end:%Y-%m-%dT%H:%MZ}"]}
    assert 10 <= page.get_by_test_id("event").count() <= 12
    assert [page.get_by_label(label).input_value() for label in labels] == typed
    # It can be asked again as it stands, and back is where one was.
    page.get_by_role("button", name="Find", exact=True).click()
    page.wait_for_url("**from=*")
    assert parse_qs(urlsplit(page.url).query) == asked


def test_without_a_script_times_are_in_utc_and_say_so(client, site):
    incident = plant(site.seeds, site.project)
    page = client.get(f"/incidents/{incident}/events", params={"from": "2026-11-23T10:00+02:00"}).text
    assert "From <small data-utc-word>(UTC)</small>" in page
    assert 'name="from" value="2026-11-23T08:00"' in page
