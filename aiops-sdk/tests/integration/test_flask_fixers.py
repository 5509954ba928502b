"""Fixes that are pushed to Flask apps: answered before the app, unless it has such a route itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator, List

import flask
import pytest
from asking import PATH, a_challenge, a_fix, fresh_fixers, heard, posted
from events import wait_until
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client as WsgiClient

from aiops_sdk.client import Client
from aiops_sdk.integrations.flask import init_flask

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fixers need a lock that ends with its process")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    return fresh_fixers(monkeypatch)


@pytest.fixture
def client(calls: List[Any], tmp_path: Path) -> Iterator[Client]:
    with heard(tmp_path) as made:
        yield made


@pytest.fixture
def app(client: Client) -> flask.Flask:
    made = flask.Flask("shop")
    init_flask(made)
    return made


def ask(app: Any, asked: Any, path: str = PATH, **how: Any) -> Any:
    headers, body = posted(asked, **how)
    return WsgiClient(app).post(path, data=body, headers=headers)


def test_an_app_is_asked_at_the_path(app: flask.Flask, calls: List[Any]):
    answer = ask(app, a_fix(params={"pool": "orders"}))
    assert answer.status_code in (200, 202)
    assert answer.headers["webhook-signature"].startswith("v1,")
    wait_until(lambda: calls == ["orders"], "the fix")
    refused = ask(app, a_fix(), key="another-key")
    assert (refused.status_code, refused.data) == (401, b'{"error": "refused"}')
    assert calls == ["orders"]


def test_so_is_one_below_a_prefix(app: flask.Flask, calls: List[Any]):
    mounted = DispatcherMiddleware(flask.Flask("outer"), {"/shop": app})
    assert ask(mounted, a_challenge(), "/shop" + PATH).status_code == 200


def test_no_hook_of_the_app_s_stands_in_the_way(app: flask.Flask, calls: List[Any]):
    @app.before_request
    def only_for_members():
        flask.abort(403)

    assert ask(app, a_fix()).status_code in (200, 202)


@pytest.mark.parametrize(("rule", "its_own"), [(PATH, True), ("/<path:rest>", False)])
def test_a_route_of_the_app_s_own_goes_first(app: flask.Flask, calls: List[Any], rule: str, its_own: bool):
    app.add_url_rule(rule, "page", lambda **_: "its own", methods=["POST"])
    assert (ask(app, a_fix()).data == b"its own") is its_own
    assert its_own is (calls == [] and ask(app, a_fix(), key="another-key").status_code == 200)
