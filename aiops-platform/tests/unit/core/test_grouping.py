"""The same problem has the same key, whatever numbers, ids, folders and clients come with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import a_sample, an_event, read

from aiops_platform.core import grouping
from aiops_platform.core.grouping import folded, folded_path, key_for


def an_exception(*functions: str, file: str = "/srv/shop/orders.py", in_app: bool = True, value: str = "no", **fields):
    frames = [{"file": file, "function": name, "line": 7, "in_app": in_app} for name in functions]
    return an_event(
        error_type="ValueError",
        message=value,
        exceptions=[{"type": "ValueError", "value": value, "frames": frames}],
        **fields,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order 7 was not taken", "order <number> was not taken"),
        ("took 12.5ms", "took <number>ms"),
        ("user 0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c05 is gone", "user <uuid> is gone"),
        ("no such commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "no such commit <hex>"),
        ("no such commit 9fceb02", "no such commit <hex>"),
        ("sha256 of python3 is facade", "sha256 of python3 is facade"),
        ("<Order object at 0x7f3a2c1b5d90>", "<Order object at <address>>"),
        ("mail to ada.l@shop.example bounced", "mail to <email> bounced"),
        ("connect to 10.0.0.17:5432 refused", "connect to <ip> refused"),
        ("connect to fe80:0:0:0:1:2:3:4 refused", "connect to <ip> refused"),
        ("GET https://api.example/orders/7?x=1 failed", "GET https://api.example/orders/<*> failed"),
        ("since 2026-11-22T03:14:07.123456Z", "since <time>"),
        ("at 03:14:07", "at <time>"),
        ("key 'order-7' not found", "key <value> not found"),
        ("'NoneType' object has no attribute 'total'", "'NoneType' object has no attribute 'total'"),
        ("can't decode utf8", "can't decode utf8"),
        ("it's user 12's turn", "it's user <number>'s turn"),
        ("job a1B2c3D4e5F6g7H8i9 died", "job <token> died"),
        ("two\n  lines", "two lines"),
        ("café 7", "café <number>"),
    ],
)
def test_what_differs_from_time_to_time_is_folded(text, expected):
    assert folded(text) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders/7", "/orders/<*>"),
        ("/orders/<int:id>", "/orders/<*>"),
        ("/orders/{order_id}/lines", "/orders/<*>/lines"),
        ("/orders/:id", "/orders/<*>"),
        ("/files/0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c05?download=1", "/files/<*>"),
        ("/api/v2/login", "/api/v2/login"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_a_path_and_its_route_are_one(path, expected):
    assert folded_path(path) == expected


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


def test_every_service_has_one_key_for_silence():
    assert grouping.silence_key() == grouping.silence_key()


@given(st.text(max_size=200))
def test_folding_is_bounded_and_never_fails(text):
    assert len(folded(text)) <= 500


@settings(deadline=2000)
@given(
    st.sampled_from(["1", "a1", "'", "'1", '"', ":", "1.", "0x", "a@", "@a.", "-", "e1", "http://", "f:", "\\", "_1"])
)
def test_folding_takes_no_longer_for_hostile_text(piece):
    folded(piece * 100_000)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_never_tell_messages_apart(one, other):
    assert folded(f"order {one} failed") == folded(f"order {other} failed")
