"""What a log line says, where it is made quickly and by nobody else's code."""

from __future__ import annotations

import logging

import pytest

from aiops_sdk.capturing import short_message


class Address:
    def __str__(self) -> str:
        raise AssertionError("nobody was to be asked")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("template", "arguments", "message"),
    [
        ("order %d of %s", (7, "Ann"), "order 7 of Ann"),
        ('%s %s "%s %d %s"', ("GET", Address(), "HTTP/1.1", 200, "OK"), 'GET <Address> "HTTP/1.1 200 OK"'),
        ("%(method)s %(url)s", ({"method": "GET", "url": Address()},), "GET <Address>"),
        ("%d", (Address(),), "%d"),
        ("%s", (), "%s"),
    ],
)
def test_of_an_object_of_others_it_says_the_class(template: str, arguments: object, message: str):
    record = logging.LogRecord("shop", logging.INFO, "shop.py", 1, template, arguments, None)  # type: ignore[arg-type]  # as logging takes them
    assert short_message(record) == message
