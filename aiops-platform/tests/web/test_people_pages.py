"""Settings: who is in the project, what each may do, invitations, and more than one project."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web.origin import token_for

PAGE = "/settings/people"
GOOD = "blue horse lamp"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


@pytest.fixture
def as_ana(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.somebody("Ana")}, timeout=60) as ana:
        yield ana


def link_in(page):
    return re.search(r'id="made" tabindex="0">[^<]*(/invited/[^<]+)<', page.text).group(1)


def id_of(site, email):
    return site.people.user_with_email(email).id


def test_who_is_invited_begins_with_a_name_and_a_password(site, client, press, stranger):
    link = link_in(press(f"{PAGE}/invite", email="", role="member"))
    assert link not in client.get(PAGE).text
    page = stranger.get(link).text
    assert "invites you to the project" in page
    said = {"name": "Bo", "email": "bo@example.com", "password": GOOD}
    answer = stranger.post(link, data=said)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert site.access.session(stranger.cookies[SESSION_COOKIE], site.seeds.now).role is Role.MEMBER
    stranger.cookies.clear()
    for answer in (stranger.get(link), stranger.post(link, data=said)):
        assert answer.status_code == 410
        assert "works once" in answer.text
    assert stranger.post("/signin", data={"email": "bo@example.com", "password": GOOD}).status_code == 303


@pytest.mark.parametrize(
    ("said", "why"),
    [({"password": "short"}, "10 characters"), ({"name": ""}, "Give a name"), ({"email": "x"}, "e-mail")],
)
def test_what_will_not_do_stays_in_the_form(press, stranger, said, why):
    link = link_in(press(f"{PAGE}/invite", email="", role="member"))
    answer = stranger.post(link, data={"name": "Bo Lee", "email": "bo@example.com", "password": GOOD} | said)
    assert answer.status_code == 422
    assert why in answer.text
    assert GOOD not in answer.text
    assert stranger.get(link).status_code == 200


def test_who_is_signed_in_joins_and_is_there(site, client, press, as_ana):
    press("/settings/projects", name="Web shop")
    press(f"{PAGE}/invite", email="", role="viewer")
    link = link_in(press(f"{PAGE}/invite", email="ana@example.com", role="viewer"))
    assert "Join as Ana" in as_ana.get(link).text
    assert as_ana.post(link, data={"csrf": "x"}).status_code == 403
    assert as_ana.post(link, data={"csrf": token_for(as_ana.cookies[SESSION_COOKIE])}).status_code == 303
    session = site.access.session(as_ana.cookies[SESSION_COOKIE], site.seeds.now)
    assert (session.projects, session.role) == (2, Role.VIEWER)
    assert "Web shop" in as_ana.get("/incidents").text


def test_an_invitation_is_withdrawn(client, press, stranger):
    link = link_in(press(f"{PAGE}/invite", email="cy@example.com", role="admin"))
    assert "cy@example.com" in client.get(PAGE).text
    (withdraw,) = re.findall(r'action="(/settings/invitations/[0-9a-f]{64}/withdraw)"', client.get(PAGE).text)
    assert press(withdraw).headers["location"] == f"{PAGE}?done=withdrawn"
    assert stranger.get(link).status_code == 410
    assert press("/settings/invitations/nonsense/withdraw").status_code == 303


def test_a_role_changes_and_a_member_goes(site, client, press, as_ana):
    ana = id_of(site, "ana@example.com")
    assert as_ana.get(PAGE).status_code == 403
    assert press(f"{PAGE}/{ana}/role", role="admin").headers["location"] == f"{PAGE}?done=role"
    assert as_ana.get(PAGE).status_code == 200
    assert press(f"{PAGE}/{ana}/remove").headers["location"] == f"{PAGE}?done=removed"
    assert as_ana.get("/incidents").headers["location"].startswith("/signin")
    assert "Ana" not in client.get(PAGE).text
    assert press(f"{PAGE}/{ana}/remove").status_code == 422


def test_the_last_admin_stays(site, client, press):
    (owner,) = site.people.members(site.project)
    for answer in (press(f"{PAGE}/{owner.user.id}/remove"), press(f"{PAGE}/{owner.user.id}/role", role="viewer")):
        assert answer.status_code == 422
        assert "last admin" in answer.text


def test_people_of_another_project_can_be_neither_seen_nor_touched(site, client, press):
    other = site.people.add_project("Other", None, site.seeds.now)
    site.somebody("Eve", Role.MEMBER, other.id)
    eve = id_of(site, "eve@example.com")
    link = site.people.invite(other.id, Role.ADMIN, email=None, by="Eve", now=site.seeds.now)
    assert "Eve" not in client.get(PAGE).text
    assert press(f"{PAGE}/{eve}/remove").status_code == 422
    assert press(f"{PAGE}/{eve}/role", role="admin").status_code == 422
    press(f"/settings/invitations/{site.people.invitation(link, site.seeds.now).id}/withdraw")
    assert site.people.role(eve, other.id) is Role.MEMBER
    assert site.people.invitation(link, site.seeds.now) is not None


def test_names_are_text_whatever_they_hold(site, client, press):
    bad = "<script>alert(1)</script>{{ 7 * 7 }}"
    site.people.add_member(site.project, email="x@example.com", name=bad, role=Role.VIEWER, now=site.seeds.now)
    press("/settings/projects", name=bad)
    for path in (PAGE, "/settings/projects", "/incidents"):
        assert "<script>alert" not in client.get(path).text
        assert "49" not in re.findall(r"alert\(1\)[^<]*<", client.get(path).text)


def test_a_project_is_made_shown_and_renamed(site, client, press):
    site.seeds.incident(site.project, site.seeds.service(site.project), message="of the first")
    assert 'data-testid="switcher"' not in client.get("/incidents").text
    assert press("/settings/projects", name="Web shop").headers["location"] == "/setup"
    page = client.get("/incidents").text
    assert "of the first" not in page
    assert 'data-testid="switcher"' in page
    assert press("/settings/projects", name="web SHOP").status_code == 422
    assert press("/settings/projects/rename", name="Shop").status_code == 303
    assert {each.name for each in site.people.projects()} == {"Default", "Shop"}
    assert press(f"/projects/{site.project}/show").headers["location"] == "/"
    assert "of the first" in client.get("/incidents").text
    assert press("/projects/999/show").status_code == 404


def test_a_link_opens_in_the_project_that_holds_what_it_names(site, client, press):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project), message="of the first")
    press("/settings/projects", name="Web shop")
    assert "of the first" not in client.get("/incidents").text
    # A part that a page asks for moves nobody.
    part = {"HX-Request": "true", "HX-Request-Type": "partial"}
    assert client.get(f"/incidents/{incident}", headers=part).status_code == 200
    assert "of the first" not in client.get("/incidents").text
    assert "of the first" in client.get(f"/incidents/{incident}").text
    assert "of the first" in client.get("/incidents").text


def test_a_page_that_stays_open_stays_in_its_project(site, client, press):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project), message="of the first")
    press("/settings/projects", name="Web shop")
    press(f"/projects/{site.project}/show")
    page = client.get("/incidents").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page).group(1)
    (other,) = (each.id for each in site.people.projects() if each.name == "Web shop")
    assert f'{{"X-AIOps-Project": "{site.project}"}}' in page
    # Meanwhile, in another window:
    press(f"/projects/{other}/show")
    assert client.post(f"/incidents/{incident}/resolve", data={"csrf": csrf}).status_code == 303
    part = {"HX-Request": "true", "HX-Request-Type": "partial", "X-AIOps-Project": str(site.project)}
    assert "of the first" in client.get("/incidents?state=all", headers=part).text
    assert client.post("/settings/keys", data={"csrf": csrf, "kind": "key", "name": "shop"}).status_code == 200
    assert [key.name for key in site.access.keys(site.project)] == ["shop"]


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_newcomer_says_who_they_are_invites_a_colleague_and_makes_a_second_project(site, visit, size):
    page = visit(size=size).page
    page.goto(f"{site.url}/incidents")
    page.get_by_role("link", name="Say who you are").click()
    page.get_by_label("Name").fill("Ana Lee")
    page.get_by_label("E-mail address").fill("ana@example.com")
    page.get_by_label("Password", exact=False).first.fill(GOOD)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("saved")).to_be_visible()
    page.get_by_role("link", name="People").click()
    page.get_by_test_id("invite").click()
    link = page.locator("#made").inner_text()
    guest = visit(size=size, signed_in=False).page
    guest.goto(link)
    guest.get_by_label("Your name").fill("Bo")
    guest.get_by_label("E-mail address").fill("bo@example.com")
    guest.get_by_label("Password").fill(GOOD)
    guest.get_by_test_id("begin").click()
    guest.locator(".me").wait_for()
    page.goto(f"{site.url}{PAGE}")
    bo = page.get_by_test_id("member").filter(has_text="bo@example.com")
    bo.get_by_label("What Bo may do").select_option("admin")
    bo.get_by_test_id("role").click()
    expect(page.get_by_test_id("done")).to_have_text("Their role is changed.")
    page.get_by_role("link", name="Projects").click()
    page.get_by_label("Another project").fill("Web shop")
    page.get_by_test_id("create").click()
    page.get_by_test_id("switcher").locator("summary").click()
    page.get_by_role("button", name="Default").click()
    expect(page.get_by_test_id("switcher").locator("summary")).to_have_text("Default")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
