"""What is read out of the bodies that frameworks and people write."""

import datetime
import decimal
import json
import math
import random
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk.responses import MAX_MESSAGE, error_type_from, message_from

# As Django REST framework's documentation shows them.
FORMS = [
    ({"username": ["This field is required."]}, "username: This field is required."),
    (
        {"name": ["This field is required."], "email": ["Enter a valid email address.", "It is too long."]},
        "name: This field is required.; email: Enter a valid email address.; email: It is too long.",
    ),
    ({"non_field_errors": ["finish must occur after start"]}, "finish must occur after start"),
    (["This item is invalid."], "This item is invalid."),
    ([{}, {"name": ["This field is required."]}], "name: This field is required."),
    ({"profile": {"age": ["A valid integer is required."]}}, "profile.age: A valid integer is required."),
    (
        {"items": [{}, {"product": {"sku": ["This field may not be blank."]}}]},
        "items.product.sku: This field may not be blank.",
    ),
    ({"scores": {"1": ["A valid integer is required."]}}, "scores: A valid integer is required."),
    ({"name": [{"message": "This field is required.", "code": "required"}]}, "name: This field is required."),
    ({"detail": "Authentication credentials were not provided."}, "Authentication credentials were not provided."),
    ({"detail": {"message": "Not found.", "code": "not_found"}}, "Not found."),
    ({"title": ["This field is required."]}, "This field is required."),
    ({"名前": ["この項目は必須です。"]}, "名前: この項目は必須です。"),
    # Django's own forms, and Flask-RESTful.
    ({"__all__": [{"message": "The passwords differ", "code": "mismatch"}]}, "The passwords differ"),
    ({"message": {"name": "Name cannot be blank!"}}, "name: Name cannot be blank!"),
]
NO_FORMS = [
    {"items": ["apple", "pear"]},
    {"results": [{"id": 1, "name": "a pear"}]},
    {"data": {"ids": [1, 2, 3]}},
    {"name": "a pear", "tags": ["on sale now"]},
    {"name": []},
    {"items": [{}, {"sku": []}]},
    {"message": {"code": 3}},
    {"a": {"a": {"a": {"a": {"a": {"a": {"a": ["too deep."]}}}}}}},
]


@pytest.mark.parametrize(("body", "message"), FORMS)
def test_what_is_wrong_with_the_fields_of_a_form_is_understood(body, message):
    assert message_from(body) == message


@pytest.mark.parametrize("body", NO_FORMS)
def test_what_is_no_form_says_nothing(body):
    assert message_from(body) is None


@pytest.mark.parametrize("key", ["message", "error", "detail", "msg"])
def test_each_key_of_the_page_is_understood(key):
    assert message_from({key: "The database is down", "code": 17}) == "The database is down"


def test_the_keys_count_in_their_order():
    body = {"msg": "4", "detail": "3", "error": "2", "message": "1"}

    assert message_from(body) == "1"
    assert message_from({"msg": "4", "detail": "3", "error": "2"}) == "2"
    assert message_from({"msg": "4", "detail": "3"}) == "3"


@pytest.mark.parametrize("nothing", [None, "", "  \n", 0, False, True, 17, 1.5, {}, [], {"code": 3}, [None]])
def test_a_key_that_says_nothing_gives_way_to_the_next(nothing):
    assert message_from({"message": nothing, "error": "The database is down"}) == "The database is down"


def test_blanks_around_a_message_go():
    assert message_from({"message": "  no such order\n"}) == "no such order"


PROBLEM_DETAILS = {
    "type": "https://example.com/probs/out-of-credit",
    "title": "You do not have enough credit.",
    "status": 403,
    "detail": "Your current balance is 30, but that costs 50.",
    "instance": "/account/12345/msgs/abc",
}
JSON_API = {
    "jsonapi": {"version": "1.1"},
    "errors": [
        {"status": "403", "source": {"pointer": "/data"}, "title": "Forbidden", "detail": "Editing is not allowed."}
    ],
}
FASTAPI = {
    "detail": [
        {"loc": ["body", "items", 0, "price"], "msg": "value is not a valid float", "type": "type_error.float"},
        {"loc": ["query", "page"], "msg": "field required", "type": "value_error.missing"},
    ]
}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (PROBLEM_DETAILS, "Your current balance is 30, but that costs 50."),
        ({"type": "about:blank", "title": "Not authorised", "status": 401}, "Not authorised"),
        (JSON_API, "Editing is not allowed."),
        ({"errors": [{"status": "500", "title": "The store is closed"}]}, "The store is closed"),
        ({"errors": [{"detail": "a"}, {"detail": "b"}]}, "a; b"),
        (FASTAPI, "body.items.0.price: value is not a valid float; query.page: field required"),
        ({"detail": [{"loc": [], "msg": "invalid", "type": "x"}]}, "invalid"),
        ({"detail": "Not authenticated"}, "Not authenticated"),
        (
            {"error": "invalid_grant", "error_description": "The token is expired"},
            "invalid_grant: The token is expired",
        ),
        ({"error": "invalid_grant"}, "invalid_grant"),
        ({"error": "", "error_description": "The token is expired"}, "The token is expired"),
        ({"error": {"message": "The database is down", "code": 500}}, "The database is down"),
        (
            {"error": {"code": 403, "message": "Denied", "errors": [{"reason": "x"}], "status": "PERMISSION_DENIED"}},
            "Denied",
        ),
        ({"error": {"detail": {"msg": "deep"}}}, "deep"),
        ({"message": {"error": "nested the other way"}}, "nested the other way"),
        ({"data": None, "errors": [{"message": "Cannot query field 'x'", "path": ["a", 0]}]}, "Cannot query field 'x'"),
        ({"errors": ["first", "second"]}, "first; second"),
        ({"errors": ["1", "2", "3", "4"]}, "1; 2; 3"),
        ({"errors": {"name": ["is missing"]}}, "name: is missing"),
        (
            {"errors": {"name": ["is missing", "is short"], "email": "is none"}},
            "name: is missing; name: is short; email: is none",
        ),
        ({"errors": {"json": {"name": ["is missing"]}}}, "json.name: is missing"),
        ({"errors": {"name": ["is missing"]}, "message": "Invalid"}, "Invalid"),
        ({"code": 403, "name": "Forbidden", "description": "Not for you."}, "Not for you."),
        ({"code": 400, "status": "Bad Request", "message": "No id"}, "No id"),
        ({"success": False, "error": "division by zero", "data": None}, "division by zero"),
        ([{"message": "in a list"}], "in a list"),
        ("nothing but a string", "nothing but a string"),
    ],
)
def test_the_shapes_that_frameworks_produce(body, message):
    assert message_from(body) == message


@pytest.mark.parametrize(
    "body",
    [None, True, 0, 17, 1.5, "", "  ", [], {}, [[]], [None, 3], {"status": "error"}, {"data": {"message": "not an error's"}},
     {"Message ": "x"}, {"message": {"code": 3}}, {"errors": {}}, {"detail": [{"loc": ["a"]}]}, {1: 2}, {None: None}, object()],
)  # fmt: skip
def test_a_body_that_says_nothing_is_none(body):
    assert message_from(body) is None


def test_a_message_is_cut():
    assert message_from({"message": "x" * 100_000}) == "x" * MAX_MESSAGE
    assert len(message_from({"errors": ["x" * 5_000] * 1_000})) == MAX_MESSAGE
    assert len(message_from({"detail": [{"loc": ["y" * 5_000] * 5_000, "msg": "x" * 5_000}] * 5_000})) == MAX_MESSAGE


def test_a_body_can_be_as_deep_as_it_likes():
    body: object = "the bottom"
    for _ in range(50_000):
        body = {"message": body, "error": body, "errors": [body, body]}

    assert message_from(body) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["message", "error", "detail", "msg", "errors", "title", "loc"]) | st.text(), inner
        )
    ),
    max_leaves=30,
)


@given(json_values)
def test_whatever_json_says_the_answer_is_short_text_or_nothing(body):
    message = message_from(body)

    assert message is None or (0 < len(message) <= MAX_MESSAGE)


@given(st.text())
def test_any_text_has_a_type(text):
    assert error_type_from(text).isidentifier()


@pytest.mark.parametrize(
    "text", ["(" * 9_999, "connection " * 999, "'" * 9_999, ": " * 9_999, "key " * 999, "a." * 9_999, "\n" * 9_999]
)
def test_hostile_text_is_answered(text):
    assert error_type_from(text)


WIRE = [
    ("'NoneType' object has no attribute 'total'", "AttributeError"),
    ("NoneType where an order was expected", "AttributeError"),
    ("'Order' object has no attribute 'totl'", "AttributeError"),
    ("NONETYPE", "AttributeError"),
    ("KeyError: 'sku'", "KeyError"),
    ("keyerror while reading the cart", "KeyError"),
    ("Key 'sku' not found", "KeyError"),
    ('key "sku" not found', "KeyError"),
    ("key sku not found", "KeyError"),
    ("a TypeError happened", "TypeError"),
    ("type error: str expected", "TypeError"),
    ("ValueError in the form", "ValueError"),
    ("IndexError", "IndexError"),
    ("list index out of range", "IndexError"),
    ("Connection refused", "ConnectionError"),
    ("The connection to redis:6379 failed", "ConnectionError"),
    ("Connection reset by peer", "ConnectionError"),
    ("failed to establish a new connection", "ConnectionError"),
    ("Timeout", "TimeoutError"),
    ("ReadTimeout: the upstream took too long", "TimeoutError"),
    ("upstream request timeout", "TimeoutError"),
    ("You do not have permission to do that", "PermissionError"),
    ("Access denied for user 'shop'@'10.0.0.7'", "PermissionError"),
    ("Authentication required", "AuthenticationError"),
    ("bad auth : authentication failed", "AuthenticationError"),
    ("OperationFailure: command insert is not known", "DatabaseError"),
    ("pymongo.errors.CursorNotFound: cursor id 7", "DatabaseError"),
    ("MongoError 13", "DatabaseError"),
    ("IntegrityError on orders", "IntegrityError"),
    ("violates unique constraint orders_pkey", "IntegrityError"),
    ("E11000 duplicate key error collection: shop.orders", "IntegrityError"),
    ("(sqlite3.OperationalError) no such table: orders", "DatabaseError"),
    ("OperationalError: the database is gone", "DatabaseError"),
    ("The order could not be shipped", "HTTPError"),
    ("", "HTTPError"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "error_type"), WIRE)
def test_the_inference_of_the_wire(message, error_type):
    assert error_type_from(message) == error_type
    assert error_type_from(f"  {message}\n") == error_type


@pytest.mark.parametrize(
    ("message", "error_type"), [entry for entry in WIRE if "'" not in entry[0] and ":" not in entry[0]]
)
def test_the_inference_of_the_wire_does_not_look_at_case(message, error_type):
    assert error_type_from(message.upper()) == error_type
    assert error_type_from(message.lower()) == error_type


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("connection timeout: authentication was refused", "ConnectionError"),
        ("timeout: permission service", "TimeoutError"),
        ("permission: authentication", "PermissionError"),
        ("authentication failed: OperationFailure", "AuthenticationError"),
        ("pymongo: duplicate key", "DatabaseError"),
        ("unique constraint, OperationalError of the database", "IntegrityError"),
    ],
)
def test_the_inference_of_the_wire_keeps_its_order(message, error_type):
    assert error_type_from(message) == error_type


@pytest.mark.parametrize(
    "message",
    [
        "API key 'abc' not found",
        "The api key abc not found",
        "Access key 'AKIA' not found",
        "The timeout must be a positive number",
        "Invalid timeout setting",
        "A connection was named twice",
        "Unsupported media type error",
        "Book not found",
        "Your order was refused",
        "Missing field: 'name'",
        "Name 'Bob' is taken",
        "Object of desire",
        "'quoted' words at the front",
        "The argument is not iterable enough",
        "Something went wrong",
        "Exceptional: nothing",
        "HTTPError: 500",
        "Custom: ValueErr",
    ],
)
def test_words_that_only_look_like_an_exception_are_none(message):
    assert error_type_from(message) == "HTTPError"


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("ZeroDivisionError: division by zero", "ZeroDivisionError"),
        ("ValueError('timeout must be a number')", "ValueError"),
        ("builtins.LookupError: no such order", "LookupError"),
        ("TypeError: 'NoneType' object is not iterable", "TypeError"),
        ("ConnectionResetError(104, 'Connection reset by peer')", "ConnectionResetError"),
        ("NotImplementedError", "NotImplementedError"),
        ("Exception: connection refused", "ConnectionError"),
        ("Exception: bad", "HTTPError"),
        ("Exception('bad')", "HTTPError"),
        ("Warning: low", "HTTPError"),
        ("DeprecationWarning: old", "HTTPError"),
        ("SystemExit: 1", "HTTPError"),
        ("KeyboardInterrupt", "HTTPError"),
    ],
)
def test_a_name_in_front_counts_most(message, error_type):
    assert error_type_from(message) == error_type


@pytest.mark.parametrize(
    ("message", "error_type"),
    [
        ("Could not load the cart: division by zero", "ZeroDivisionError"),
        ("Internal error: 'int' object is not subscriptable", "TypeError"),
        ("Failed: invalid literal for int() with base 10: 'x'", "ValueError"),
        ("Error: [Errno 2] No such file or directory: 'a.txt'", "FileNotFoundError"),
        ("[Errno 13] Permission denied: '/etc/shadow'", "PermissionError"),
        ("[Errno 28] No space left on device", "OSError"),
        ("[Errno 104] Connection reset by peer", "ConnectionError"),
        ("[Errno 110] Connection timed out", "TimeoutError"),
        ("[Errno 99999] ?", "OSError"),
        ("timed out", "TimeoutError"),
        ("The read operation timed out", "TimeoutError"),
        ("no such table: orders", "DatabaseError"),
        ("database is locked", "DatabaseError"),
        ("UNIQUE constraint failed: users.email", "IntegrityError"),
        ("NOT NULL constraint failed: users.email", "IntegrityError"),
        ("Duplicate entry 'a@b.c' for key 'users.email'", "IntegrityError"),
        ('insert violates foreign key constraint "orders_user"', "IntegrityError"),
        ("HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: /", "ConnectionError"),
        ("unsupported operand type(s) for +: 'NoneType' and 'int'", "TypeError"),
        ("local variable 'x' referenced before assignment", "UnboundLocalError"),
        ("cannot access local variable 'x' where it is not associated with a value", "UnboundLocalError"),
    ],
)  # fmt: skip
def test_wordings_of_python_and_of_databases(message, error_type):
    assert error_type_from(message) == error_type


class Order:
    __slots__ = ()

    @property
    def total(self):
        return 1

    def ship(self, to):
        return to


def grow(orders):
    for order in orders:
        orders[order + 1] = order


def recurse():
    return recurse()


def too_early():
    text = late  # noqa: F821
    yield text
    late = text  # noqa: F841


def assign_total():
    Order().total = 3


def unpack(items):
    first, second = items
    return first, second


# Source text, because what fails so plainly offends every linter. The names below stand for values.
VALUES = {
    "nothing": None,
    "number": 3,
    "text": "a",
    "raw": b"a",
    "items": [],
    "one": [1],
    "pair": {"a": 1},
    "order": Order(),
}
CALLED = (Order, grow, recurse, too_early, assign_total, unpack, datetime, json, math, random, uuid)
RAISING = {
    "AttributeError": "nothing.total | math.sine | Order.totl | order.totl | assign_total()",
    "KeyError": "pair['sku'] | pair['it is'] | {}.popitem() | set().pop() | pair[\"it's\"]",
    "TypeError": "number['a'] | nothing['a'] | nothing() | list(number) | len(number) | 1 + text | text + 1 | -text | {items: 1} |"
    "number < text | order.ship() | order.ship(1, 2) | order.ship(a=1) | order.ship(1, to=1) | int(nothing) | float(items) |"
    "one['a'] | text['b'] | ','.join(one) | 1 in nothing | json.dumps({1, 2}) | '%s %s' % (text,) | '%s' % (text, text) |"
    "'%d' % text | raw + text | b''.join([text]) | open(nothing) | next(number) | reversed(number) | order.ship(*number) |"
    "order.ship(**number) | datetime.datetime.min < datetime.datetime.now(datetime.timezone.utc) | hash(items) | range(text) |"
    "unpack(nothing) | dict(**{1: 2}) | items.append() | order.ship(**{1: 2}) | number.__class__(raw, 2, 3) | (1,) + one",
    "ValueError": "int(text) | float(text) | unpack(one) | unpack('abc') | text.index('b') | items.index(1) | items.remove(1) |"
    "math.sqrt(-1) | max(items) | random.randrange(0) | datetime.datetime.strptime(text, '%Y') | datetime.date(2026, 2, 30) |"
    "datetime.date(2026, 13, 1) | datetime.date(0, 1, 1) | datetime.date.fromisoformat(text) | uuid.UUID(text) |"
    "bytes.fromhex('x') | format(1, 'y') | datetime.datetime.strptime('20261', '%Y') | datetime.time(25)",
    "JSONDecodeError": "json.loads('') | json.loads('{a}') | json.loads('1 1')",
    "IndexError": "items[0] | ()[number] | ''[number] | items.pop() | one.pop(7) | range(1)[number] | random.choice(items) | '{}'.format()",
    "ZeroDivisionError": "1 / 0 | 1 // 0 | 1 % 0 | 1.0 / 0 | 1.0 // 0 | 1.0 % 0 | 0 ** -1 | divmod(1, 0)",
    "OverflowError": "math.exp(1_000) | int(float('inf')) | 10**400 * 1.0 | datetime.date.max + datetime.timedelta(1)",
    "RuntimeError": "grow({1: 1})",
    "RecursionError": "recurse()",
    "NameError": "undefined_name",
    "UnboundLocalError": "list(too_early())",
    "ModuleNotFoundError": "__import__('no_such_module')",
    "FileNotFoundError": "open('/no/such/file')",
    "IsADirectoryError": "open('/')",
    "UnicodeDecodeError": "bytes([255]).decode()",
    "UnicodeEncodeError": "chr(255).encode('ascii')",
}
RAISING_ONE_BY_ONE = [
    (error_type, source.strip()) for error_type, sources in RAISING.items() for source in sources.split("|")
]


@pytest.mark.parametrize(("error_type", "source"), RAISING_ONE_BY_ONE)
def test_what_this_python_really_says_is_known(error_type, source):
    with pytest.raises(Exception) as caught:
        eval(source, {**VALUES, **{thing.__name__: thing for thing in CALLED}})

    assert caught.type.__name__ == error_type
    assert error_type_from(str(caught.value)) == error_type
    assert error_type_from(f"Failed to load the cart: {caught.value}") in {error_type, "HTTPError"}


def test_decimal_division_is_a_division_by_zero_or_nothing():
    with pytest.raises(ZeroDivisionError) as caught:
        decimal.Decimal(1) / 0

    assert error_type_from(str(caught.value)) in {"ZeroDivisionError", "HTTPError"}
