"""The functions that most programs need."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import warnings
from typing import Any

import pytest
from events import counts
from loopback import Platform

import aiops_sdk
from aiops_sdk import client as clients


def hooks() -> Any:
    return sys.excepthook, threading.excepthook, logging.Logger.callHandlers


def init(platform: Platform, **options: Any) -> aiops_sdk.Client:
    return aiops_sdk.init("key", platform_url=platform.url, **options)


def test_init_makes_the_current_client(platform: Platform):
    assert init(platform) is clients.current()


def test_calling_init_again_changes_nothing(platform: Platform):
    first, installed = init(platform, service_name="shop"), hooks()
    assert init(platform, service_name="another") is first
    assert aiops_sdk.init() is first
    assert hooks() == installed
    assert first.config.service_name == "shop"
    logging.getLogger("shop").error("once")
    aiops_sdk.flush(10.0)
    assert [event["message"] for event in platform.events] == ["once"]


def test_init_from_many_threads_is_one_init(platform: Platform):
    made = []
    threads = [threading.Thread(target=lambda: made.append(init(platform))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(made) == 8
    assert len(set(map(id, made))) == 1


def test_close_undoes_everything(platform: Platform):
    before = hooks()
    init(platform)
    assert all(one is not other for one, other in zip(hooks(), before))
    assert aiops_sdk.close(10.0)
    assert hooks() == before
    assert clients.current() is None
    assert aiops_sdk.close(10.0)


def test_after_close_init_begins_anew(platform: Platform):
    first = init(platform)
    aiops_sdk.close(10.0)
    second = init(platform, service_name="again")
    assert second is not first
    aiops_sdk.capture_exception(ValueError())
    aiops_sdk.flush(10.0)
    assert [event["service"] for event in platform.events] == ["again"]


def test_without_a_key_init_says_what_to_do_and_does_nothing():
    before = hooks()
    with pytest.raises(RuntimeError, match="AIOPS_API_KEY"):
        aiops_sdk.init()
    assert hooks() == before
    assert clients.current() is None


def test_an_option_that_does_not_exist_is_warned_of_with_the_nearest(platform: Platform):
    with pytest.warns(UserWarning, match="no option 'enviroment'.*Did you mean 'environment'") as warned:
        init(platform, enviroment="staging")
    assert warned[0].filename == __file__
    assert clients.current() is not None


@pytest.mark.parametrize("name", ["dsn", "sample_rate"])
def test_an_option_that_is_like_no_other_is_warned_of_with_the_names_of_all(platform: Platform, name: str):
    with pytest.warns(UserWarning, match=f"no option '{name}'.*The options are api_key, service_name, .*before_send"):
        init(platform, **{name: 1})


@pytest.mark.parametrize("seconds", [None, float("inf"), float("nan"), -1, "soon"])
def test_any_time_may_be_given_to_wait_for(platform: Platform, seconds: Any):
    init(platform)
    aiops_sdk.flush(seconds)
    aiops_sdk.capture_message("x")
    assert aiops_sdk.flush(seconds) or seconds == -1
    aiops_sdk.close(seconds)


def test_what_was_said_before_close_is_not_said_after_it(platform: Platform):
    def work() -> None:
        init(platform)
        aiops_sdk.set_tag("of", "the first")
        aiops_sdk.add_breadcrumb("of the first")
        aiops_sdk.close(10.0)
        init(platform)
        aiops_sdk.capture_message("x")
        aiops_sdk.flush(10.0)

    contextvars.Context().run(work)
    (event,) = platform.events
    assert "tags" not in event
    assert "breadcrumbs" not in event


def test_init_itself_warns_of_nothing(platform: Platform):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        init(platform)


def test_an_exception_can_be_handed_over(platform: Platform):
    init(platform, release="1.2.3")
    event_id = aiops_sdk.capture_exception(ValueError("handed over"))
    aiops_sdk.flush(10.0)
    (event,) = platform.events
    assert (event["event_id"], event["message"], event["source"]) == (event_id, "handed over", "manual")
    assert (event["release"], event["status_code"]) == ("1.2.3", 500)


def test_without_an_argument_the_one_being_handled_is_captured(platform: Platform):
    init(platform)
    try:
        raise KeyError("handled")
    except KeyError:
        aiops_sdk.capture_exception()
    assert aiops_sdk.capture_exception() is None
    aiops_sdk.flush(10.0)
    assert [event["error_type"] for event in platform.events] == ["KeyError"]


@pytest.mark.parametrize("thing", ["text", 42, ValueError, object()], ids=["text", "number", "class", "object"])
def test_what_is_no_exception_is_reported_as_what_it_is(platform: Platform, thing: Any):
    init(platform)
    event_id = aiops_sdk.capture_exception(thing)
    aiops_sdk.flush(10.0)
    (event,) = platform.events
    assert event["event_id"] == event_id


def test_the_numbers_add_up(platform: Platform):
    init(platform)
    for number in range(5):
        aiops_sdk.capture_exception(ValueError(number))
    aiops_sdk.flush(10.0)
    assert counts(aiops_sdk.stats()) == counts(captured=5, delivered=5)


def test_a_client_of_one_s_own_lives_beside_the_current_one(platform: Platform):
    init(platform, service_name="application")
    own = aiops_sdk.Client(aiops_sdk.Config(api_key="key", service_name="library", platform_url=platform.url))
    own.capture_exception(ValueError("of the library"))
    aiops_sdk.capture_exception(ValueError("of the application"))
    own.close(10.0)
    aiops_sdk.flush(10.0)
    assert {event["service"]: event["message"] for event in platform.events} == {
        "library": "of the library",
        "application": "of the application",
    }


def test_the_version_is_the_package_s():
    assert aiops_sdk.__version__ == "0.2.0"
