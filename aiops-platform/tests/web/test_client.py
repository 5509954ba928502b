"""The typed client, against a platform that runs."""

import sys
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from subprocess import run
from threading import Thread

import pytest
from scenes import plant_busy

from aiops_platform.client import ApiError, Client, UnreachableError
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.people import Role


@pytest.fixture
def client(site):
    return Client(site.url, site.access.create_token(site.project, "program", site.seeds.now), patience=0)


@pytest.fixture
def first(site, client):
    plant_busy(site.seeds, site.project)
    return next(client.incidents())


def test_incidents_are_found_in_the_search_language_page_after_page(client, first, monkeypatch):
    monkeypatch.setattr("aiops_platform.client.calls._ON_A_PAGE", 5)
    assert first.state is IncidentState.OPEN
    everything = list(client.incidents(state="all"))
    assert len({each.id for each in everything}) == len(everything) == 17
    assert {each.type for each in client.incidents("state:muted")} == {"BrokenPipeError"}
    counts = [each.count for each in client.incidents(sort="count")]
    assert counts == sorted(counts, reverse=True)
    assert {each.field for each in client.facets().items} >= {"service", "env"}


def test_an_incident_and_its_events_are_read(client, first):
    found = client.incident(first.id)
    assert (found.id, found.type, len(found.hours)) == (first.id, first.type, 14 * 24)
    rows = list(client.events(first.id))
    newest = client.event(first.id)
    assert newest.id == rows[0].id
    assert newest.body["service"] == first.service


def test_what_stands_beside_an_incident_is_read(site, client, first):
    assert client.chart().total >= client.chart_of(first.id).total == sum(first.trend)
    assert [each.id for each in client.find_events(first.id)] == [each.id for each in client.events(first.id)]
    assert list(client.find_events(first.id, "nobody-says-this")) == []
    assert client.event(first.id, "telling").incident_id == first.id
    assert first.id not in {each.id for each in client.neighbours(first.id)}
    assert client.companions(first.id) == ()
    assert isinstance(client.similar(first.id), tuple)
    assert client.origin(first.id).same is not None
    shop = next(each for each in client.services() if each.open_incidents)
    assert client.service(shop.id).row.name == shop.name
    assert client.overview().now.open_incidents == 12


def test_people_s_acts_are_there_for_programs(site, client, first):
    site.somebody("Ana", Role.MEMBER)
    ana = next(each for each in client.members() if each.name == "Ana")
    number = first.id
    client.tell_deploy(first.service, "9.9.9", environment=first.environment)
    assert client.resolve(number, release="next").resolved_how == "next"
    assert client.reopen(number).state is IncidentState.OPEN
    assert "5 more events" in client.mute(number, until=timedelta(hours=8), events=5).ends
    assert client.assign(number, ana.id).assigned_to == ana
    assert client.assign(number, None).assigned_to is None
    assert client.link(number, "https://tracker.example/1").tracker == "https://tracker.example/1"
    assert "soon" in client.comment(number, "Mended *soon*.").text
    assert [each.text for each in client.incident(number).comments] == ["Mended *soon*."]
    facts = [fact.kind for fact in client.incident(number).facts]
    assert {"incident_resolved", "incident_reopened", "incident_muted"} <= set(facts)


def test_many_are_changed_at_once_and_back(client, first):
    done = client.bulk("resolve", query="is:open")
    assert (done.meant, done.changed) == (12, 12)
    assert list(client.incidents()) == []
    assert client.undo(done.undo).restored == 12
    client.bulk("delete", ids=[first.id])
    with pytest.raises(ApiError, match="no such incident"):
        client.incident(first.id)


def test_what_incidents_belong_to_is_listed(client, first):
    told = client.tell_deploy(first.service, "9.9.9", environment=first.environment, url="https://ci.example/7")
    assert [each.release for each in client.deploys(first.service)] == ["9.9.9"]
    assert told.url == "https://ci.example/7"
    assert "9.9.9" in {each.release for each in client.releases(first.service)}
    assert first.service in {each.name for each in client.services()}
    assert list(client.jobs()) is not None


def test_what_is_refused_is_said_in_the_platform_s_words(site, client):
    with pytest.raises(ApiError, match="aiops token create") as refused:
        next(Client(site.url, "aiopst_unknown").incidents())
    assert refused.value.status == 401
    with pytest.raises(ApiError) as unread:
        next(client.incidents("service:shop ("))
    assert (unread.value.status, unread.value.position) == (400, 13)


@pytest.mark.parametrize("url", ["shop", "ftp://shop", "http://", "file:///etc/passwd"])
def test_what_is_no_address_is_not_asked(url):
    with pytest.raises(UnreachableError, match="is no address"):
        Client(url, "aiopst_x")


def test_where_nobody_answers_that_is_said():
    with pytest.raises(UnreachableError, match="does not answer"):
        Client("http://127.0.0.1:9", "aiopst_x").facets()


class Odd(BaseHTTPRequestHandler):
    """Refuses once for a moment, sends elsewhere, or answers with a page."""

    def do_GET(self):
        path = self.path.partition("?")[0].removeprefix("/api/v1")
        self.server.asked.append((path, self.headers.get("Authorization")))
        held_back = len(self.server.asked) == 1 and path == "/incidents/facets"
        status, body = {"/jobs": (302, b""), "/services": (200, b"<html>")}.get(path, (200, b'{"items": []}'))
        self.send_response(429 if held_back else status)
        self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def odd():
    with HTTPServer(("127.0.0.1", 0), Odd) as server:
        server.asked = []
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_it_waits_where_it_is_asked_to_and_takes_its_token_nowhere_else(odd):
    client = Client(f"http://127.0.0.1:{odd.server_port}", "aiopst_x", patience=30)
    assert client.facets().items == ()
    assert len(odd.asked) == 2
    with pytest.raises(UnreachableError, match=r"sends to http://elsewhere\.example/"):
        next(client.jobs())
    with pytest.raises(UnreachableError, match="is it one, and as new"):
        next(client.services())


def test_it_needs_no_framework():
    code = "import sys, aiops_platform.client; print([m for m in ('litestar', 'sqlalchemy', 'jinja2') if m in sys.modules])"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
