"""A valve as a Django project in one file, with its middleware against forged requests, under Django's own WSGI server."""

from __future__ import annotations

import sys
import time

import turning
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path

import aiops_sdk


@aiops_sdk.fixer("turn-the-valve", description="Turns it, slowly.", timeout=300)
def turn_the_valve() -> str:
    """It takes as long as somebody wants."""
    turning.begin()
    while not turning.may_end():
        time.sleep(0.05)
    return turning.end()


def front_page(_: HttpRequest) -> HttpResponse:
    return HttpResponse("Here.")


def fail(_: HttpRequest) -> HttpResponse:
    raise ConnectionError("The valve is stuck")


urlpatterns = [path("", front_page), path("fail", fail)]

aiops_sdk.init(service_name="valve")
settings.configure(
    SECRET_KEY="not a secret",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
)
execute_from_command_line(["manage.py", "runserver", "--noreload", sys.argv[1]])
