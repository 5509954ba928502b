"""What was answered well, counted."""

from __future__ import annotations

import threading

from aiops_sdk.fixing.answered import METHOD, OTHER_ROUTES, ROUTE, ROUTES, Answered


def test_answers_are_counted_by_method_and_route():
    answered = Answered()
    for method, route in (("POST", "/pay"), ("GET", "/pay"), ("POST", "/pay")):
        answered.count(method, route)
    assert answered.told(str) == [
        {"method": "GET", "route": "/pay", "count": 1},
        {"method": "POST", "route": "/pay", "count": 2},
    ]


def test_nothing_counted_is_nothing_told():
    assert Answered().told(str) == []


def test_what_a_route_tells_is_told_without_secrets():
    answered = Answered()
    answered.count("GET", "/of/ana@example.com")
    assert answered.told(lambda text: text.replace("ana@", "***@"))[0]["route"] == "/of/***@example.com"


def test_it_stays_small_and_loses_no_count():
    answered = Answered()
    for number in range(3 * ROUTES):
        answered.count("GET", f"/{number}")
    answered.count("GET", "/0" + "x" * ROUTE)
    answered.count("X" * (METHOD + 1), "/0")
    answered.count("GET", "/0")
    told = {str(each["route"]): each for each in answered.told(str)}
    assert len(told) == ROUTES + 1
    assert told[OTHER_ROUTES] == {"route": OTHER_ROUTES, "count": 2 * ROUTES + 2}
    assert told["/0"]["count"] == 2


def test_threads_lose_no_count():
    answered = Answered()

    def count() -> None:
        for _ in range(2000):
            answered.count("GET", "/")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answered.told(str) == [{"method": "GET", "route": "/", "count": 8000}]
