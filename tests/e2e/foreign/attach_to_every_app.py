"""A plugin for pytest that runs in somebody else's tests: the SDK is started, and attached to every Flask app that they make."""

from __future__ import annotations

import functools
from typing import Any

import flask

import aiops_sdk


def pytest_configure() -> None:
    """Key and address are in the environment."""
    aiops_sdk.init()
    make = flask.Flask.__init__

    @functools.wraps(make)
    def make_and_attach(app: flask.Flask, *arguments: Any, **named: Any) -> None:
        make(app, *arguments, **named)
        aiops_sdk.init_flask(app)

    flask.Flask.__init__ = make_and_attach  # type: ignore[method-assign,assignment]  # it is the point


def pytest_unconfigure() -> None:
    """The last events, too."""
    aiops_sdk.close()
