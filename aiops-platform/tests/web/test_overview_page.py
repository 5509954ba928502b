"""The first page over HTTP: its numbers lead to what they count, and strangers see nothing."""

import re
from datetime import timedelta

from scenes import plant_busy


def test_a_project_without_any_service_is_led_to_its_set_up(client):
    page = client.get("/").text
    assert "Nothing has reported yet" in page
    assert 'href="/setup"' in page


def test_every_number_leads_to_a_page(client, site):
    plant_busy(site.seeds, site.project)
    page = client.get("/").text.partition("<main")[2]
    assert 'data-testid="new"' in page
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/[^"#]*)', page) if "static" not in link}
    assert any(link.startswith("/incidents?query=first-seen") for link in links)
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_for_htmx_there_is_only_what_changes_and_the_same_since(client, site):
    plant_busy(site.seeds, site.project)
    moment = int((site.seeds.now - timedelta(hours=3)).timestamp())
    part = client.get(f"/?since={moment}", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert "<html" not in part
    assert f'hx-get="/?since={moment}"' in part


def test_a_moment_that_is_none_is_no_error(client):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    for since in ("x", "-1", "9" * 18, "", "99999999999"):
        assert client.get("/", params={"since": since}, headers=headers).status_code == 200


def test_strangers_are_sent_to_sign_in(stranger):
    assert all(stranger.get(path).headers["location"].startswith("/signin") for path in ("/", "/platform"))


def test_nothing_of_another_project_is_shown(client, site):
    other = site.seeds.project("other")
    plant_busy(site.seeds, other)
    assert "OrderFailed" not in client.get("/").text


def test_exact_times_are_told_by_the_viewer_s_own_clock(site, visit):
    plant_busy(site.seeds, site.project)
    page = visit(timezone_id="Asia/Kathmandu", locale="de-DE").page
    page.goto("/")
    title = page.locator("time").first.get_attribute("title")
    assert " · " in title
    assert title.endswith(" UTC")
    assert "GMT+5:45" in title.partition(" · ")[0]
