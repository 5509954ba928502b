"""What a WSGI environ says of its request."""

from __future__ import annotations

from typing import List

import pytest
from events import a_client

from aiops_sdk import scope, wsgi
from aiops_sdk.listening import Listener
from aiops_sdk.wsgi import StreamedBody, WsgiRequest


def an_environ(**values):
    usual = {
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "10.0.0.7",
        "SERVER_PORT": "8000",
        "HTTP_HOST": "shop.example.com",
    }
    return {**usual, **values}


def test_the_base_url_is_scheme_and_host():
    assert wsgi.base_url_of(an_environ()) == "http://shop.example.com"
    assert wsgi.base_url_of(an_environ(**{"wsgi.url_scheme": "https"})) == "https://shop.example.com"


def test_a_proxy_in_front_says_it_better():
    environ = an_environ(HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="www.example.com")

    assert wsgi.base_url_of(environ) == "https://www.example.com"
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_PROTO="https")) == "https://shop.example.com"
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_HOST="www.example.com")) == "http://www.example.com"


def test_of_a_list_the_first_element_counts():
    environ = an_environ(HTTP_X_FORWARDED_PROTO="https, http", HTTP_X_FORWARDED_HOST="www.example.com , 10.0.0.1")

    assert wsgi.base_url_of(environ) == "https://www.example.com"


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "shop:8000", "a.b-c.example", "203.0.113.7", "203.0.113.7:80", "[::1]", "[2001:db8::7]:8443", "my_service",
        "xn--bcher-kva.example", "SHOP.example", "example.com.", "a", "a" * 200,
    ],
)  # fmt: skip
def test_hosts_of_every_usual_shape_are_taken(host):
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_HOST=host)) == "http://" + host
    assert wsgi.base_url_of(an_environ(HTTP_HOST=host)) == "http://" + host


NONSENSE = [
    "", " ", "a b", "a/b", "user@host", "host?x", "host#x", "http://host", "<script>", "ho\nst", "-a", "a:port", "a:123456", "::1",
    "[::1", "[x]", "h\u00f6st", "a" * 300, "%00", "'", "host:80:80", "../x",
]  # fmt: skip


@pytest.mark.parametrize("host", NONSENSE)
def test_a_forwarded_host_without_the_shape_of_one_is_not_believed(host):
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_HOST=host)) == "http://shop.example.com"


@pytest.mark.parametrize("host", NONSENSE[1:])
def test_a_request_that_says_nothing_useful_is_waited_out(host):
    assert wsgi.base_url_of(an_environ(HTTP_HOST=host)) is None


@pytest.mark.parametrize("scheme", ["", "ftp", "javascript", "https:", "HTTPS://", "h ttps", "wss"])
def test_a_forwarded_scheme_that_is_none_is_not_believed(scheme):
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_PROTO=scheme)) == "http://shop.example.com"


def test_a_scheme_may_be_written_in_capitals():
    assert wsgi.base_url_of(an_environ(HTTP_X_FORWARDED_PROTO="HTTPS")) == "https://shop.example.com"


def test_without_a_host_header_the_server_s_own_name_counts():
    environ = an_environ()
    del environ["HTTP_HOST"]

    assert wsgi.base_url_of(environ) == "http://10.0.0.7:8000"
    assert wsgi.base_url_of({**environ, "SERVER_NAME": "unix:///run/shop.sock", "SERVER_PORT": ""}) is None
    assert wsgi.base_url_of({}) is None


@pytest.mark.parametrize(
    ("path_info", "path"),
    [
        ("/orders", "/orders"), ("orders", "/orders"), ("", "/"), ("//orders", "/orders"), ("/orders/", "/orders/"),
        ("/b\u00c3\u00bccher", "/b\u00fccher"), ("/\u00ff", "/\ufffd"), ("/\u4e2d", "/?"), ("/a b", "/a b"),
    ],
)  # fmt: skip
def test_the_path_is_decoded_as_frameworks_do(path_info, path):
    assert wsgi.path_of(path_info) == path


def test_below_a_prefix_there_are_two_paths():
    assert wsgi.outer_path_of({"SCRIPT_NAME": "/shop/", "PATH_INFO": "/orders"}) == "/shop/orders"
    assert wsgi.outer_path_of({"SCRIPT_NAME": "", "PATH_INFO": "/orders"}) is None
    assert wsgi.outer_path_of({"PATH_INFO": "/orders"}) is None


def a_request(**values) -> WsgiRequest:
    return WsgiRequest(an_environ(**values), Listener(a_client()))


def test_a_request_tells_what_its_environ_says():
    request = a_request(
        PATH_INFO="/orders", QUERY_STRING="page=2", REMOTE_ADDR="203.0.113.7", CONTENT_TYPE="text/plain", CONTENT_LENGTH="",
        HTTP_X_REQUEST_ID="7", REQUEST_METHOD="GET",
    )  # fmt: skip

    assert request.url == "http://shop.example.com/orders?page=2"
    assert request.query == "page=2"
    assert request.remote_addr == "203.0.113.7"
    assert request.headers == {"Host": "shop.example.com", "X-Request-Id": "7", "Content-Type": "text/plain"}
    assert request.route is None


def test_an_empty_environ_tells_nothing_and_harms_nobody():
    request = WsgiRequest({"wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}, Listener(a_client()))

    assert (request.method, request.path, request.query, request.remote_addr, request.headers) == (
        "GET",
        "/",
        None,
        None,
        {},
    )


def test_a_request_is_as_it_came_even_if_an_app_changes_its_environ():
    environ = an_environ(REQUEST_METHOD="POST", PATH_INFO="/shop/orders")
    request = WsgiRequest(environ, Listener(a_client()))
    environ.update(REQUEST_METHOD="PUT", PATH_INFO="/orders", SCRIPT_NAME="/shop")

    assert (request.method, request.path) == ("POST", "/shop/orders")


def test_whether_a_request_is_silent_is_asked_once_and_only_if_it_matters():
    asked = []

    class Curious(Listener):
        def skips(self, *given):
            asked.append(given)
            return False

    request = WsgiRequest(an_environ(REQUEST_METHOD="post", PATH_INFO="/orders"), Curious(a_client()))
    assert asked == []

    assert not request.silent
    assert not request.silent
    assert asked == [("POST", "/orders", None)]


def test_a_request_has_only_what_a_request_has():
    assert not hasattr(a_request(), "cookies")


def test_a_streamed_body_is_in_its_request_only_while_a_piece_is_made():
    request, seen = a_request(), []

    def pieces():
        seen.append(scope.current_request())
        yield b"a"
        seen.append(scope.current_request())

    body = StreamedBody(pieces(), request, lambda _: None)

    assert next(body) == b"a"
    assert scope.current_request() is None
    assert list(body) == []
    assert seen == [request, request]


def test_what_breaks_in_a_streamed_body_is_told_and_passes_on():
    told = []

    def pieces():
        yield b"a"
        raise ValueError("x")

    body = StreamedBody(pieces(), a_request(), told.append)
    with pytest.raises(ValueError, match="x") as caught:
        list(body)

    assert told == [caught.value]
    assert scope.current_request() is None


def test_a_body_without_close_can_be_closed():
    told: List[BaseException] = []
    body = StreamedBody([b"a"], a_request(), told.append)
    assert list(body) == [b"a"]
    body.close()
    assert (told, scope.current_request()) == ([], None)
