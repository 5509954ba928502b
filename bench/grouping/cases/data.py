"""Data: tables, arrays, validation, markup, pictures, files of offices, keys."""

from case import case

PANDAS = """
import io
import pandas as pd

FRAME = pd.DataFrame({"net": [1, 2], "name": ["a", "b"]})

def column(name):
    return FRAME[name]

def row(number):
    return FRAME.loc[number]

def place(number):
    return FRAME.iloc[number]

def read(text):
    return pd.read_csv(io.StringIO(text))

def load(path):
    return pd.read_csv(path)

def numbers(text):
    return pd.to_numeric(pd.Series(text.split(",")))

def days(text):
    return pd.to_datetime(pd.Series(text.split(",")))

def joined(how):
    return FRAME.merge(FRAME, on=how)

def truth(count):
    return bool(pd.Series(range(count)))

def fill(values):
    frame = FRAME.copy()
    frame["tax"] = values
    return frame
"""

NUMPY = """
import numpy as np

def product(rows, columns):
    return np.ones((rows, columns)) @ np.ones((rows, columns + 1))

def total(left, right):
    return np.ones(left) + np.ones(right)

def shaped(count, shape):
    return np.arange(count).reshape(shape)

def inverse(size):
    return np.linalg.inv(np.zeros((size, size)))

def at(number):
    return np.arange(3)[number]
"""

PYDANTIC = """
import pydantic

class Line(pydantic.BaseModel):
    product: str
    count: int

class Order(pydantic.BaseModel):
    number: int
    lines: list[Line]

def order(**values):
    return Order(**values)

def parsed(text):
    return Order.model_validate_json(text)

class Settings(pydantic.BaseModel):
    url: pydantic.HttpUrl

def settings(**values):
    return Settings(**values)
"""

CASES = [
    case(
        "pandas: a column that is not there",
        PANDAS,
        file="shop/reports.py",
        one=["column('gross')", "column('tax')", "column(7)"],
        two=["row(7)", "row('x')"],
    ),
    case("pandas: positions outside", PANDAS, file="shop/reports.py", one=["place(7)", "place(99)"]),
    case(
        "pandas: CSV that is broken",
        PANDAS,
        file="shop/reports.py",
        one=["read('a,b\\n1,2\\n1,2,3,4\\n')", "read('a,b\\n1,2\\n1,2\\n1,2,3\\n')"],
        two=["read('')", "read('')"],
    ),
    case(
        "pandas: files that are not there",
        PANDAS,
        file="shop/reports.py",
        one=["load('/nowhere/a.csv')", "load('/nowhere/2026/11/b.csv')"],
    ),
    case(
        "pandas: what is no number and no day",
        PANDAS,
        file="shop/reports.py",
        one=["numbers('1,2,many')", "numbers('few,3')"],
        two=["days('2026-11-22,soon')", "days('2026-11-22,2026-11-23,later')"],
    ),
    case(
        "pandas: merge and truth",
        PANDAS,
        file="shop/reports.py",
        one=["joined('gross')", "joined('tax')"],
        two=["truth(2)", "truth(3)"],
    ),
    case("pandas: lengths that do not match", PANDAS, file="shop/reports.py", one=["fill([1])", "fill([1, 2, 3])"]),
    case(
        "numpy: shapes that do not fit",
        NUMPY,
        file="shop/reports.py",
        one=["product(3, 2)", "product(5, 4)"],
        two=["total(2, 3)", "total(4, 7)"],
        three=["shaped(6, (4, 2))", "shaped(7, (2, 2))"],
    ),
    case(
        "numpy: singular, and outside",
        NUMPY,
        file="shop/reports.py",
        one=["inverse(2)", "inverse(3)"],
        two=["at(7)", "at(-9)"],
    ),
    case(
        "pydantic: fields that are missing or wrong",
        PYDANTIC,
        file="shop/models.py",
        one=["order(number='a', lines=[])", "order(number='many', lines=[])", "order(lines='x')"],
        two=["settings(url='x')", "settings()"],
        three=["parsed('{')", "parsed('{}')"],
    ),
    case(
        "marshmallow: fields that are missing or wrong",
        """
        import marshmallow as ma

        class Order(ma.Schema):
            number = ma.fields.Int(required=True)
            email = ma.fields.Email()

        def order(values):
            return Order().load(values)
        """,
        file="shop/models.py",
        one=["order({})", "order({'email': 'x'})", "order({'number': 'a', 'email': 'y@'})"],
    ),
    case(
        "jsonschema: what does not match",
        """
        import jsonschema

        def check(value):
            jsonschema.validate(value, {"type": "object", "properties": {"count": {"type": "integer", "minimum": 1}}})
        """,
        file="shop/models.py",
        one=["check({'count': 'a'})", "check({'count': 'dozen of them'})"],
        two=["check({'count': 0})", "check({'count': -7})"],
    ),
    case(
        "attrs: validators",
        """
        import attrs

        @attrs.define
        class Order:
            number: int = attrs.field(validator=attrs.validators.instance_of(int))
            state: str = attrs.field(default="new", validator=attrs.validators.in_(["new", "paid"]))

        def order(*values):
            return Order(*values)
        """,
        file="shop/models.py",
        one=["order('a')", "order('bcd')"],
        two=["order(1, 'gone')", "order(2, 'lost')"],
    ),
    case(
        "lxml: XML that is broken",
        """
        from lxml import etree

        def parse(text):
            return etree.fromstring(text)

        def find(path):
            return etree.fromstring("<a/>").xpath(path)
        """,
        file="shop/feeds.py",
        one=["parse('<a><b></a>')", "parse('<order>\\n <line>\\n</order>')"],
        two=["find('//a[')", "find('//b[')"],
    ),
    case(
        "ElementTree: XML that is broken",
        """
        import xml.etree.ElementTree as ElementTree

        def parse(text):
            return ElementTree.fromstring(text)
        """,
        file="shop/feeds.py",
        pythons=True,
        one=["parse('<a><b></a>')", "parse('<order>\\n <line>\\n</order>')"],
    ),
    case(
        "PIL: pictures that are none",
        """
        import io
        from PIL import Image

        def thumbnail(raw):
            return Image.open(io.BytesIO(raw))

        def load(path):
            return Image.open(path)

        def crop(size):
            picture = Image.new("RGB", (9, 9))
            return picture.crop(size)
        """,
        file="shop/pictures.py",
        one=["thumbnail(b'')", "thumbnail(b'GIF no')", "thumbnail(b'%PDF')"],
        two=["load('/nowhere/7.png')", "load('/nowhere/a b.png')"],
        three=["crop((9, 9, 1, 1))", "crop((7, 7, 2, 8))"],
    ),
    case(
        "yaml: what cannot be read",
        """
        import yaml

        def load(text):
            return yaml.safe_load(text)
        """,
        file="shop/config.py",
        one=["load('a: [1, 2')", "load('x: 1\\nb: [3, 4\\n')"],
        two=["load('!!python/object:os.system {}')", "load('a: !!python/object:os.path {}')"],
        three=["load('\\tx: 1')", "load('b: 1\\n\\tx: 1')"],
    ),
    case(
        "configparser and tomllib",
        """
        import configparser
        import tomllib

        def option(section, name):
            parser = configparser.ConfigParser()
            parser.read_string("[shop]\\nurl = x")
            return parser.get(section, name)

        def toml(text):
            return tomllib.loads(text)
        """,
        file="shop/config.py",
        one=["option('shop', 'port')", "option('shop', 'port')"],
        two=["option('bank', 'url')", "option('bank', 'url')"],
        three=["toml('a = ')", "toml('x = 1\\nb = ')"],
    ),
    case(
        "csv and openpyxl",
        """
        import csv, io
        import openpyxl

        def rows(text):
            return [row["price"] for row in csv.DictReader(io.StringIO(text))]

        def book(raw):
            return openpyxl.load_workbook(io.BytesIO(raw))

        def sheet(name):
            return openpyxl.Workbook()[name]
        """,
        file="shop/reports.py",
        one=["rows('a,b\\n1,2')", "rows('x\\n3')"],
        two=["book(b'')", "book(b'nothing')"],
        three=["sheet('Orders')", "sheet('Umsatz 2026')"],
    ),
    case(
        "zipfile, gzip and tarfile",
        """
        import gzip, io, tarfile, zipfile

        def opened(raw):
            return zipfile.ZipFile(io.BytesIO(raw))

        def unpacked(raw):
            return gzip.decompress(raw)

        def taken(name):
            with zipfile.ZipFile(io.BytesIO(), "w") as archive:
                return archive.read(name)

        def tar(raw):
            return tarfile.open(fileobj=io.BytesIO(raw))
        """,
        file="shop/files.py",
        one=["opened(b'')", "opened(b'PK')"],
        two=["unpacked(b'<html>')", "unpacked(b'abc')"],
        three=["taken('a.csv')", "taken('b/c.csv')"],
        four=["tar(b'no')", "tar(b'x' * 600)"],
    ),
    case(
        "BeautifulSoup: what is not on the page",
        """
        from bs4 import BeautifulSoup

        def price(page):
            return BeautifulSoup(page, "html.parser").find(id="price").text

        def link(page):
            return BeautifulSoup(page, "html.parser").find("a")["href"]
        """,
        file="shop/scrape.py",
        one=["price('<p>')", "price('<div>7</div>')"],
        two=["link('<a>x</a>')", "link('<a name=7>x</a>')"],
    ),
    case(
        "cryptography: tokens and keys",
        """
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        def opened(token):
            return Fernet(Fernet.generate_key()).decrypt(token)

        def key(raw):
            return load_pem_private_key(raw, None)
        """,
        file="shop/keys.py",
        one=["opened(b'x')", "opened(b'gAAAAABk')"],
        two=["key(b'x')", "key(b'----- no')"],
    ),
    case(
        "dateutil: days that people typed",
        """
        from dateutil import parser

        def day(text):
            return parser.parse(text)
        """,
        one=["day('soon')", "day('the day after')"],
        two=["day('2026-13-45')", "day('2026-02-31')"],
    ),
    case(
        "decimal and fractions",
        """
        from decimal import Decimal
        from fractions import Fraction

        def amount(text):
            return Decimal(text)

        def part(text):
            return Fraction(text)
        """,
        pythons=True,
        one=["amount('1,5')", "amount('a lot')"],
        two=["part('half')", "part('1 half')"],
    ),
    case(
        "enum: values that are none",
        """
        import enum

        class State(enum.Enum):
            NEW = "new"

        class Kind(enum.Enum):
            BOOK = 1

        def state(text):
            return State(text)

        def kind(number):
            return Kind(number)
        """,
        pythons=True,
        one=["state('paid')", "state('lost again')"],
        two=["kind(7)", "kind(8)"],
    ),
    case(
        "pathlib, shutil and permissions",
        """
        import shutil
        from pathlib import Path

        def move(name):
            shutil.move(name, "/nowhere/else/x")

        def text(name):
            return Path(name).read_text()

        def folder(name):
            Path(name).mkdir()
        """,
        file="shop/files.py",
        one=["move('/nowhere/a')", "move('/nowhere/b c')"],
        two=["text('/nowhere/a.txt')", "text('/nowhere/b.txt')"],
        three=["folder('/usr')", "folder('/tmp')"],
    ),
    case(
        "uuid, ipaddress and zoneinfo",
        """
        import ipaddress, uuid, zoneinfo

        def number(text):
            return uuid.UUID(text)

        def address(text):
            return ipaddress.ip_address(text)

        def zone(name):
            return zoneinfo.ZoneInfo(name)
        """,
        one=["number('7')", "number('nothing')"],
        two=["address('10.0.0')", "address('localhost')"],
        three=["zone('Mars/Base')", "zone('Europe/Nowhere')"],
    ),
    case(
        "re and string.Template",
        """
        import re
        from string import Template

        def search(pattern):
            return re.compile(pattern)

        def letter(text, **values):
            return Template(text).substitute(values)

        def line(text, **values):
            return text.format(**values)
        """,
        one=["search('a(')", "search('order (7')"],
        two=["letter('$name')", "letter('Dear $customer')"],
        three=["line('{name}')", "line('{customer} {x}', x=1)"],
    ),
    case(
        "pickle and copy",
        """
        import copy, pickle, threading

        def stored(raw):
            return pickle.loads(raw)

        def kept(value):
            return pickle.dumps(value)

        def copied(value):
            return copy.deepcopy(value)
        """,
        one=["stored(b'x')", "stored(b'~')"],
        two=["kept(lambda: 7)", "kept(lambda: 8)"],
        three=["copied(threading.Lock())", "copied({'a': threading.Lock()})"],
    ),
    case(
        "queue, threading and locks",
        """
        import queue, threading

        def taken(waiting, seconds):
            return waiting.get(timeout=seconds)

        def released(lock):
            lock.release()

        def started(thread):
            thread.start()
            thread.start()
        """,
        one=["taken(queue.Queue(), 0.01)", "taken(queue.Queue(), 0.02)"],
        two=["released(threading.Lock())", "released(threading.Lock())"],
        three=["started(threading.Thread(target=int))", "started(threading.Thread(target=str))"],
    ),
]
