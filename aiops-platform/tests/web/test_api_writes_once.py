"""A write that is sent twice under one key is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from web_site import a_site

from aiops_platform.core.people import Role
from aiops_platform.storage.answers import SqlAnswers


@pytest.fixture(scope="module")
def site():
    """One for all: each test has keys of its own."""
    with a_site() as running:
        service = running.seeds.service(running.project)
        running.incident = running.seeds.incident(running.project, service)
        yield running


@pytest.fixture(scope="module")
def api_of(site):
    clients = []

    def made(name):
        site.somebody(name, Role.MEMBER)
        user = site.people.user_with_email(f"{name.lower()}@example.com").id
        token = site.access.create_token(site.project, name, site.seeds.now, user_id=user)
        headers = {"Authorization": f"Bearer {token}"}
        clients.append(httpx.Client(base_url=site.url + "/api/v1", headers=headers, timeout=60))
        return clients[-1]

    yield made
    for each in clients:
        each.close()


def send(api, key, body=None, path="/views"):
    return api.post(path, json=body or {"name": "Mine"}, headers={"Idempotency-Key": key})


def test_the_second_time_it_is_answered_as_the_first_and_not_done_again(api_of):
    api = api_of("Ana")
    first, second = send(api, "one"), send(api, "one")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == "application/json"
    assert len(api.get("/views").json()["items"]) == 1
    assert send(api, "two").json()["id"] != first.json()["id"]


def test_what_was_done_to_many_is_undone_by_the_name_that_was_answered_first(api_of, site):
    api = api_of("Bea")
    body = {"do": "resolve", "ids": [site.incident]}
    first, second = (send(api, "many", body, "/incidents/bulk").json() for _ in range(2))
    assert first == second
    assert first["changed"] == 1
    assert api.post(f"/undo/{second['undo']}").json()["restored"] == 1


def test_a_key_is_of_one_write_and_of_one_token(api_of):
    api = api_of("Cy")
    send(api, "key")
    other = send(api, "key", {"name": "Another"})
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert send(api, "key", {"name": "Mine"}, "/releases").status_code == 422
    assert send(api_of("Dan"), "key", {"name": "Another"}).status_code == 201


def test_what_was_refused_may_be_sent_again(api_of):
    api = api_of("Eve")
    assert send(api, "key", {"name": ""}).status_code == 400
    assert send(api, "key").status_code == 201
    assert send(api, "").status_code == 400
    assert send(api, "x" * 201).status_code == 400


def test_what_has_no_body_is_answered_again_too(api_of):
    api = api_of("Fay")
    number = send(api, "made").json()["id"]
    gone = [api.delete(f"/views/{number}", headers={"Idempotency-Key": "gone"}) for _ in range(2)]
    assert [(each.status_code, each.content) for each in gone] == [(204, b"")] * 2
    assert api.delete(f"/views/{number}").status_code == 404


def test_of_many_at_once_one_is_done(api_of):
    api = api_of("Gus")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: send(api, "at once").status_code, range(6)))
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert len(api.get("/views").json()["items"]) == 1


def test_who_may_not_write_learns_nothing_by_a_key(api_of, site):
    api = api_of("Hal")
    send(api, "key")
    stranger = httpx.post(site.url + "/api/v1/views", json={"name": "Mine"}, headers={"Idempotency-Key": "key"})
    assert stranger.status_code == 401


def test_who_has_begun_and_gone_holds_nobody_up(site):
    answers, now = SqlAnswers(site.seeds.database), site.seeds.now
    assert answers.begin(b"k" * 16, b"a" * 16, now) is None
    assert answers.begin(b"k" * 16, b"a" * 16, now + timedelta(seconds=50)).status is None
    assert answers.begin(b"k" * 16, b"a" * 16, now + timedelta(seconds=70)) is None
    answers.finish(b"k" * 16, 200, b"{}")
    assert answers.begin(b"k" * 16, b"a" * 16, now + timedelta(hours=20)).body == b"{}"
    assert answers.begin(b"k" * 16, b"a" * 16, now + timedelta(hours=26)) is None


def test_the_description_names_the_key_at_every_write(site):
    paths = httpx.get(site.url + "/api/openapi.json").json()["paths"]
    for path, verbs in paths.items():
        for verb, said in verbs.items():
            named = [each["name"] for each in said.get("parameters", []) if each["in"] == "header"]
            assert named == ([] if verb == "get" else ["Idempotency-Key"]), path
