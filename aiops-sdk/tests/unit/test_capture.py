"""What is taken down in the thread that failed, and what is told of it later."""

from __future__ import annotations

import gc
import linecache
import threading
import weakref
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from events import ExceptionGroup, a_record, an_origin, raised

from aiops_sdk import capturing, steps
from aiops_sdk.capture import Capture
from aiops_sdk.config import Config
from aiops_sdk.delivery.parcel import packed
from aiops_sdk.scope import RequestScope


class Canary:
    """Something that must not outlive the failure."""


CONFIG = Config(api_key="k")


def place_order(number: object, kind: Any = ValueError) -> None:
    canary = Canary()
    assert canary
    raise kind(f"order {number} failed")


def refund_order(number: object) -> None:
    place_order(number)


def a_failure(number: object = 7, work: Callable[[object], None] = place_order) -> Exception:
    try:
        work(number)
    except Exception as error:
        return error
    raise AssertionError


def taken(exc: BaseException) -> Capture:
    return capturing.exception(exc, "manual", "manual")


def logged(message: str = "it broke", *args: object, exc: Optional[BaseException] = None, **fields: Any) -> Capture:
    return capturing.log(a_record(message, *args, **fields), exc)


def answered(path: str, message: str = "it broke", status: int = 500, route: Optional[str] = None) -> Capture:
    capture = capturing.http_error(status, message, "ValueError", "")
    capturing.add_surroundings(capture, RequestScope("GET", path, route=route), CONFIG)
    return capture


# What it keeps.


def test_it_keeps_nothing_alive():
    class Failure(Exception):
        pass

    def fail(captures: List[Capture]) -> List[weakref.ref[Any]]:
        canary = Canary()
        cause = Failure("cause")
        try:
            try:
                raise cause
            except Failure:
                raise ExceptionGroup("many", [Failure("member")]) from cause
        except Exception as error:
            captures.append(taken(error))
            captures.append(logged("it broke", exc=error))
            captures.append(capturing.http_error(500, "it broke", "Failure", "", error))
            return [weakref.ref(thing) for thing in (canary, cause, error)]

    captures: List[Capture] = []
    references = fail(captures)
    for capture in captures:
        assert capture.key is not None
        capture.event()
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_a_request_is_copied():
    headers = {"Host": "shop", "X-Long": "x" * 5_000}
    capture = taken(a_failure())
    capturing.add_surroundings(capture, RequestScope("GET", "/orders/7", query="a=1", headers=headers), CONFIG)
    headers.clear()
    event = capture.event()
    assert event.request is not None
    assert (event.request_path, event.request.query) == ("/orders/7", "a=1")
    assert {name: len(value) for name, value in event.request.headers.items()} == {"Host": 4, "X-Long": 1_024}


def test_of_too_many_headers_the_first_are_copied():
    capture = taken(a_failure())
    capturing.add_surroundings(
        capture, RequestScope("GET", "/", headers={str(number): "x" for number in range(1_000)}), CONFIG
    )
    assert capture.request is not None
    assert len(capture.request.headers) == 64


def test_it_reads_no_file(monkeypatch: pytest.MonkeyPatch):
    def read(*_: object) -> Any:
        raise AssertionError("a file was read in the thread that failed")

    linecache.clearcache()
    with monkeypatch.context() as patched:
        for name in ("getlines", "getline", "updatecache", "checkcache"):
            patched.setattr(linecache, name, read)
        capture = taken(a_failure())
        assert capture.place is not None
        assert capture.size > 0
        assert capture.key is not None
    assert capture.event().exceptions[0].frames[-1].source is not None


def test_it_knows_the_thread_and_the_place():
    captures: List[Capture] = []
    thread = threading.Thread(target=lambda: captures.append(taken(a_failure())), name="kitchen")
    thread.start()
    thread.join()
    (capture,) = captures
    assert capture.event().contexts["process"]["thread"] == "kitchen"
    assert capture.place == (__file__, place_order.__code__.co_firstlineno + 3, "place_order")
    assert logged().place == ("/srv/shop/orders.py", 12, "place_order")
    assert answered("/").place is None


def test_its_size_grows_with_what_it_keeps():
    small, large = logged("x"), logged("x" * 5_000)
    assert 5_000 < large.size - small.size < 20_000
    with_request = taken(a_failure())
    before = with_request.size
    capturing.add_surroundings(with_request, RequestScope("GET", "/", headers={"X": "x" * 1_000}), CONFIG)
    assert with_request.size - before >= 1_000


# What it becomes.


def test_a_single_one_says_nothing_of_repeats():
    event = taken(a_failure()).event()
    assert not {"repeat_count", "first_at", "last_at"} & set(event.fields())


def test_a_summary_of_repeats_says_how_many_and_when():
    capture = taken(a_failure())
    capture.repeat_count, capture.first_at, capture.last_at = 17, 1795317247.123456, 1795317250.0
    fields = capture.event().fields()
    assert {name: fields[name] for name in ("repeat_count", "first_at", "last_at")} == {
        "repeat_count": 17,
        "first_at": "2026-11-22T03:14:07.123456Z",
        "last_at": "2026-11-22T03:14:10.000000Z",
    }


def test_the_same_stack_is_one_object_from_the_capture_to_the_parcel():
    def prepared(number: int) -> Tuple[Any, Any]:
        own: Any = steps.Steps(scrubber).run(taken(a_failure(number)).event(), an_origin())
        fields: Any = packed(own, an_origin().head()).fields
        return own["exceptions"][0]["frames"], fields["exceptions"][0]["frames"]

    scrubber = steps.Scrubber()
    (first_frames, first_text), (second_frames, second_text) = prepared(1), prepared(2)
    assert first_frames is second_frames
    assert first_text is second_text


def test_a_stack_with_a_secret_is_one_object_too():
    def fail(_: object) -> None:
        password = "hunter2-hunter2"
        raise ValueError(password)

    step = steps.Steps(steps.Scrubber())
    owns: Any = [step.run(taken(a_failure(number, fail)).event(), an_origin()) for number in range(2)]
    frames = [own["exceptions"][0]["frames"] for own in owns]
    assert frames[0] is frames[1]
    assert 'password = "[hidden]' in str(frames[0][-1].source)


# What counts as the same again.


def test_the_same_failure_again_is_a_repeat():
    assert taken(a_failure(7)).key == taken(a_failure(4711)).key
    assert hash(taken(a_failure(7)).key) == hash(taken(a_failure(4711)).key)


@pytest.mark.parametrize(
    "other",
    [
        lambda: taken(a_failure(7, refund_order)),
        lambda: taken(a_failure("x")),
        lambda: taken(a_failure(7, lambda number: place_order(number, KeyError))),
        lambda: capturing.exception(a_failure(), "process", "excepthook"),
        lambda: logged("order 7 failed"),
        lambda: logged("order 7 failed", exc=a_failure()),
        lambda: answered("/orders/7", "order 7 failed"),
        lambda: capturing.thing("order 7 failed", "manual", "manual"),
    ],
    ids=["stack", "message", "type", "source", "log", "log with exception", "answer", "text"],
)
def test_another_failure_is_none(other: Callable[[], Capture]):
    assert other().key != taken(a_failure(7)).key


def test_what_led_to_it_counts_too():
    def chained(cause: BaseException) -> Capture:
        error = a_failure()
        error.__cause__ = cause
        return taken(error)

    assert chained(a_failure()).key == chained(a_failure()).key
    assert chained(a_failure()).key != chained(raised(KeyError())).key


@pytest.mark.parametrize(
    ("first", "second", "is_repeat"),
    [
        (logged("order %d failed", 7), logged("order %d failed", 8), True),
        (logged("order %d failed", 7), logged("order 7 failed"), False),
        (logged("it broke"), logged("it broke", name="shop.payments"), False),
        (logged("it broke"), logged("it broke", level=50), False),
        (answered("/orders/7"), answered("/orders/4711"), True),
        (answered("/orders/a", route="/orders/<id>"), answered("/orders/b", route="/orders/<id>"), True),
        (answered("/orders/a"), answered("/orders/b"), False),
        (answered("/orders"), answered("/orders", status=503), False),
        (answered("/orders", "no stock"), answered("/orders", "no money"), False),
    ],
)
def test_what_counts_for_log_lines_and_answers(first: Capture, second: Capture, is_repeat: bool):
    assert (first.key == second.key) is is_repeat


def test_delivery_may_say_that_it_repeats_nothing():
    capture = taken(a_failure())
    capture.key = None
    assert capture.key is None


def test_each_has_an_id_of_its_own():
    ids: Dict[str, None] = {taken(a_failure()).event_id: None for _ in range(100)}
    assert len(ids) == 100


def test_what_a_framework_cannot_tell_of_a_request_costs_itself_alone():
    class Broken(RequestScope):
        @property
        def url(self):
            raise ValueError("a host that is none")

        @url.setter
        def url(self, value):
            pass

    capture = taken(a_failure())
    capturing.add_surroundings(capture, Broken("GET", "/orders", query="a=1"), CONFIG)
    assert capture.request is not None
    assert (capture.request.url, capture.request.query, capture.request_path) == (None, "a=1", "/orders")
