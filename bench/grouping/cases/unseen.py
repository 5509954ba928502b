"""Cases that were written down after the rule was finished. The rule is not changed for them."""

from case import case
from clients import SERVER

CASES = [
    case(
        "unseen: a handler that answers by what the body holds",
        """
        from flask import Flask, request

        app = Flask(__name__)

        class Refused(ValueError):
            pass

        def checked(order):
            if order.get("count", 0) < 1:
                raise Refused("count must be positive, not %r" % order.get("count"))
            if order["product"] not in ("apple", "pear"):
                raise Refused("we do not sell " + order["product"])
            return order

        @app.post("/orders")
        def create():
            return checked(request.get_json())

        def post(**order):
            return app.test_client().post("/orders", json=order)
        """,
        file="shop/web.py",
        own=True,
        one=["post(count=0)", "post(count=-7)", "post(count=-812, product='x')"],
        two=["post(count=1, product='plum')", "post(count=2, product='red cherry')"],
        three=["post(count=3)", "post(count=4, price=2)"],
    ),
    case(
        "unseen: a repository that wraps its database",
        """
        import sqlite3

        class StoreError(Exception):
            def __init__(self, what, key):
                super().__init__(f"{what} failed for {key}")

        class Store:
            def __init__(self):
                self.db = sqlite3.connect(":memory:")
                self.db.execute("create table orders (id integer primary key, name text not null)")

            def add(self, number, name):
                try:
                    self.db.execute("insert into orders values (?, ?)", (number, name))
                except sqlite3.IntegrityError as error:
                    raise StoreError("add", number) from error

            def find(self, number):
                try:
                    return self.db.execute("select * from order where id = ?", (number,))
                except sqlite3.OperationalError as error:
                    raise StoreError("find", number) from error
        """,
        file="shop/store.py",
        one=["Store().add(7, None)", "Store().add(812, None)"],
        two=["Store().find(7)", "Store().find('ada')"],
    ),
    case(
        "unseen: a payment client with error codes",
        SERVER
        + """
import requests

class PaymentFailed(Exception):
    pass

def pay(status, body, number):
    with shop(status, body) as url:
        answer = requests.get(f"{url}/payments/{number}", timeout=2)
        if answer.status_code >= 500:
            raise PaymentFailed(f"the bank answers {answer.status_code} to payment {number}")
        if answer.status_code >= 400:
            raise PaymentFailed(answer.json()["reason"])
        return answer.json()["receipt"]
""",
        file="shop/pay.py",
        one=["pay(500, b'', 7)", "pay(503, b'', 8)"],
        two=[
            'pay(402, b\'{"reason": "the card has expired"}\', 7)',
            'pay(402, b\'{"reason": "the card has expired"}\', 9)',
        ],
        three=[
            'pay(402, b\'{"reason": "the limit is reached"}\', 7)',
            'pay(402, b\'{"reason": "the limit is reached"}\', 9)',
        ],
        four=["pay(200, b'{}', 7)", "pay(200, b'{\"a\": 1}', 8)"],
        five=["pay(200, b'<html>', 7)", "pay(200, b'', 8)"],
    ),
    case(
        "unseen: an importer of CSV files",
        """
        import csv, io
        from decimal import Decimal

        def price(text):
            return Decimal(text.replace(",", "."))

        def line(row):
            return {"name": row["name"], "price": price(row["price"]), "count": int(row["count"] or "")}

        def load(text):
            return [line(row) for row in csv.DictReader(io.StringIO(text))]
        """,
        file="shop/importing.py",
        pythons=True,
        one=["load('name,price,count\\nA,1,1\\nB,free,1')", "load('name,price,count\\nC,on request,2')"],
        two=["load('name,price,count\\nA,1,')", "load('name,price,count\\nA,1,many')"],
        three=["load('name,count\\nA,1')", "load('name,cost,count\\nB,2,3')"],
    ),
    case(
        "unseen: gather of many requests",
        """
        import asyncio

        class Gone(Exception):
            pass

        async def price(shop, product):
            await asyncio.sleep(0)
            if product % 3 == 0:
                raise Gone(f"{shop} has no product {product}")
            return product

        async def prices(shop, products):
            return await asyncio.gather(*(price(shop, product) for product in products))

        def run(shop, *products):
            return asyncio.run(prices(shop, products))
        """,
        file="shop/prices.py",
        pythons=True,
        one=["run('Rome', 1, 3)", "run('Berlin', 2, 4, 6)", "run('São Paulo', 9)"],
    ),
    case(
        "unseen: a context manager that complains",
        """
        import contextlib

        @contextlib.contextmanager
        def transaction(name):
            done = []
            yield done
            if not done:
                raise RuntimeError(f"nothing was done in transaction {name}")

        def nightly(name):
            with transaction(name):
                pass

        def hourly(name):
            with transaction(name):
                pass
        """,
        file="shop/jobs.py",
        one=["nightly('a')", "nightly('of tonight')"],
        two=["hourly('a')", "hourly('b')"],
    ),
    case(
        "unseen: descriptors, properties and __getattr__",
        """
        class Lazy:
            def __init__(self, values):
                self.values = values

            def __getattr__(self, name):
                raise AttributeError(f"the configuration has no {name}")

            @property
            def size(self):
                return len(self.values["items"])

        def timeout(config):
            return config.timeout

        def retries(config):
            return config.retries

        def size(config):
            return config.size
        """,
        file="shop/config.py",
        one=["timeout(Lazy({}))", "timeout(Lazy({'a': 1}))"],
        two=["retries(Lazy({}))", "retries(Lazy({'a': 1}))"],
        three=["size(Lazy({}))", "size(Lazy({'x': 1}))"],
    ),
    case(
        "unseen: mail that cannot be put together",
        """
        from email.message import EmailMessage

        def mail(to, subject):
            message = EmailMessage()
            message["To"] = to
            message["Subject"] = subject
            return message

        def attach(message, data):
            message.add_attachment(data)
        """,
        file="shop/mail.py",
        one=["mail('a@b.de', 'one\\ntwo')", "mail('c@d.de', 'three\\nfour five')"],
        two=["attach(mail('a@b.de', 'x'), b'raw')", "attach(mail('c@d.de', 'y'), b'other')"],
    ),
    case(
        "unseen: a scheduler around jobs",
        """
        import logging

        log = logging.getLogger("shop.scheduler")

        def clean(day):
            return {}["shelf"]

        def count(day):
            return 1 / 0

        def run(job, day):
            try:
                job(day)
            except Exception:
                log.exception("job %s of %s failed", job.__name__, day)
        """,
        file="shop/scheduler.py",
        own=True,
        old=False,
        one=["run(clean, '2026-11-22')", "run(clean, '2026-11-23')"],
        two=["run(count, '2026-11-22')", "run(count, '2026-11-24')"],
    ),
    case(
        "unseen: log lines put together in every way",
        """
        import logging

        log = logging.getLogger("shop.stock")

        def f(name, left):
            log.error(f"only {left} of {name!r} are left")

        def percent(path, seconds):
            log.error("reading %s took %.1f seconds" % (path, seconds))

        def args(user, number):
            log.error("user %s may not see order %s", user, number)

        def brace(user):
            log.error("payment of {} is late".format(user))
        """,
        file="shop/stock.py",
        own=True,
        old=False,
        one=["f('apple', 3)", "f('green pear', 0)"],
        two=["percent('/srv/in/7.csv', 3.2)", "percent('/srv/in/new/a b.csv', 17)"],
        three=["args('ada', 7)", "args('grace', 'x-9')"],
        four=["brace('ada')", "brace('grace')"],
    ),
    case(
        "unseen: pandas reports",
        """
        import pandas as pd

        def sales(rows):
            frame = pd.DataFrame(rows)
            return frame.groupby("shop")["net"].sum()

        def pivot(rows):
            return pd.DataFrame(rows).pivot(index="day", columns="shop", values="net")

        def typed(rows):
            return pd.DataFrame(rows).astype({"net": int})
        """,
        file="shop/reports.py",
        one=["sales([{'net': 1}])", "sales([{'net': 1, 'x': 2}])"],
        two=["sales([{'shop': 'a'}])", "sales([{'shop': 'b', 'x': 2}])"],
        three=["pivot([{'day': 1, 'shop': 'a', 'net': 1}] * 2)", "pivot([{'day': 2, 'shop': 'b', 'net': 1}] * 3)"],
        four=["typed([{'net': 'many'}])", "typed([{'net': 'no idea'}])"],
    ),
    case(
        "unseen: numbers out of range",
        """
        import datetime, math

        def later(days):
            return datetime.date.today() + datetime.timedelta(days=days)

        def root(number):
            return math.sqrt(number)

        def power(number):
            return math.exp(number)
        """,
        one=["later(10**8)", "later(10**7)"],
        two=["root(-1)", "root(-7.5)"],
        three=["power(1e4)", "power(1e5)"],
    ),
    case(
        "unseen: SQLAlchemy's own complaints",
        """
        import sqlalchemy as sa
        from sqlalchemy import orm

        class Base(orm.DeclarativeBase):
            pass

        class User(Base):
            __tablename__ = "users"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String)

        engine = sa.create_engine("sqlite://")
        Base.metadata.create_all(engine)

        def find(**by):
            with orm.Session(engine) as session:
                return session.query(User).filter_by(**by).one()

        def several(names):
            with orm.Session(engine) as session:
                session.add_all(User(name="same") for _ in names)
                session.flush()
                return session.scalars(sa.select(User)).one()

        def made(**values):
            return User(**values)
        """,
        file="shop/db.py",
        one=["find(name='ada')", "find(id=7)"],
        two=["find(email='a@b.de')", "find(email='c')"],
        three=["several('ab')", "several('abc')"],
        four=["made(mail='x')", "made(mail='y')"],
    ),
    case(
        "unseen: httpx with a base address and retries of its own",
        SERVER
        + """
import httpx

class Unavailable(Exception):
    pass

def ask(client, path):
    for attempt in range(2):
        try:
            return client.get(path)
        except httpx.ConnectError as error:
            last = error
    raise Unavailable(f"{client.base_url} did not answer {path} after {attempt + 1} attempts") from last

def order(port, number):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=1, trust_env=False) as client:
        return ask(client, f"/orders/{number}")

def stock(port, name):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=1, trust_env=False) as client:
        return ask(client, f"/stock/{name}")
""",
        file="shop/api_client.py",
        one=["order(1, 7)", "order(2, 812)"],
        two=["stock(1, 'apple')", "stock(2, 'pear')"],
    ),
    case(
        "unseen: Django forms, mail and cache",
        """
        import django
        from django.conf import settings
        if not settings.configured:
            settings.configure(SECRET_KEY="x", CACHES={}, EMAIL_PORT=1, USE_TZ=True)
            django.setup()
        from django import forms
        from django.core import signing
        from django.core.mail import send_mail
        from django.core.paginator import Paginator
        from django.utils.module_loading import import_string

        class OrderForm(forms.Form):
            count = forms.IntegerField(min_value=1)

        def order(values):
            form = OrderForm(values)
            form.is_valid()
            return form.cleaned_data["count"]

        def page(number):
            return Paginator([1, 2, 3], 2).page(number)

        def opened(text):
            return signing.loads(text)

        def backend(path):
            return import_string(path)

        def send(to):
            settings.EMAIL_PORT = 1
            send_mail("x", "y", "shop@example.com", [to])
        """,
        file="orders/forms.py",
        one=["order({})", "order({'count': 'many'})"],
        two=["page(9)", "page(812)"],
        three=["page('x')", "page('next one')"],
        four=["opened('x:y')", "opened('a.b:c.d')"],
        five=["send('a@b.de')", "send('grace@c.example')"],
    ),
    case(
        "unseen: Jinja2 pages of one application",
        """
        import jinja2

        PAGES = jinja2.Environment(undefined=jinja2.StrictUndefined, loader=jinja2.DictLoader({
            "order.html": "<p>{{ order.number }}</p>\\n<p>{{ order.price / order.count }}</p>",
            "cart.html": "{% for line in lines %}{{ line.price|round }}{% endfor %}",
        }))

        def page(name, **values):
            return PAGES.get_template(name).render(**values)
        """,
        file="shop/pages.py",
        one=[
            "page('order.html', order={'number': 7, 'price': 1, 'count': 0})",
            "page('order.html', order={'number': 8, 'price': 9, 'count': 0})",
        ],
        two=[
            "page('cart.html', lines=[{'price': 'much'}])",
            "page('cart.html', lines=[{'price': 1}, {'price': 'more of it'}])",
        ],
        three=["page('cart.html')", "page('cart.html', x=1)"],
    ),
    case(
        "unseen: a plugin loaded by its name",
        """
        import importlib

        def plugin(name):
            module = importlib.import_module(f"shop_plugins.{name}")
            return module.run

        def function(name):
            return getattr(importlib.import_module("json"), name)()
        """,
        file="shop/plugins.py",
        one=["plugin('tax')", "plugin('tax')"],
        two=["function('no_such')", "function('no_such')"],
        three=["function('loads')", "function('loads')"],
    ),
    case(
        "unseen: a state machine",
        """
        class Forbidden(Exception):
            pass

        ALLOWED = {"new": {"paid"}, "paid": {"sent"}}

        class Order:
            def __init__(self, state):
                self.state = state

            def to(self, state):
                if state not in ALLOWED.get(self.state, ()):
                    raise Forbidden("from {} to {}".format(self.state, state))
                self.state = state

        def pay(state):
            Order(state).to("paid")

        def send(state):
            Order(state).to("sent")
        """,
        one=["pay('sent')", "pay('lost')"],
        two=["send('new')", "send('lost')"],
    ),
    case(
        "unseen: a lock that is not given",
        """
        import sqlite3, tempfile, os

        def booked(seconds):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "shop.db")
                one = sqlite3.connect(path, isolation_level=None)
                one.execute("create table a (x)")
                one.execute("begin exclusive")
                other = sqlite3.connect(path, timeout=seconds)
                other.execute("insert into a values (1)")
        """,
        file="shop/db.py",
        one=["booked(0.01)", "booked(0.02)"],
    ),
    case(
        "unseen: YAML of people, through a dataclass",
        """
        import dataclasses
        import yaml

        @dataclasses.dataclass
        class Shop:
            name: str
            city: str

        def read(text):
            return Shop(**yaml.safe_load(text))
        """,
        file="shop/settings.py",
        one=["read('name: a')", "read('name: b\\n')"],
        two=["read('name: a\\ncity: b\\nzip: 7')", "read('name: a\\ncity: b\\nzip: 9')"],
        three=["read('')", "read('# nothing')"],
    ),
    case(
        "unseen: aiohttp server and client",
        """
        import asyncio
        from aiohttp import ClientSession, web

        async def order(request):
            return web.json_response({"price": PRICES[request.match_info["name"]]})

        async def stock(request):
            return web.json_response({"left": int(request.query["left"])})

        PRICES = {}

        async def ask(path):
            app = web.Application()
            app.add_routes([web.get("/orders/{name}", order), web.get("/stock", stock)])
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = site._server.sockets[0].getsockname()[1]
            try:
                async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    return await answer.text()
            finally:
                await runner.cleanup()

        def get(path):
            return asyncio.run(ask(path))
        """,
        file="shop/server.py",
        own=True,
        old=False,
        one=["get('/orders/apple')", "get('/orders/pear-7')"],
        two=["get('/stock?left=many')", "get('/stock?left=a%20few')"],
        three=["get('/stock')", "get('/stock?x=1')"],
    ),
    case(
        "unseen: botocore's queue and table",
        """
        import botocore.session
        from botocore.config import Config
        from botocore.stub import Stubber

        KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}

        def client(name, operation, code, message, status):
            made = botocore.session.get_session().create_client(
                name, region_name="eu-central-1", config=Config(retries={"max_attempts": 0}), **KEYS)
            stub = Stubber(made)
            stub.add_client_error(operation, code, message, status)
            stub.activate()
            return made

        def send(code, message, status, body):
            made = client("sqs", "send_message", code, message, status)
            return made.send_message(QueueUrl="https://queue.example/1/orders", MessageBody=body)
        """,
        file="shop/queue.py",
        one=[
            "send('RequestThrottled', 'Rate exceeded for account 123456789012', 400, 'a')",
            "send('RequestThrottled', 'Rate exceeded for account 123456789012', 400, 'b')",
        ],
        two=[
            "send('InvalidMessageContents', 'Invalid characters found: #x0', 400, 'a')",
            "send('InvalidMessageContents', 'Invalid characters found: #xB', 400, 'b')",
        ],
    ),
    case(
        "unseen: os errors of a full and a forbidden disk",
        """
        import errno, os

        def write(path, number):
            raise OSError(number, os.strerror(number), path)

        def export(day, number):
            write(f"/srv/export/{day}.csv", number)
        """,
        file="shop/export.py",
        one=["export('2026-11-22', errno.ENOSPC)", "export('2026-11-23', errno.ENOSPC)"],
        two=["export('2026-11-22', errno.EACCES)", "export('monday', errno.EACCES)"],
    ),
    case(
        "unseen: Celery chains",
        """
        import celery

        app = celery.Celery("shop", broker="memory://", backend="cache+memory://")
        app.conf.task_always_eager = True

        @app.task
        def load(number):
            return {"number": number}

        @app.task
        def price(order):
            return order["price"] * 2

        @app.task
        def told(order):
            raise RuntimeError("could not tell %s" % order)

        def run(task, number):
            return celery.chain(load.s(number), task.s()).apply_async().get()
        """,
        file="shop/tasks.py",
        old=False,
        one=["run(price, 7)", "run(price, 8)"],
        two=["run(told, 7)", "run(told, 8)"],
    ),
    case(
        "unseen: recursion through __repr__ and json",
        """
        import json

        class Node:
            def __init__(self):
                self.children = [self]

            def __repr__(self):
                return f"Node({self.children})"

        def shown(node):
            return repr(node) + "!"

        def dumped(depth):
            nested = []
            nested.append(nested)
            return json.dumps({"depth": depth, "nested": nested})

        class Deep(Node):
            def __repr__(self):
                return "Deep(" + repr(self.children[0]) + ")"
        """,
        one=["shown(Deep())", "shown(Deep())"],
        two=["dumped(1)", "dumped(22)"],
    ),
]
