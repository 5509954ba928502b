"""Settings: keys for services and tokens for programs are made, shown once, replaced and revoked in the browser."""

import re

import pytest
from playwright.sync_api import expect

from aiops_platform.core.access import SESSION_COOKIE, KeyKind
from aiops_platform.web.origin import token_for

PAGE = "/settings/keys"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


def made_in(page):
    return re.search(r'id="made" tabindex="0">([^<]+)<', page.text).group(1)


def test_a_key_is_made_shown_once_and_lets_in(site, client, press):
    page = press(PAGE, kind="key", name=" shop ")
    key = made_in(page)
    assert site.access.holder_of_key(key).project_id == site.project
    assert page.headers["cache-control"] == "no-store"
    again = client.get(PAGE)
    assert key not in again.text
    assert "<bdi>shop</bdi>" in again.text
    assert "never used" in again.text


def test_a_ping_key_is_made_with_the_address_that_it_stands_in(site, client, press):
    page = press(PAGE, kind="ping", name="crontab")
    key = made_in(page)
    assert f"/ping/{key}/" in page.text
    (known,) = site.access.keys(site.project)
    assert known.kind is KeyKind.PING
    newer = press(f"/settings/keys/{known.id}/replace")
    assert made_in(newer).startswith("aiopsp_")
    assert press(f"/settings/keys/{known.id}/revoke").headers["location"] == f"{PAGE}?done=revoked"
    assert 'data-testid="ping"' in client.get(PAGE).text
    assert site.access.holder_of_key(key) is None


def test_a_token_is_made_and_reads(site, client, press, stranger):
    token = made_in(press(PAGE, kind="token", name="laptop"))
    header = {"Authorization": f"Bearer {token}"}
    assert stranger.get("/api/v1/incidents", headers=header).status_code == 200
    (known,) = site.access.tokens(site.project)
    assert press(f"/settings/tokens/{known.id}/revoke").headers["location"] == f"{PAGE}?done=revoked"
    assert stranger.get("/api/v1/incidents", headers=header).status_code == 401


def test_a_token_that_may_read_may_not_act(site, client, press, stranger):
    incident = site.seeds.incident(site.project, site.seeds.service(site.project))
    header = {"Authorization": f"Bearer {made_in(press(PAGE, kind='token', name='grafana', scope='read'))}"}
    assert "may read</span>" in client.get(PAGE).text
    assert stranger.get(f"/api/v1/incidents/{incident}", headers=header).status_code == 200
    refused = stranger.post(f"/api/v1/incidents/{incident}/resolve", headers=header)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert "may only read" in refused.json()["detail"]
    assert stranger.put("/api/v1/group-rules", json={"text": ""}, headers=header).status_code == 403
    acting = {"Authorization": f"Bearer {made_in(press(PAGE, kind='token', name='ci', scope='act'))}"}
    assert stranger.post(f"/api/v1/incidents/{incident}/resolve", headers=acting).status_code == 200


def test_a_replaced_key_works_until_it_is_revoked(site, client, press):
    old = made_in(press(PAGE, kind="key", name="shop"))
    (known,) = site.access.keys(site.project)
    page = press(f"/settings/keys/{known.id}/replace")
    new = made_in(page)
    assert "goes on working" in page.text
    assert site.access.holder_of_key(old).id == known.id
    assert press(f"/settings/keys/{known.id}/revoke").status_code == 303
    assert site.access.holder_of_key(old) is None
    assert site.access.holder_of_key(new) is not None
    text = client.get(f"{PAGE}?done=revoked").text
    assert "It lets nobody in any more" in text
    # Those in force come first.
    assert text.index("<bdi>shop</bdi>") < text.index("<bdi>shop (until ")


def test_what_somebody_else_has_revoked_is_no_error(site, press):
    press(PAGE, kind="key", name="shop")
    (known,) = site.access.keys(site.project)
    site.access.revoke_key(site.project, "shop", site.seeds.now)
    for act in ("replace", "revoke"):
        assert press(f"/settings/keys/{known.id}/{act}").headers["location"] == f"{PAGE}?done=gone"
    assert press("/settings/tokens/99999999999999999999/revoke").status_code in (303, 404)
    assert press(f"/settings/keys/{'9' * 400}/revoke").status_code in (303, 404)


@pytest.mark.parametrize(
    ("name", "said"), [("", "1 to 200"), ("17", "mistaken for an id"), ("shop", "already"), ("a\nb", "printable")]
)
def test_a_name_that_will_not_do_is_refused_and_stays_in_its_field(site, press, name, said):
    site.access.create_key(site.project, "shop", site.seeds.now)
    answer = press(PAGE, kind="key", name=name)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'data-testid="made"' not in answer.text
    assert len(site.access.keys(site.project)) == 1


def test_names_are_text_whatever_they_hold(client, press):
    press(PAGE, kind="key", name="<script>alert(1)</script>{{ 7 * 7 }}")
    text = client.get(PAGE).text
    assert "<script>alert" not in text
    assert "{{ 7 * 7 }}" in text


def test_keys_of_another_project_can_be_neither_seen_nor_touched(site, client, press):
    other = site.access.ensure_project("other", "Other", site.seeds.now)[0]
    key = site.access.create_key(other, "theirs", site.seeds.now)
    (known,) = site.access.keys(other)
    assert "theirs" not in client.get(PAGE).text
    for act in ("replace", "revoke"):
        assert press(f"/settings/keys/{known.id}/{act}").headers["location"] == f"{PAGE}?done=gone"
    assert site.access.holder_of_key(key) is not None


def test_only_our_page_and_only_who_is_signed_in_may_ask(site, client, stranger):
    site.access.create_key(site.project, "shop", site.seeds.now)
    (known,) = site.access.keys(site.project)
    for path in (PAGE, f"/settings/keys/{known.id}/revoke", f"/settings/keys/{known.id}/replace"):
        assert client.post(path, data={"csrf": "x", "kind": "key", "name": "a"}).status_code == 403
        assert stranger.post(path).status_code in (303, 401, 403)
    assert len(site.access.keys(site.project)) == 1


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_person_makes_replaces_and_revokes_a_key(site, visit, size):
    page = visit(size=size).page
    page.goto(f"{site.url}/settings")
    page.get_by_role("link", name="Keys").click()
    page.get_by_label("Which service is it for?").fill("shop")
    page.get_by_test_id("make-key").click()
    first = page.locator("#made").inner_text()
    page.get_by_role("button", name="Replace shop").click()
    expect(page.locator("#made")).not_to_have_text(first)
    old = page.get_by_test_id("key").filter(has_text="until")
    old.get_by_test_id("revoke").click()
    old.get_by_test_id("revoke-now").click()
    expect(page.get_by_test_id("done")).to_have_text("Revoked. It lets nobody in any more.")
    assert site.access.holder_of_key(first) is None
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
