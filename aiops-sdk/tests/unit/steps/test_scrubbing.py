"""Secrets stay in the process."""

from __future__ import annotations

import time
from typing import Dict

import pytest
from events import an_event
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk.event import ExceptionInfo, Frame, Request, SourceContext
from aiops_sdk.steps import scrubbing
from aiops_sdk.steps.scrubbing import scrub


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("postgresql://shop:hunter2@db/orders", "postgresql://shop:[hidden]@db/orders"),
        ("redis://:hunter2@cache:6379/0", "redis://:[hidden]@cache:6379/0"),
        ("Authorization: Bearer abc123def456", "Authorization: Bearer [hidden]"),
        ("sent with bearer ABCdef123456.x-y_z", "sent with bearer [hidden]"),
        ("Basic dXNlcjpwYXNz1234 was refused", "Basic [hidden] was refused"),
        ("password=hunter2 is wrong", "password=[hidden] is wrong"),
        ("db_password: hunter", "db_password: [hidden]"),
        ("{'api_key': 'abc def', 'id': 3}", "{'api_key': '[hidden]', 'id': 3}"),
        ('{"access_token": "abc"}', '{"access_token": "[hidden]"}'),
        ("GET /?token=abc&page=2", "GET /?token=[hidden]&page=2"),
        ("eyJhbGciOi.eyJzdWIiOiIx.abc-123 has expired", "[hidden] has expired"),
        ("SECRET_KEY='0123456789'", "SECRET_KEY='[hidden]'"),
    ],
)
def test_credentials_in_texts_are_hidden(said: str, told: str):
    assert scrubbing.text(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "division by zero",
        "Basic authentication failed",
        "token validation failed: the bearer is unknown",
        "invalid token: expired",
        "KeyError: 'token'",
        "    token = request.headers.get('X-Token')",
        "    password = config.password",
        "def login(name: str, password: str) -> None:",
        "    secret=None,",
        "http://shop.example.com:8080/orders?id=3",
        'File "/srv/tokens/secret.py", line 3, in passwords',
        "passwords do not match",
    ],
)
def test_what_is_no_secret_stays(said: str):
    assert scrubbing.text(said) == said


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "X-Api-Key",
        "X-Auth-Token",
        "x_csrf_token",
        "DB_PASSWORD",
        "client-secret",
    ],
)
def test_values_of_telling_names_are_hidden(name: str):
    assert headers_told({name: "abc", "Host": "shop"}) == {name: "[hidden]", "Host": "shop"}


def test_a_query_loses_the_values_of_telling_names():
    request = Request("GET", url="http://shop/login?api%5Fkey=abc&page=2", query="password=abc&page=2&token")
    told = scrub(an_event(request=request)).request
    assert told is not None
    assert (told.url, told.query) == ("http://shop/login?api%5Fkey=[hidden]&page=2", "password=[hidden]&page=2&token")


def test_every_text_of_an_event_is_looked_at():
    leak = "postgresql://shop:hunter2@db"
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=SourceContext((leak,), leak, (leak,)))
    event = an_event(
        message=leak,
        stack_trace=leak,
        template=leak,
        request_path="/" + leak,
        request=Request("GET", url=leak, query=leak, headers={"Referer": leak}),
        exceptions=(ExceptionInfo("A", None, leak, notes=(leak,), frames=(frame,)),),
    )
    assert "hunter2" not in repr(scrub(event))
    assert repr(scrub(event)).count("[hidden]") == 12


def test_without_secrets_nothing_changes():
    event = an_event(request=Request("GET", query="a=1&b=&c", headers={"Host": "shop"}))
    assert scrub(event) == event


@given(st.text(max_size=200))
def test_scrubbing_twice_changes_nothing_more(text: str):
    once = scrubbing.text(text)
    assert scrubbing.text(once) == once


@pytest.mark.parametrize(
    "unit", ["a", "token", "password ", "eyJ", "://", "a:", "token=", "bearer ", "secret-", "=", "'", "x_"]
)
def test_no_text_takes_long(unit: str):
    """Every pattern is linear: 64 kB of anything are done far below what a request may take. (Seconds, not a benchmark.)"""
    begun = time.perf_counter()
    scrubbing.text("token " + unit * (65_536 // len(unit)))
    assert time.perf_counter() - begun < 5


def headers_told(headers: Dict[str, str]) -> Dict[str, str]:
    request = scrub(an_event(request=Request("GET", headers=headers))).request
    assert request is not None
    return dict(request.headers)
