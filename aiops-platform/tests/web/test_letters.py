"""Mail about accounts: invitations, and a way in for who forgot a password, which tells nobody who has an account."""

import re
from dataclasses import dataclass, field

import httpx
import pytest
from platform_process import eventually
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.backoff import Outcome, Retry, Sent
from aiops_platform.core.letters import Letter
from aiops_platform.pipeline.letters import Letters
from aiops_platform.web.origin import token_for

ANA = "ana.lee@example.com"
BEFORE, AFTER = "blue horse lamp", "green horse lamp"


@dataclass
class Postbox:
    """Keeps what is written."""

    outcome: Outcome = field(default_factory=Sent)
    written: list[tuple[str, Letter]] = field(default_factory=list)

    def write(self, to, letter, _now):
        self.written.append((to, letter))
        return self.outcome


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        running.introduce()
        yield running


@pytest.fixture
def box(site):
    box = Postbox()
    site.app.state.site.letters = Letters(box, site.access, site.people, address=site.url)
    yield box
    site.app.state.site.letters = None


def asked(site, stranger, email=ANA):
    return stranger.post("/forgot", data={"email": email})


def test_without_a_mail_server_nothing_is_offered(stranger):
    assert "/forgot" not in stranger.get("/signin").text
    for answer in (stranger.get("/forgot"), stranger.post("/forgot", data={"email": ANA}), stranger.get("/forgot/x")):
        assert answer.status_code == 404


def test_who_forgot_a_password_chooses_another_one_with_a_link_that_works_once(site, stranger, box):
    site.people.set_password(site.people.user_with_email(ANA).id, BEFORE)
    assert "/forgot" in stranger.get("/signin").text
    assert asked(site, stranger).status_code == 200
    ((to, letter),) = eventually(lambda: box.written, "a letter")
    assert to == ANA
    link = letter.link.url.removeprefix(site.url)
    for _ in range(2):
        assert "Choose another password" in stranger.get(link).text
    assert stranger.post(link, data={"password": "short"}).status_code == 422
    changed = stranger.post(link, data={"password": "Ana.Lee@example.com"})
    assert changed.status_code == 422
    link = re.search(r'action="(/forgot/[^"]+)"', changed.text).group(1)
    assert stranger.post(link, data={"password": AFTER}).headers["location"] == "/"
    assert stranger.get("/account").status_code == 200
    assert site.people.knows_password(ANA, AFTER) is not None
    assert stranger.post(link, data={"password": AFTER}).status_code == 410


def test_who_has_no_account_is_told_the_same_and_sent_nothing(site, stranger, box):
    pages = [asked(site, stranger, email) for email in ("eve@example.com", "", "no address", "x" * 300)]
    assert {(page.status_code, page.text) for page in pages} == {(200, pages[0].text)}
    known = asked(site, stranger)
    assert known.text == pages[0].text
    eventually(lambda: box.written, "the one letter")
    assert [to for to, _ in box.written] == [ANA]


def test_nobody_is_sent_more_than_three_letters_an_hour(site, stranger, box):
    assert [asked(site, stranger, f" {ANA.upper()} ").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert asked(site, stranger, "eve@example.com").status_code == 200


def test_who_asks_too_often_uses_up_nobody_elses(site, box):
    letters = site.app.state.site.letters
    for number in range(20):
        assert letters.may_ask(f"{number}@example.com", "one", site.seeds.now) is None
    for _ in range(10):
        assert letters.may_ask(ANA, "one", site.seeds.now) is not None
    assert letters.may_ask(ANA, "another", site.seeds.now) is None


def test_a_form_of_another_site_asks_for_nothing(site, stranger, box):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert stranger.post("/forgot", data={"email": ANA}, headers=headers).status_code == 403
    assert stranger.post("/forgot/x", data={"password": AFTER}, headers=headers).status_code == 403
    assert box.written == []


def test_an_invitation_is_sent_by_mail_and_the_link_is_shown_in_any_case(site, box):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as client:

        def invited(email, **said):
            form = {"csrf": token_for(client.cookies[SESSION_COOKIE]), "email": email, "role": "member"}
            return client.post("/settings/people/invite", data=form | said).text

        page = invited("bo@example.com", by_mail="yes")
        assert "It was sent to" in page
        ((to, letter),) = box.written
        assert to == "bo@example.com"
        assert letter.link.url in page
        box.outcome = Retry("no route")
        assert "The mail was not taken" in invited("cy@example.com", by_mail="yes")
        assert "/invited/" in invited("di@example.com")
        assert len(box.written) == 2
