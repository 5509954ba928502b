"""The benchmark's secrets: planted wherever secrets lie, none of them leaves; and what only looks like one does."""

from __future__ import annotations

import json
import logging
from typing import Any, Dict, Iterator, List

import pytest
from events import DEADLINE, HandMadeTransport

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import locals as variables
from aiops_sdk import scope
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.scope import RequestScope

ENVIRON = {
    "AIOPS_API_KEY": "key-of-this-service-1",
    "STRIPE_KEY": "whatever-Stripe-gave-2",
    "DATABASE_URL": "postgresql://shop:database-pass-3@db/shop",
}
SECRETS = {
    "the API key": "key-of-this-service-1",
    "a value of the environment": "whatever-Stripe-gave-2",
    "a password in an address of the environment": "database-pass-3",
    "a header": "header-secret-4",
    "the header Authorization": "YmFzaWM6c2VjcmV0LTU=",
    "a cookie": "cookie-secret-6",
    "the query": "query-secret-7",
    "the address": "address-secret-8",
    "the body": "body-secret-9",
    "the body, deeper": "body-secret-10",
    "a list in the body": "body-secret-11",
    "a variable": "variable-secret-12",
    "a dictionary in a variable": "variable-secret-13",
    "the message": "message-secret-14",
    "a note or cause": "cause-secret-15",
    "a card": "4111 1111 1111 1111",
    "a web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxNiJ9.c2lnbmF0dXJl",
    "a private key": "MIIEowIBAAKCAQEA18",
    "a cloud key": "AKIA" + "IOSFODNN7EXAMP19",
    "a log line": "log-secret-20",
    "a breadcrumb": "crumb-secret-21",
    "a tag": "tag-secret-22",
    "the source": "source-secret-23",
}
HARMLESS = [
    "token bucket",
    "password reset",
    "1234567890123456",
    "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "ann@example.com",
    "Ann Author",
    "keyboard-layout",
    "basic authentication",
]


@pytest.fixture
def transport() -> HandMadeTransport:
    return HandMadeTransport()


@pytest.fixture
def client(transport: HandMadeTransport, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    # A machine with much to do must not run out of the time that variables may take.
    monkeypatch.setattr(variables, "SECONDS", 5.0)
    client = Client(Config.load(environ=ENVIRON, capture_locals=True, capture_body=True), transport)
    before = clients.make_current(client)
    yield client
    clients.make_current(before)
    client.close(DEADLINE)


def planted(client: Client) -> None:
    """Everything at once, as a shop on a bad day has it."""
    request = RequestScope(
        "POST",
        "/login",
        url="https://bob:{the address}@shop/login?api_key={the query}&page=2".format_map(SECRETS),
        query="api_key={the query}&q=keyboard-layout".format_map(SECRETS),
        headers={
            "X-Api-Key": SECRETS["a header"],
            "Authorization": "Basic " + SECRETS["the header Authorization"],
            "Cookie": "theme=dark; sid=" + SECRETS["a cookie"],
            "From": "ann@example.com",
        },
    )
    request.body = {
        "password": SECRETS["the body"],
        "account": {"db": {"dbPassword": SECRETS["the body, deeper"]}, "author": "Ann Author"},
        "logins": [{"access-token": SECRETS["a list in the body"]}],
        "order": "1234567890123456",
    }
    token = scope.begin(request)
    try:
        aiops_sdk.set_tag("customer_token", SECRETS["a tag"])
        aiops_sdk.set_tag("error", "basic authentication")
        aiops_sdk.add_breadcrumb("login", data={"pwd": SECRETS["a breadcrumb"], "commit": HARMLESS[4]})
        with aiops_sdk.context(job={"id": HARMLESS[3], "argv": ["run", SECRETS["a value of the environment"]]}):
            log_and_fail(client)
    finally:
        scope.end(token)


def log_and_fail(client: Client) -> None:
    line = "login failed: password='{a log line}', after a password reset, key {the API key}".format_map(SECRETS)
    client.capture_log(logging.LogRecord("shop", 40, "shop.py", 7, line, None, None))
    try:
        login()
    except RuntimeError as error:
        client.capture_exception(error)


def login() -> None:
    password = SECRETS["a variable"]  # noqa: F841
    settings = {"smtp": {"api_key": SECRETS["a dictionary in a variable"]}}  # noqa: F841
    secret = "source-secret-23"  # noqa: F841
    try:
        raise ValueError("token={a note or cause}; {a web token} and {a cloud key}".format_map(SECRETS))
    except ValueError as error:
        raise RuntimeError(
            "password={the message} of token bucket, card {a card}, postgresql://shop:{a password in an address of the "
            "environment}@db\n-----BEGIN PRIVATE KEY-----\n{a private key}\n-----END PRIVATE KEY-----".format_map(
                SECRETS
            )
        ) from error


@pytest.fixture
def told(client: Client, transport: HandMadeTransport) -> str:
    planted(client)
    assert client.flush(DEADLINE)
    assert len(transport.bodies) == 2
    return json.dumps(transport.bodies, ensure_ascii=False)


def test_there_are_as_many_as_the_others_were_measured_with():
    assert (len(SECRETS), len(HARMLESS)) == (23, 9)


def test_no_secret_leaves(told: str):
    assert [where for where, secret in SECRETS.items() if secret in told or json.dumps(secret)[1:-1] in told] == []


def test_what_is_harmless_does(told: str):
    assert [each for each in HARMLESS if each not in told] == []


def test_what_surrounds_the_secrets_stays(told: str):
    event: Dict[str, Any] = json.loads(told)[1]
    variables: List[Any] = [frame.get("locals") for frame in event["exceptions"][0]["frames"]]
    assert {"password": "[hidden]", "settings": "{'smtp': {'api_key': '[hidden]'}}", "secret": "[hidden]"} in [
        {name: told for name, told in (each or {}).items() if name != "error"} for each in variables
    ]
    assert event["request"]["url"] == "https://bob:[hidden]@shop/login?api_key=[hidden]&page=2"
    assert event["request"]["body"]["account"] == {"db": {"dbPassword": "[hidden]"}, "author": "Ann Author"}


def test_no_secret_is_in_what_goes_to_disk_first(client: Client):
    stubs: List[str] = []
    for message in ("password=hunter2", "AKIA" + "IOSFODNN7EXAMPLE", "x" * 300 + " key-of-this-service-1"):
        draft: Any = capture_of(message)
        stubs.append(repr(client._stub_of(draft)))
    assert not [stub for stub in stubs if "hunter2" in stub or "AKIA" in stub or "key-of-this" in stub]


def test_not_even_the_first_words_of_a_secret_that_the_stub_has_no_room_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BACKUP_PASSPHRASE", "correct horse battery staple")
    client = Client(Config.load(api_key="key", spool=False), HandMadeTransport())
    draft: Any = capture_of("x" * 352 + " tried it with correct horse battery staple")
    assert "correct" not in repr(client._stub_of(draft))


def capture_of(message: str) -> Any:
    from aiops_sdk import capturing

    return capturing.exception(ValueError(message), "manual", "manual")
