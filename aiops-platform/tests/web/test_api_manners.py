"""What holds for every answer of the API: entity tags, and not more often than agreed."""

from datetime import UTC, datetime, timedelta

from litestar import Litestar, Router, get, post
from litestar.testing import TestClient

from aiops_platform.api import manners

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


def an_app(*middleware, said):
    @get("/thing", sync_to_thread=False)
    def thing() -> dict[str, int]:
        return said

    @post("/thing", sync_to_thread=False)
    def change() -> dict[str, int]:
        return said

    return TestClient(Litestar([Router("/", route_handlers=[thing, change], middleware=list(middleware))]))


def test_what_has_not_changed_is_not_sent_again():
    said = {"count": 1}
    with an_app(manners.remembered, said=said) as client:
        first = client.get("/thing")
        tag = first.headers["etag"]
        again = client.get("/thing", headers={"If-None-Match": f'"other", W/{tag}'})
        said["count"] = 2
        changed = client.get("/thing", headers={"If-None-Match": tag})
    assert (first.status_code, first.json(), first.headers["cache-control"]) == (200, {"count": 1}, "private, no-cache")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (changed.status_code, changed.json()) == (200, {"count": 2})


def test_changes_and_errors_carry_no_tag():
    with an_app(manners.remembered, said={}) as client:
        answers = [client.post("/thing"), client.get("/nothing")]
    assert [each.headers.get("etag") for each in answers] == [None, None]


def test_one_token_is_held_back_for_a_while_and_no_other():
    clock = Clock()
    with an_app(manners.paced(1, clock), said={}) as client:

        def statuses(token, many):
            return [client.get("/thing", headers={"Authorization": token}).status_code for _ in range(many)]

        assert statuses("Bearer a", 61) == [200] * 60 + [429]
        held_back = client.get("/thing", headers={"Authorization": "Bearer a"})
        assert statuses("Bearer b", 2) == [200, 200]
        clock.now += timedelta(seconds=2)
        assert statuses("Bearer a", 3) == [200, 200, 429]
    assert (held_back.headers["retry-after"], held_back.headers["content-type"]) == ("1", "application/problem+json")
    assert held_back.json()["status"] == 429


def test_a_session_is_known_by_its_cookie():
    with an_app(manners.paced(1, Clock()), said={}) as client:
        for _ in range(60):
            client.get("/thing", headers={"Cookie": "other=1; aiops_session=ana"})
        held_back = client.get("/thing", headers={"Cookie": "aiops_session=ana; other=2"})
        other = client.get("/thing", headers={"Cookie": "aiops_session=ben"})
    assert (held_back.status_code, other.status_code) == (429, 200)
