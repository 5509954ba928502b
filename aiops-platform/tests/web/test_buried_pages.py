"""What could not be digested: its page, what came, and digesting it again."""

from datetime import timedelta

import pytest
from scenes import plant_buried

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web.origin import token_for


@pytest.fixture
def press(client):
    return lambda path: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE])})


def waiting(site):
    return [each.parcel.body for each in site.intake.lease(100, site.seeds.now + timedelta(hours=1))]


def test_nobody_is_led_to_a_page_with_nothing_on_it(client):
    assert "Nothing is buried" in client.get("/buried").text
    assert 'href="/buried"' not in client.get("/incidents").text


def test_what_is_buried_is_shown_with_its_reason_and_never_as_markup(site, client):
    plant_buried(site.seeds, site.project)
    first, second = client.get("/buried"), client.get("/buried?page=2")
    assert first.text.count('data-testid="buried"') == 30
    assert second.text.count('data-testid="buried"') == 5
    assert "&lt;script&gt;alert" in first.text
    assert "division by zero" in second.text
    assert 'href="/buried"' in client.get("/incidents").text


def test_what_came_is_shown_as_plain_text(site, client):
    answer = client.get(f"/buried/{site.seeds.buried(site.project, body=b'<b>' + bytes([27]) + b'[31m')}")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("<b>")
    assert "\x1b" not in answer.text


def test_one_or_all_are_digested_again(site, client, press):
    numbers = [site.seeds.buried(site.project, body=body) for body in (b"one", b"two", b"three")]
    assert press(f"/buried/{numbers[1]}/retry").headers["location"] == "/buried"
    assert waiting(site) == [b"two"]
    assert press("/buried/retry").status_code == 303
    assert waiting(site) == [b"one", b"three"]
    assert "Nothing is buried" in client.get("/buried").text


@pytest.mark.parametrize("path", ["/buried/9/retry", "/buried/x/retry"])
def test_what_is_not_there_is_not_digested_again(press, path):
    assert press(path).status_code == 404


def test_what_another_project_has_buried_stays_its_own(site, client, press):
    theirs = site.seeds.buried(site.seeds.project("other"))
    assert client.get(f"/buried/{theirs}").status_code == 404
    assert press(f"/buried/{theirs}/retry").status_code == 404
    press("/buried/retry")
    assert waiting(site) == []
    assert site.reads.overview(site.project).buried == 0


@pytest.mark.parametrize("path", ["/buried", "/buried/1"])
def test_a_stranger_sees_none_of_it(stranger, path):
    assert stranger.get(path).headers["location"] == f"/signin?next={path}"


def test_a_button_pressed_from_elsewhere_does_nothing(site, client):
    site.seeds.buried(site.project)
    assert client.post("/buried/retry", data={"csrf": "x"}).status_code == 403
    assert waiting(site) == []
