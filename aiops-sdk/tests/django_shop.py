"""A Django project of one file, whose view, error page and middleware do what a test tells them. Importing it sets Django up."""

from __future__ import annotations

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="of the test",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["shop.example"],
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()

from django.http import HttpResponse, StreamingHttpResponse  # noqa: E402 - they ask for the settings
from django.urls import include, path, re_path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

QUIET = list(settings.MIDDLEWARE)


def crash(request, number):
    return {"total": 7 // 0}


def view(request):
    return view.does(request)


def handler500(request):
    return handler500.does(request)


def pages(request):
    def pieces():
        yield b"first"
        raise ValueError("the stream broke")

    return StreamingHttpResponse(pieces())


async def later(request):
    return await later.does(request)


urlpatterns = [
    path("orders/<int:number>/", csrf_exempt(crash)),
    path("view", csrf_exempt(view)),
    path("checked", view),
    path("health", csrf_exempt(view)),
    path("pages", pages),
    path("shop/", include([re_path(r"^carts/(?P<number>[0-9]+)$", csrf_exempt(crash))])),
    *([path("later", later)] if django.VERSION >= (3, 1) else []),
]


class Broken:
    """A middleware that does what the test wants."""

    before = None
    convert = None

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if Broken.before is not None:
            Broken.before(request)
        return self.get_response(request)

    def process_exception(self, request, exception):
        return Broken.convert(exception) if Broken.convert is not None else None


def begin_anew():
    view.does = lambda request: HttpResponse("fine")
    handler500.does = lambda request: HttpResponse("<h1>Server Error (500)</h1>", status=500)
    Broken.before = Broken.convert = None
