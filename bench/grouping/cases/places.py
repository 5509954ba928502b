"""The same code somewhere else: other folders, systems, Pythons, versions of libraries, ways to start it."""

from case import call, case

ORDERS = """
import json

class Rejected(Exception):
    pass

def parse(text):
    return json.loads(text)

def price(order):
    return order["price"]

def take(text):
    order = parse(text)
    if not order:
        raise Rejected(f"order {text} is empty")
    return price(order)
"""

MOVED = """
import json
import logging

class Rejected(Exception):
    \"\"\"Somebody wrote a docstring meanwhile.\"\"\"


def helper():
    return logging.getLogger()


def parse(text):
    # and a comment
    return json.loads(text)


def price(order):
    helper()
    return order["price"]


def take(text):
    order = parse(text)
    helper()
    if not order:
        helper()
        raise Rejected(f"order {text} is empty")
    return price(order)
"""

CASES = [
    case(
        "Another release, with other lines around",
        ORDERS,
        old=True,
        one=[
            "take('{\"a\": 1}')",
            call("take('{\"b\": 2}')", code=MOVED),
            call("take('{\"c\": 2}')", code=MOVED, shift=120),
        ],
        two=["take('{}')", call("take('{}')", code=MOVED), call("take('[]')", code=MOVED)],
        three=["take('{')", call("take('{ ')", code=MOVED)],
    ),
    case(
        "Other folders: releases, homes, containers",
        ORDERS,
        one=[
            call("take('{\"a\": 1}')", root=root)
            for root in (
                "/srv/releases/20261122-031407",
                "/app",
                "/home/ada/src/shop",
                "/opt/shop-1.4.2",
                "/var/tmp/9fceb02",
            )
        ],
        two=[call("take('{}')", root=root) for root in ("/srv/releases/20261122-031407", "/app", "/home/ada/src/shop")],
    ),
    case(
        "Modules at the top of other folders",
        ORDERS,
        file="orders.py",
        one=[call("take('{\"a\": 1}')", root=root) for root in ("/srv/shop", "/app", "/home/ada/shop/src")],
    ),
    case(
        "Windows and Linux",
        ORDERS,
        one=["take('{\"a\": 1}')", call("take('{\"b\": 1}')", windows=True)],
        two=["take('{}')", call("take('{}')", windows=True)],
        three=["take('{')", call("take('{ ')", windows=True)],
    ),
    case(
        "Other virtual environments and Pythons",
        ORDERS,
        pythons=True,
        one=["take('{\"a\": 1}')", call("take('{\"b\": 1}')", venv="/home/ada/.virtualenvs/shop")],
        two=["take('{')", call("take('{ ')", venv="/home/ada/.virtualenvs/shop")],
    ),
    case(
        "A program without its source",
        ORDERS,
        one=[call("take('{\"a\": 1}')", sourceless=True), call("take('{\"b\": 1}')", sourceless=True)],
        two=[call("take('{}')", sourceless=True), call("take('[]')", sourceless=True)],
    ),
    case(
        "A program without its source, and keys that vary",
        """
        PRICES = {}

        def price(name):
            return PRICES[name]

        def amount(text):
            return int(text)
        """,
        one=[call("price('pear')", sourceless=True), call("price('plum')", sourceless=True)],
        two=[call("amount('many')", sourceless=True), call("amount('some')", sourceless=True)],
    ),
    case(
        "A program in an archive",
        ORDERS,
        one=[
            call("take('{\"a\": 1}')", zipped=True),
            call("take('{\"b\": 1}')", zipped=True),
            call("take('{\"b\": 1}')"),
        ],
        two=[call("take('{}')", zipped=True), call("take('[]')", zipped=True)],
    ),
    case(
        "Older and newer Pythons tell it in other words",
        """
        class Order:
            lines = None

            def ship(self, address):
                return address

        def label(order):
            return order.lines[0].product

        def send(order):
            return order.ship()

        def named():
            return Order().name

        def parsed(text):
            return {"a": int(text)}["b"]
        """,
        pythons=True,
        one=["label(Order())", "label(Order())"],
        two=["send(Order())", "send(Order())"],
        three=["parsed('1')", "parsed('2')"],
    ),
    case(
        "One helper behind two views",
        """
        def fetch(key):
            return {}[key]

        def view_order(key):
            return fetch(key)

        def view_cart(key):
            return fetch(key)
        """,
        file="shop/web.py",
        one=["view_order('a')", "view_order('b')"],
        two=["view_cart('a')", "view_cart('b')"],
    ),
    case(
        "A script and a module of it",
        ORDERS,
        file="shop/__main__.py",
        one=[call("take('{\"a\": 1}')", script=True), call("take('{\"b\": 1}')")],
    ),
    case(
        "Started in two ways",
        ORDERS,
        one=[
            call("take('{\"a\": 1}')", script="bin/shop-worker"),
            call("take('{\"b\": 1}')", script="run.py"),
            "take('{\"b\": 1}')",
        ],
    ),
    case(
        "Errors while modules are loaded",
        """
        SETTINGS = {}
        URL = SETTINGS.get("url") or "x"

        def load(text):
            exec(compile(text, "shop/settings.py", "exec"), {})
        """,
        one=["load('A = 1\\nB = {}[7]')", "load('B = {}[8]')"],
    ),
    case(
        "An error in a library, with no call of ours: http.client",
        """
        import threading
        import http.client

        def run(port):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).request("GET", "/")
            except OSError as error:
                error.__traceback__ = error.__traceback__.tb_next
                raise error.with_traceback(error.__traceback__) from None
        """,
        one=[call("run(1)", libraries=True), call("run(2)", libraries=True)],
    ),
    case(
        "Errors in libraries, with no call of ours: json and email",
        """
        import email.policy
        import json

        def parse(text):
            return json.loads(text)

        def header(text):
            return email.policy.SMTP.header_factory("Subject", text).fold(policy=1)
        """,
        one=[call("parse('{')", libraries=True), call("parse('{ ')", libraries=True)],
        two=[call("header('a')", libraries=True), call("header('b')", libraries=True)],
    ),
    case(
        "A fingerprint of its own",
        ORDERS
        + """
import aiops_sdk

def tell(name, work, text):
    try:
        work(text)
    except Exception as error:
        aiops_sdk.capture_exception(error, fingerprint=[name, "down"])
""",
        own=True,
        old=False,
        one=["tell('bank', take, '{}')", "tell('bank', take, '{\"a\": 1}')"],
        two=["tell('shop', take, '{}')", "tell('shop', take, '{\"a\": 1}')"],
    ),
]
