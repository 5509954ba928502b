"""Settings of a project, as programs read and change them."""

import httpx
import pytest
from web_site import a_site

from aiops_platform.core.access import Scope
from aiops_platform.core.people import Role


@pytest.fixture(scope="module")
def site():
    """One for all: each test has settings of its own."""
    with a_site() as running:
        yield running


@pytest.fixture(scope="module")
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    with httpx.Client(
        base_url=site.url + "/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        yield client


def test_what_is_hidden_is_listed_added_and_taken_away(api):
    api.post("/scrub-rules", json={"kind": "name", "text": "iban"})
    added = api.post("/scrub-rules", json={"kind": "value", "text": "correct horse"}).json()["items"]
    assert added == [{"kind": "name", "text": "iban"}, {"kind": "value", "text": "co… (13 characters)"}]
    assert api.get("/scrub-rules").json()["items"] == added
    for _ in range(2):
        left = api.post("/scrub-rules/remove", json={"kind": "name", "text": "IBAN"}).json()["items"]
        assert [each["kind"] for each in left] == ["value"]
    refused = api.post("/scrub-rules", json={"kind": "name", "text": "a"})
    assert (refused.status_code, "3 to 1000 characters" in refused.json()["detail"]) == (400, True)


def test_the_way_to_the_repository_is_set_and_taken_away(api):
    assert api.get("/source-link").json() == {"template": "", "root": ""}
    link = {"template": "https://git.example/shop/{release}/{path}#L{line}", "root": "/srv/shop/"}
    assert api.put("/source-link", json=link).json() == link
    assert api.get("/source-link").json() == link
    assert api.put("/source-link", json={"template": "javascript:{path}"}).status_code == 400
    assert api.put("/source-link", json={"template": ""}).json()["template"] == ""


def test_what_is_buried_is_digested_again(api, site):
    site.seeds.buried(site.project)
    (buried,) = api.get("/buried").json()["items"]
    assert api.post(f"/buried/{buried['id']}/retry").status_code == 204
    assert api.get("/buried").json()["total"] == 0
    assert api.post(f"/buried/{buried['id']}/retry").status_code == 404


def test_only_an_admin_says_what_holds_for_all(site):
    site.somebody("Mia", Role.MEMBER)
    user = site.people.user_with_email("mia@example.com").id
    token = site.access.create_token(site.project, "mia", site.seeds.now, Scope.ACT, user_id=user)
    with httpx.Client(
        base_url=site.url + "/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        assert client.get("/scrub-rules").status_code == 200
        assert client.post("/scrub-rules", json={"kind": "name", "text": "iban"}).status_code == 403
        assert client.put("/source-link", json={"template": ""}).status_code == 403
