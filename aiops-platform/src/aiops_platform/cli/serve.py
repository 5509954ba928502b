"""`aiops serve`: makes everything ready, starts the door and the worker, and says where to go."""

import logging
import os
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from socket import socket
from textwrap import indent
from typing import assert_never

from aiops_platform import __version__
from aiops_platform.cli.output import speak_to_nobody
from aiops_platform.cli.stopping import AskedToEnd, say_stopped_early
from aiops_platform.core import snippet
from aiops_platform.core.errors import PlatformError
from aiops_platform.process import folder, memory, sockets
from aiops_platform.process.aside import Aside, AsideError
from aiops_platform.process.clock import utc_now
from aiops_platform.process.lock import FolderLock, LockHeldError, holder_of
from aiops_platform.process.locks import DOOR_LOCK, SERVE_LOCK
from aiops_platform.process.logs import start_logging
from aiops_platform.process.nursery import Nursery
from aiops_platform.settings import Settings
from aiops_platform.supervisor import Ending, Part, Supervisor

# A platform that was killed leaves a door behind that still answers what it had begun; a moment later the port is free.
_PREDECESSOR_SECONDS = 8.0
# And a worker that finishes what it had begun.
_WORKER_SECONDS = 15.0

_READY = "make everything ready"
_WORDS = "find the first words"

log = logging.getLogger(__name__)

_STARTED = """\
aiops-platform {version} runs. Ctrl-C ends it.

  address   {url}
  data      {data}
"""
_HOW_TO_SIGN_IN = """\
  sign in   `aiops signin --data {data}` prints a link
"""
_INVITATION = """\
  sign in   {link}
            (works once, within 15 minutes; `aiops signin --data {data}` prints another)
"""
_CONNECT = """
To let a service report (the key is shown only now; `aiops key create NAME --data {data}` makes another):
"""


class AlreadyRunsError(PlatformError):
    """Another `aiops serve` holds the folder."""


class PartFailedError(PlatformError):
    """A part could not start, or went on no longer."""


def run(settings: Settings, given: Namespace) -> int:
    """Until Ctrl-C or SIGTERM. Raises PlatformErrors for whatever keeps it from starting."""
    start_logging("serve", settings.log_format)
    asked = AskedToEnd()
    try:
        ending = _serve(settings, asked, in_one_process=given.one_process)
    except KeyboardInterrupt:
        ending = Ending.STOPPED_EARLY
    except PlatformError:
        # Asked to end, what it waited for has ended, too: no failure.
        if not asked.already:
            raise
        ending = Ending.STOPPED_EARLY
    match ending:
        case Ending.STOPPED:
            return 0
        case Ending.STOPPED_EARLY:
            say_stopped_early()
            return 0
        case Ending.FAILED:
            raise PartFailedError("A part of the platform could not start; the lines above say why")
        case _:
            assert_never(ending)


def _serve(settings: Settings, asked: AskedToEnd, *, in_one_process: bool) -> Ending:
    with ExitStack() as stack:
        lock = stack.enter_context(_lock(settings))
        listening = _listen(settings)
        for each in listening:
            stack.enter_context(closing(each))
        url = settings.address(sockets.port_of(listening))
        lock.note(pid=os.getpid(), version=__version__, url=url)
        # What makes it ready is needed for a moment, and not to be held in memory ever after.
        pieces = {_READY: lambda: _make_ready(settings), _WORDS: lambda: _first_words(settings, url)}
        if in_one_process:
            return _serve_in_one_process(settings, listening, url, stack.enter_context(Aside(pieces)), asked)
        nursery = Nursery(_load_what_parts_share)
        aside = stack.enter_context(Aside(pieces, fork=nursery.add))
        supervisor = stack.enter_context(Supervisor(_parts(settings, listening, url), nursery))
        with asked.heard_later():
            nursery.fork()
        aside.do(_READY)
        if asked.already:
            return Ending.STOPPED_EARLY
        return supervisor.run(lambda: _say_started(settings, url, aside))


def _serve_in_one_process(
    settings: Settings, listening: list[socket], url: str, aside: Aside, asked: AskedToEnd
) -> Ending:
    aside.do(_READY)
    with asked.heard_later():
        from aiops_platform.cli import one_process  # Late: a supervisor does without all that it loads.
    say = partial(_say_started, settings, url, aside)
    if not one_process.serve(settings, listening, url, say, patience=_WORKER_SECONDS):
        raise PartFailedError("The worker ended by itself; the lines above say why")
    return Ending.STOPPED


def _lock(settings: Settings) -> FolderLock:
    folder.prepare(settings.data)
    path = settings.data / SERVE_LOCK
    try:
        # The short wait is for someone who only looks: `aiops doctor`.
        return FolderLock.take(path, wait=0.5)
    except LockHeldError as cause:
        holder = holder_of(path) or {}
        at = f" at {holder['url']} (process {holder.get('pid')})" if "url" in holder else ""
        raise AlreadyRunsError(
            f"A platform runs on {settings.data} already{at}: end that one, or choose another folder with --data"
        ) from cause


def _make_ready(settings: Settings) -> str:
    from aiops_platform import assembly

    with assembly.opened(settings, patience=_WORKER_SECONDS) as platform:
        assembly.mend_intake(settings)
        if not platform.access.sealed_secrets_open():
            log.warning("The server secret is not the one that the keys were made with: `aiops doctor` says what to do")
    return ""


def _listen(settings: Settings) -> list[socket]:
    until = time.monotonic() + _PREDECESSOR_SECONDS
    while True:
        try:
            return sockets.listen(settings.host, settings.port)
        except sockets.PortTakenError:
            if holder_of(settings.data / DOOR_LOCK) is None or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _parts(settings: Settings, listening: list[socket], url: str) -> list[Part]:
    data = ["--data", str(settings.data)]
    descriptors = [each.fileno() for each in listening]
    inherited = [word for each in descriptors for word in ("--listen", str(each))]
    return [
        Part(
            name="door",
            work=_command("api", *data, "--public-url", url, *inherited),
            descriptors=descriptors,
        ),
        Part(name="worker", work=_command("work", *data)),
    ]


def _command(*words: str) -> Callable[[int], int]:
    """The same as this command typed by itself, with a lifeline."""
    from aiops_platform.cli import main

    return lambda lifeline: main([*words, "--lifeline", str(lifeline)])


def _load_what_parts_share() -> None:
    """What is loaded before they are forked is in memory once."""
    from aiops_platform import assembly, worker  # noqa: F401

    memory.settle()


def _say_started(settings: Settings, url: str, aside: Aside) -> None:
    try:
        first = aside.do(_WORDS)
    except AsideError as error:
        # It runs, and these words can be had otherwise.
        log.warning("What is said at a first start could not be found", extra={"why": error})
        first = _HOW_TO_SIGN_IN.format(data=settings.data)
    words = _STARTED.format(version=__version__, url=url, data=settings.data) + first
    aside.close()
    try:
        print(words, flush=True)
    except BrokenPipeError:  # `aiops serve | head -3`: no reason to stop serving.
        speak_to_nobody()


def _first_words(settings: Settings, url: str) -> str:
    """How to sign in and how to report, as far as nobody has been told yet: a script may have made a key before."""
    from aiops_platform import assembly

    with assembly.opened(settings) as platform:
        if platform.access.anyone_invited():
            words = _HOW_TO_SIGN_IN.format(data=settings.data)
        else:
            words = _INVITATION.format(
                link=f"{url}/signin/{platform.access.create_signin(utc_now())}", data=settings.data
            )
        if not platform.access.keys(platform.project_id):
            key = platform.access.create_key(platform.project_id, "first", utc_now())
            words += _CONNECT.format(data=settings.data) + _said(snippet.steps(url=url, key=key))
    return words


def _said(steps: Sequence[snippet.Step]) -> str:
    return "".join(f"\n  {step.do}:\n\n{indent(step.lines, '    ')}\n" for step in steps)
