"""What fails in a Django project: each failure is reported once, and nothing changes for the host."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
import weakref
from typing import Any, Dict, Iterator, List
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest

pytest.importorskip("django")

import django
import django_shop
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_started
from django.http import FileResponse, Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject
from django_shop import QUIET, Broken, crash, handler500, later, view

import aiops_sdk
from aiops_sdk import Config, scope
from aiops_sdk import client as clients
from aiops_sdk.integrations.wsgi import AIOpsMiddleware
from aiops_sdk.testing import CapturedEvents, capture_events

NEEDS_ASYNC = pytest.mark.skipif(django.VERSION < (3, 1), reason="Django can be asynchronous from 3.1 on")
NEEDS_ASYNC_BODIES = pytest.mark.skipif(django.VERSION < (4, 2), reason="asynchronous bodies came with Django 4.2")
OURS = "aiops_sdk.integrations.django.Middleware"
LOUD = "the middleware broke"


@pytest.fixture(autouse=True)
def fresh() -> None:
    django_shop.begin_anew()


@pytest.fixture
def reports() -> Iterator[CapturedEvents]:
    with capture_events() as events:
        yield events


class Answer:
    """What a WSGI server would have sent."""

    def __init__(self, status: str, headers: Dict[str, str], body: Any) -> None:
        self.status = int(status[:3])
        self.headers = headers
        self.iterable = body
        self.body = b""

    @property
    def text(self) -> str:
        return self.body.decode()


def environ_of(path, method="GET", body=b"", **more):
    address, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": address.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": "shop.example",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    setup_testing_defaults(environ)
    return environ


def ask(path, app=None, **options):
    """Let Django answer as a WSGI server does."""
    started: List[Any] = []
    iterable = (app or WSGIHandler())(
        environ_of(path, **options), lambda status, headers, exc_info=None: started.append((status, headers))
    )
    status, headers = started[0]
    answer = Answer(status, dict(headers), iterable)
    try:
        for piece in iterable:
            answer.body += piece
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    return answer


def does(action, *arguments, **named):
    """Let the view raise or return it."""

    def act(request):
        found = action(*arguments, **named)
        if isinstance(found, BaseException):
            raise found
        return found

    view.does = act


def only(events):
    assert len(events) == 1, events
    return events[0]


def summary(event):
    return event["signal_type"], event["status_code"], event["error_type"], event["message"]


# One failure, one event.


def test_a_view_that_raises_is_one_event_with_traceback_path_and_route(reports):
    answer = ask("/orders/17/?verbose=1", method="POST", HTTP_X_TRACE="abc")

    assert (answer.status, answer.text) == (500, "<h1>Server Error (500)</h1>")
    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["contexts"]["capture"]["mechanism"] == "django"
    assert event["exceptions"][0]["frames"][-1]["function"] == "crash"
    assert (event["request_path"], event["route"]) == ("/orders/17/", "/orders/<int:number>/")
    assert event["request"]["method"] == "POST"
    assert event["request"]["url"] == "http://shop.example/orders/17/?verbose=1"
    assert event["request"]["query"] == "verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"
    assert event["request"]["remote_addr"] == "127.0.0.1"
    assert "aiops_sdk" not in event["stack_trace"]


def test_a_route_of_expressions_within_another_is_told_in_one(reports):
    ask("/shop/carts/17")

    assert only(reports)["route"] == "/shop/carts/(?P<number>[0-9]+)$"


def test_the_log_line_of_an_exception_adds_to_its_event(reports):
    ask("/orders/17/")

    assert "logging" in only(reports)["also_seen_by"]


@override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True)
def test_an_exception_that_django_lets_through_is_one_event_and_passes_untouched(reports):
    with pytest.raises(ZeroDivisionError) as caught:
        ask("/orders/17/")

    if sys.version_info >= (3, 11):
        assert "aiops_sdk/" not in "".join(str(entry.path) for entry in caught.traceback)
    event = only(reports)
    assert summary(event)[:3] == ("exception", 500, "ZeroDivisionError")
    assert (event["request_path"], event["route"]) == ("/orders/17/", "/orders/<int:number>/")


@override_settings(DEBUG=True)
def test_djangos_own_page_for_developers_stays_as_it_is(reports):
    answer = ask("/orders/17/")

    assert answer.status == 500
    assert "ZeroDivisionError" in answer.text
    assert "aiops_sdk/integrations" not in answer.text
    assert only(reports)["error_type"] == "ZeroDivisionError"


def test_an_exception_that_the_view_logs_and_raises_is_one_event(reports):
    def act(request):
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("shop").exception("Could not load the cart")
            raise

    view.does = act
    ask("/view")

    event = only(reports)
    assert "ValueError: x" in event["stack_trace"]
    assert event["request_path"] == "/view"


def test_an_exception_that_the_view_swallowed_is_told_by_its_message(reports):
    def act(request):
        try:
            return {"first": []}["second"]
        except KeyError as e:
            return JsonResponse({"message": str(e)}, status=500)

    view.does = act
    answer = ask("/view")

    assert json.loads(answer.body) == {"message": "'second'"}
    event = only(reports)
    assert summary(event) == ("http_error", 500, "KeyError", "'second'")
    assert (event["request_path"], event["route"]) == ("/view", "/view")


def test_an_answer_after_a_logged_exception_adds_nothing(reports):
    def act(request):
        try:
            raise ValueError("the database is down")
        except ValueError:
            logging.getLogger("shop").exception("Loading the cart failed")
            return JsonResponse({"error": "Try again later"}, status=500)

    view.does = act
    ask("/view")

    assert summary(only(reports))[0] == "log_error"


def test_an_answer_after_a_job_that_failed_in_the_request_adds_nothing(reports):
    def act():
        try:
            with aiops_sdk.monitor("import"):
                raise ValueError("no such file")
        except ValueError:
            return HttpResponse('{"error": "The import did not run"}', "application/json", 500)

    does(act)
    ask("/view")

    event = only(reports)
    assert (event["message"], event["also_seen_by"]) == ("no such file", ["http"])


@override_settings(MIDDLEWARE=[*QUIET, "django_shop.Broken"])
def test_an_exception_that_a_middleware_makes_an_answer_of_is_told_with_its_frames(reports):
    does(ValueError, "the order is closed")
    Broken.convert = lambda exc: JsonResponse({"error": "no such luck today"}, status=503)

    assert ask("/view").status == 503

    event = only(reports)
    assert summary(event) == ("http_error", 503, "ValueError", "no such luck today")
    assert event["exceptions"][0]["frames"][-1]["function"] == "act"


@override_settings(MIDDLEWARE=[*QUIET, "django_shop.Broken"])
def test_an_exception_that_a_middleware_makes_a_page_of_is_reported_itself(reports):
    does(ValueError, "the order is closed")
    Broken.convert = lambda exc: HttpResponse("sorry", status=500)

    ask("/view")

    assert summary(only(reports)) in [
        ("exception", 500, "ValueError", "the order is closed"),
        ("http_error", 500, "ValueError", "the order is closed"),
    ]


@override_settings(MIDDLEWARE=[*QUIET, "django_shop.Broken"])
def test_an_exception_that_a_middleware_makes_a_redirect_of_is_nothing(reports):
    does(PermissionDenied, "log in first")
    Broken.convert = lambda exc: HttpResponse(status=302)

    assert ask("/view").status == 302
    assert list(reports) == []


@override_settings(MIDDLEWARE=["django_shop.Broken", *QUIET])
def test_a_middleware_that_breaks_is_one_event(reports):
    def breaks(request):
        raise RuntimeError(LOUD)

    Broken.before = breaks

    assert ask("/view").status == 500
    assert summary(only(reports)) == ("exception", 500, "RuntimeError", LOUD)


def test_a_page_for_errors_that_breaks_too_is_still_one_event(reports):
    def breaks(request):
        raise LookupError("the template is not there")

    handler500.does = breaks

    with pytest.raises(LookupError):
        ask("/orders/17/")

    assert only(reports)["error_type"] == "ZeroDivisionError"


def test_two_failures_of_two_requests_are_two_events(reports):
    ask("/orders/17/")
    ask("/orders/18/")

    assert [event["request_path"] for event in reports] == ["/orders/17/", "/orders/18/"]


# Answers.


@pytest.mark.parametrize("status", [400, 401, 403, 500, 502, 503, 504])
def test_an_answer_that_says_that_something_failed_is_one_event(reports, status):
    does(JsonResponse, {"error": "no luck today"}, status=status)

    assert ask("/view").status == status
    assert summary(only(reports)) == ("http_error", status, "HTTPError", "no luck today")


@pytest.mark.parametrize("status", [404, 405, 409, 410, 422, 429, 501, 505])
def test_other_answers_are_counted_by_route(reports, status):
    does(HttpResponse, "no", status=status)

    assert ask("/view").status == status
    assert list(reports) == []
    assert clients.current().stats()["answers"] == {str(status): {"/view": 1}}


def test_a_path_that_leads_nowhere_is_counted(reports):
    does(Http404, "no such order")
    ask("/nowhere")
    ask("/view")

    assert list(reports) == []
    assert clients.current().stats()["answers"] == {"404": {"(none)": 1, "/view": 1}}


def test_a_permission_denied_is_told_with_its_reason_and_frames(reports):
    does(PermissionDenied, "not your order")

    assert ask("/view").status == 403
    event = only(reports)
    assert summary(event) == ("http_error", 403, "PermissionDenied", "not your order")
    assert event["exceptions"][0]["frames"][-1]["function"] == "act"


def test_what_django_calls_suspicious_is_one_event(reports):
    does(SuspiciousOperation, "the path leads out of the folder")

    assert ask("/view").status == 400
    assert summary(only(reports)) == ("http_error", 400, "SuspiciousOperation", "the path leads out of the folder")


def test_what_is_suspicious_and_says_nothing_is_one_event_too(reports):
    does(SuspiciousOperation)

    ask("/view")

    assert summary(only(reports))[:3] == ("http_error", 400, "SuspiciousOperation")


def test_a_wrong_host_is_what_scanners_send_and_is_counted(reports):
    assert ask("/view", HTTP_HOST="198.51.100.7").status == 400

    assert list(reports) == []
    assert clients.current().stats()["answers"] == {"400": {"(none)": 1}}


def test_a_form_without_its_token_is_told_with_the_reason(reports):
    assert ask("/checked", method="POST").status == 403

    kind, status, error_type, message = summary(only(reports))
    assert (kind, status, error_type) == ("http_error", 403, "HTTPError")
    assert message == "CSRF verification failed: CSRF cookie not set."


def test_a_form_that_cannot_be_read_is_one_event(reports):
    view.does = lambda request: HttpResponse(request.POST["x"])

    assert (
        ask("/view", method="POST", body=b"--x", CONTENT_TYPE="multipart/form-data; boundary=" + "x" * 300).status
        == 400
    )
    assert summary(only(reports))[:3] == ("http_error", 400, "MultiPartParserError")


@override_settings(MIDDLEWARE=["django.middleware.gzip.GZipMiddleware", *QUIET])
def test_a_compressed_answer_is_an_event(reports):
    does(JsonResponse, {"error": "no luck today", "more": "x" * 1000}, status=503)

    answer = ask("/view", HTTP_ACCEPT_ENCODING="gzip")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert summary(only(reports))[:2] == ("http_error", 503)


# Noise.


@pytest.mark.parametrize(("path", "method"), [("/health", "GET"), ("/view", "HEAD"), ("/view", "OPTIONS")])
def test_nothing_is_heard_of_probes(reports, path, method):
    def act(request):
        logging.getLogger("shop").critical("The probe failed")
        raise RuntimeError("not healthy")

    view.does = act

    assert ask(path, method=method).status == 500
    assert list(reports) == []


def test_a_path_that_is_to_be_skipped_is_skipped_by_either_of_its_names():
    for name in ("/view", "/shop/view"):
        with capture_events(Config(api_key="x", skip_paths=frozenset({name}))) as events:
            does(ValueError, "x")
            ask("/view", SCRIPT_NAME="/shop")
            assert list(events) == []


def test_whoever_hangs_up_is_no_failure(reports):
    class Gone(io.BytesIO):
        def read(self, *_):
            raise OSError("error during read(65536) on wsgi.input")

    view.does = lambda request: HttpResponse(request.body)
    ask("/view", method="POST", **{"wsgi.input": Gone(), "CONTENT_LENGTH": "10"})

    assert list(reports) == []


# What an event tells.


def test_a_user_that_was_looked_up_is_told(reports):
    def act(request):
        request.user = SimpleLazyObject(lambda: User(pk=7))
        str(request.user.pk)
        raise ValueError("x")

    view.does = act
    ask("/view")

    assert only(reports)["user"] == {"id": "7"}


@pytest.mark.parametrize("name", ["_cached_user", "_acached_user", "user"])
def test_a_user_that_lies_in_one_of_djangos_places_is_told(reports, name):
    def act(request):
        setattr(request, name, User(pk=7))
        raise ValueError("x")

    view.does = act
    ask("/view")

    assert only(reports)["user"] == {"id": "7"}


def test_a_user_that_nobody_looked_up_is_not_looked_up(reports):
    def act(request):
        request.user = SimpleLazyObject(lambda: pytest.fail("a query"))
        raise ValueError("x")

    view.does = act
    ask("/view")

    assert "user" not in only(reports)


def test_nobody_is_no_user(reports):
    def act(request):
        request.user = AnonymousUser()
        raise ValueError("x")

    view.does = act
    ask("/view")

    assert "user" not in only(reports)


def test_the_user_of_whom_the_program_speaks_is_told(reports):
    def act(request):
        request.user = User(pk=7)
        aiops_sdk.set_user("ada")
        raise ValueError("x")

    view.does = act
    ask("/view")
    does(ValueError, "y")
    ask("/view")

    assert reports[0]["user"] == {"id": "ada"}
    assert "user" not in reports[1]


def test_a_body_that_was_read_is_told_if_that_is_wanted():
    def act(request):
        json.loads(request.body)
        raise ValueError("x")

    view.does = act
    with capture_events(Config(api_key="x", capture_body=True)) as events:
        ask("/view", method="POST", body=b'{"cart": [7]}', CONTENT_TYPE="application/json")
        assert only(events)["request"]["body"] == {"cart": [7]}


def test_a_body_that_was_not_read_stays_unread():
    does(ValueError, "x")
    stream = io.BytesIO(b'{"cart": [7]}')

    with capture_events(Config(api_key="x", capture_body=True)) as events:
        ask("/view", method="POST", CONTENT_TYPE="application/json", **{"wsgi.input": stream, "CONTENT_LENGTH": "13"})
        assert "body" not in only(events)["request"]
    assert stream.tell() == 0


def test_a_path_and_an_address_of_any_letters_are_told(reports):
    ask("/größe")
    does(ValueError, "x")
    ask("/view?größe=1", SCRIPT_NAME="/shop")

    event = only(reports)
    assert event["request_path"] == "/view"
    assert event["request"]["url"].startswith("http://shop.example/shop/view?gr")


def test_the_address_of_the_service_is_learnt(reports):
    ask("/view", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="www.shop.example")

    assert clients.current().base_url == "https://www.shop.example"


# Bodies.


def test_a_stream_that_breaks_is_one_event_of_its_request(reports):
    with pytest.raises(ValueError, match="the stream broke"):
        ask("/pages")

    event = only(reports)
    assert summary(event) == ("exception", 500, "ValueError", "the stream broke")
    assert (event["request_path"], event["route"]) == ("/pages", "/pages")


def test_a_stream_is_read_as_it_is_sent(reports):
    made = []

    def pieces():
        for number in range(3):
            made.append(number)
            yield b"%d" % number

    view.does = lambda request: StreamingHttpResponse(pieces())
    answers: List[bytes] = []
    body = WSGIHandler()(environ_of("/view"), lambda *_: None)
    for piece in body:
        answers.append(piece)
        assert made == list(range(len(answers)))
    body.close()

    assert answers == [b"0", b"1", b"2"]


def test_a_file_goes_out_as_the_server_sends_files(reports, tmp_path):
    (tmp_path / "list").write_bytes(b"all")
    view.does = lambda request: FileResponse((tmp_path / "list").open("rb"))

    answer = ask("/view", **{"wsgi.file_wrapper": FileWrapper})

    assert isinstance(answer.iterable, FileWrapper)
    assert answer.body == b"all"
    assert ask("/view").body == b"all"


# How it attaches.


def test_the_middleware_reports_where_nothing_else_listens():
    with capture_events() as events, override_settings(MIDDLEWARE=[OURS, *QUIET]):
        handler = WSGIHandler()
        # As if init() had not listened.
        clients.current().close()
        ask("/orders/17/", handler)
        assert list(events) == []
    with capture_events() as events:
        ask("/orders/17/", handler)
        assert only(events)["error_type"] == "ZeroDivisionError"


@override_settings(MIDDLEWARE=[OURS, *QUIET])
def test_the_middleware_besides_adds_nothing(reports):
    ask("/orders/17/")
    does(JsonResponse, {"error": "no luck today"}, status=403)
    ask("/view")

    assert [summary(event)[0] for event in reports] == ["exception", "http_error"]
    assert "django" not in reports[0]["also_seen_by"]


def test_what_listens_for_a_while_within_what_listens_leaves_that_listening(reports):
    with capture_events() as within:
        assert list(within) == []
    with capture_events() as within:
        ask("/orders/17/")
        assert only(within)["request_path"] == "/orders/17/"
    ask("/orders/18/")

    event = only(reports)
    assert event["request_path"] == "/orders/18/"
    assert "django" not in event["also_seen_by"]


def test_a_beginning_of_which_somebody_else_tells_is_waited_out(reports, monkeypatch):
    with monkeypatch.context() as patched:
        patched.delitem(sys.modules, "django.core.handlers.base")
        request_started.send(sender=None)
    ask("/orders/17/")

    only(reports)


@pytest.mark.parametrize("error", [{"error": "no luck today"}, None])
def test_a_middleware_around_the_whole_app_adds_nothing(reports, error):
    app = AIOpsMiddleware(WSGIHandler())
    ask("/orders/17/", app)
    if error:
        does(JsonResponse, error, status=403)
    else:
        does(HttpResponse, "no", status=403)
    ask("/view", app)

    assert [summary(event)[0] for event in reports] == ["exception", "http_error"]
    assert [event["route"] for event in reports] == ["/orders/<int:number>/", "/view"]


def listening(signal):
    """How many hear a signal; those that are gone stay in its list for a while."""
    heard = [entry[1] for entry in signal.receivers]
    return sum(not isinstance(each, weakref.ReferenceType) or each() is not None for each in heard)


def test_a_handler_that_was_made_before_is_heard_and_then_no_more():
    handler = WSGIHandler()
    # What an earlier test has left may go at any moment.
    gc.collect()
    before = listening(got_request_exception), listening(request_started), vars(BaseHandler).copy()
    with capture_events() as events:
        ask("/orders/17/", handler)
        assert len(events) == 1
    ask("/orders/18/", handler)

    assert len(events) == 1
    after = listening(got_request_exception), listening(request_started), vars(BaseHandler).copy()
    assert after == before


def test_a_client_that_comes_in_the_midst_of_a_request_reports_it():
    with capture_events() as first:
        ask("/view")
        assert list(first) == []

        def act(request):
            logging.getLogger("shop").error("before")
            clients.make_current(running)
            raise ValueError("x")

        running = clients.make_current(None)
        view.does = act
        ask("/view")
        event = only(first)
        assert (event["error_type"], event["request_path"]) == ("ValueError", "/view")


def test_nothing_of_a_request_is_kept(reports, monkeypatch):
    # Django's line has the request with it, and pytest keeps all lines.
    monkeypatch.setattr(logging.getLogger("django"), "propagate", False)
    kept = []

    def act(request):
        kept.append(weakref.ref(request))
        raise PermissionDenied("x")

    view.does = act
    ask("/view")
    gc.collect()

    assert kept[0]() is None
    assert scope.current_work() is None


def test_requests_of_djangos_test_client_are_heard(reports):
    from django.test import Client

    with pytest.raises(ZeroDivisionError):
        Client(HTTP_HOST="shop.example").get("/orders/17/")

    event = only(reports)
    assert (event["request_path"], event["route"]) == ("/orders/17/", "/orders/<int:number>/")


def test_a_view_that_is_called_by_hand_is_left_alone(reports):
    with pytest.raises(ZeroDivisionError):
        crash(RequestFactory().get("/orders/17/"), 17)

    assert list(reports) == []


# Django REST framework.


def test_a_view_of_the_rest_framework_is_one_event_of_each_failure(reports):
    rest = pytest.importorskip("rest_framework.views")
    from rest_framework import serializers
    from rest_framework.exceptions import APIException, ParseError
    from rest_framework.response import Response

    class Line(serializers.Serializer):
        number = serializers.IntegerField()

    class Order(serializers.Serializer):
        email = serializers.EmailField()
        lines = Line(many=True)

    def validates(data):
        return lambda: Order(data=data).is_valid(raise_exception=True)

    def api(action):
        class Api(rest.APIView):
            authentication_classes: Any = ()
            permission_classes: Any = ()

            def get(self, request):
                return action()

        return lambda request: Api.as_view()(request)

    def raises(exc):
        def act():
            raise exc

        return act

    for action in (
        raises(ZeroDivisionError("x")),
        raises(APIException("the stock is not counted")),
        raises(ParseError("no such number")),
        lambda: Response({"detail": "no luck today"}, status=503),
        validates({"lines": []}),
        validates({"email": "ann@example.com", "lines": [{"number": 1}, {"number": "x"}]}),
    ):
        view.does = api(action)
        ask("/view", HTTP_ACCEPT="application/json")

    assert [summary(event) for event in reports] == [
        ("exception", 500, "ZeroDivisionError", "x"),
        ("http_error", 500, "HTTPError", "the stock is not counted"),
        ("http_error", 400, "HTTPError", "no such number"),
        ("http_error", 503, "HTTPError", "no luck today"),
        ("http_error", 400, "HTTPError", "email: This field is required."),
        ("http_error", 400, "HTTPError", "lines.number: A valid integer is required."),
    ]


# Under ASGI.


def ask_later(path, method="GET", app=None, before: Any = None):
    """Let Django answer as an ASGI server does."""
    from django.core.handlers.asgi import ASGIHandler

    sent: List[Any] = []
    address, _, query = path.partition("?")
    connection = {
        "type": "http",
        "method": method,
        "scheme": "https",
        "path": address,
        "query_string": query.encode(),
        "headers": [(b"host", b"shop.example"), (b"x-trace", b"abc")],
        "client": ("127.0.0.1", 4711),
        "server": ("shop.example", 443),
    }

    async def run() -> None:
        handed = asyncio.Event()

        async def receive() -> Dict[str, object]:
            if not handed.is_set():
                handed.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message) -> None:
            sent.append(message)

        await asyncio.wait_for((app or ASGIHandler())(connection, receive, send), 30)

    asyncio.run(run())
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@NEEDS_ASYNC
def test_under_asgi_a_view_that_raises_is_one_event(reports):
    assert ask_later("/orders/17/?verbose=1")[0] == 500

    event = only(reports)
    assert summary(event) == ("exception", 500, "ZeroDivisionError", "integer division or modulo by zero")
    assert event["exceptions"][0]["frames"][-1]["function"] == "crash"
    assert (event["request_path"], event["route"]) == ("/orders/17/", "/orders/<int:number>/")
    assert event["request"]["url"] == "https://shop.example/orders/17/?verbose=1"
    assert event["request"]["headers"]["X-Trace"] == "abc"
    assert clients.current().base_url == "https://shop.example"


@NEEDS_ASYNC
def test_an_asynchronous_view_that_raises_is_one_event(reports):
    async def act(request):
        await asyncio.sleep(0)
        raise KeyError("sku")

    later.does = act
    assert ask_later("/later")[0] == 500
    assert ask("/later").status == 500

    assert [summary(event)[:3] for event in reports] == [("exception", 500, "KeyError")] * 2
    assert [event["route"] for event in reports] == ["/later"] * 2


@NEEDS_ASYNC
def test_under_asgi_an_answer_is_told_and_a_denial(reports):
    does(JsonResponse, {"error": "no luck today"}, status=503)
    assert ask_later("/view") == (503, b'{"error": "no luck today"}')
    does(PermissionDenied, "not your order")
    assert ask_later("/view")[0] == 403

    assert [summary(event) for event in reports] == [
        ("http_error", 503, "HTTPError", "no luck today"),
        ("http_error", 403, "PermissionDenied", "not your order"),
    ]


@NEEDS_ASYNC
def test_under_asgi_the_middleware_and_one_around_the_whole_app_add_nothing(reports):
    from django.core.handlers.asgi import ASGIHandler

    from aiops_sdk.integrations.asgi import AIOpsMiddleware as Around

    with override_settings(MIDDLEWARE=[OURS, *QUIET]):
        app = Around(ASGIHandler())
        ask_later("/orders/17/", app=app)
        does(HttpResponse, "no", status=403)
        ask_later("/view", app=app)

    assert [summary(event)[0] for event in reports] == ["exception", "http_error"]


@NEEDS_ASYNC_BODIES
def test_an_asynchronous_stream_that_breaks_is_one_event(reports):
    async def pieces():
        yield b"first"
        raise ValueError("the stream broke")

    view.does = lambda request: StreamingHttpResponse(pieces())
    with pytest.raises(ValueError, match="the stream broke"):
        ask_later("/view")

    event = only(reports)
    assert (event["error_type"], event["request_path"]) == ("ValueError", "/view")


@NEEDS_ASYNC_BODIES
def test_an_asynchronous_stream_goes_out_untouched(reports):
    async def pieces():
        yield b"first "
        yield b"second"

    view.does = lambda request: StreamingHttpResponse(pieces())

    assert ask_later("/view") == (200, b"first second")
    assert list(reports) == []
