"""What Python itself raises: names, types, texts, files, recursion, causes, groups, generated code."""

from case import case

CASES = [
    case(
        "KeyError with varying keys",
        """
        PRICES = {"apple": 3}
        COSTS = {}

        def price(name):
            return PRICES[name]

        def cost(name):
            return COSTS[name]
        """,
        one=["price('pear')", "price('plum')", "price(('plum', 3))", "price(17)"],
        two=["cost('pear')", "cost('plum')"],
    ),
    case(
        "Two keys asked for in one function",
        """
        def total(order):
            net = order["net"]
            tax = order["tax"]
            return net + tax
        """,
        one=["total({'tax': 1})", "total({})"],
        two=["total({'net': 1})"],
    ),
    case(
        "IndexError at two lines of one function",
        """
        def first_and_last(lines):
            first = lines[0]
            last = lines[0].split()[9]
            return first, last
        """,
        one=["first_and_last([])", "first_and_last(())"],
        two=["first_and_last(['a'])", "first_and_last(['b c'])"],
    ),
    case(
        "AttributeError of None",
        """
        def label(order):
            return order.customer.name

        class Order:
            customer = None
        """,
        one=["label(Order())", "label(Order())"],
        two=["label(None)", "label(None)"],
    ),
    case(
        "TypeError of operands",
        """
        def add(a, b):
            return a + b
        """,
        one=["add(1, 'a')", "add(2, 'b')"],
        two=["add(None, 1)", "add(None, 2)"],
    ),
    case(
        "A call with an argument missing",
        """
        def ship(order, address):
            return order, address

        def now(order):
            return ship(order)

        def later(order):
            return ship(order)
        """,
        one=["now(1)", "now(2)"],
        two=["later(1)", "later(2)"],
    ),
    case(
        "int() of what people typed",
        """
        def quantity(text):
            return int(text)

        def discount(text):
            return int(text)
        """,
        one=["quantity('a dozen')", "quantity('')", "quantity('7b')", "quantity('some more of it')"],
        two=["discount('much')", "discount('10%')"],
    ),
    case(
        "float() of what people typed",
        """
        def weight(text):
            return float(text)
        """,
        one=["weight('heavy')", "weight('1,5')", "weight('12 kg')"],
    ),
    case(
        "A name that is not defined",
        """
        def one():
            return undefined_thing

        def two():
            return other_thing
        """,
        one=["one()", "one()"],
        two=["two()", "two()"],
    ),
    case(
        "UnboundLocalError",
        """
        def total(lines):
            for line in lines:
                amount = line
            return amount
        """,
        one=["total([])", "total(())"],
    ),
    case(
        "Division by zero",
        """
        def average(total, count):
            return total / count

        def share(part, whole):
            return part // whole
        """,
        one=["average(3, 0)", "average(4, 0)"],
        two=["share(3, 0)", "share(9, 0)"],
    ),
    case(
        "An own error whose words vary",
        """
        class OutOfStock(Exception):
            pass

        def reserve(product, count):
            if count > 3:
                raise OutOfStock(f"only few of {product} are left, {count} were asked for")
            raise OutOfStock(f"{product} is not sold any more")
        """,
        one=["reserve('apple', 4)", "reserve('green pear', 5)", "reserve('plum', 6)"],
        two=["reserve('apple', 1)", "reserve('pear', 2)"],
    ),
    case(
        "An own error that is handed its message",
        """
        class ApiError(Exception):
            pass

        def check(answer):
            if "error" in answer:
                raise ApiError(answer["error"])

        def charge(answer):
            check(answer)
        """,
        one=["charge({'error': 'card declined'})", "charge({'error': 'card declined'})"],
        two=["charge({'error': 'quota exceeded'})", "charge({'error': 'quota exceeded'})"],
    ),
    case(
        "An own error raised over several lines",
        """
        class Rejected(Exception):
            pass

        def take(order):
            if order > 10:
                raise Rejected(
                    f"order {order} of {'x' * order} was rejected",
                )
            return order
        """,
        one=["take(11)", "take(12)", "take(25)"],
    ),
    case(
        "A check that all callers use",
        """
        def require(value, name):
            if not value:
                raise ValueError(f"{name} is required")

        def create(email):
            require(email, "email")

        def rename(title):
            require(title, "title")
        """,
        one=["create('')", "create(None)"],
        two=["rename('')", "rename(None)"],
    ),
    case(
        "assert with and without words",
        """
        def pay(amount):
            assert amount > 0, f"amount {amount} must be positive"
            return amount

        def refund(amount):
            assert amount > 0
            return amount
        """,
        one=["pay(0)", "pay(-3)"],
        two=["refund(0)", "refund(-3)"],
    ),
    case(
        "Files that are not there",
        """
        def load(path):
            with open(path) as file:
                return file.read()

        def save(path):
            with open(path, "w") as file:
                file.write("")
        """,
        one=["load('/nowhere/a.csv')", "load('/nowhere/b/orders.csv')", "load('/var/nothing here/x')"],
        two=["save('/nowhere/a.csv')", "save('/nowhere/b.csv')"],
        three=["load('/')", "load('/usr')"],
    ),
    case(
        "UnicodeDecodeError at varying positions",
        """
        def read(raw):
            return raw.decode("utf-8")
        """,
        one=["read(b'caf\\xe9')", "read(b'\\xff\\xfe123')", "read(b'Stra\\xdfe')"],
    ),
    case(
        "UnicodeEncodeError",
        """
        def write(text):
            return text.encode("ascii")
        """,
        one=["write('caf\\u00e9')", "write('\\u6771\\u4eac ab')", "write('x\\u20ac')"],
    ),
    case(
        "json.loads at varying positions",
        """
        import json

        def parse(text):
            return json.loads(text)
        """,
        one=["parse('{\"a\": }')", "parse('{\"abc\":\\n\\n }')", "parse('')", "parse('<html>')"],
    ),
    case(
        "json.dumps of what has no JSON",
        """
        import json, datetime, decimal

        def answer(value):
            return json.dumps(value)
        """,
        one=["answer({'at': datetime.datetime(2026, 1, 2)})", "answer([datetime.datetime(2025, 1, 2)])"],
        two=["answer(decimal.Decimal('1.5'))", "answer({'a': decimal.Decimal('7')})"],
    ),
    case(
        "Endless recursion, entered at varying depths",
        """
        import sys

        def walk(node, depth):
            return visit(node, depth + 1)

        def visit(node, depth):
            return walk(node, depth + 1)

        def start(extra):
            before = sys.getrecursionlimit()
            sys.setrecursionlimit(160 + extra)
            try:
                return walk({}, 0)
            finally:
                sys.setrecursionlimit(before)
        """,
        one=["start(0)", "start(1)", "start(30)"],
    ),
    case(
        "Recursion over a tree, failing at varying depths",
        """
        def total(node):
            if isinstance(node, list):
                return sum(total(each) for each in node)
            return node.amount
        """,
        one=["total([1])", "total([[[2]]])", "total([[[[[7]]]]])"],
    ),
    case(
        "An error wrapped with its cause",
        """
        class ServiceError(Exception):
            pass

        def fetch(store, key):
            try:
                return store[key]
            except (KeyError, TypeError) as error:
                raise ServiceError(f"cannot fetch {key}") from error
        """,
        one=["fetch({}, 'a')", "fetch({}, 'the other')", "fetch({}, 7)"],
        two=["fetch(None, 'a')", "fetch(None, 'b')"],
    ),
    case(
        "An error wrapped without a word about its cause",
        """
        class ServiceError(Exception):
            pass

        def fetch(store, key):
            try:
                return store[key]
            except (KeyError, TypeError):
                raise ServiceError(f"cannot fetch {key}")
        """,
        one=["fetch({}, 'a')", "fetch({}, 'b')"],
        two=["fetch(None, 'a')", "fetch(None, 'b')"],
    ),
    case(
        "An error wrapped with its cause hidden",
        """
        class NotFound(Exception):
            pass

        def fetch(store, key):
            try:
                return store[key]
            except (KeyError, TypeError):
                raise NotFound(key) from None
        """,
        one=["fetch({}, 'a')", "fetch({}, 'b')"],
    ),
    case(
        "A second error while the first is cleaned up",
        """
        class Connection:
            def close(self):
                raise OSError("already closed")

        def work(data):
            connection = Connection()
            try:
                data["x"]
            finally:
                connection.close()
        """,
        one=["work({})", "work([])", "work(None)"],
    ),
    case(
        "Tried again and again, each time inside of the handler",
        """
        def connect(kind):
            raise kind("the bank does not answer")

        def charge(*kinds):
            if not kinds:
                return None
            try:
                connect(kinds[0])
            except OSError:
                if len(kinds) == 1:
                    raise
                return charge(*kinds[1:])
        """,
        one=[
            "charge(ConnectionError)",
            "charge(TimeoutError, ConnectionError)",
            "charge(*[OSError] * 3, ConnectionError)",
        ],
    ),
    case(
        "An exception group, with members in any order and number",
        """
        def failing(kind):
            try:
                raise kind("no")
            except Exception as error:
                return error

        def all_of(*kinds):
            raise ExceptionGroup("orders failed", [failing(kind) for kind in kinds])
        """,
        one=[
            "all_of(ValueError, KeyError)",
            "all_of(KeyError, ValueError)",
            "all_of(KeyError, ValueError, ValueError)",
        ],
        two=["all_of(OSError)", "all_of(OSError, OSError)"],
    ),
    case(
        "A task group",
        """
        import asyncio

        async def fetch(number):
            raise ConnectionError(f"shop {number} is closed")

        async def all_of(count):
            async with asyncio.TaskGroup() as group:
                for number in range(count):
                    group.create_task(fetch(number))

        def run(count):
            asyncio.run(all_of(count))
        """,
        one=["run(1)", "run(2)", "run(5)"],
    ),
    case(
        "Coroutines that await one another",
        """
        import asyncio

        async def order(name):
            return name.upper()

        async def awaited(name):
            return await order(name)

        async def timed(name):
            return await asyncio.wait_for(awaited(name), 5)

        def run(name):
            return asyncio.run(awaited(name))
        """,
        one=["run(7)", "run(8)"],
    ),
    case(
        "asyncio.wait_for that waited too long",
        """
        import asyncio

        async def order(seconds):
            await asyncio.wait_for(asyncio.sleep(5), seconds)

        async def bill(seconds):
            await asyncio.wait_for(asyncio.sleep(5), seconds)
        """,
        one=["asyncio.run(order(0.001))", "asyncio.run(order(0.002))"],
        two=["asyncio.run(bill(0.001))", "asyncio.run(bill(0.002))"],
    ),
    case(
        "Lambdas on one line and on another",
        """
        first = sorted
        RULES = {
            "a": lambda order: order["net"] > 1,
            "b": lambda order: order["tax"] > 1,
        }

        def apply(rule, order):
            return RULES[rule](order)
        """,
        one=["apply('a', {})", "apply('a', {'x': 1})"],
        two=["apply('b', {})", "apply('b', {'x': 1})"],
    ),
    case(
        "Decorated functions",
        """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args)
            return wrapper

        @logged
        def take(order):
            return order.lines

        @logged
        def drop(order):
            return order.lines
        """,
        one=["take(1)", "take(2)"],
        two=["drop(1)", "drop(2)"],
    ),
    case(
        "Methods of one name in two classes",
        """
        class Invoice:
            def total(self):
                return self.lines[0].amount

        class Quote:
            lines = ()

            def total(self):
                return sum(line.price for line in (1,))
        """,
        one=["Invoice().total()", "Invoice().total()"],
        two=["Quote().total()", "Quote().total()"],
    ),
    case(
        "A comprehension, a function of its own or not",
        """
        def names(orders):
            return [order.name for order in orders]
        """,
        pythons=True,
        one=["names([1])", "names([3, 2])"],
        two=["names(None)"],
    ),
    case(
        "A generator that fails late",
        """
        def rows(lines):
            for line in lines:
                yield line.split(",")[2]

        def load(lines):
            return list(rows(lines))
        """,
        one=["load(['a,b'])", "load(['a,b,c', 'x'])"],
    ),
    case(
        "Code made by exec",
        """
        def compiled(expression):
            scope = {}
            exec(compile(f"def rule(order):\\n    return {expression}", "<rule>", "exec"), scope)
            return scope["rule"]

        def apply(expression, order):
            return compiled(expression)(order)
        """,
        one=["apply('order.net', 1)", "apply('order.net', 2)"],
    ),
    case(
        "eval of a user's formula",
        """
        def evaluate(formula, values):
            return eval(formula, {}, values)
        """,
        one=["evaluate('a / b', {'a': 1, 'b': 0})", "evaluate('a / (b - b)', {'a': 1, 'b': 3})"],
        two=["evaluate('a +', {})", "evaluate('(1', {})"],
    ),
    case(
        "namedtuple and dataclass, whose code is generated",
        """
        import collections
        import dataclasses

        Point = collections.namedtuple("Point", "x y")

        @dataclasses.dataclass
        class Order:
            number: int
            total: int = 0

            def __post_init__(self):
                self.total = self.number + 1

        def point(*values):
            return Point(*values)

        def order(number):
            return Order(number)
        """,
        one=["point(1)", "point(3)"],
        two=["order('a')", "order('b')"],
    ),
    case(
        "A module that is not installed",
        """
        def plot():
            import matplotlib_that_is_not_here

        def export(kind):
            return __import__(kind)
        """,
        one=["plot()", "plot()"],
        two=["export('no_such_csv_module')", "export('no_such_csv_module')"],
    ),
    case(
        "getattr with varying names",
        """
        class Order:
            pass

        def field(name):
            return getattr(Order(), name)
        """,
        one=["field('net')", "field('net')"],
        two=["Order().gross"],
    ),
    case(
        "struct and base64 of broken bytes",
        """
        import base64, struct

        def unpack(raw):
            return struct.unpack("<IH", raw)

        def decode(text):
            return base64.b64decode(text, validate=True)
        """,
        one=["unpack(b'123')", "unpack(b'12345678')"],
        two=["decode('a')", "decode('abcde')"],
    ),
    case(
        "Dates that people typed",
        """
        import datetime

        def day(text):
            return datetime.datetime.strptime(text, "%Y-%m-%d")

        def moment(text):
            return datetime.datetime.fromisoformat(text)
        """,
        one=["day('tomorrow')", "day('22.11.2026')", "day('2026/11/22')"],
        two=["moment('soon')", "moment('22.11.')"],
        three=["day('2026-11-22 10:00')", "day('2026-11-22T03:14:07')"],
    ),
    case(
        "Too many values to unpack",
        """
        def pair(line):
            name, price = line.split("=")
            return name, price
        """,
        one=["pair('a=b=c')", "pair('x=1=2')"],
        two=["pair('a')", "pair('b')"],
    ),
    case(
        "subprocess that fails",
        """
        import subprocess

        def fetch(branch):
            subprocess.run(["false", "fetch", branch], check=True)

        def tool(name):
            subprocess.run([name], check=True)
        """,
        one=["fetch('main')", "fetch('release/41')"],
        two=["tool('no-such-program')", "tool('/opt/none/convert')"],
    ),
    case(
        "subprocess that takes too long",
        """
        import subprocess

        def convert(name, seconds):
            subprocess.run(["sleep", "5"], timeout=seconds, env={"NAME": name, "PATH": "/bin:/usr/bin"})
        """,
        one=["convert('a', 0.01)", "convert('b', 0.02)"],
    ),
    case(
        "A future's error, raised again in the thread that asks",
        """
        from concurrent.futures import ThreadPoolExecutor

        def price(order):
            return order["price"]

        def all_prices(orders):
            with ThreadPoolExecutor(2) as pool:
                return list(pool.map(price, orders))
        """,
        one=["all_prices([{}])", "all_prices([{'price': 1}, {}])"],
    ),
    case(
        "A worker process's error, with its traceback as a text",
        """
        from multiprocessing.dummy import Pool

        def price(order):
            return order["price"]

        def all_prices(orders):
            with Pool(2) as pool:
                return pool.map(price, orders)
        """,
        one=["all_prices([{}])", "all_prices([{}, {}])"],
    ),
    case(
        "sqlite3: tables and constraints",
        """
        import sqlite3

        def store(statement):
            connection = sqlite3.connect(":memory:")
            connection.execute("create table orders (id integer primary key, email text unique, total int not null)")
            connection.execute("insert into orders values (1, 'a@b.de', 3)")
            return connection.execute(statement)
        """,
        one=["store('select * from carts')", "store('select * from carts where id = 7')"],
        two=[
            "store(\"insert into orders values (2, 'a@b.de', 3)\")",
            "store(\"insert into orders values (3, 'a@b.de', 9)\")",
        ],
        three=["store('insert into orders values (2, null, null)')", "store('insert into orders (id) values (5)')"],
    ),
    case(
        "sockets: refused, unknown, timed out",
        """
        import socket

        def connect(host, port, seconds=1):
            return socket.create_connection((host, port), seconds)

        def wait(seconds):
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                listening.listen()
                listening.settimeout(seconds)
                listening.accept()
        """,
        one=["connect('127.0.0.1', 9)", "connect('127.0.0.1', 11)"],
        two=["connect('no-such-host.invalid', 80)", "connect('other-host.invalid', 80)"],
        three=["wait(0.01)", "wait(0.02)"],
    ),
    case(
        "urllib: answers by status",
        """
        import http.client
        import io
        import urllib.error
        import urllib.request
        from email.message import Message

        def get(url, status):
            opener = urllib.request.build_opener()
            opener.error("http", urllib.request.Request(url), io.BytesIO(), status, http.client.responses[status], Message())
        """,
        one=["get('http://shop.example/orders/7', 404)", "get('http://shop.example/orders/8', 404)"],
        two=["get('http://shop.example/orders/7', 503)", "get('http://shop.example/orders/9', 503)"],
    ),
    case(
        "Addresses of objects in a message",
        """
        class Handler:
            pass

        def register(handler):
            raise TypeError(handler)
        """,
        one=["register(Handler())", "register(Handler())", "register(Handler())"],
    ),
    case(
        "Ids of every make in a message that is handed in",
        """
        def fail(message):
            raise RuntimeError(message)
        """,
        one=[
            "fail('no such order 0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c05')",
            "fail('no such order 6fa459ea-ee8a-3ca4-894e-db77e160355e')",
        ],
        two=[
            "fail('no such blob 9fceb02d0ae598e95dc970b74767f19372d61af8')",
            "fail('no such blob 1f7a7a472abf3dd9643fd615f6da379c4acb3e3a')",
        ],
        three=["fail('token eyJhbGciOiJIUzI1NiJ9abc12 expired')", "fail('token eyJhbGciOiJIUzI1NiJ9xyz98 expired')"],
    ),
    case(
        "Times and amounts in a message that is handed in",
        """
        def fail(message):
            raise RuntimeError(message)
        """,
        one=["fail('locked since 2026-11-22T03:14:07Z')", "fail('locked since 2026-11-23T04:00:00.123Z')"],
        two=["fail('took 12.5s, at most 5s are allowed')", "fail('took 7s, at most 5s are allowed')"],
        three=["fail('Mon, 23 Nov 2026 00:01:02 GMT is over')", "fail('Tue, 24 Nov 2026 10:21:02 GMT is over')"],
        four=["fail('balance is -3.50 EUR')", "fail('balance is -12 EUR')", "fail('balance is 1,250.00 EUR')"],
    ),
    case(
        "Messages in several languages, handed in",
        """
        def fail(message):
            raise RuntimeError(message)
        """,
        one=["fail('Bestellung 7 wurde nicht gefunden')", "fail('Bestellung 812 wurde nicht gefunden')"],
        two=["fail('注文 7 が見つかりません')", "fail('注文 812 が見つかりません')"],
        three=["fail('Заказ №7 не найден')", "fail('Заказ №812 не найден')"],
        four=["fail('La commande n°7 est introuvable')", "fail('La commande n°99 est introuvable')"],
        five=["fail('Datei „abc.csv“ fehlt')", "fail('Datei „other.csv“ fehlt')"],
        six=["fail('le fichier « a.csv » manque')", "fail('le fichier « b c.csv » manque')"],
    ),
    case(
        "One problem told in the language of the user",
        """
        TEXTS = {"en": "Order {} not found", "de": "Bestellung {} nicht gefunden", "fr": "Commande {} introuvable"}

        class NotFound(Exception):
            def __init__(self, number, language):
                super().__init__(TEXTS[language].format(number))

        def find(number, language):
            raise NotFound(number, language)
        """,
        one=["find(7, 'en')", "find(8, 'de')", "find(9, 'fr')"],
    ),
    case(
        "strerror in the language of the system",
        """
        import errno

        def load(path, text):
            error = FileNotFoundError(errno.ENOENT, text, path)
            raise error
        """,
        one=["load('/a', 'No such file or directory')", "load('/b', 'No such file or directory')"],
    ),
]
