"""Web frameworks: views that fail, and answers that count as errors."""

from case import call, case

FLASK = """
from flask import Flask, abort, jsonify, request, render_template_string, g
from werkzeug.exceptions import BadGateway, Forbidden

app = Flask(__name__)
STOCK = {"apple": 3}

def get(path, **how):
    return app.test_client().get(path, **how)

def post(path, **how):
    return app.test_client().post(path, **how)

@app.get("/orders/<int:number>")
def order(number):
    return {"price": STOCK[number]}

@app.get("/carts/<cart>")
def cart(cart):
    return {"price": STOCK[cart]}

@app.get("/reports/<name>")
def report(name):
    abort(500, f"report {name} cannot be made")

@app.get("/partners/<name>")
def partner(name):
    raise BadGateway(f"partner {name} does not answer")

@app.get("/private/<name>")
def private(name):
    abort(403)

@app.get("/login")
def login():
    abort(401)

@app.post("/orders")
def create():
    return {"name": request.get_json()["name"]}

@app.post("/forms")
def form():
    return {"name": request.form["name"]}

@app.get("/pages/<name>")
def page(name):
    return render_template_string("{{ order.lines.first.price }}", name=name)

@app.get("/answers/<int:status>")
def answer(status):
    return jsonify(error="upstream failed"), status

@app.before_request
def tenant():
    if request.args.get("tenant"):
        g.tenant = STOCK[request.args["tenant"]]
"""

DJANGO = """
import django
from django.conf import settings
if not settings.configured:
    settings.configure(
        DEBUG=False, SECRET_KEY="x", ALLOWED_HOSTS=["*"], INSTALLED_APPS=["django.contrib.contenttypes"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, USE_TZ=True,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()

from django.core.exceptions import ImproperlyConfigured, ObjectDoesNotExist, ValidationError
from django.core.validators import validate_email
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.http import HttpResponse
from django.template import engines
from django.urls import reverse
from django.test import RequestFactory

if "django_content_type" not in connection.introspection.table_names():
    with connection.schema_editor() as editor:
        editor.create_model(ContentType)

def find(**what):
    return ContentType.objects.get(**what)

def create(label):
    ContentType.objects.create(app_label=label, model="order")
    ContentType.objects.create(app_label=label, model="order")

def broken(field):
    return list(ContentType.objects.filter(**{field: 1}))

def raw(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)

def address(name, *args):
    return reverse(name, args=args, urlconf=Urls)

class Urls:
    urlpatterns = []

def render(text):
    return engines["django"].from_string(text).render({})

def email(text):
    validate_email(text)

def upload(headers):
    request = RequestFactory().post("/", data=b"x", content_type="multipart/form-data")
    return request.POST

def number(text):
    return models.IntegerField().to_python(text)

def setting(name):
    return getattr(settings, name)
"""

ASGI = """
import asyncio
from fastapi import FastAPI
from fastapi.testclient import TestClient

app = FastAPI()
PRICES = {}

def get(path):
    return TestClient(app).get(path)

@app.get("/orders/{number}")
async def order(number: int):
    return PRICES[number]

@app.get("/sync/{name}")
def sync(name: str):
    return PRICES[name]

@app.get("/models/{name}", response_model=int)
async def model(name: str):
    return name

def helper(name):
    return PRICES[name]

@app.get("/both/{name}")
async def both(name: str):
    return helper(name)
"""

CASES = [
    case(
        "Flask: a view whose lookup fails",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/orders/7')", "get('/orders/812')", "get('/orders/9?page=2')"],
        two=["get('/carts/pear')", "get('/carts/plum-9')"],
    ),
    case(
        "Flask: abort(500) with varying words",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/reports/2026-11')", "get('/reports/2026-12')"],
        two=["get('/partners/7')", "get('/partners/8')"],
    ),
    case(
        "Flask: refused by route",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/private/7')", "get('/private/812')"],
        two=["get('/login')", "get('/login?next=/x')"],
    ),
    case(
        "Flask: refused by route, with names for ids",
        FLASK,
        file="shop/web.py",
        own=True,
        old=False,
        one=["get('/private/ada')", "get('/private/grace')"],
        two=["get('/login')", "get('/login?next=/y')"],
    ),
    case(
        "Flask: JSON that cannot be read",
        FLASK,
        file="shop/web.py",
        own=True,
        one=[
            "post('/orders', data='{', content_type='application/json')",
            "post('/orders', data='[1,', content_type='application/json')",
        ],
        two=["post('/orders', json={})", "post('/orders', json={'nam': 3})"],
    ),
    case(
        "Flask: a form without its field",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["post('/forms')", "post('/forms', data={'nam': 'x'})"],
    ),
    case(
        "Flask: a template in which something is missing",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/pages/7')", "get('/pages/8')"],
    ),
    case(
        "Flask: answers by status",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/answers/500')", "get('/answers/500?again=1')"],
        two=["get('/answers/503')", "get('/answers/503?again=1')"],
    ),
    case(
        "Flask: before_request fails for every route",
        FLASK,
        file="shop/web.py",
        own=True,
        one=["get('/orders/7?tenant=a')", "get('/carts/x?tenant=b')", "get('/login?tenant=c')"],
    ),
    case(
        "FastAPI: async and sync views",
        ASGI,
        file="shop/api.py",
        old=False,
        one=["get('/orders/7')", "get('/orders/8')"],
        two=["get('/sync/a')", "get('/sync/b')"],
    ),
    case(
        "FastAPI: an answer that is none",
        ASGI,
        file="shop/api.py",
        old=False,
        one=["get('/models/a')", "get('/models/bcd')"],
        two=["get('/both/a')", "get('/both/b')"],
    ),
    case(
        "Django: DoesNotExist and MultipleObjectsReturned",
        DJANGO,
        file="orders/views.py",
        one=["find(app_label='a')", "find(app_label='b', id=7)", "find(id=812)"],
        two=[
            "(ContentType.objects.all().delete(), ContentType.objects.create(app_label='m', model='1'), ContentType.objects.create(app_label='m', model='2'), find(app_label='m'))",
            "(ContentType.objects.all().delete(), [ContentType.objects.create(app_label='n', model=str(k)) for k in range(3)], find(app_label='n'))",
        ],
    ),
    case("Django: IntegrityError", DJANGO, file="orders/views.py", one=["create('a')", "create('b7')"]),
    case(
        "Django: a field that is not there",
        DJANGO,
        file="orders/views.py",
        one=["broken('gross')", "broken('gross')"],
        two=["raw('select * from nothing_here')", "raw('select 1 from nothing_here where id = 7')"],
        three=[
            "raw('select nothing from django_content_type')",
            "raw('select nothing from django_content_type limit 3')",
        ],
    ),
    case(
        "Django: reverse of what has no route",
        DJANGO,
        file="orders/views.py",
        one=["address('order', 7)", "address('order', 812)"],
        two=["address('invoice', 7)", "address('invoice', 9)"],
    ),
    case(
        "Django: templates",
        DJANGO,
        file="orders/views.py",
        one=["render('{% nothing %}')", "render('line\\n{% nothing %}')"],
        two=["render('{{ a|nofilter }}')", "render('x\\n\\n{{ b|nofilter }}')"],
        three=["render('{% if %}')", "render(' {% if %}')"],
    ),
    case(
        "Django: ValidationError and what is no number",
        DJANGO,
        file="orders/views.py",
        one=["email('nobody')", "email('no body@x')"],
        two=["number('a dozen')", "number('7b')"],
    ),
    case(
        "Django: settings that are missing",
        DJANGO,
        file="orders/views.py",
        one=["setting('SHOP_URL')", "setting('SHOP_URL')"],
        two=["setting('SHOP_KEY')", "setting('SHOP_KEY')"],
    ),
    case(
        "Views of one name in files of one name",
        """
        def index(request):
            return get(request)

        def get(request):
            return request.user
        """,
        file="orders/views.py",
        one=[call("index(1)", file="orders/views.py"), call("index(2)", file="orders/views.py")],
        two=[call("index(1)", file="users/views.py"), call("index(2)", file="users/views.py")],
    ),
    case(
        "Packages' own files of one name",
        """
        def connect(url):
            return url.host
        """,
        one=[call("connect(1)", file="shop/mail/__init__.py"), call("connect(2)", file="shop/mail/__init__.py")],
        two=[call("connect(1)", file="shop/bank/__init__.py"), call("connect(2)", file="shop/bank/__init__.py")],
    ),
    case(
        "Jinja2: what is undefined",
        """
        import jinja2

        def render(text, **values):
            return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(text).render(**values)
        """,
        one=["render('{{ order }}')", "render('\\n\\n{{ order }}', x=1)"],
        two=["render('{{ customer }}')", "render(' {{ customer }}')"],
        three=["render('{% for %}')", "render('a\\n{% for %}')"],
    ),
    case(
        "Jinja2: templates that are missing",
        """
        import jinja2

        def page(name):
            return jinja2.Environment(loader=jinja2.DictLoader({})).get_template(name).render()
        """,
        one=["page('a.html')", "page('a.html')"],
    ),
    case(
        "Werkzeug: routing",
        """
        from werkzeug.routing import Map, Rule

        URLS = Map([Rule("/orders/<int:number>", endpoint="order")]).bind("shop.example")

        def build(name, **values):
            return URLS.build(name, values)
        """,
        one=["build('order', id=7)", "build('order', id=8)"],
    ),
    case(
        "click: a command that is used wrongly",
        """
        import click

        @click.command()
        @click.argument("count", type=int)
        def run(count):
            return 10 // count

        def main(*arguments):
            run.main(list(arguments), standalone_mode=False)
        """,
        one=["main('0')", "main('000')"],
        two=["main('many')", "main('few')"],
    ),
    case(
        "itsdangerous: signatures and age",
        """
        from itsdangerous import URLSafeTimedSerializer

        def session(text, key="x", age=None):
            return URLSafeTimedSerializer(key).loads(text, max_age=age)

        def made(value, key="y"):
            return URLSafeTimedSerializer(key).dumps(value)
        """,
        one=["session(made('a'))", "session(made('other'))"],
        two=["session('none')", "session('nothing at all')"],
    ),
]
