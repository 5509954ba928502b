"""The same problem has the same key, whatever numbers, ids, folders and clients come with it."""

import pytest
from made import a_sample, an_event, read

from aiops_platform.core import grouping
from aiops_platform.core.grouping import key_for


def a_frame(function: str, *, file: str = "/srv/shop/orders.py", in_app: bool = True, code: str = "", line: int = 7):
    return {"file": file, "function": function, "line": line, "in_app": in_app, "source": {"line": code}}


def an_exception(
    *functions: str, file: str = "/srv/shop/orders.py", in_app: bool = True, value: str = "no", code: str = "", **fields
):
    frames = [a_frame(name, file=file, in_app=in_app, code=code) for name in functions]
    return thrown("ValueError", value, *frames, **fields)


def thrown(kind: str, value: str, *frames, others=(), **fields):
    """An event about an exception with these frames; `others` are those that led to it."""
    first = {"type": kind, "value": value, "frames": list(frames)}
    return an_event(error_type=kind, message=value, exceptions=[first, *others], **fields)


def parts_of(event):
    return key_for(event).parts


def test_the_same_failure_on_another_line_folder_and_number_has_the_same_key():
    one = an_exception("take_order", file="/srv/releases/41/shop/orders.py", value="order 7 failed")
    other = an_exception("take_order", file="/srv/releases/42/shop/orders.py", value="order 8 failed")
    assert key_for(one) == key_for(other)


def test_another_function_is_another_problem():
    assert key_for(an_exception("take_order")) != key_for(an_exception("cancel_order"))


def test_another_type_is_another_problem():
    assert key_for(an_event(error_type="KeyError", message="a")) != key_for(
        an_event(error_type="ValueError", message="a")
    )


def test_frames_of_libraries_do_not_matter_where_there_are_own_ones():
    frame = {"file": "a.py", "function": "f", "in_app": True}
    library = {"file": "lib.py", "function": "g", "in_app": False}
    one = an_event(error_type="E", exceptions=[{"type": "E", "frames": [frame, library]}])
    other = an_event(error_type="E", exceptions=[{"type": "E", "frames": [frame]}])
    assert key_for(one) == key_for(other)


def test_frames_of_libraries_matter_where_there_are_no_others():
    assert key_for(an_exception("f", in_app=False)) != key_for(an_exception("g", in_app=False))


def test_the_depth_of_a_recursion_does_not_matter():
    assert key_for(an_exception(*["walk", "visit"] * 10)) == key_for(an_exception(*["walk", "visit"] * 500))


def test_a_fingerprint_decides_alone():
    assert key_for(an_exception("f", fingerprint=["mine"])) == key_for(an_exception("g", fingerprint=["mine"]))


def test_old_and_new_clients_report_the_same_crash_under_the_same_key():
    new = a_sample("exception-chain")
    old = {name: value for name, value in new.items() if name not in ("exceptions", "event_id", "route", "request")}
    assert key_for(read(new)) == key_for(read(old))


def test_old_and_new_clients_report_the_same_http_error_under_the_same_key():
    assert key_for(read(a_sample("http-error"))) == key_for(read(a_sample("old-http-error-extracted")))


def test_another_status_is_another_problem():
    body = a_sample("old-http-error")
    assert key_for(read(body)) != key_for(read({**body, "status_code": 500}))


def test_the_method_does_not_matter_where_the_client_had_no_message():
    body = a_sample("old-http-error")
    assert key_for(read(body)) == key_for(read({**body, "message": "POST /admin returned HTTP 403"}))


def test_log_records_of_one_template_are_one_problem():
    body = a_sample("log-error")
    assert key_for(read(body)) == key_for(read({**body, "message": "stock of pear is below 3"}))
    assert key_for(read(body)) != key_for(read({**body, "logger": "shop.orders"}))


def test_log_records_with_different_tracebacks_are_different_problems():
    body = a_sample("old-log-error-trace")
    other = {**body, "stack_trace": body["stack_trace"].replace("take", "give")}
    assert key_for(read(body)) != key_for(read(other))


def test_parts_explain_the_key():
    assert key_for(an_exception("take_order", value="order 7")).parts == {
        "kind": "exception",
        "type": "ValueError",
        "frames": ["orders.py:take_order"],
        "message": "order <number>",
    }


def test_the_line_of_code_counts_and_its_number_does_not():
    one = thrown("KeyError", "'a'", a_frame("total", code="net = order['net']", line=7))
    moved = thrown("KeyError", "'a'", a_frame("total", code="    net  = order['net']", line=99))
    other = thrown("KeyError", "'a'", a_frame("total", code="tax = order['tax']", line=8))
    assert key_for(one) == key_for(moved) != key_for(other)


def test_what_a_key_error_says_is_data():
    frame = a_frame("price", code="return PRICES[name]")
    assert key_for(thrown("KeyError", "'pear'", frame)) == key_for(thrown("KeyError", "('plum', 3)", frame))


def test_what_a_type_error_says_is_code():
    frame = a_frame("add", code="return a + b")
    one = thrown("TypeError", "unsupported operand type(s) for +: 'int' and 'str'", frame)
    other = thrown("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'int'", frame)
    assert key_for(one) != key_for(other)


@pytest.mark.parametrize(
    "code",
    [
        'raise OutOfStock(f"only few of {product} are left")',
        "raise OutOfStock(_('only few of %s are left') % product)",
        "raise OutOfStock(",
        'assert count > 0, f"{product} is short"',
    ],
)
def test_words_that_stand_in_the_line_that_raises_do_not_count_again(code):
    frame = a_frame("reserve", code=code)
    assert key_for(thrown("OutOfStock", "of apples", frame)) == key_for(thrown("OutOfStock", "of pears", frame))


@pytest.mark.parametrize(
    "code", ["raise ApiError(answer['error'])", "raise ApiError(f'{text}')", "raise error", "check()"]
)
def test_words_that_were_handed_in_count(code):
    frame = a_frame("check", code=code)
    assert key_for(thrown("ApiError", "card declined", frame)) != key_for(thrown("ApiError", "quota exceeded", frame))


def test_the_words_in_a_library_s_line_stand_for_its_message():
    ours = a_frame("day", code="return parser.parse(text)")
    theirs = a_frame(
        "parse",
        file="/v/site-packages/dateutil/parser.py",
        in_app=False,
        code='raise ParserError("Unknown format: %s", text)',
    )
    one = thrown("ParserError", "Unknown format: soon", ours, theirs)
    assert key_for(one) == key_for(thrown("ParserError", "Unknown format: the day after", ours, theirs))
    assert parts_of(one)["message"] == "Unknown format: …"


def test_the_cause_that_somebody_named_counts():
    frame = a_frame("fetch", code='raise ServiceError("no") from error')
    lost = {"type": "KeyError", "parent": 0, "relation": "cause", "frames": [a_frame("fetch")]}
    one = thrown("ServiceError", "no", frame, others=[lost])
    other = thrown("ServiceError", "no", frame, others=[{**lost, "type": "TypeError"}])
    assert key_for(one) != key_for(other)
    assert parts_of(one)["because"] == ["KeyError in orders.py:fetch"]


def test_what_was_merely_being_cleaned_up_after_does_not_count():
    frames = [a_frame("work"), a_frame("close", code='raise OSError("closed")')]
    before = {"type": "KeyError", "parent": 0, "relation": "context", "frames": [a_frame("work")]}
    assert key_for(thrown("OSError", "closed", *frames, others=[before])) == key_for(
        thrown("OSError", "closed", *frames)
    )


def test_what_was_raised_in_place_of_another_counts_with_it():
    frames = [a_frame("work", code='raise ServiceError("no")')]
    before = {"type": "KeyError", "parent": 0, "relation": "context", "frames": [a_frame("work"), a_frame("look")]}
    assert key_for(thrown("ServiceError", "no", *frames, others=[before])) != key_for(
        thrown("ServiceError", "no", *frames)
    )


def test_what_a_library_wraps_is_its_own_affair():
    frames = [a_frame("get"), a_frame("send", file="/v/site-packages/requests/api.py", in_app=False)]
    inner = {"type": "MaxRetryError", "parent": 0, "relation": "cause", "frames": [a_frame("x", in_app=False)]}
    assert key_for(thrown("E", "no", *frames, others=[inner])) == key_for(thrown("E", "no", *frames))


def test_order_and_number_of_a_group_s_members_do_not_matter():
    def members(*kinds):
        return [{"type": kind, "parent": 0, "relation": "member", "frames": [a_frame("fetch")]} for kind in kinds]

    one = thrown("ExceptionGroup", "several (2 sub-exceptions)", a_frame("f"), others=members("KeyError", "OSError"))
    other = thrown(
        "ExceptionGroup", "several (3 sub-exceptions)", a_frame("f"), others=members("OSError", "OSError", "KeyError")
    )
    assert key_for(one) == key_for(other)
    assert key_for(one) != key_for(
        thrown("ExceptionGroup", "several (1 sub-exception)", a_frame("f"), others=members("OSError"))
    )


def test_files_that_every_package_has_are_told_apart_by_their_folder():
    assert key_for(an_exception("index", file="/srv/shop/orders/views.py")) != key_for(
        an_exception("index", file="/srv/shop/users/views.py")
    )
    assert key_for(an_exception("index", file="/srv/shop/orders/views.py")) == key_for(
        an_exception("index", file="C:\\shop\\orders\\views.py")
    )


def test_how_a_program_was_started_does_not_matter():
    worker = a_frame("<module>", file="/usr/bin/shop-worker")
    assert key_for(thrown("E", "no", worker, a_frame("take"))) == key_for(thrown("E", "no", a_frame("take")))
    assert key_for(thrown("E", "no", worker)) != key_for(thrown("E", "no", a_frame("<module>")))


def test_where_no_code_is_ours_each_library_counts_once():
    def inside(*functions):
        frames = [
            a_frame(name, file="/v/lib/python3.11/site-packages/celery/app.py", in_app=False) for name in functions
        ]
        return thrown("E", "no", a_frame("run", file="/usr/lib/python3.11/threading.py", in_app=False), *frames)

    assert key_for(inside("start", "new_helper", "consume")) == key_for(inside("start", "consume"))
    assert parts_of(inside("start", "consume"))["frames"] == ["threading:run", "celery:consume"]


@pytest.mark.parametrize(
    "file", ["pandas/_libs/index.pyx", "<template>", "<attrs generated init shop.Order>", "<frozen runpy>"]
)
def test_what_libraries_compiled_or_wrote_is_not_ours(file):
    ours = a_frame("price", code="return FRAME[name]")
    assert key_for(thrown("E", "no", ours, a_frame("get", file=file))) == key_for(thrown("E", "no", ours))


def test_a_hostile_event_has_a_small_key():
    frames = [a_frame("f" * 400 + str(number), file="/a" * 450, code="x" * 5_000) for number in range(250)]
    others = [
        {"type": "E" * 5_000, "parent": number, "relation": "cause", "frames": frames[:3]} for number in range(49)
    ]
    parts = parts_of(thrown("E" * 5_000, "(1" * 50_000, *frames, others=others))
    assert len(str(parts)) < 50_000
    assert len(parts["because"]) <= 10


def test_where_an_endless_recursion_stops_is_chance():
    calls = [a_frame("walk", code="visit()"), a_frame("visit", code="walk()")] * 5
    assert key_for(thrown("RecursionError", "in __eq__", *calls)) == key_for(
        thrown("RecursionError", "exceeded", *calls[:-1])
    )


def test_a_log_line_with_an_exception_counts_what_was_thrown():
    def logged(value):
        return an_event(
            signal_type="log_error", logger="shop", template="something failed", message="something failed",
            exceptions=[{"type": "OperationalError", "value": value, "frames": [a_frame("run", code="commit()")]}],
        )  # fmt: skip

    assert key_for(logged("deadlock detected")) != key_for(logged("connection refused"))
    assert key_for(logged("process 7 was killed")) == key_for(logged("process 8 was killed"))


def test_what_flask_logs_of_a_crash_belongs_to_the_crash_that_an_old_client_reports_besides():
    trace = a_sample("old-exception-flask")
    logged = {**trace, "signal_type": "log_error", "error_type": "ERROR", "message": "Exception on /orders/7 [GET]"}
    assert key_for(read(trace)) == key_for(read(logged))


def test_every_service_has_one_key_for_silence():
    assert grouping.silence_key() == grouping.silence_key()
