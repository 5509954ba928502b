"""Channels by API: read by who may look, ruled by admins, and never with their settings."""

import httpx
import pytest
from provider_formats import is_signed
from receiver import answering, receiving
from sqlalchemy import select
from web_site import a_site

from aiops_platform.core.access import Scope
from aiops_platform.storage import schema

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


def a_channel(api, name, kind, url):
    made = api.post(PATH, json={"name": name, "kind": kind, "settings": {"url": url}})
    assert made.status_code == 201, made.text
    return f"{PATH}/{made.json()['id']}"


def test_a_channel_is_changed_and_what_is_not_said_stays(api):
    with receiving(answering("204 No Content")) as first, receiving(answering("204 No Content")) as second:
        where = a_channel(api, "before", "slack", f"{first.url}/services/one")
        assert api.put(where, json={"name": "after"}).json()["name"] == "after"
        assert api.post(f"{where}/test").json()["sent"]
        assert api.put(where, json={"settings": {"url": f"{second.url}/services/two"}}).json()["name"] == "after"
        assert api.post(f"{where}/test").json()["sent"]
        assert (len(first.requests), len(second.requests)) == (1, 1)
    wrong = api.put(where, json={"settings": {"url": "https://169.254.169.254/"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["name"]) == (400, "url")
    assert api.put(f"{PATH}/999", json={"name": "x"}).status_code == 404
    api.delete(where)


def test_a_secret_is_renewed_and_is_in_no_answer_that_is_kept(site, api):
    with receiving(answering("204 No Content")) as receiver:
        where = a_channel(api, "hook", "webhook", receiver.url)
        once = {"Idempotency-Key": "the same"}
        first = api.post(f"{where}/secret", headers=once).json()["secret"]
        second = api.post(f"{where}/secret", headers=once).json()["secret"]
        assert first.startswith("whsec_")
        assert first != second
        assert api.post(f"{where}/test").json()["sent"]
        (sent,) = receiver.requests
        assert is_signed(sent.headers, sent.body, second)
        assert is_signed(sent.headers, sent.body, first), "The last one signs beside it for a day."
    with site.seeds.database.read() as connection:
        kept = connection.execute(select(schema.answers.c.body)).scalars().all()
    assert not any(b"whsec_" in body for body in kept)
    slack = a_channel(api, "chat", "slack", "https://127.0.0.1/x")
    answer = api.post(f"{slack}/secret")
    assert (answer.status_code, "only a webhook has a secret" in answer.json()["detail"]) == (400, True)
    for each in (where, slack):
        api.delete(each)


def test_what_failed_is_sent_again_one_or_all_once_the_channel_is_enabled(site, api):
    with receiving(answering("404 Not Found", "no such hook")) as receiver:
        where = a_channel(api, "gone", "slack", f"{receiver.url}/services/one")
        for _ in range(2):
            assert not api.post(f"{where}/test").json()["sent"]
    first, second = (each["id"] for each in api.get(f"{where}/deliveries").json()["items"])
    assert api.post(f"{where}/disable").json()["enabled"] is False
    assert api.post(f"{where}/send-again").status_code == 400, "What is disabled is sent nothing."
    assert api.post(f"{where}/enable").json()["enabled"] is True
    assert api.post(f"{where}/deliveries/{second}/send-again").json() == {"deliveries": 1}
    assert api.post(f"{where}/deliveries/{second}/send-again").status_code == 404, "It is on its way."
    assert api.post(f"{where}/send-again").json() == {"deliveries": 1}
    assert {each["id"] for each in api.get(f"{where}/deliveries").json()["items"] if each["due_at"]} == {first, second}
    api.delete(where)
