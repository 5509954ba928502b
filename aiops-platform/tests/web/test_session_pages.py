"""Settings: which browsers are signed in is shown, and ended."""

import re

import httpx
import pytest

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web.origin import token_for

PAGE = "/settings/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


@pytest.fixture
def another(site):
    """Another browser that signs in."""
    with httpx.Client(base_url=site.url, headers={"User-Agent": FIREFOX}, timeout=60) as browser:
        assert browser.get(site.signin_url()).status_code == 303
        yield browser


def endings(page):
    return re.findall(r'action="(/settings/sessions/[0-9a-f]{64}/end)"', page.text)


def test_it_says_who_is_in_and_ends_one(client, another, press):
    page = client.get(PAGE)
    assert page.text.count('data-testid="session"') == 2
    assert "Firefox on Linux" in page.text
    assert page.text.count(">this browser<") == 1
    assert client.cookies[SESSION_COOKIE] not in page.text
    assert another.cookies[SESSION_COOKIE] not in page.text
    (ending,) = endings(page)
    assert press(ending).headers["location"] == f"{PAGE}?ended"
    assert press(ending).status_code == 303
    assert another.get("/incidents").headers["location"] == "/signin?next=/incidents"
    assert client.get(PAGE).text.count('data-testid="session"') == 1


def test_all_others_are_ended_at_once(site, client, another, press):
    strange = site.session()
    assert press("/settings/sessions/others/end").status_code == 303
    for cookie in (strange, another.cookies[SESSION_COOKIE]):
        assert site.access.session(cookie, site.seeds.now) is None
    page = client.get(f"{PAGE}?ended")
    assert page.text.count('data-testid="session"') == 1
    assert "End all others" not in page.text


@pytest.mark.parametrize("which", ["0" * 64, "x", "..", "0" * 63, "é"])
def test_what_is_no_session_ends_none(client, press, which):
    assert press(f"/settings/sessions/{which}/end").status_code in (303, 404)
    assert client.get(PAGE).status_code == 200


def test_only_our_page_may_ask_and_only_who_is_signed_in(client, another, stranger):
    (ending,) = endings(client.get(PAGE))
    for path in (ending, "/settings/sessions/others/end"):
        assert client.post(path, data={"csrf": "x"}).status_code == 403
        assert stranger.post(path).status_code in (303, 401, 403)
    assert another.get("/incidents").status_code == 200


def test_what_a_browser_calls_itself_is_text(site, client):
    with httpx.Client(base_url=site.url, headers={"User-Agent": '"><script>alert(1)</script>' + "x" * 5000}) as browser:
        assert browser.get(site.signin_url()).status_code == 303
    page = client.get(PAGE)
    assert "<script>alert" not in page.text
    assert "A browser" in page.text
