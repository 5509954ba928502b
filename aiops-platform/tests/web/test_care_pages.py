"""What people do with incidents on the pages: every form works without a script, and a viewer sees none."""

import re
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from scenes import plant_busy
from sqlalchemy import insert, update
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.storage import schema


@pytest.fixture(scope="module")
def site():
    """One for all: each test takes incidents of its own."""
    with a_site() as running:
        plant_busy(running.seeds, running.project)
        yield running


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def numbers(site, client):
    found = client.get("/api/v1/incidents", params={"service": "shop", "environment": "production", "per_page": 50})
    return [each["id"] for each in found.json()["items"] if each["kind"] != "silence"]


@pytest.fixture
def number(numbers):
    numbers.append(numbers.pop(0))
    return numbers[-1]


def send(client, address: str, **fields) -> httpx.Response:
    """A form that a page without a script would send; then the page to which it leads."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/incidents").text)
    assert csrf is not None
    return client.post(address, data={"csrf": csrf[1], **fields}, follow_redirects=True)


def told(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]*>", " ", page.text.partition("<main")[2]).split())


def test_it_is_resolved_and_muted_on_terms(client, number):
    client.get("/incidents")
    assert "Resolved" in told(send(client, f"/incidents/{number}/resolve", release="7.1"))
    assert "in 7.1" in told(client.get(f"/incidents/{number}"))
    page = told(send(client, f"/incidents/{number}/mute", **{"for": "1d", "events": "100", "within": "1h"}))
    assert "or 100 events come within 1 h" in page
    assert "Admin" in page.partition("Timeline")[2], "It is said who did it."
    assert "Reopened" in told(send(client, f"/incidents/{number}/reopen"))


def test_what_makes_no_sense_is_said_and_nothing_typed_is_lost(client, number):
    wrong = send(client, f"/incidents/{number}/mute", events="many")
    assert (wrong.status_code, "Give a number of events" in wrong.text) == (422, True)
    wrong = send(client, f"/incidents/{number}/link", url="javascript:alert(1)")
    assert (wrong.status_code, "Give an address" in wrong.text) == (422, True)
    long = "so much " * 2_000
    wrong = send(client, f"/incidents/{number}/comment", text=long)
    assert (wrong.status_code, long in wrong.text) == (422, True)
    wrong = send(client, f"/incidents/{number}/merge", parts="that one")
    assert (wrong.status_code, "Not the number of an incident" in wrong.text) == (422, True)


def test_a_comment_is_markdown_that_does_no_harm(client, number):
    harm = "**bold** <script>alert(1)</script> [x](javascript:alert(2)) ![p](https://evil.example/p.png)\n\n# big"
    page = send(client, f"/incidents/{number}/comment", text=harm + " [ticket](https://tracker.example.com/1)").text
    assert "<strong>bold</strong>" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page
    assert "<h1>big" not in page
    assert 'href="https://tracker.example.com/1" rel="nofollow noopener noreferrer"' in page


def test_people_change_and_delete_what_they_said(client, number):
    page = send(client, f"/incidents/{number}/comment", text="first").text
    comment = re.findall(r'id="comment-(\d+)"', page)[-1]
    form = client.get(f"/incidents/{number}/comments", params={"edit": comment}).text
    assert ">first</textarea>" in form
    assert "second" in told(send(client, f"/incidents/{number}/comments/{comment}/edit", text="second"))
    assert "second" not in told(send(client, f"/incidents/{number}/comments/{comment}/delete"))
    assert send(client, f"/incidents/{number}/comments/{comment}/delete").status_code == 404


def test_a_hundred_long_comments_make_no_long_page(client, number):
    for index in range(12):
        send(client, f"/incidents/{number}/comment", text=f"no {index}: " + "<b>&" * 2_400)
    page = client.get(f"/incidents/{number}")
    assert len(page.content) < 60_000
    assert "Read all of it" in page.text
    assert "no 11:" in page.text


def test_two_are_merged_and_one_is_taken_out_again(client, numbers):
    one, other = numbers.pop(), numbers.pop()
    page = told(send(client, f"/incidents/{one}/merge", parts=f"#{other}", why="the same query"))
    assert "Merged into this one" in page
    assert "the same query" in page
    assert client.get(f"/incidents/{other}").headers["location"] == f"/incidents/{one}"
    assert f'href="/incidents/{other}"' not in client.get("/incidents?state=all").text
    assert "Merged into this one" not in told(send(client, f"/incidents/{one}/unmerge", part=str(other)))
    assert client.get(f"/incidents/{other}").status_code == 200


def test_one_is_given_to_somebody_and_linked(client, number):
    page = send(client, f"/incidents/{number}/assign", to="me").text
    assert "for <bdi>Admin</bdi>" in page
    page = send(client, f"/incidents/{number}/link", url="https://tracker.example.com/shop/17").text
    assert ">tracker.example.com</a>" in page


def test_one_is_deleted_after_a_question_and_comes_back(client, number):
    assert f"Delete #{number}?" in told(client.get(f"/incidents/{number}/delete"))
    page = send(client, f"/incidents/{number}/delete")
    assert "Deleted: 1 incident." in told(page)
    assert client.get(f"/incidents/{number}").status_code == 404
    undo = re.search(r'action="(/undo/[0-9a-f]+)"', page.text)
    assert undo is not None
    assert "Undone" in told(send(client, undo[1]))
    assert client.get(f"/incidents/{number}").status_code == 200


def test_all_that_match_are_changed_at_once_and_stand_again_as_before(client):
    before = client.get("/incidents").text.count('data-testid="incident"')
    page = send(client, "/incidents/bulk", where="state=open", do="mute", all="1", **{"for": "8h"})
    assert f"Muted: {before} incidents." in told(page)
    assert 'data-testid="incident"' not in page.text
    undo = re.search(r'action="(/undo/[0-9a-f]+)"', page.text)
    assert undo is not None
    assert send(client, undo[1]).text.count('data-testid="incident"') == before
    nothing = send(client, "/incidents/bulk", do="resolve")
    assert (nothing.status_code, "No incident was ticked" in nothing.text) == (422, True)
    asked = send(client, "/incidents/bulk", do="delete", all="1")
    assert f"Delete {before} incidents?" in told(asked)


def test_a_long_search_is_never_cut_to_one_that_means_more(client):
    where = urlencode({"query": "鯨" * 290 + " x:y", "state": "all"})
    assert "cannot be read" in send(client, "/incidents/bulk", where=where, do="resolve", all="1").text
    where = urlencode({"query": "鯨" * 290, "state": "resolved"})
    page = send(client, "/incidents/bulk", where=where, do="resolve", all="1")
    assert parse_qs(page.url.query.decode())["state"] == ["resolved"]
    assert send(client, "/incidents/bulk", where="query=" + "a" * 20_000, do="resolve", all="1").status_code == 422


def test_a_viewer_sees_no_form_and_may_do_nothing(site, client, number):
    try:
        with site.seeds.database.begin() as connection:
            connection.execute(update(schema.members).values(role="viewer"))
        page = client.get(f"/incidents/{number}").text
        for address in (f"/incidents/{number}/resolve", f"/incidents/{number}/comment", "/incidents/bulk", "/undo/00"):
            assert f'action="{address}"' not in page
            assert client.post(address, data={"text": "x"}).status_code == 403
        assert 'class="pick"' not in client.get("/incidents").text
    finally:
        with site.seeds.database.begin() as connection:
            connection.execute(update(schema.members).values(role="admin"))


def test_a_member_of_another_project_finds_nothing(site, number):
    other = site.seeds.project("elsewhere")
    with site.seeds.database.begin() as connection:
        row = {"name": "Eve", "created_at": site.seeds.now}
        eve = connection.execute(insert(schema.users).returning(schema.users.c.id), [row]).scalar_one()
        member = {"user_id": eve, "project_id": other, "role": "admin", "since": site.seeds.now}
        connection.execute(insert(schema.members), [member])
    session = site.access.sign_in(site.access.create_signin(site.seeds.now, eve), site.seeds.now)
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: session}, timeout=60) as stranger:
        for page in ("", "/delete", "/comments"):
            assert stranger.get(f"/incidents/{number}{page}").status_code == 404
        csrf = re.search(r'name="csrf" value="([^"]+)"', stranger.get("/services").text)
        assert csrf is not None
        for act, fields in (("resolve", {}), ("comment", {"text": "x"}), ("assign", {"to": ""}), ("delete", {})):
            sent = stranger.post(f"/incidents/{number}/{act}", data={"csrf": csrf[1], **fields})
            assert sent.status_code == 404, act
