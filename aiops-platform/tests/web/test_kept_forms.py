"""What was typed when a session had ended: it is there again after the sign-in, for who typed it and for nobody else."""

import re
from html import unescape

import httpx
import pytest
from playwright.sync_api import expect

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web.kept import Kept, unpacked
from aiops_platform.web.origin import token_for

OURS = {"Sec-Fetch-Site": "same-origin"}
TYPED = "what I <b>found</b>:\nthe cache & the “clock”"


@pytest.fixture
def incident(site):
    site.introduce()
    return site.seeds.incident(site.project, site.seeds.service(site.project))


@pytest.fixture
def browse(site):
    """Opens what a browser is on the wire: it says from which site a form comes."""
    opened = []

    def one(session=None):
        cookies = {SESSION_COOKIE: session} if session else {}
        opened.append(httpx.Client(base_url=site.url, cookies=cookies, headers=OURS, timeout=60))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def said(site, incident):
    return [each.text for each in site.reads.incident(site.project, incident, site.seeds.now).care.comments]


def csrf_on(client, incident):
    return re.search(r'name="csrf" value="([^"]+)"', client.get(f"/incidents/{incident}").text)[1]


def kept_in(answer):
    found = re.search(r'name="kept" value="([^"]+)"', answer.text)
    return found and found[1]


def form_in(answer):
    """What its form would send as it stands."""
    form = re.search(r'<form class="fields".*?</form>', answer.text, re.DOTALL)[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<input id="[^"]+" type="text" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL))
    return re.search(r'action="([^"]+)"', form)[1], {name: unescape(value) for name, value in fields.items()}


@pytest.fixture
def ended(site, browse, incident):
    """Ana's comment, sent after her session had ended: her browser, and the answer."""
    session = site.somebody("Ana")
    ana = browse(session)
    form = {"csrf": csrf_on(ana, incident), "text": TYPED, "once": "1"}
    site.access.sign_out(session)
    site.people.set_password(site.people.user_with_email("ana@example.com").id, "blue horse lamp")
    page = f"{site.url}/incidents/{incident}?event=newest"
    return ana, ana.post(f"/incidents/{incident}/comment", data=form, headers={"Referer": page})


def sign_in(client, kept, email="ana@example.com", password="blue horse lamp"):
    return client.post("/signin", data={"email": email, "password": password, "next": "/", "kept": kept})


def test_after_the_sign_in_the_form_is_there_again_and_one_press_sends_it(site, ended, incident):
    ana, answer = ended
    assert answer.status_code == 401
    assert "nothing has been sent yet" in answer.text
    wrong = sign_in(ana, kept_in(answer), password="another one")
    assert wrong.status_code == 401
    again = sign_in(ana, kept_in(wrong))
    assert again.status_code == 200
    assert f'href="/incidents/{incident}?event=newest"' in again.text
    assert said(site, incident) == []
    action, form = form_in(again)
    # Whoever goes back in the browser and sends it once more says it once.
    for _ in range(2):
        assert ana.post(action, data=form).status_code == 303
        assert said(site, incident) == [TYPED]


def test_who_comes_in_by_a_link_elsewhere_goes_on_where_it_was_typed(site, ended, incident):
    ana, answer = ended
    assert ana.post("/resume", data={"kept": kept_in(answer)}).status_code == 401
    ana.cookies.set(SESSION_COOKIE, site.somebody("Ana"))
    action, form = form_in(ana.post("/resume", data={"kept": kept_in(answer)}))
    ana.post(action, data=form)
    assert said(site, incident) == [TYPED]


def test_a_form_of_an_earlier_session_of_the_same_user_is_shown_again(site, browse, incident):
    before, now = site.somebody("Ana"), site.somebody("Ana")
    form = {"csrf": csrf_on(browse(before), incident), "parts": "#12, #x", "why": TYPED}
    answer = browse(now).post(f"/incidents/{incident}/merge", data=form)
    assert answer.status_code == 403
    action, shown = form_in(answer)
    assert (action, shown["parts"], shown["why"]) == (f"/incidents/{incident}/merge", "#12, #x", TYPED)


def test_nobody_else_gets_it(site, ended, browse, incident):
    _, answer = ended
    user = site.people.user_with_email("ana@example.com").id
    site.somebody("Bob", Role.ADMIN)
    site.people.set_password(site.people.user_with_email("bob@example.com").id, "green horse lamp")
    bob = sign_in(browse(), kept_in(answer), email="bob@example.com", password="green horse lamp")
    assert bob.status_code == 200
    assert "the cache" not in bob.text
    assert 'data-testid="not-yours"' in bob.text
    # Nor who has gone from the project.
    elsewhere = site.people.add_project("Elsewhere", user, site.seeds.now)
    site.people.remove_member(site.project, user, site.seeds.now)
    gone = sign_in(browse(), kept_in(answer))
    assert elsewhere.id != site.project
    assert "the cache" not in gone.text
    # A form of hers, in a browser in which another one is signed in now.
    form = {"csrf": token_for("gone", site.project, user), "text": TYPED}
    other = browse(site.somebody("Bob", Role.ADMIN)).post(f"/incidents/{incident}/comment", data=form)
    assert (other.status_code, "the cache" in other.text) == (403, False)
    assert said(site, incident) == []


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}])
def test_what_another_site_sends_is_not_kept_and_not_shown(site, incident, headers):
    user = site.people.user_with_email("ana.lee@example.com").id
    form = {"csrf": token_for("gone", site.project, user), "text": "send me"}
    kept = Kept(
        path=f"/incidents/{incident}/comment",
        page="/",
        user_id=user,
        project_id=site.project,
        fields=(("text", "send me"),),
    )
    stranger = httpx.post(f"{site.url}/incidents/{incident}/comment", data=form, headers=headers)
    assert stranger.status_code == 303
    cookies = {SESSION_COOKIE: site.session()}
    answers = [
        httpx.post(f"{site.url}/incidents/{incident}/comment", data=form, headers=headers, cookies=cookies),
        httpx.post(f"{site.url}/resume", data={"kept": kept.packed()}, headers=headers, cookies=cookies),
    ]
    assert [(each.status_code, "send me" in each.text) for each in answers] == [(403, False)] * 2


def test_passwords_are_not_kept(site, browse, incident):
    session = site.somebody("Ana")
    ana = browse(session)
    form = {
        "csrf": csrf_on(ana, incident),
        "name": "Ana B",
        "email": "ana@example.com",
        "new_password": "blue horse lamp",
    }
    site.access.sign_out(session)
    kept = kept_in(ana.post("/account", data=form))
    assert dict(unpacked(kept).fields) == {"name": "Ana B", "email": "ana@example.com", "new_password": ""}
    secret = ana.post("/settings/secrets", data=form | {"kind": "value", "text": "the nuclear code"})
    assert dict(unpacked(kept_in(secret)).fields)["text"] == ""


def test_what_a_channel_is_sent_with_is_not_kept(site, browse, incident):
    session = site.somebody("Ana", Role.ADMIN)
    ana = browse(session)
    form = {
        "csrf": csrf_on(ana, incident),
        "name": "ops",
        "url": "https://hooks.example.com/services/kept",
        "token": "t0k",
    }
    site.access.sign_out(session)
    kept = kept_in(ana.post("/settings/channels/new/ntfy", data=form))
    assert dict(unpacked(kept).fields) == {"name": "ops", "url": "", "token": ""}


def test_what_leads_elsewhere_or_is_too_large_is_not_taken(site, browse, incident):
    for path in ("//evil.example", "https://evil.example", "/signout", "/signin", "javascript:alert(1)"):
        made = Kept(path=path, page="/", user_id=1, project_id=1, fields=())
        assert unpacked(made.packed()) is None
    for text in ("", "x", "ü", "A" * 500, "eJw" * 9):
        assert unpacked(text) is None
    bomb = Kept(path="/x", page="/", user_id=1, project_id=1, fields=(("text", "0" * 10_000_000),)).packed()
    assert unpacked(bomb) is None
    assert browse().post("/resume", data={"kept": "x" * 300_000}).status_code == 413


def test_the_longest_form_that_is_taken_comes_through(site, browse, incident):
    session = site.somebody("Ana", Role.ADMIN)
    ana = browse(session)
    rules = "".join(chr(33 + number * 7919 % 89) for number in range(30_000)).replace("+", "-")
    form = {"csrf": csrf_on(ana, incident), "rules": rules, "do": "save"}
    site.access.sign_out(session)
    kept = kept_in(ana.post("/settings/grouping", data=form))
    site.people.set_password(site.people.user_with_email("ana@example.com").id, "blue horse lamp")
    assert form_in(sign_in(ana, kept))[1]["rules"] == rules


def test_what_is_typed_outlives_the_session_in_a_browser(site, visit, incident):
    window = visit()
    page = window.page
    page.goto(f"/incidents/{incident}")
    window.wait_until_live()
    page.get_by_test_id("comment-text").fill(TYPED)
    found = site.access.session(page.context.cookies()[0]["value"], site.seeds.now)
    site.access.end_sessions(found.user.id)
    site.live.end()
    notice = page.get_by_role("alert").filter(has_text="Your session has ended")
    expect(notice).to_be_visible()
    expect(page.get_by_test_id("comment-text")).to_have_value(TYPED)
    page.get_by_test_id("comment").click()
    expect(page.get_by_test_id("kept")).to_contain_text("nothing has been sent yet")
    page.get_by_label("E-mail address").fill("ana.lee@example.com")
    page.get_by_label("Password").fill("blue horse lamp")
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_label("Comment")).to_have_value(TYPED)
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("comments")).to_contain_text("the cache & the “clock”")
    assert said(site, incident) == [TYPED]
    # A browser says in its console that a page was refused.
    window.wrongs[:] = [wrong for wrong in window.wrongs if "401" not in wrong]
