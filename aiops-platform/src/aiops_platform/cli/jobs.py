"""`aiops jobs …`: how jobs stand, and that nobody wants to hear of one for a while; here, or with `--url` elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from aiops_platform import assembly
from aiops_platform.cli.elsewhere import found, is_there, place_of
from aiops_platform.cli.table import print_table
from aiops_platform.client import Client
from aiops_platform.core import job_settings
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.core.views import JobRow
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import job_words, words
from aiops_platform.web.cut import shortened

_ON_A_PAGE = 100
_SHOWN_RUNS = 20
_HEAD = ("NUMBER", "JOB", "SERVICE", "STANDS", "NEXT", "LAST RUN")
_RUNS = ("BEGAN", "ENDED", "TOOK", "EXIT")


class UnknownJobError(PlatformError):
    """There is no such job."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints every job, those in trouble first."""
    with _place_of(settings, given) as place:
        found = list(place.jobs())
    if given.json:
        for each in found:
            print(msgspec.json.encode(each).decode())
    elif found:
        print_table(_HEAD, [_line(each) for each in found])
    else:
        print("No job has reported yet.", file=sys.stderr)
    return 0


def show(settings: Settings, given: Namespace) -> int:
    """Prints one job: what is expected of it, how it stands, its last runs. Raises UnknownJobError."""
    with _place_of(settings, given) as place:
        job = place.job(given.number)
    if job is None:
        raise _unknown(given.number)
    if given.json:
        print(msgspec.json.encode(job).decode())
        return 0
    expected, problem = job_settings.in_force(job.schedule, job.settings)
    print(f"{shortened(job.name, 200)} of {shortened(job.service, 80)} in {shortened(job.environment, 80)}")
    print(f"  stands: {_standing(job) or 'nothing is expected of it'}")
    for name, text in job_words.expectations(expected):
        print(f"  {name}: {shortened(text, 300)}")
    if problem:
        print(f"  its schedule is not understood: {shortened(problem, 300)}")
    for each in job_words.coming(expected, job.expected_at):
        print(f"  expected: {each}")
    if job.runs:
        print()
        print_table(_RUNS, [_run(job, number) for number in range(min(len(job.runs), _SHOWN_RUNS))])
    return 0


def pause(settings: Settings, given: Namespace) -> int:
    """It is judged no longer. Raises UnknownJobError."""
    return _set(settings, given, paused=True)


def resume(settings: Settings, given: Namespace) -> int:
    """It is judged again. Raises UnknownJobError."""
    return _set(settings, given, paused=False)


def delete(settings: Settings, given: Namespace) -> int:
    """It is forgotten with its runs. Raises UnknownJobError."""
    with _place_of(settings, given) as place:
        is_there = place.delete(given.number)
    if not is_there:
        raise _unknown(given.number)
    print(f"Job {given.number} is deleted.")
    return 0


class _Place(Protocol):
    def jobs(self) -> Iterator[JobRow]: ...

    def job(self, number: int) -> JobRow | None: ...

    def pause(self, number: int, *, paused: bool) -> bool: ...

    def delete(self, number: int) -> bool: ...


def _place_of(settings: Settings, given: Namespace) -> AbstractContextManager[_Place]:
    return place_of(settings, given, here=_Here, elsewhere=_Elsewhere)


class _Here:
    def __init__(self, platform: assembly.Opened) -> None:
        self._project = platform.project_id
        self._reads = assembly.reads(platform)
        self._desk = assembly.jobs(platform)

    def jobs(self) -> Iterator[JobRow]:
        page = 1
        while found := self._reads.jobs(self._project, page=page, per_page=_ON_A_PAGE).rows:
            yield from found
            page += 1

    def job(self, number: int) -> JobRow | None:
        found = self._reads.job(self._project, number)
        return None if found is None else found.row

    def pause(self, number: int, *, paused: bool) -> bool:
        if paused:
            return self._desk.pause(self._project, number, utc_now(), by=COMMAND_LINE)
        return self._desk.resume(self._project, number, utc_now())

    def delete(self, number: int) -> bool:
        return self._desk.delete(self._project, number, utc_now(), by=COMMAND_LINE)


class _Elsewhere:
    def __init__(self, client: Client) -> None:
        self._client = client

    def jobs(self) -> Iterator[JobRow]:
        return self._client.jobs()

    def job(self, number: int) -> JobRow | None:
        return found(lambda: self._client.job(number))

    def pause(self, number: int, *, paused: bool) -> bool:
        return is_there(lambda: self._client.pause_job(number, paused=paused))

    def delete(self, number: int) -> bool:
        return is_there(lambda: self._client.delete_job(number))


def _set(settings: Settings, given: Namespace, *, paused: bool) -> int:
    with _place_of(settings, given) as place:
        is_there = place.pause(given.number, paused=paused)
    if not is_there:
        raise _unknown(given.number)
    print(f"Job {given.number} is {'paused' if paused else 'judged again'}.")
    return 0


def _unknown(number: int) -> UnknownJobError:
    return UnknownJobError(f"There is no job {number}: `aiops jobs list` shows those there are")


def _line(job: JobRow) -> Sequence[str]:
    service = f"{shortened(job.service, 30)} · {shortened(job.environment, 20)}"
    coming = "" if job.paused_at is not None else _time(job.expected_at)
    last = job.runs[0] if job.runs else None
    ended = "" if last is None else f"{_time(last.began_at)} {words.run_state(words.standings(job.runs)[0]).lower()}"
    return (str(job.id), shortened(job.name, 40), service, _standing(job), coming, ended)


def _standing(job: JobRow) -> str:
    standing = job_words.standing(job)
    return standing and job_words.called(standing)


def _run(job: JobRow, number: int) -> Sequence[str]:
    run = job.runs[number]
    took = "" if run.duration is None else words.took(run.duration)
    status = "" if run.exit_status is None else str(run.exit_status)
    return (_time(run.began_at), words.run_state(words.standings(job.runs)[number]), took, status)


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
