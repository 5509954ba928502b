"""Settings: channels are added, tried out and mended, what was sent to them is shown, and nothing of theirs leaks."""

import re
from itertools import count

import httpx
import pytest
from playwright.sync_api import expect
from receiver import answering, receiving
from web_site import a_site

from aiops_platform.core.access import SESSION_COOKIE
from aiops_platform.web.origin import token_for

PAGE = "/settings/channels"
NUMBERS = count(1)


# One for all of them: each adds a channel of its own.
@pytest.fixture(scope="module")
def site():
    with a_site() as running:
        yield running


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site.url, cookies={SESSION_COOKIE: site.session()}, timeout=60) as signed_in:
        yield signed_in


@pytest.fixture
def press(client):
    return lambda path, **said: client.post(path, data={"csrf": token_for(client.cookies[SESSION_COOKIE]), **said})


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@pytest.fixture
def added(press, receiver):
    """The page of a channel that sends to the receiver."""
    answer = press(f"{PAGE}/new/slack", name=f"ops chat {next(NUMBERS)}", url=f"{receiver.url}/services/T1/B2/secret")
    assert answer.status_code == 303
    return answer.headers["location"]


def test_a_channel_is_added_tried_out_and_its_answer_shown_at_once(client, press, added, receiver):
    page = press(f"{added}/test").text
    assert "The test was sent." in page
    assert "Test: This is how alerts reach" in receiver.requests[0].body.decode()
    assert receiver.requests[0].line == "POST /services/T1/B2/secret HTTP/1.1"
    assert "Sent" in client.get(added).text
    assert "ops chat" in client.get(PAGE).text


def test_what_is_secret_is_shown_nowhere(client, press, added, receiver):
    receiver.behaviour = answering("404 Not Found", f"no {receiver.url}/services/T1/B2/secret here")
    pages = [press(f"{added}/test").text, client.get(added).text, client.get(PAGE).text]
    assert "404 no … here" in pages[0]
    for page in pages:
        assert "B2/secret" not in page
        assert f"127.0.0.1:{receiver.port}/…et" in page


def test_a_webhook_s_secret_is_shown_once_and_can_be_renewed(client, press, receiver):
    page = press(f"{PAGE}/new/webhook", name="hook", url=receiver.url).text
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.replace("&#43;", "+")).group(0)
    where = re.search(r'action="(/settings/channels/\d+)/test"', page).group(1)
    assert secret not in client.get(where).text
    renewed = press(f"{where}/secret").text
    assert "whsec_" in renewed
    assert secret not in renewed


def test_what_makes_no_channel_is_refused_with_what_would(client, press):
    before = client.get(PAGE).text.count('data-testid="channel"')
    for kind, said, why in (
        ("slack", {"name": "", "url": "https://example.com/x"}, "name of 1 to 80"),
        ("slack", {"name": "a", "url": ""}, "Give the Webhook URL"),
        ("slack", {"name": "a", "url": "https://169.254.169.254/latest"}, "hands out secrets"),
        ("slack", {"name": "a", "url": "file:///etc/passwd"}, "begins with https"),
        ("discord", {"name": "a", "url": "https://example.com/x"}, "Discord webhook URL begins"),
        ("ntfy", {"name": "a", "url": "https://ntfy.sh/a/b"}, "address of a topic"),
        ("ntfy", {"name": "a", "url": "https://ntfy.sh/a", "token": "a b"}, "access token"),
        ("pagerduty", {"name": "a", "routing_key": "short"}, "32 letters and digits"),
        ("mail", {"name": "a", "to": "nobody"}, "e-mail address"),
        ("mail", {"name": "a", "to": " ".join(f"a{n}@example.com" for n in range(21))}, "at most 20"),
    ):
        answer = press(f"{PAGE}/new/{kind}", **said)
        assert answer.status_code == 422
        assert why in answer.text
    assert client.get(PAGE).text.count('data-testid="channel"') == before


def test_a_name_is_taken_once(press):
    for status in (303, 422):
        answer = press(f"{PAGE}/new/mail", name="ops mail", to="ana@example.com")
        assert answer.status_code == status
    assert "There is a channel named" in answer.text


def test_what_is_left_empty_stays_and_another_address_is_said_whole(client, press, receiver):
    where = press(f"{PAGE}/new/ntfy", name="phone", url=f"{receiver.url}/topic-1", token="tk_1").headers["location"]
    assert press(where, name="phones", url="", token="").status_code == 303
    press(f"{where}/test")
    assert receiver.requests[0].headers["authorization"] == "Bearer tk_1"
    press(where, name="phones", url=f"{receiver.url}/topic-2", token="")
    press(f"{where}/test")
    assert "authorization" not in receiver.requests[1].headers


def test_a_disabled_channel_says_so_and_one_that_the_platform_disabled_is_told_on_every_page(client, press, added):
    press(f"{added}/switch", to="off")
    assert "disabled it" in client.get(added).text
    assert "channels-disabled" not in client.get("/incidents").text
    press(f"{added}/switch", to="on")
    assert "Enabled" in client.get(added).text


def test_a_failed_test_can_be_sent_again_and_a_deleted_channel_is_gone(client, press, added, receiver):
    receiver.behaviour = answering("500 Oops", "later")
    assert "The test was not taken." in press(f"{added}/test").text
    assert press(f"{added}/again", delivery="all").status_code == 303
    assert "On its way" in client.get(added).text
    assert press(f"{added}/remove").headers["location"] == f"{PAGE}?done=removed"
    assert client.get(added).status_code == 404
    for verb in ("test", "switch", "secret", "again"):
        assert press(f"{added}/{verb}", to="on", delivery="1").status_code in (303, 404)


def test_a_channel_is_added_and_tried_out_in_the_browser(visit, receiver):
    page = visit().page
    page.goto(PAGE)
    page.get_by_test_id("new-webhook").click()
    page.get_by_label("Name").fill("our own")
    page.get_by_label("URL").fill(f"{receiver.url}/alerts")
    page.get_by_test_id("add").click()
    expect(page.get_by_test_id("made")).to_contain_text("whsec_")
    page.get_by_test_id("test").click()
    expect(page.get_by_test_id("tried")).to_contain_text("The test was sent.")
    expect(page.get_by_test_id("delivery")).to_have_count(1)


# The last one: those of all tests are counted together.
def test_nobody_tests_all_the_time(press, added):
    pages = [press(f"{added}/test").text for _ in range(11)]
    assert "many tests" in pages[-1]
