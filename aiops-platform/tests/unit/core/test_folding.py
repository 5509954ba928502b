"""What differs from time to time is taken out of texts and paths, and nothing else; whatever comes, and quickly."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_platform.core.folding import folded, folded_path


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
        ("two\n  lines", "two"),
        ("\n\nsecond", "second"),
        ("it failed:\n  at 7\n at 8", "it failed: at <number>"),
        ("on Mon, 23 Nov 2026 00:01:02 GMT it ended", "on <time> it ended"),
        ("23/Nov/2026:00:01:02 +0000 it ended", "<time> it ended"),
        ("balance is -3.50 EUR, of 1,250.00", "balance is <number> EUR, of <number>"),
        ("unknown product 'green pear'", "unknown product <value>"),
        ("Datei „a b.csv“ fehlt", "Datei <value> fehlt"),
        ('unique constraint "orders_pkey" is violated', 'unique constraint "orders_pkey" is violated'),
        ("Duplicate entry 'ada' for key 'users.email'", "Duplicate entry <value> for key 'users.email'"),
        ("(1205, 'Lock wait timeout exceeded')", "Lock wait timeout exceeded"),
        ("404, message='Not Found', url='x y'", "<number>, message='Not Found', url=<value>"),
        ("unknown orders: [7, 'a', (1, 2)]", "unknown orders: <values>"),
        ("got {'a': 1, 'b': [None]}", "got <values>"),
        ("Order.ship() missing 1 argument", "ship() missing <number> argument"),
        ("2 validation errors for Order", "<number> validation error for Order"),
        ("cannot write /var/spool/7/a.csv", "cannot write <path>"),
        ("C:\\shop\\a.csv is locked", "<path> is locked"),
        ("GET /orders/7/lines failed", "GET /orders/<*>/lines failed"),
        ("token [hidden] expired", "token <token> expired"),
        ("注文 7 が見つかりません", "注文 <number> が見つかりません"),
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


def test_names_are_left_where_all_that_is_quoted_are_names():
    assert folded("for +: 'int' and 'str', not '7 of it'", with_names=True) == "for +: 'int' and 'str', not <value>"


@given(st.text(max_size=200))
def test_folding_is_bounded_and_never_fails(text):
    assert len(folded(text)) <= 500


HOSTILE = [
    "1",
    "a1",
    "'",
    "'1",
    '"',
    ":",
    "1.",
    "0x",
    "a@",
    "@a.",
    "-",
    "e1",
    "http://",
    "f:",
    "\\",
    "_1",
    "„",
    "`",
    "/a",
]
HOSTILE += [
    "(1, '",
    "[",
    "(<a>",
    "1,",
    ",",
    "None",
    "Mon ",
    "1 jan ",
    "a.b()",
    "a.",
    "\n",
    "7 a ",
    " ",
    "c:/a",
    "[hidden]",
]


@pytest.mark.parametrize("head", ["", "(1", "[", "7 ", "'", "„"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_folding_takes_no_longer_for_hostile_text(head, piece):
    began = time.process_time()
    folded(head + piece * 100_000)
    assert time.process_time() - began < 60


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_never_tell_messages_apart(one, other):
    assert folded(f"order {one} failed") == folded(f"order {other} failed")
