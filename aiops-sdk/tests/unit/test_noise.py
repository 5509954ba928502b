"""What is silent and what is not, by many realistic examples."""

import asyncio
import concurrent.futures
import logging
import sys

import pytest

from aiops_sdk import noise
from aiops_sdk.scope import RequestScope

HEALTH_PATHS_OF_THE_PAGE = [
    "/health", "/healthz", "/ping", "/ready", "/alive", "/readiness", "/liveness",
    "/metrics", "/status", "/favicon.ico", "/robots.txt",
]  # fmt: skip
PROBE_PATHS_OF_TODAY = [
    "/livez", "/readyz", "/api/health", "/api/v1/healthz", "/health/live", "/health/ready",
    "/actuator/health", "/_health", "/-/healthy",
]  # fmt: skip


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "options", "Head"])
def test_preflights_and_probes_by_method_are_silent(method):
    assert noise.is_noisy_request(method, "/orders")


@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "OPTIONSX", ""]
)
def test_other_methods_are_not_silent(method):
    assert not noise.is_noisy_request(method, "/orders")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", HEALTH_PATHS_OF_THE_PAGE + PROBE_PATHS_OF_TODAY)
def test_health_paths_are_silent_with_and_without_a_trailing_slash(method, path):
    assert noise.is_noisy_request(method, path)
    assert noise.is_noisy_request(method, path + "/")


@pytest.mark.parametrize(
    "path",
    [
        "/", "", "/healthy", "/health-insurance", "/healthcheck-results", "/health/7", "/health/live/7", "/api/health/7",
        "/v2/health", "/api/status", "/orders/status", "/status/7", "/pinger", "/ping/pong", "/ready-meals", "/alive/x",
        "/metrics.json", "/metrics/custom", "/robots", "/robots.txt.bak", "/Health", "/HEALTHZ", "health", "//health",
        "/api/v1/health", "/api/v2/healthz", "/actuator", "/actuator/env", "/-/ready", "/_healthy", "/livezz", "/ healthz",
        "/health?x", "/health;v=1", "/healthz\n",
    ],
)  # fmt: skip
def test_paths_are_compared_exactly(path):
    assert not noise.is_noisy_request("GET", path)


@pytest.mark.parametrize(
    "extension",
    [
        "js", "mjs", "css", "ico", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp", "woff", "woff2", "ttf", "otf",
        "eot", "map", "webmanifest", "wasm", "mp4", "webm", "mp3", "JS", "Png", "js.map", "css.gz", "js.br", "min.js",
    ],
)  # fmt: skip
def test_static_files_are_silent(extension):
    assert noise.is_noisy_request("GET", f"/static/shop.4f2a.{extension}")


@pytest.mark.parametrize(
    "path",
    [
        "/invoices/7.pdf", "/orders.json", "/feed.xml", "/export.csv", "/backup.zip", "/page.html", "/notes.txt", "/a.php",
        "/users/jane.doe", "/v1.2/orders", "/orders/js", "/css", "/js/", "/js", "/.css", "/static/.map", "/app.js/orders",
        "/orders.jsx", "/logo.pngx", "/archive.tar.gz", "/data.gz", "/.gz", "/a.", "/.", "/..", "/x.json.gz",
    ],
)  # fmt: skip
def test_documents_data_and_views_are_no_static_files(path):
    assert not noise.is_noisy_request("GET", path)


def test_extra_paths_are_silent_too_and_exact_too():
    extra = noise.skip_paths("/admin/health, /internal/ping/ ,ops/ready")

    assert noise.is_noisy_request("GET", "/admin/health", extra)
    assert noise.is_noisy_request("GET", "/admin/health/", extra)
    assert noise.is_noisy_request("GET", "/internal/ping", extra)
    assert noise.is_noisy_request("GET", "/ops/ready/", extra)
    assert not noise.is_noisy_request("GET", "/admin", extra)
    assert not noise.is_noisy_request("GET", "/admin/health/7", extra)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/a,/b", {"/a", "/b"}),
        (" /a , /b\n", {"/a", "/b"}),
        ("/a,\n  /b,\n", {"/a", "/b"}),
        ("/a/,/b//", {"/a", "/b"}),
        ("a,b/c", {"/a", "/b/c"}),
        ("/a,,/a", {"/a"}),
        ("/", {"/"}),
        ("//a", {"/a"}),
        ("", set()),
        (" , ,", set()),
        (None, set()),
        (["/a ", "b"], {"/a", "/b"}),
        (("/a",), {"/a"}),
        (frozenset(), set()),
    ],
)
def test_skip_paths_forgive_how_they_are_written(written, meant):
    assert noise.skip_paths(written) == meant


def test_skipping_the_root_skips_nothing_else():
    extra = noise.skip_paths("/")

    assert noise.is_noisy_request("GET", "/", extra)
    assert not noise.is_noisy_request("GET", "/orders", extra)


def test_exactly_the_statuses_of_the_page_count():
    assert {status for status in range(1000) if noise.counts_as_failure(status)} == {400, 401, 403, 500, 502, 503, 504}


@pytest.mark.parametrize(
    "name",
    [
        "werkzeug", "werkzeug.serving", "werkzeug._internal", "urllib3", "urllib3.connectionpool", "urllib3.util.retry",
        "requests", "requests.sessions", "requests.packages.urllib3", "requests.packages.urllib3.connectionpool",
        "aiops_sdk", "aiops_sdk.delivery.worker",
    ],
)  # fmt: skip
def test_quiet_loggers_and_their_children(name):
    assert noise.is_noisy_logger(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "root", "myapp", "myapp.requests", "myapp.urllib3", "shop.werkzeug", "werkzeug_shop", "werkzeugs", "urllib3_cache",
        "urllib", "requests_oauthlib", "requestsx", "Requests", "aiops_sdk_demo", "aiops_sdk_demo.views", "aiops", "aiops_sdkx",
        "gunicorn.error", "flask.app", "app.aiops_sdk", "__main__",
    ],
)  # fmt: skip
def test_other_loggers_are_heard(name):
    assert not noise.is_noisy_logger(name)


def a_record(name: str, message: object, *args: object, exc=None) -> logging.LogRecord:
    exc_info = (type(exc), exc, exc.__traceback__) if exc is not None else None
    return logging.LogRecord(name, logging.ERROR, "shop.py", 7, message, args, exc_info)


ACCESS_LINES = [
    '203.0.113.7 - - [22/Nov/2026 03:14:07] code 400, message Bad request version ("\\x16\\x03\\x01")',
    '127.0.0.1 - - [22/Nov/2026 03:14:07] "GET /orders HTTP/1.1" 500 -',
    "2001:db8::7 - - [22/Nov/2026 03:14:07] code 400, message Bad HTTP/0.9 request type ('\\x05\\x01')",
    "fe80::1%eth0 - - [22/Nov/2026 03:14:07] code 505, message Invalid HTTP version (2.0)",
    "::1 - - [22/Nov/2026 03:14:07] code 501, message Unsupported method ('BREW')",
    '<local> - - [22/Nov/2026 03:14:07] "\x1b[35m\x1b[1mGET / HTTP/1.1\x1b[0m" 500 -',
    "unix:/run/shop.sock - - [22/Nov/2026 03:14:07] code 400, message Bad request syntax ('PRI * HTTP/2.0')",
    " - - [22/Nov/2026 03:14:07] code 408, message Request timed out",
]


@pytest.mark.parametrize("line", ACCESS_LINES)
def test_lines_of_the_http_server_are_silent_whatever_the_address(line):
    assert noise.is_noisy_record(a_record("werkzeug", line))
    assert noise.is_noisy_record(a_record("werkzeug.serving", line))


@pytest.mark.parametrize("line", ACCESS_LINES)
@pytest.mark.parametrize("name", ["myapp", "root", "flask.app", "proxy.werkzeug"])
def test_an_app_that_quotes_such_a_line_is_heard(name, line):
    assert not noise.is_noisy_record(a_record(name, f"The upstream said: {line}"))
    assert not noise.is_noisy_record(a_record(name, line))


@pytest.mark.parametrize("line", ["Cannot fetch SSL peer certificate info", "SSL error occurred: EOF"])
def test_what_the_http_server_says_about_connections_is_silent(line):
    assert noise.is_noisy_record(a_record("werkzeug", line))


def test_an_app_that_crashed_under_the_development_server_is_heard():
    assert not noise.is_noisy_record(a_record("werkzeug", "Error on request:\nTraceback (most recent call last):\n"))
    assert not noise.is_noisy_record(
        a_record("werkzeug", "Error on request:\n%s", "Traceback (most recent call last):\n")
    )


@pytest.mark.parametrize("message", [None, 7, ValueError("x"), "", "100 %", ["Error on request:\n"]])
def test_records_of_any_kind_can_be_asked_about(message):
    assert noise.is_noisy_record(a_record("werkzeug", message))
    assert not noise.is_noisy_record(a_record("myapp", message))


@pytest.mark.parametrize("exc_info", [True, (), (None, None, None), "x", ValueError("x"), (ValueError,)])
def test_a_record_with_a_strange_exc_info_is_heard(exc_info):
    record = a_record("myapp", "It failed")
    record.exc_info = exc_info

    assert not noise.is_noisy_record(record)


def test_a_log_line_about_ctrl_c_is_silent():
    assert noise.is_noisy_record(a_record("myapp", "The loop ended", exc=KeyboardInterrupt()))
    assert noise.is_noisy_record(a_record("myapp", "The loop ended", exc=SystemExit()))
    assert noise.is_noisy_record(a_record("myapp", "The loop ended", exc=SystemExit(0)))


def test_a_log_line_about_a_worker_that_was_ended_because_it_hung_is_heard():
    assert not noise.is_noisy_record(a_record("gunicorn.error", "Error handling request /slow", exc=SystemExit(1)))


def test_a_log_line_with_an_error_of_the_app_is_heard():
    assert not noise.is_noisy_record(a_record("myapp", "It failed", exc=ValueError("x")))


@pytest.mark.parametrize("exc", [KeyboardInterrupt(), SystemExit(), SystemExit(3), SystemExit("bye"), GeneratorExit()])
def test_ways_to_stop_are_no_incidents(exc):
    assert noise.is_noisy_exception(exc)


@pytest.mark.parametrize(
    "exc",
    [
        ValueError("x"), KeyError("SystemExit"), OSError(), OSError("disk full"), OSError(28, "No space left on device"),
        ConnectionError(), ConnectionResetError(104, "Connection reset by peer"), ConnectionRefusedError(111, "refused"),
        BrokenPipeError(32, "Broken pipe"), TimeoutError("timed out"), StopIteration(), AssertionError(), MemoryError(),
        OSError("write error on disk 2"), Exception("write error"), OSError("read error"), EOFError(),
    ],
)  # fmt: skip
def test_errors_of_the_app_are_incidents(exc):
    assert not noise.is_noisy_exception(exc)


def test_no_exception_is_no_noise():
    assert not noise.is_noisy_exception(None)


@pytest.mark.parametrize(
    "text",
    [
        "write error", "failed to write data", "error during read(65536) on wsgi.input", "timeout during read(8) on wsgi.input",
        "Apache/mod_wsgi request data read error: Partial results are valid but processing not required.",
    ],
)  # fmt: skip
def test_servers_without_an_exception_of_their_own_are_known_by_their_words(text):
    assert noise.is_noisy_exception(OSError(text))


def raised_in(module: str, exc: BaseException, *, below: str = "") -> BaseException:
    """`exc`, as raised by code of `module`, or by code of a module `below` that it calls."""
    outer = {"__name__": module, "exc": exc}
    inner = {"__name__": below, "exc": exc}
    exec("def run():\n    raise exc\n", inner if below else outer)
    if below:
        outer["called"] = inner["run"]
        exec("def run():\n    called()\n", outer)
    try:
        outer["run"]()
    except BaseException as raised:
        return raised
    raise AssertionError("it did not raise")


def broken_pipe():
    return BrokenPipeError(32, "Broken pipe")


def connection_reset():
    return ConnectionResetError(104, "Connection reset by peer")


def connection_aborted():
    return ConnectionAbortedError(103, "Software caused connection abort")


BREAKS = [broken_pipe, connection_reset, connection_aborted]


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("below", ["", "socket", "ssl", "gevent._socketcommon", "eventlet.greenio.base"])
@pytest.mark.parametrize(
    "server",
    [
        "socketserver", "http.server", "wsgiref.handlers", "werkzeug.serving", "werkzeug.wsgi", "gunicorn.http.wsgi",
        "gunicorn.workers.sync", "waitress.channel", "gevent.pywsgi", "eventlet.wsgi", "cheroot.server", "uvicorn.protocols.x",
    ],
)  # fmt: skip
def test_a_client_that_hung_up_on_the_server_is_no_incident(server, below, broken):
    assert noise.is_noisy_exception(raised_in(server, broken(), below=below))


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("below", ["", "socket", "ssl"])
@pytest.mark.parametrize(
    "owner",
    ["pymysql.connections", "http.client", "redis.connection", "myapp.views", "urllib3.connection", "gunicorn_shop"],
)
def test_a_connection_of_the_app_that_broke_is_an_incident(owner, below, broken):
    assert not noise.is_noisy_exception(raised_in(owner, broken(), below=below))


def test_an_error_of_the_server_that_is_no_hang_up_is_an_incident():
    assert not noise.is_noisy_exception(raised_in("gunicorn.workers.sync", OSError(24, "Too many open files")))
    assert not noise.is_noisy_exception(raised_in("werkzeug.serving", ValueError("x")))


class ClientDisconnected(Exception):
    """Looks like werkzeug's by its name and its module."""

    __module__ = "werkzeug.exceptions"


def test_a_framework_s_own_exception_for_it_is_known_by_name_and_module():
    assert noise.is_noisy_exception(ClientDisconnected())
    assert noise.is_noisy_exception(type("Mine", (ClientDisconnected,), {})())
    assert not noise.is_noisy_exception(type("ClientDisconnected", (Exception,), {"__module__": "shop.errors"})())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_a_group_is_noise_when_all_in_it_is():
    group = BaseExceptionGroup  # noqa: F821

    assert noise.is_noisy_exception(group("stop", [KeyboardInterrupt(), group("again", [SystemExit()])]))
    assert not noise.is_noisy_exception(group("mixed", [KeyboardInterrupt(), ValueError("x")]))


class Lying(OSError):
    """Everything that it says of itself is an error."""

    def fail(self, *_):
        raise RuntimeError("a property that fails")

    __class__ = errno = args = __traceback__ = exceptions = property(fail)
    __module__ = property(fail)
    __str__ = __repr__ = __eq__ = __hash__ = fail


@pytest.mark.parametrize("kind", [Lying, type("ExceptionGroup", (Lying, Exception), {})])
def test_an_exception_whose_attributes_fail_is_an_incident(kind):
    assert not noise.is_noisy_exception(kind(104, "reset"))


def test_a_module_without_a_proper_name_is_no_server():
    assert not noise.is_noisy_exception(raised_in(["werkzeug.serving"], broken_pipe()))


def test_each_rule_has_a_name_of_its_own_and_a_reason_in_one_sentence():
    assert len({rule.name for rule in noise.RULES}) == len(noise.RULES)
    for rule in noise.RULES:
        assert rule.name == rule.name.lower().replace(" ", "-")
        assert 20 < len(rule.reason) < 160
        assert not rule.reason.endswith(".")
        assert rule.about in (noise.REQUESTS, noise.ANSWERS, noise.EXCEPTIONS, noise.TASKS, noise.LINES)


def test_all_rules_are_listed():
    made = {value for value in vars(noise).values() if isinstance(value, noise.Rule)}
    assert made == set(noise.RULES)


@pytest.mark.parametrize(
    ("status", "path", "route", "rule"),
    [
        (404, "/orders", "/orders", noise.EXPECTED_ANSWER),
        (429, "/orders", None, noise.EXPECTED_ANSWER),
        (403, "/.env", None, noise.SCANNER),
        (401, "/wp-login.php", "", noise.SCANNER),
        (403, "/.env", "/<path:path>", None),
        (500, "/.env", None, None),
        (403, "/orders", None, None),
        (403, "/php", None, None),
    ],
)
def test_the_rule_of_an_answer(status, path, route, rule):
    assert noise.answer_rule(status, path, route) is rule


def test_what_asyncio_cancels_is_noise_only_where_a_request_ends_by_it():
    assert noise.exception_rule(asyncio.CancelledError()) is None
    assert noise.exception_rule(asyncio.CancelledError(), in_request=True) is noise.CANCELLED
    assert noise.exception_rule(concurrent.futures.CancelledError(), in_request=True) is None


def test_a_silent_request_is_silent_by_a_rule_wherever_it_is_mounted():
    assert noise.silence_rule(RequestScope("GET", "/health"), frozenset()) is noise.HEALTH_PATH
    assert noise.silence_rule(RequestScope("GET", "/orders"), frozenset()) is noise.SKIPPED_PATH
    assert noise.silence_rule(object(), frozenset()) is noise.SKIPPED_PATH
