"""Accounts: the way in by address and password, the account's own page, and what is held back."""

import re

import httpx
import pytest

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web.origin import token_for

GOOD, BETTER = "blue horse lamp", "green river stone"
ANA = "ana@example.com"


@pytest.fixture
def ana(site):
    site.somebody("Ana", Role.MEMBER)
    user = site.people.user_with_email(ANA)
    site.people.set_password(user.id, GOOD)
    return user


def csrf_of(client):
    return token_for(client.cookies[SESSION_COOKIE])


def signed_in(client, **said):
    return client.post("/signin", data={"email": ANA, "password": GOOD} | said)


def test_an_address_and_a_password_let_in(site, stranger, ana):
    assert 'name="password"' in stranger.get("/signin").text
    answer = signed_in(stranger)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert all(word in answer.headers["set-cookie"].lower() for word in ("httponly", "samesite=lax"))
    assert site.access.session(stranger.cookies[SESSION_COOKIE], site.seeds.now).user == site.people.user(ana.id)


def test_without_any_password_the_page_only_tells_of_links(stranger):
    page = stranger.get("/signin").text
    assert 'name="password"' not in page
    assert "aiops signin" in page


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(stranger, ana):
    answers = [signed_in(stranger, password="wrong horse lamp"), signed_in(stranger, email="eve@example.com")]
    assert {answer.status_code for answer in answers} == {401}
    first, second = (re.sub(r'value="[^"]*"', "", answer.text) for answer in answers)
    assert first == second
    assert SESSION_COOKIE not in stranger.cookies


@pytest.mark.parametrize(
    "said", [{"email": ""}, {"password": ""}, {"email": "x" * 9_000}, {"password": "x" * 9_000}, {"email": "a\0@b.c"}]
)
def test_nonsense_lets_nobody_in(stranger, ana, said):
    assert signed_in(stranger, **said).status_code == 401


def test_another_sites_form_signs_nobody_in(stranger, ana):
    data = {"email": ANA, "password": GOOD}
    assert stranger.post("/signin", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert stranger.post("/signin", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_after_the_sign_in_one_is_where_one_wanted_to_go(stranger, ana):
    wanted = stranger.get("/incidents/17?event=3").headers["location"]
    assert wanted == "/signin?next=/incidents/17%3Fevent%3D3"
    assert 'value="/incidents/17?event=3"' in stranger.get(wanted).text
    assert signed_in(stranger, next="/incidents/17?event=3").headers["location"] == "/incidents/17?event=3"
    assert stranger.get(wanted).headers["location"] == "/incidents/17?event=3"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/signout", "/\n/evil.example"]
)
def test_nobody_is_led_away_from_here(stranger, ana, wanted):
    assert signed_in(stranger, next=wanted).headers["location"] == "/"


def test_a_session_that_was_there_before_is_not_taken_over(site, stranger, ana):
    planted = site.session()
    stranger.cookies[SESSION_COOKIE] = planted
    new = signed_in(stranger).headers["set-cookie"].split(";")[0].partition("=")[2]
    assert new != planted
    assert site.access.session(planted, site.seeds.now) is None
    assert site.access.session(new, site.seeds.now).user.id == ana.id


def test_an_account_is_held_back_after_ten_wrong_passwords_and_says_for_how_long(site, stranger, ana):
    answers = [signed_in(stranger, password=f"wrong horse {number}") for number in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 90
    assert "Too many attempts" in answers[-1].text
    assert signed_in(stranger).status_code == 429
    # Others, and a link, still come in.
    site.people.set_password(
        site.people.add_member(
            site.project, email="bo@example.com", name="Bo", role=Role.VIEWER, now=site.seeds.now
        ).id,
        GOOD,
    )
    assert signed_in(stranger, email="bo@example.com").status_code == 303
    assert stranger.get(site.signin_url()).status_code == 303


def test_an_address_is_held_back_whatever_accounts_it_tries(stranger, ana):
    answers = [signed_in(stranger, email=f"user{number}@example.com") for number in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    elsewhere = {"email": ANA, "password": GOOD}
    assert stranger.post("/signin", data=elsewhere, headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 303


def test_who_knows_the_password_is_never_held_back(stranger, ana):
    for _ in range(40):
        stranger.cookies.clear()
        assert signed_in(stranger).status_code == 303


def test_the_first_admin_says_who_they_are_and_signs_in_with_it(site, client, stranger):
    assert 'data-testid="incomplete"' in client.get("/incidents").text
    said = {"csrf": csrf_of(client), "name": "Ana Lee", "email": "Ana@Example.com", "new_password": GOOD}
    assert client.post("/account", data=said).headers["location"] == "/account?saved"
    page = client.get("/incidents").text
    assert 'data-testid="incomplete"' not in page
    assert "<bdi>Ana Lee</bdi>" in page
    assert signed_in(stranger).status_code == 303


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": ""}, "Give a name"),
        ({"email": "ana"}, "e-mail address"),
        ({"email": ""}, "is needed"),
        ({"new_password": "short"}, "10 characters"),
        ({"new_password": "password123"}, "tried first"),
        ({"email": "bo@example.com"}, "already"),
    ],
)
def test_what_will_not_do_changes_nothing_and_stays_in_the_form(site, client, said, why):
    site.somebody("Bo")
    said = {"csrf": csrf_of(client), "name": "Ana Lee", "email": ANA, "new_password": GOOD} | said
    answer = client.post("/account", data=said)
    assert answer.status_code == 422
    assert why in answer.text
    assert said["new_password"] not in answer.text.replace("10 characters", "")
    (first, *_) = site.people.users()
    assert not first.is_complete
    assert first.email is None


def test_another_password_needs_the_one_of_now_and_ends_other_sessions(site, stranger, ana):
    signed_in(stranger)
    elsewhere = site.access.open_session(ana.id, site.seeds.now)
    said = {"csrf": csrf_of(stranger), "name": "Ana", "email": ANA, "new_password": BETTER}
    assert stranger.post("/account", data=said).status_code == 422
    assert stranger.post("/account", data=said | {"password": "wrong"}).status_code == 422
    assert stranger.post("/account", data=said | {"email": "eve@example.com", "new_password": ""}).status_code == 422
    assert site.people.knows_password(ANA, GOOD) is not None
    assert stranger.post("/account", data=said | {"password": GOOD}).status_code == 303
    assert site.people.knows_password(ANA, BETTER) is not None
    assert stranger.get("/incidents").status_code == 200
    assert site.access.session(elsewhere, site.seeds.now) is None


def test_guessing_the_password_of_now_is_held_back_too(stranger, ana):
    signed_in(stranger)
    said = {"csrf": csrf_of(stranger), "name": "Ana", "email": ANA, "new_password": BETTER, "password": "wrong"}
    assert [stranger.post("/account", data=said).status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_name_alone_needs_no_password(site, stranger, ana):
    signed_in(stranger)
    said = {"csrf": csrf_of(stranger), "name": "<b>Ana</b>", "email": ANA, "new_password": ""}
    assert stranger.post("/account", data=said).status_code == 303
    page = stranger.get("/account").text
    assert "<b>Ana" not in page
    assert "&lt;b&gt;Ana" in page


def test_only_our_page_may_ask(client, stranger):
    assert client.post("/account", data={"csrf": "x", "name": "Eve"}).status_code == 403
    assert stranger.post("/account", data={"name": "Eve"}).status_code == 303


def test_a_token_of_ones_own_reads_and_acts_in_ones_name(site, stranger, ana):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    signed_in(stranger)
    page = stranger.post("/settings/tokens", data={"csrf": csrf_of(stranger), "name": "laptop", "scope": "act"})
    token = re.search(r'id="made" tabindex="0">([^<]+)<', page.text).group(1)
    assert site.access.holder_of_token(token, site.seeds.now).actor == ana.actor
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as program:
        assert program.post(f"/api/v1/incidents/{incident}/resolve").status_code == 200
    page = stranger.get("/settings/tokens").text
    assert token not in page
    (revoke,) = re.findall(r'action="(/settings/own-tokens/\d+/revoke)"', page)
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.somebody("Bo")}, timeout=60) as bo:
        assert ">laptop<" not in bo.get("/settings/tokens").text
        assert bo.post(revoke, data={"csrf": csrf_of(bo)}).headers["location"].endswith("gone")
    assert site.access.holder_of_token(token, site.seeds.now) is not None
    assert stranger.post(revoke, data={"csrf": csrf_of(stranger)}).headers["location"].endswith("revoked")
    assert site.access.holder_of_token(token, site.seeds.now) is None


def test_a_new_password_leaves_ones_tokens_and_says_how_to_revoke_them_in_every_project(site, stranger, ana):
    stranger.cookies.set(SESSION_COOKIE, site.somebody("Ana"))
    user = site.people.user_with_email("ana@example.com").id
    other = site.people.add_project("Another", user, site.seeds.now).id
    for project in (site.project, other):
        site.access.create_token(project, "laptop", site.seeds.now, user_id=user)
    theirs = site.access.create_token(site.project, "a program's", site.seeds.now)
    form = {"csrf": csrf_of(stranger), "name": "Ana", "email": "ana@example.com"}
    form |= {"password": "blue horse lamp", "new_password": "green horse lamp"}
    saved = stranger.post("/account", data=form)
    page = stranger.get(saved.headers["location"]).text
    assert 'href="/settings/tokens"' in page[page.index('data-testid="saved"') :][:400]
    assert 'data-testid="revoke-all"' in stranger.get("/settings/tokens").text
    assert [each.revoked_at for each in site.access.tokens(site.project, user_id=user)] == [None]
    done = stranger.post("/settings/own-tokens/revoke", data={"csrf": csrf_of(stranger)})
    assert "All of your tokens are revoked" in stranger.get(done.headers["location"]).text
    for project in (site.project, other):
        assert all(each.revoked_at for each in site.access.tokens(project, user_id=user))
    assert site.access.holder_of_token(theirs, site.seeds.now) is not None
