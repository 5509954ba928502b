"""The pages for finding and settling, with as much as there can be on them: they stay short, and nothing is out of reach."""

import re
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest
from scenes import plant_busy
from web_site import a_site

from aiops_platform.core import search
from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.core.people import Role
from aiops_platform.web.filters import Filters
from aiops_platform.web.origin import token_for

MOST_BYTES = 60_000
LONG = "жук " * 60


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        running.ids = plant_busy(running.seeds, running.project)
        for number in range(14):
            service = running.seeds.service(running.project, f"a service with quite a long name, number {number}")
            running.seeds.incident(
                running.project,
                service,
                message="a sentence about what went wrong, as long as most are",
                release=f"2026.11.{number}",
            )
        for number in range(12):
            running.somebody(f"Member{number}")
        yield running


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def views(site):
    """Fifty of them, each with a search that is nearly as long as one may be."""
    user = site.access.session(site.session(), site.seeds.now).user.id
    saved = site.app.state.site.views
    for number in range(50):
        query = urlencode(Filters.read({"query": f"message:{number} -{LONG.strip()}", "time": "7d"}).told())
        name = f"View {number} has a name that is about as long as one may be"
        saved.save(site.project, user, name=name, query=query, shared=number % 2 == 0, now=site.seeds.now)
    return saved.of(site.project, user)


def page_of(client, path, **parameters):
    answer = client.get(path, params=parameters or None)
    assert answer.status_code == 200
    assert len(answer.content) <= MOST_BYTES, len(answer.content)
    return answer.text


# Before there are views beside it.
@pytest.mark.parametrize(
    "text",
    ["-" + "x" * 480, "-" + "жук" * 149, "-" + "🐛" * 224],
    ids=["ascii", "cyrillic", "emoji"],
)
def test_the_longest_search_leaves_the_list_short_and_its_links_lead_to_it(client, text):
    assert len(text) <= search.LONGEST
    assert len(text.encode()) <= search.MOST_BYTES
    page = page_of(client, "/incidents", query=text, state="all")
    assert 'data-testid="incident"' in page
    (resolved,) = {unescape(link) for link in re.findall(r'href="([^"]*state=resolved[^"]*)"', page)}
    assert f'value="{text}"' in client.get(resolved).text


def test_fifty_views_with_long_searches_leave_the_list_short_and_each_is_reached(client, views):
    page = page_of(client, "/incidents", state="all")
    links = re.findall(r'href="(/views/\d+)"', page)
    assert len(set(links)) == 50
    assert client.get(links[-1]).headers["location"] in {f"/incidents?{view.query}" for view in views}
    shown = page_of(client, f"/incidents?{views[20].query}")
    assert 'aria-current="true"><bdi>View' in shown
    assert f'action="/views/{views[20].id}"' in shown


def test_a_view_that_is_not_shared_is_shown_to_nobody_else(site, client, views):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.somebody("Bob", Role.VIEWER)}) as bob:
        asked = {view.shared: bob.get(f"/views/{view.id}").status_code for view in views}
        assert asked == {True: 303, False: 404}
        assert bob.get("/views/0").status_code == 404


def test_what_is_done_to_many_says_so_at_length_that_helps(site, client):
    csrf = token_for(client.cookies[SESSION_COOKIE])
    where = urlencode({"query": "-" + "жук" * 149, "state": "all"})
    ticked = [str(number) for number in range(1, 26)]
    answer = client.post("/incidents/bulk", data={"csrf": csrf, "where": where, "do": "delete", "id": ticked})
    assert (answer.status_code, len(answer.content) < 20_000) == (200, True)
    assert "Delete 25 incidents?" in answer.text


def test_the_page_of_an_incident_is_short_with_all_that_people_did(site, client):
    number = site.ids["everything"]
    csrf = token_for(client.cookies[SESSION_COOKIE])
    for each in range(14):
        said = {"csrf": csrf, "text": f"**{each}** " + "what was tried, at length. " * 300, "once": str(each)}
        assert client.post(f"/incidents/{number}/comment", data=said).status_code == 303
    parts = [site.seeds.incident(site.project, 1, type=f"Part{each}", message="long " * 100) for each in range(20)]
    merged = {"csrf": csrf, "parts": " ".join(f"#{each}" for each in parts), "why": "why not " * 20}
    assert client.post(f"/incidents/{number}/merge", data=merged).status_code == 303
    page_of(client, f"/incidents/{number}")
    page_of(client, f"/incidents/{number}/comments")
    found = page_of(client, f"/incidents/{number}/parts")
    assert all(f'name="part" value="{each}"' in found for each in parts)
    page_of(client, f"/incidents/{number}/delete")


def test_looking_at_what_was_done_writes_nothing(site, client):
    csrf = token_for(client.cookies[SESSION_COOKIE])
    done = client.post("/incidents/bulk", data={"csrf": csrf, "where": "state=all", "do": "mute", "id": ["2"]})
    database, begun = site.seeds.database, []
    begin = database.begin
    database.begin = lambda *given: begun.append(given) or begin(*given)
    try:
        page = client.get(done.headers["location"]).text
    finally:
        database.begin = begin
    assert 'data-testid="undo"' in page
    assert begun == []
    assert client.get("/incidents?done=nonsense").status_code == 200
