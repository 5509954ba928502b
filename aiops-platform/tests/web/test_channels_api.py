"""Channels by API: read by who may look, ruled by admins, and never with their settings."""

import httpx
import pytest
from receiver import answering, receiving
from web_site import a_site

from aiops_platform.core.access import Scope

PATH = "/api/v1/channels"


@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        yield running


@pytest.fixture(scope="module")
def api(site):
    token = site.access.create_token(site.project, "program", site.seeds.now)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


def test_a_channel_is_added_tried_out_and_deleted(site, api):
    with receiving(answering("202 Accepted", "queued")) as receiver:
        said = {"name": "ops", "kind": "slack", "settings": {"url": f"{receiver.url}/services/secret"}}
        made = api.post(PATH, json=said)
        assert made.status_code == 201
        where = f"{PATH}/{made.json()['id']}"
        assert api.post(f"{where}/test").json() == {"sent": True, "status": 202, "answer": "queued"}
    texts = [made.text, api.get(PATH).text, api.get(where).text, api.get(f"{where}/deliveries").text]
    assert not any("services/secret" in text for text in texts)
    (delivery,) = api.get(f"{where}/deliveries").json()["items"]
    assert (delivery["state"], delivery["status"], delivery["answer"]) == ("test", 202, "queued")
    assert api.delete(where).json()["name"] == "ops"
    assert api.get(where).status_code == 404
    assert api.get(PATH).json() == {"items": []}


def test_a_receiver_that_repeats_where_it_was_asked_gives_nothing_away(api):
    said = f"Cannot POST /services/T00000000/kept?key=s3cr3ts3cr3t {'at all ' * 37} /services/T00000000/kept"
    with receiving(answering("404 Not Found", said)) as receiver:
        url = f"{receiver.url}/services/T00000000/kept?key=s3cr3ts3cr3t"
        where = (
            f"{PATH}/{api.post(PATH, json={'name': 'echo', 'kind': 'slack', 'settings': {'url': url}}).json()['id']}"
        )
        answer = api.post(f"{where}/test").json()["answer"]
    assert answer.startswith("Cannot POST ")
    assert len(answer) <= 300
    assert not any(part in answer for part in ("T0000", "s3cr3t", "services"))
    assert "T0000" not in api.get(f"{where}/deliveries").text


def test_what_makes_no_channel_says_which_part_is_wrong(api):
    said = {"name": "ops", "kind": "slack", "settings": {"url": "https://[::ffff:127.0.0.1]/"}}
    answer = api.post(PATH, json=said)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "url"
    for wrong in ({"kind": "pigeon"}, {"settings": {"url": "https://example.com", "x": "y"}}, {"extra": 1}):
        assert api.post(PATH, json=said | wrong).status_code == 400


def test_who_only_reads_adds_nothing(site):
    token = site.access.create_token(site.project, "reader", site.seeds.now, Scope.READ)
    with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as reader:
        assert reader.get(PATH).status_code == 200
        said = {"name": "ops", "kind": "mail", "settings": {"to": "ana@example.com"}}
        assert reader.post(PATH, json=said).status_code == 403
