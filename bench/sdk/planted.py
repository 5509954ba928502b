"""A request of a shop on a bad day, with secrets wherever secrets lie and values that only look like one.

Read by the process that fails, and by the one that looks into what came.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Dict, NoReturn

#: By the place where they lie.
SECRETS = {
    "environment": "whatever-Stripe-gave-1",
    "address in the environment": "database-pass-2",
    "header X-Api-Key": "header-secret-3",
    "header Authorization": "Y3VzdG9tZXI6c2VjcmV0LTQ=",
    "header of the proxy": "proxy-secret-5",
    "cookie": "cookie-secret-6",
    "query": "query-secret-7",
    "query, another": "query-secret-8",
    "JSON body": "body-secret-9",
    "JSON body, nested": "body-secret-10",
    "JSON body, in a list": "body-secret-11",
    "variable": "variable-secret-12",
    "variable db_password": "variable-secret-13",
    "dictionary in a variable": "variable-secret-14",
    "dictionary in a dictionary": "variable-secret-15",
    "message, as name=value": "message-secret-16",
    "message, in an address": "message-secret-17",
    "message, a card": "4111 1111 1111 1111",
    "cause, a web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxOSJ9.c2lnbmF0dXJl",
    "cause, a private key": "MIIEowIBAAKCAQEA20",
    "log line, as JSON": "log-secret-21",
    "log line, a cloud key": "AKIA" + "IOSFODNN7EXAMP22",
    "log line, from the environment": "internal-gateway-23x",
}
HARMLESS = [
    "token bucket",
    "password reset",
    "1234567890123456",
    "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "ann@example.com",
    "Ann Author",
    "qwertz-keyboard",
    "basic authentication",
]


def environment() -> Dict[str, str]:
    """What the process is started with."""
    return {
        "STRIPE_KEY": SECRETS["environment"],
        "DATABASE_URL": "postgresql://shop:{address in the environment}@db/shop".format_map(SECRETS),
        "GATEWAY_TOKEN": SECRETS["log line, from the environment"],
        # Off by default in ours; here everything is to be looked at.
        "AIOPS_CAPTURE_LOCALS": "yes",
        "AIOPS_CAPTURE_BODY": "yes",
    }


def app(attach: Any) -> Any:
    """A Flask app with one view that reads everything, and fails."""
    import flask

    shop = flask.Flask("shop")
    attach(shop)

    @shop.route("/login", methods=["POST"])
    def login() -> str:
        body = flask.request.get_json()  # noqa: F841
        logging.getLogger("shop").error(
            'refused: {"password": "%s"}, %s, gateway %s', *[SECRETS[name] for name in SECRETS if "log line" in name]
        )
        return sign_in()

    return shop


def sign_in() -> NoReturn:
    """Fails with a cause."""
    token = SECRETS["variable"]  # noqa: F841
    db_password = SECRETS["variable db_password"]  # noqa: F841
    stripe = os.environ["STRIPE_KEY"]  # noqa: F841
    settings = {  # noqa: F841
        "api_key": SECRETS["dictionary in a variable"],
        "smtp": {"password": SECRETS["dictionary in a dictionary"]},
        "layout": "qwertz-keyboard",
        "author": "Ann Author",
        "commit": HARMLESS[4],
        "trace": HARMLESS[3],
    }
    try:
        _read_key()
    except ValueError as error:
        raise RuntimeError(
            "token bucket empty after a password reset by ann@example.com, order 1234567890123456, basic authentication, "
            "password={message, as name=value}, redis://:{message, in an address}@cache, {message, a card}, "
            "{address in the environment}".format_map(SECRETS)
        ) from error


def _read_key() -> NoReturn:
    text = "{cause, a web token} -----BEGIN PRIVATE KEY-----\n{cause, a private key}\n-----END PRIVATE KEY-----"
    raise ValueError(text.format_map(SECRETS))


def fail(shop: Any) -> None:
    """Send the request."""
    shop.test_client().post(
        "/login?api_key={query}&token={query, another}&page=2".format_map(SECRETS),
        json={
            "password": SECRETS["JSON body"],
            "account": {"dbPassword": SECRETS["JSON body, nested"]},
            "logins": [{"access_token": SECRETS["JSON body, in a list"]}],
        },
        headers={
            "X-Api-Key": SECRETS["header X-Api-Key"],
            "Authorization": "Basic " + SECRETS["header Authorization"],
            "Proxy-Authorization": "Bearer " + SECRETS["header of the proxy"],
            "Cookie": "session=" + SECRETS["cookie"],
        },
    )
