"""What the user never wants to hear of."""

from __future__ import annotations

import logging
import re
from typing import Any, Iterator

import pytest
from events import DEADLINE, ExceptionGroup, HandMadeTransport, counts

from aiops_sdk import scope
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.ignoring import Ignored
from aiops_sdk.scope import RequestScope


class ShopError(Exception):
    """Ours."""


class OutOfStockError(ShopError):
    """Derived."""


@pytest.mark.parametrize(
    ("entry", "error", "is_ignored"),
    [
        (OutOfStockError, OutOfStockError("x"), True),
        (ShopError, OutOfStockError("x"), True),
        (OutOfStockError, ShopError("x"), False),
        ("OutOfStockError", OutOfStockError("x"), True),
        (__name__ + ".ShopError", OutOfStockError("x"), True),
        ("other.ShopError", OutOfStockError("x"), False),
        ("builtins.TimeoutError", TimeoutError(), True),
        ("*timed out*", OSError("the read timed out after 3 s"), True),
        ("*timed out*", OSError("timed"), False),
        ("no * for *", ValueError("no stock for order [17]"), True),
        ("no * for", ValueError("no stock for order"), False),
        ("[*]", ValueError("[17]"), True),
        ("", ValueError(""), False),
    ],
)
def test_an_exception_is_ignored_by_class_name_or_message(entry: object, error: Exception, is_ignored: bool):
    assert Ignored([entry]).is_exception(error) is is_ignored


def test_one_alone_need_be_no_list():
    assert Ignored(ShopError).is_exception(ShopError())  # type: ignore[arg-type]
    assert Ignored("ShopError").is_exception(ShopError())


def test_many_stars_take_no_time():
    assert not Ignored(["*a" * 50 + "b"]).is_message("a" * 8_000)
    assert re.compile  # no pattern of theirs is ever compiled


@pytest.mark.skipif(ExceptionGroup is None, reason="no exception groups")
def test_a_group_is_ignored_if_all_in_it_are():
    ignored = Ignored([ShopError])
    assert ignored.is_exception(ExceptionGroup("", [ShopError(), OutOfStockError()]))
    assert not ignored.is_exception(ExceptionGroup("", [ShopError(), ValueError()]))


def test_nobody_is_asked_who_it_is():
    class Lying(type):
        def __eq__(cls, other: object) -> bool:
            raise AssertionError

        def __hash__(cls) -> int:
            raise AssertionError

        def __subclasscheck__(cls, other: object) -> bool:
            raise AssertionError

    class HostileError(Exception, metaclass=Lying):
        pass

    assert not Ignored([ShopError, "X"]).is_exception(HostileError())
    assert Ignored([HostileError]).is_exception(HostileError())


class TestInTheClient:
    """It is decided before anything is taken down, and counts as nothing."""

    @pytest.fixture
    def transport(self) -> HandMadeTransport:
        return HandMadeTransport()

    @pytest.fixture
    def client(self, transport: HandMadeTransport) -> Iterator[Client]:
        config = Config(api_key="key", ignore_errors=(ShopError, "*timed out*", "HTTPError"))
        client = Client(config, transport)
        yield client
        client.close(DEADLINE)

    def test_nothing_of_it_is_captured(self, client: Client):
        assert client.capture_exception(OutOfStockError()) is None
        assert client.capture_exception("it timed out") is None
        assert client.capture_message("it timed out") is None
        assert client.capture_http_error(status_code=500, message="x", error_type="HTTPError") is None
        record: Any = logging.LogRecord("shop", 40, "a.py", 1, "it %s", ("timed out",), None)
        assert client.capture_log(record) is None
        assert counts(client.stats()) == counts()

    def test_everything_else_is(self, client: Client):
        assert client.capture_exception(ValueError()) is not None
        assert client.capture_message("x") is not None

    def test_what_comes_of_it_in_the_same_request_is_not_told_either(self, client: Client):
        request = RequestScope("GET", "/")
        token = scope.begin(request)
        try:
            client.capture_exception(ShopError())
        finally:
            scope.end(token)
        assert request.log.has_exception


def test_fingerprints_tell_apart_what_would_be_repeats():
    transport = HandMadeTransport()
    client = Client(Config(api_key="key"), transport)
    for fingerprint in (["a"], ["b"], ["a"], "a", None):
        client.capture_exception(ValueError("x"), fingerprint=fingerprint)
    assert client.flush(DEADLINE)
    told = [(body.get("fingerprint"), body.get("repeat_count", 1)) for body in transport.bodies]
    client.close(DEADLINE)
    assert sorted(told, key=str) == sorted([(["a"], 1), (["a"], 2), (["b"], 1), (None, 1)], key=str)
