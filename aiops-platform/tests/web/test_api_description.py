"""What the API says of itself is true: on every route, each problem that it names comes, as a problem."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from scenes import plant_busy
from sqlalchemy import text

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_SUCH_ID = "999999"
# Where a request makes no sense without a body.
BODIES: dict[str, Any] = {
    "/assign": {"to": None},
    "/tracker": {"url": ""},
    "/merge": {"parts": [1]},
    "/comments": {"text": "x"},
    "/expected": {"processes": 2},
    "/{comment_id}": {"text": "x"},
    "/{rule_id}": {"name": "x", "when": "new"},
    "/{job_id}": {"paused": False},
    "/fixes": {"incident": 999_999, "fixer": "x"},
    "/{policy_id}": {"name": "x", "match": "service:shop", "fixer": "x"},
    "/{escalation_id}": {"name": "x", "steps": [{}]},
    "/{rota_id}": {"name": "x", "people": [{"name": "Ana", "channel": 1}], "first": "2026-12-07"},
    "/overrides": {"name": "Ana", "since": "2026-12-24T08:00:00Z", "until": "2026-12-26T08:00:00Z"},
    "/told": {"project": 999_999},
    "/quiet": {"begin": "22:00", "end": "07:00"},
    "/views": {"name": "x"},
    "/{view_id}": {"name": "x"},
    "/views/default": {"id": None},
    "/channels": {"name": "x", "kind": "mail", "settings": {"to": "ana@example.com"}},
    "/{channel_id}": {"name": "x"},
    "/bulk": {"do": "reopen", "ids": [1]},
}
# What a body names may be missing, too.
NAMED_IN_BODY = {"/api/v1/fixes": BODIES["/fixes"]}
TOO_LARGE = b'{"text": "%s"}' % (b"x" * 100_000)


@dataclass(frozen=True)
class Route:
    """Something that the description names."""

    verb: str
    path: str
    said: dict[str, Any]

    def address(self, number: str) -> str:
        """Where it is, with this in the place of each parameter."""
        return "/".join(number if part.startswith("{") else part for part in self.path.split("/"))

    @property
    def body(self) -> Any:
        """What it takes."""
        takes = self.verb in ("POST", "PUT")
        return next((body for end, body in BODIES.items() if takes and self.path.endswith(end)), None)


@pytest.fixture
def api(site) -> Iterator[httpx.Client]:
    plant_busy(site.seeds, site.project)
    token = site.access.create_token(site.project, "program", site.seeds.now)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


@pytest.fixture
def routes(api) -> list[Route]:
    paths = api.get("/api/openapi.json").json()["paths"]
    return [Route(verb.upper(), path, said) for path, verbs in paths.items() for verb, said in verbs.items()]


def a_problem(answer: httpx.Response) -> int:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["detail"]
    return answer.status_code


def test_every_route_names_its_problems_and_they_are_problem_details(routes):
    for route in routes:
        responses = route.said["responses"]
        assert {"400", "401", "503"} <= responses.keys(), route
        done = {"200", "201", "204"} & responses.keys()
        assert done, route
        assert ("404" in responses) == ("{" in route.path or (route.verb == "POST" and route.path in NAMED_IN_BODY)), (
            route
        )
        assert ("413" in responses) == ("requestBody" in route.said), route
        kinds = {status: list(said["content"]) for status, said in responses.items() if status not in done}
        assert set(map(tuple, kinds.values())) == {("application/problem+json",)}, route


def test_without_a_token_there_is_a_401_everywhere(routes, stranger):
    assert {a_problem(stranger.request(each.verb, each.address("1"))) for each in routes} == {401}


def test_what_is_not_there_is_a_404_and_what_cannot_be_a_400(routes, api):
    for route in routes:
        if "{" in route.path:
            assert a_problem(api.request(route.verb, route.address(NO_SUCH_ID), json=route.body)) == 404, route
            assert a_problem(api.request(route.verb, route.address("0"), json=route.body)) == 400, route
        elif route.said.get("parameters"):
            assert a_problem(api.request(route.verb, route.address("1"), params={"nonsense": 1})) == 400, route


def test_what_a_body_names_and_is_not_there_is_a_404_too(api):
    for path, body in NAMED_IN_BODY.items():
        assert a_problem(api.post(path, json=body)) == 404, path


def test_another_method_is_a_405_that_names_those_there_are(routes, api):
    for path in {route.path for route in routes}:
        there_are = {route.verb for route in routes if route.path == path}
        for verb in set(VERBS) - there_are:
            answer = api.request(verb, Route(verb, path, {}).address("1"))
            assert a_problem(answer) == 405
            assert set(answer.headers["allow"].split(", ")) - {"OPTIONS", "HEAD"} == there_are


def test_a_body_is_refused_that_is_too_large_or_no_json(routes, api):
    for route in routes:
        if "requestBody" in route.said:
            assert a_problem(api.request(route.verb, route.address("1"), content=TOO_LARGE)) == 413, route
            assert a_problem(api.request(route.verb, route.address("1"), content=b"{")) == 400, route


def test_a_page_too_says_which_methods_there_are(client):
    answer = client.delete("/incidents")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "OPTIONS"})


def test_a_store_that_cannot_be_used_is_a_503_everywhere(routes, api, site):
    with site.seeds.database.begin() as connection:
        connection.execute(text("ALTER TABLE incidents RENAME TO gone"))
    reading = [each for each in routes if "incidents" in each.path]
    answers = [api.request(each.verb, each.address("1"), json=each.body) for each in reading]
    assert {a_problem(answer) for answer in answers} == {503}
    assert {answer.headers["retry-after"] for answer in answers} == {"5"}
