"""Answers that are counted."""

from __future__ import annotations

import threading

from aiops_sdk.tally import NO_ROUTE, OTHER_ROUTES, PAIRS, Tally


def test_answers_are_counted_by_status_and_route():
    tally = Tally()
    for status, route in (
        (404, "/orders/<int:id>"),
        (404, None),
        (404, ""),
        (429, "/search"),
        (404, "/orders/<int:id>"),
    ):
        tally.count(status, route)
    assert tally.told() == {"404": {"/orders/<int:id>": 2, NO_ROUTE: 2}, "429": {"/search": 1}}


def test_nothing_counted_is_nothing_told():
    assert Tally().told() == {}


def test_it_stays_small_and_loses_no_count():
    tally = Tally()
    for number in range(10 * PAIRS):
        tally.count(404, f"/{number}/" + "x" * 1000)
    (told,) = tally.told().values()
    assert len(told) == PAIRS + 1
    assert told[OTHER_ROUTES] == 9 * PAIRS
    assert max(map(len, told)) == 100


def test_threads_lose_no_count():
    tally = Tally()

    def count() -> None:
        for _ in range(2000):
            tally.count(404, "/")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.told() == {"404": {"/": 8000}}


def test_it_begins_anew():
    tally = Tally()
    tally.count(404, "/")
    tally.clear()
    assert tally.told() == {}
