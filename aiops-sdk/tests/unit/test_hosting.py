"""What uWSGI allows, asked of a module like the one that it puts into its interpreters."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any, Callable, Dict

import pytest

from aiops_sdk import hosting

OURS = os.getpid()
OTHER = OURS + 1
THREADS = {"enable-threads": True}

Uwsgi = Callable[..., None]


@pytest.fixture
def uwsgi(monkeypatch: pytest.MonkeyPatch) -> Uwsgi:
    def put(*, master: int, worker: int = 0, mule: int = 0, processes: int = 2, **options: Any) -> None:
        opt: Dict[str, object] = options.get("opt", THREADS)
        module = SimpleNamespace(
            masterpid=lambda: master, worker_id=lambda: worker, mule_id=lambda: mule, numproc=processes, opt=opt
        )
        monkeypatch.setitem(sys.modules, "uwsgi", module)  # type: ignore[arg-type]

    return put


def test_without_uwsgi_everything_is_allowed():
    assert hosting.threads_may_start()
    assert not hosting.is_heir_of(OURS)
    assert not hosting.is_unnumbered_child_of(OURS)


def test_a_module_of_that_name_that_is_not_uwsgi_s_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace())  # type: ignore[arg-type]
    assert hosting.threads_may_start()


def test_the_first_process_starts_no_thread_and_its_workers_do(uwsgi: Uwsgi):
    uwsgi(master=OURS)
    assert not hosting.threads_may_start()
    uwsgi(master=OTHER, worker=1)
    assert hosting.threads_may_start()
    uwsgi(master=OTHER, mule=1)
    assert hosting.threads_may_start()


def test_without_a_master_it_depends_on_whether_a_fork_is_to_come(uwsgi: Uwsgi):
    uwsgi(master=0, processes=1)
    assert hosting.threads_may_start()
    uwsgi(master=0)
    assert not hosting.threads_may_start()
    uwsgi(master=0, worker=2)
    assert hosting.threads_may_start()


def test_without_threads_there_are_none(uwsgi: Uwsgi):
    uwsgi(master=OTHER, worker=1, opt={})
    assert not hosting.threads_may_start()
    uwsgi(master=OTHER, worker=1, opt={"threads": b"2"})
    assert hosting.threads_may_start()


def test_the_first_worker_is_the_heir_and_its_own_children_are_not(uwsgi: Uwsgi):
    uwsgi(master=OTHER, worker=1)
    assert hosting.is_heir_of(OTHER)
    assert not hosting.is_heir_of(OURS)
    uwsgi(master=OTHER, worker=2)
    assert not hosting.is_heir_of(OTHER)


def test_a_child_without_a_number_waits_for_it(uwsgi: Uwsgi):
    uwsgi(master=OTHER)
    assert hosting.is_unnumbered_child_of(OTHER)
    uwsgi(master=OTHER, worker=2)
    assert not hosting.is_unnumbered_child_of(OTHER)
