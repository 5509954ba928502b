"""What the page promises under "What's Excluded (Built-in Noise Filtering)", sentence by sentence."""

from __future__ import annotations

import logging
from typing import Callable, List

import flask
import pytest
from loopback import Platform

import aiops_sdk


@pytest.fixture
def silence(platform: Platform) -> Callable[[], None]:
    """Asserts that nothing was reported until now: something audible is said, and it is all that arrives."""
    aiops_sdk.init(api_key="key", platform_url=platform.url)

    def check() -> None:
        logging.getLogger("shop").error("Audible")
        assert [event["message"] for event in platform.wait_for_events()] == ["Audible"]
        assert aiops_sdk.flush(10)
        assert len(platform.events) == 1

    return check


def an_app_that_always_crashes() -> flask.Flask:
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "OPTIONS"])
    @app.route("/<path:path>", methods=["GET", "POST", "OPTIONS"])
    def crash(path: str) -> str:
        logging.getLogger("shop").error("About to crash")
        raise RuntimeError("crash")

    return app


def test_the_sdk_is_designed_for_zero_false_positives_in_production(silence: Callable[[], None]) -> None:
    """The SDK is designed for zero false positives in production:"""
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)
    app.add_url_rule("/", "home", lambda: "ok")
    app.add_url_rule("/old", "old", lambda: flask.redirect("/"))
    app.add_url_rule("/missing", "missing", lambda: flask.abort(404))
    client = app.test_client()

    for path in ("/", "/old", "/missing", "/nowhere", "/wp-login.php", "/favicon.ico"):
        client.get(path)
    client.post("/")
    logging.getLogger("shop").warning("Only a warning")

    silence()


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_options_and_head_requests(method: str, silence: Callable[[], None]) -> None:
    """**`OPTIONS` and `HEAD` requests** — CORS preflights and HTTP HEAD probes are never application errors"""
    assert an_app_that_always_crashes().test_client().open("/orders", method=method).status_code == 500

    silence()


HEALTH_PATHS = [
    "/health", "/healthz", "/ping", "/ready", "/alive", "/readiness", "/liveness", "/metrics", "/status", "/favicon.ico",
    "/robots.txt",
]  # fmt: skip


def test_health_check_paths(silence: Callable[[], None]) -> None:
    """**Health-check paths** — `/health`, `/healthz`, `/ping`, `/ready`, `/alive`, `/readiness`, `/liveness`, `/metrics`, `/status`, `/favicon.ico`, `/robots.txt`"""
    client = an_app_that_always_crashes().test_client()

    for path in HEALTH_PATHS:
        assert client.get(path).status_code == 500
        assert client.get(path + "/").status_code == 500

    silence()


def test_static_files(silence: Callable[[], None]) -> None:
    """**Static files** — `.js`, `.css`, `.ico`, `.png`, `.jpg`, `.svg`, `.woff`, `.woff2`, `.ttf`, `.map`, and more"""
    client = an_app_that_always_crashes().test_client()

    for extension in (
        "js",
        "css",
        "ico",
        "png",
        "jpg",
        "svg",
        "woff",
        "woff2",
        "ttf",
        "map",
        "jpeg",
        "gif",
        "webp",
        "eot",
        "mjs",
    ):
        assert client.get(f"/assets/shop.{extension}").status_code == 500

    silence()


@pytest.mark.parametrize("status", [404, 429])
@pytest.mark.parametrize("made", ["returned", "aborted", "as JSON"])
def test_http_404_and_http_429(status: int, made: str, silence: Callable[[], None]) -> None:
    """**HTTP 404** — "path not found" is expected client behaviour, not a server bug

    **HTTP 429** — rate-limiting is working as intended, not an error state
    """
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)

    @app.route("/orders/17")
    def order() -> flask.typing.ResponseReturnValue:
        if made == "aborted":
            flask.abort(status)
        return ("no", status) if made == "returned" else (flask.jsonify(error="no such order"), status)

    assert app.test_client().get("/orders/17").status_code == status

    silence()


def test_werkzeug_access_log_noise(silence: Callable[[], None]) -> None:
    """**Werkzeug access log noise** — bot/scanner traffic logged by the HTTP server layer"""
    server = logging.getLogger("werkzeug")
    for address in ("203.0.113.7", "2001:db8::7", "<local>", "unix"):
        server.error('%s - - [22/Nov/2026 03:14:07] code 400, message Bad request version ("\\x16\\x03")', address)
        server.error('%s - - [22/Nov/2026 03:14:07] "GET /wp-login.php HTTP/1.1" 500 -', address)

    silence()


@pytest.mark.parametrize(
    "name", ["urllib3", "urllib3.connectionpool", "requests", "requests.packages.urllib3.connectionpool"]
)
def test_urllib3_and_requests_library_errors(name: str, silence: Callable[[], None]) -> None:
    """**`urllib3` / `requests` library errors** — connection pool noise when the platform itself is temporarily unreachable"""
    logging.getLogger(name).error("Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'")

    silence()


@pytest.mark.parametrize("name", ["myapp.requests", "urllib3_cache", "requests_oauthlib", "werkzeug_shop"])
def test_libraries_with_similar_names_are_heard(name: str, platform: Platform) -> None:
    """**`urllib3` / `requests` library errors** (and nothing else's)"""
    aiops_sdk.init(api_key="key", platform_url=platform.url)

    logging.getLogger(name).error("An error of the app")

    assert [event["message"] for event in platform.wait_for_events()] == ["An error of the app"]


def test_the_sdk_s_own_logs(silence: Callable[[], None]) -> None:
    """**SDK's own logs** — prevents feedback loops if the background worker logs a failure"""
    logging.getLogger("aiops_sdk").error("Cannot deliver")
    logging.getLogger("aiops_sdk.delivery.worker").critical("Cannot deliver")

    silence()


def test_adding_custom_exclusions(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """# Exclude additional paths without code changes:

    export AIOPS_SKIP_PATHS=/admin/health,/internal/ping,/ops/ready
    """
    monkeypatch.setenv("AIOPS_SKIP_PATHS", "/admin/health,/internal/ping,/ops/ready")
    aiops_sdk.init(api_key="key", platform_url=platform.url)
    client = an_app_that_always_crashes().test_client()

    for path in ("/admin/health", "/internal/ping", "/ops/ready", "/ops/ready/"):
        assert client.get(path).status_code == 500
    client.get("/admin")
    platform.wait_for_events(2)
    assert aiops_sdk.flush(10)

    assert {event["request_path"] for event in platform.events} == {"/admin"}


def test_what_is_excluded_is_excluded_for_every_source(silence: Callable[[], None]) -> None:
    """[noise filter] OPTIONS / HEAD → skip

    [noise filter] /health → skip

    [noise filter] .js/.css → skip
    """
    app = flask.Flask("shop")
    aiops_sdk.init_flask(app)
    answered: List[str] = []

    @app.route("/<path:path>", methods=["GET", "OPTIONS"])
    def probe(path: str) -> flask.typing.ResponseReturnValue:
        logging.getLogger("shop").critical("The probe failed")
        aiops_sdk.capture_exception(RuntimeError("by hand"))
        answered.append(path)
        return flask.jsonify(error="not healthy"), 503

    for path, method in (
        ("/health", "GET"),
        ("/shop.js", "GET"),
        ("/shop.css", "GET"),
        ("/x", "HEAD"),
        ("/x", "OPTIONS"),
    ):
        assert app.test_client().open(path, method=method).status_code == 503

    assert len(answered) == 5
    silence()
