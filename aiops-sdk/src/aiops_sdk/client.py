"""The client: the only object with state. It joins scope, steps and delivery, and decides what is captured at all.

Integrations hand it what they saw. None of its methods raises into them, and none waits for the network except
``flush``, ``close`` and ``deliver_now``.
"""

from __future__ import annotations

import os
import sys
import time
import weakref
from contextvars import ContextVar

from aiops_sdk import _safety, hosting, scope
from aiops_sdk._version import __version__
from aiops_sdk.event import Origin, keep_ids_ready, new_id
from aiops_sdk.frozen import replace
from aiops_sdk.loading import late
from aiops_sdk.scope import RequestScope

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any, Awaitable, Callable, Dict, Iterable, List, Mapping, Optional, Protocol, Tuple

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from aiops_sdk import (
        capturing,
        changes,
        deciding,
        ignoring,
        machine,
        noise,
        postmortem,
        releases,
        seen,
        steps,
        tally,
    )
    from aiops_sdk.capture import Capture
    from aiops_sdk.config import Config
    from aiops_sdk.delivery import disk as disks
    from aiops_sdk.delivery import parcel as packing
    from aiops_sdk.delivery import spool as spools
    from aiops_sdk.delivery import transport as transports
    from aiops_sdk.delivery import voice as voices
    from aiops_sdk.delivery import words as wording
    from aiops_sdk.delivery import worker as workers
    from aiops_sdk.delivery.buffer import Draft
    from aiops_sdk.delivery.disk import Disk
    from aiops_sdk.delivery.journal import Journal, Remains, Stub
    from aiops_sdk.delivery.link import Link
    from aiops_sdk.delivery.parcel import Parcel
    from aiops_sdk.delivery.transport import Accepted, HttpTransport, Transport, Trust, Turns
    from aiops_sdk.delivery.voice import Voice
    from aiops_sdk.delivery.words import Word, Words
    from aiops_sdk.delivery.worker import Delivery
    from aiops_sdk.event import Wire
    from aiops_sdk.ignoring import Ignored
    from aiops_sdk.noise import Rule
    from aiops_sdk.scope import Work
    from aiops_sdk.steps import Steps
    from aiops_sdk.steps.scrubbing import Scrubber
    from aiops_sdk.tally import Tally

    class LastWords(Protocol):
        """A part that has something to say when the client closes."""

        def begin(self) -> None:
            """The end begins: start saying it, without waiting."""

        def wait(self, deadline: float) -> None:
            """Return when it has been said, at the latest at ``deadline`` (monotonic)."""

    class Fixes(Protocol):
        """The fixers that can be asked for; see ``fixing``."""

        #: Where requests are posted, within the app.
        path: str
        loop: Any

        def for_beat(self) -> Dict[str, object]:
            """What a heartbeat says of them."""

        def heard(self, outcome: transports.Outcome, *, closing: bool = False) -> None:
            """How the heartbeat went."""

        def is_urgent(self) -> bool:
            """Whether the next beat should not wait for its time."""

        def has_news(self) -> bool:
            """Whether that, or fixers are there of which no beat has told yet."""

        def answered(self, method: str, route: str) -> None:
            """A request was answered well, by this route."""

        def push(self, headers: Mapping[str, str], body: bytes) -> Any:
            """The answer to what was posted."""

        def answer_wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            """The same, as a WSGI app."""

        def answer_asgi(self, connection: Any, receive: Any, send: Any) -> Awaitable[None]:
            """The same, as an ASGI app."""

        def meet_loop(self) -> None:
            """Here runs the loop that serves the app."""

        def stats(self) -> Dict[str, object]:
            """What became of the requests."""

    class EndWatch(Protocol):
        """Sees to it that ends which nobody can catch leave a trace."""

        def begin(self, journal: Journal) -> None:
            """This process keeps this journal now."""

        def look(self) -> bool:
            """Whether a stop from outside would leave a trace, after seeing to it."""

        def let_go(self) -> None:
            """In a forked child: nothing more goes to what is the parent's."""

        def end(self) -> None:
            """The process, or the client, ends in order."""

else:
    capturing, changes, deciding, ignoring, machine, noise, postmortem, releases, seen, steps, tally = late(
        "capturing",
        "changes",
        "deciding",
        "ignoring",
        "machine",
        "noise",
        "postmortem",
        "releases",
        "seen",
        "steps",
        "tally",
    )
    disks, packing, spools, transports, voices, wording, workers = late(
        "delivery.disk",
        "delivery.parcel",
        "delivery.spool",
        "delivery.transport",
        "delivery.voice",
        "delivery.words",
        "delivery.worker",
    )

EXIT_SECONDS = 2.0
# Nobody waits longer, and some systems cannot.
LONGEST_SECONDS = 86_400.0

# Where no request says when a failure began: the same exception object, seen again after this long, has failed anew.
FAILURE_SECONDS = 30.0

REENTRANT = "reentrant"
# As delivery.worker calls it, which may be loading when this is needed.
FAILED = "sdk_error"

SHORTEST_KEY = 8
LOGGING = "logging"


class Client:
    """Captures what happens in one process and sends it to one platform.

    ``transport`` replaces HTTP. Making a client starts nothing: its sending thread starts with the first event.
    """

    def __init__(self, config: Config, transport: Optional[Transport] = None) -> None:
        self.config = config
        self.origin = _origin(config)
        #: How long the end of the process may be held up for what is still queued.
        self.exit_seconds = float(config.shutdown_timeout)
        self._transport = transport
        self._trusts: List[Trust] = []
        self._turns: List[Turns] = []
        self._scrubbers: List[Scrubber] = []
        self._told_head: Tuple[Origin, Wire] = (self.origin, self.origin.head())
        self._prepared: List[Steps] = []
        self._made: List[Delivery] = []
        #: Why each event was lost that was lost before there was a delivery to count it.
        self._lost: List[str] = []
        self._watch: Optional[EndWatch] = None
        self._make_watch: Optional[Callable[[], EndWatch]] = None
        self._watched: Optional[Journal] = None
        self._has_looked = False
        self._has_compared = False
        self._began = time.monotonic()
        self._words: List[Words] = []
        #: Wakes the thread that sends what is said of jobs, if there is one.
        self.wake: Optional[Callable[[], None]] = None
        #: Says what waits of jobs, within so many seconds, and whether that was enough.
        self.say_of_jobs_now: Optional[Callable[[float], bool]] = None
        self._detected_base_url: Optional[str] = None
        #: The fixers that the platform may ask for; None where no fixer was registered.
        self.fixes: Optional[Fixes] = None
        self._undos: List[Callable[[], None]] = []
        self._last_words: List[LastWords] = []
        self._begin_in_child: List[Callable[[], None]] = []
        self._closed = False
        #: Nothing is taken any more, also not what was to be said last.
        self._over = False
        self._tallies: List[Tally] = []
        #: What the user never wants to hear of; mostly nothing, and then nothing is asked.
        self._ignored: Optional[Ignored] = ignoring.Ignored(config.ignore_errors) if config.ignore_errors else None
        #: Who wants to hear of each decision. Mostly nobody, and then nothing is made for it.
        self._listeners: List[deciding.Listener] = [deciding.say] if config.debug else []
        _follow_forks(self)

    # What the integrations call.

    def capture_exception(
        self,
        exc: object,
        *,
        source: str = "manual",
        mechanism: str = "manual",
        fingerprint: Optional[Iterable[str]] = None,
    ) -> Optional[str]:
        """Report an exception. The event's id, or None if it is noise, was captured before, or belongs to a silent request.

        ``fingerprint`` decides alone which incident it belongs to. What ``sys.exc_info()`` gave is understood, too;
        anything else is reported as what it is.
        """
        with self._guarded() as allowed:
            if allowed:
                found = capturing.exception_in(exc)
                marked = capturing.fingerprint(fingerprint) if fingerprint is not None else ()
                if found is None:
                    return self._thing(exc, source, mechanism, marked)
                return self._exception(found, source, mechanism, marked)
            # Raised by the host's code while ours runs (the garbage collector ends its objects anywhere): looking closer
            # could go round in circles, but it is not lost uncounted.
            self._lose(REENTRANT)
        return None

    def capture_message(
        self, message: object, level: str = "error", *, fingerprint: Tuple[str, ...] = ()
    ) -> Optional[str]:
        """Report something that is no exception. The event's id, or None in a silent request."""
        with self._guarded() as allowed:
            work = scope.current_work()
            if allowed and not self.is_silent(work, message):
                capture = capturing.message(message, level)
                capture.fingerprint = fingerprint
                if self._ignored is None or not self._is_unwanted_message(message, capture.message):
                    return self._take(capture, work)
            elif not allowed:
                self._lose(REENTRANT)
        return None

    def capture_http_error(
        self,
        *,
        status_code: int,
        message: str,
        error_type: str,
        stack_trace: str = "",
        request: Optional[RequestScope] = None,
        exc: Optional[BaseException] = None,
    ) -> Optional[str]:
        """Report an answer that says "failed". Whether its status counts, and the failure is new, the caller has decided.

        ``exc`` is the exception that was turned into this answer, where it is known. What only scanners ask for, and are
        refused, is counted instead.
        """
        with self._guarded() as allowed:
            about = request or scope.current_work()
            if not allowed or self.is_silent(about, message):
                return None
            if isinstance(about, RequestScope):
                rule = noise.answer_rule(status_code, about.path, about.route)
                if rule is not None:
                    self._count(status_code, about.route, rule)
                    return None
            if self._ignored is not None and (
                self._is_unwanted_message(message, message, error_type)
                if exc is None
                else self._is_unwanted(exc, about)
            ):
                return None
            capture = capturing.http_error(
                status_code, message, error_type, stack_trace, exc, with_locals=self.config.capture_locals
            )
            return self._take(capture, about, exc)
        return None

    def capture_log(self, record: logging.LogRecord) -> Optional[str]:
        """Report a log record, whatever its level, unless it is noise or tells of an exception that was captured before."""
        with self._guarded() as allowed:
            if allowed:
                return self._log(record)
            if not noise.is_noisy_record(record) and not _telling.get():
                # As above.
                self._lose(REENTRANT)
        return None

    def count_answer(self, status: int, route: Optional[str]) -> None:
        """Count an answer that failed and is no incident, such as 404 and 429; ``stats()`` and the heartbeats tell of it.

        ``route`` is the framework's pattern for it, None where no route led there.
        """
        with self._guarded():
            self._count(status, route, noise.EXPECTED_ANSWER)

    def also_seen(self, event_id: Optional[str], by: str) -> None:
        """Another sight of a failure that was captured already: its event tells of that, if it has not left."""
        with self._guarded():
            if event_id is not None:
                self._merge(event_id, by)

    def is_silent(self, work: Optional[Work], what: object) -> bool:
        """Whether nothing of this work is captured; those who want to hear of decisions hear that ``what`` was not."""
        if work is None or not work.silent:
            return False
        if self._listeners:
            rule = noise.silence_rule(work, noise.skip_paths(self.config.skip_paths))
            self._tell(deciding.IGNORED, what, rule=rule.name, why=rule.reason)
        return True

    def ignored(self, what: object, rule: Rule) -> None:
        """Something was seen and is never an incident, by this rule: for those who want to hear of decisions."""
        if self._listeners:
            self._tell(deciding.IGNORED, what, rule=rule.name, why=rule.reason)

    def on_decision(self, listener: deciding.Listener) -> Callable[[], None]:
        """Tell ``listener`` of each decision, in the thread that decides; the returned function ends it."""
        self._listeners.append(listener)
        for made in self._made[:1]:
            made.on_drop(self._dropped)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def event_of(self, exc: BaseException) -> Optional[str]:
        """The id of the event that tells of this exception, if it was captured; empty where there is nothing to tell of it."""
        with _safety.guarded():
            return seen.known_event(exc)
        return None

    def say_of_job(self, word: Word) -> None:
        """Tell the platform of a run of a job, if it can be told; see ``jobs``."""
        with _safety.guarded():
            self._notice_fork()
            if not self._words:
                self._words.append(wording.Words())
            # Of threads that come here at once, the first one's counts.
            self._words[0].put(word)
            if self.wake is not None:
                self.wake()

    def saw_base_url(self, url: str) -> None:
        """The address at which this service was reached; the first one counts, unless one is configured."""
        with _safety.guarded():
            self._notice_fork()
            if self._detected_base_url is None and url:
                self._detected_base_url = url.strip().rstrip("/")

    @property
    def base_url(self) -> Optional[str]:
        """Where this service can be called back, as far as known."""
        return self.config.base_url or self._detected_base_url

    # Delivery.

    @property
    def words(self) -> Optional[Words]:
        """What is said of jobs, on its way; None before the first word."""
        return self._words[0] if self._words else None

    @property
    def link(self) -> Link:
        """What is known of the way to the platform."""
        return self._delivery.link

    @property
    def voice(self) -> Voice:
        """What the SDK says in the host's log about itself."""
        return self._delivery.voice

    def connection(self) -> Transport:
        """A way to the platform for one thread of ours: over HTTP a connection of its own, else the transport that was chosen."""
        # Of threads that come here at once, the first one's counts.
        if self.config.transport is not None:
            if not self._turns:
                self._turns.append(transports.Turns(self.config.transport))
            return self._turns[0]
        if not self._trusts:
            self._trusts.append(transports.Trust(self.config.ca_file))
        return http_transport(self.config, self._trusts[0])

    def deliver_now(self, event_id: str, timeout: float) -> bool:
        """Let this event go before all others, and wait until its fate is decided. True when nothing is left to wait for."""
        return self._delivery.hasten(event_id, timeout)

    def flush(self, timeout: Optional[float] = EXIT_SECONDS) -> bool:
        """Wait until everything captured, and said of jobs, is delivered or given up. False when the time was not enough."""
        seconds = _seconds(timeout)
        deadline = time.monotonic() + seconds
        done = all(made.flush(seconds) for made in self._made[:1])
        if self.say_of_jobs_now is not None:
            done = self.say_of_jobs_now(deadline - time.monotonic()) and done
        return done

    def close(self, timeout: Optional[float] = EXIT_SECONDS) -> bool:
        """Undo every hook, send what is queued within ``timeout`` seconds in all, and stop. Harmless when repeated."""
        if self._closed:
            return True
        self._closed = True
        deadline = time.monotonic() + _seconds(timeout)
        for undo in reversed(self._undos):
            with _safety.guarded():
                undo()
        for words in self._last_words:
            words.begin()
        self._over = True
        done = all(made.close(deadline) for made in self._made[:1])
        for words in self._last_words:
            words.wait(deadline)
        if self._watch is not None:
            self._watch.end()
        return done

    def stats(self) -> Dict[str, object]:
        """Occurrences, counted since the process began (a forked child begins anew), and how the process does.

        ``captured`` and ``recovered`` (taken over from the spool) are always the sum of ``delivered``, ``spooled``,
        ``queued`` and ``dropped`` (by reason). All but ``queued`` only grow: what is sent from the spool stays in
        ``spooled``, and is ``recovered`` by whichever process sends it. ``last_error`` is what went wrong last on the way
        to the platform, None once an event gets through again. ``uptime`` is in seconds, ``memory`` in bytes. ``answers`` counts those with a status of 400 or more that are no
        incidents, by status and route. Once something was said of jobs, ``jobs`` says what became of it; where there are
        fixers, ``fixes`` says how many requests were accepted, and refused, by reason. Where there is a ``before_send``,
        ``before_send_failed`` counts how often it raised or gave what is no event.
        """
        # Whoever asks in the midst of our own loading is told that there is nothing yet.
        return _safety.attempt(self._stats, None) or {**no_stats(), "answers": {}}

    def _stats(self) -> Dict[str, object]:
        told = {
            **self._counts(),
            "uptime": round(time.monotonic() - self._began, 3),
            "memory": machine.memory(),
            "answers": self._tallies[0].told() if self._tallies else {},
        }
        if self.config.before_send is not None:
            told["before_send_failed"] = self._prepared[0].failed if self._prepared else 0
        if self.words is not None:
            told["jobs"] = self.words.stats()
        if self.fixes is not None:
            told["fixes"] = self.fixes.stats()
        return told

    # What the heartbeats tell.

    def keep_alive(self) -> None:
        """This process lives: leave a sign of it where others would look after its death. For a thread of ours."""
        self._notice_fork()
        self._compare()
        journal = self._delivery.journal()
        if self._closed:
            return
        if not self._has_looked:
            # Whether the platform can be reached or not: what the dead left is more than the spool may hold.
            self._has_looked = True
            self._delivery.look_into_spool()
        if journal is None:
            return
        if self._watched is not journal:
            self._watched = journal
            if self._watch is None and self._make_watch is not None:
                self._watch = self._make_watch()
            if self._watch is not None:
                self._watch.begin(journal)
        sees_stops = self._watch is not None and self._watch.look()
        journal.alive(time.time(), machine.memory(), machine.memory_kills(), sees_stops=sees_stops)

    def heard(self, outcome: Accepted) -> None:
        """The platform took a heartbeat: then it may take what lies on disk, too. For a thread of ours."""
        self._delivery.heard(outcome)

    # What init() adds.

    def on_close(self, undo: Callable[[], None]) -> None:
        """Call ``undo`` when the client closes, last added first."""
        self._undos.append(undo)

    def say_at_close(self, words: LastWords) -> None:
        """Let ``words`` say something at the end, within the time that the end may take."""
        self._last_words.append(words)

    def watch_ends(self, watch: Callable[[], EndWatch]) -> None:
        """Let what ``watch`` makes begin with the first sign of life."""
        self._make_watch = watch

    def in_forked_child(self, begin: Callable[[], None]) -> None:
        """Call ``begin`` in each forked child, after this client was made fit for it. It must not wait."""
        self._begin_in_child.append(begin)

    # Inside.

    @property
    def _delivery(self) -> Delivery:
        """The way to the platform, made when it is first needed: a program starts faster without."""
        if not self._made:
            config, voice = self.config, voices.Voice(transports.shown(self.config.platform_url))
            made = workers.Delivery(
                self._transport or self.connection(),
                voice,
                self._render,
                head=self._head,
                disk=self._disk(voice),
                fold=config.aggregate_repeats,
                autopsy=_autopsy,
                asks=config.before_send is not None,
                again=self._again,
            )
            if self._listeners:
                made.on_drop(self._dropped)
            # Of threads that come here at once, the first one's counts; the others' have taken nothing yet.
            self._made.append(made)
            if self._over:
                self._made[0].close(time.monotonic())
        return self._made[0]

    @property
    def scrubber(self) -> Scrubber:
        """Hides secrets in what leaves the process in other ways than as an event."""
        if not self._scrubbers:
            config = self.config
            # A key as short as a word is none, and would hide that word everywhere.
            key = (config.api_key,) if len(config.api_key) >= SHORTEST_KEY else ()
            values = (*key, *config.secrets, *config.scrub_values)
            # Of threads that come here at once, the first one's counts.
            self._scrubbers.append(steps.Scrubber(config.scrub_names, values))
        return self._scrubbers[0]

    @property
    def _steps(self) -> Steps:
        if not self._prepared:
            made = steps.Steps(self.scrubber, self.config.before_send, self.voice.broken_before_send)
            self._prepared.append(made)
        return self._prepared[0]

    def _guarded(self) -> _safety.guarded:
        return _safety.guarded(lambda: self._lose(FAILED))

    def _lose(self, reason: str) -> None:
        """Count an event that could not be taken down, also where this interrupts the loading of what counts them."""
        if self._made:
            self._made[0].drop(reason)
        else:
            self._lost.append(reason)

    def _counts(self) -> Dict[str, object]:
        try:
            while self._lost:
                self._delivery.drop(self._lost.pop())
        except IndexError:
            pass  # Another thread has counted the last one.
        return self._delivery.stats()

    def _exception(
        self, exc: BaseException, source: str, mechanism: str, fingerprint: Tuple[str, ...] = ()
    ) -> Optional[str]:
        work = scope.current_work()
        if self.is_silent(work, exc):
            return None
        rule = noise.exception_rule(exc, in_request=scope.request_of(work) is not None, in_task=_is_task(work))
        if rule is not None:
            self.ignored(exc, rule)
            return None
        if self._ignored is not None and self._is_unwanted(exc, work):
            return None
        if self._is_known(exc, work, mechanism):
            return None
        capture = capturing.exception(exc, source, mechanism, with_locals=self.config.capture_locals)
        capture.fingerprint = fingerprint
        return self._take(capture, work, exc)

    def _is_unwanted(self, exc: BaseException, work: Optional[Work]) -> bool:
        """Whether the user wants to hear nothing of it; then nothing of what comes of it in the same work, either."""
        if self._ignored is None or not self._ignored.is_exception(exc):
            return False
        if work is not None:
            work.log.has_exception = True
        self.ignored(exc, ignoring.RULE)
        return True

    def _is_unwanted_message(self, what: object, message: object, error_type: str = "") -> bool:
        if self._ignored is None or not (self._ignored.is_message(message) or self._ignored.is_type(error_type)):
            return False
        self.ignored(what, ignoring.RULE)
        return True

    def _thing(self, given: object, source: str, mechanism: str, fingerprint: Tuple[str, ...] = ()) -> Optional[str]:
        work = scope.current_work()
        if capturing.is_nothing(given) or self.is_silent(work, given):
            return None
        capture = capturing.thing(given, source, mechanism)
        if self._ignored is not None and self._is_unwanted_message(given, capture.message):
            return None
        capture.fingerprint = fingerprint
        return self._take(capture, work)

    def _log(self, record: logging.LogRecord) -> Optional[str]:
        work = scope.current_work()
        if self.is_silent(work, record):
            return None
        exc = capturing.exception_of(record)
        in_task = _is_task(work)
        rule = noise.record_rule(record, exc, in_request=scope.request_of(work) is not None, in_task=in_task)
        if rule is None and exc is None:
            exc = capturing.exception_told_by(record) or _answered(work)
            rule = None if exc is None else noise.record_rule(record, exc, in_task=in_task)
        if rule is not None:
            self.ignored(record, rule)
            return None
        if exc is not None and self._ignored is not None and self._is_unwanted(exc, work):
            return None
        if exc is not None and self._is_known(exc, work, LOGGING):
            return None
        capture = capturing.log(record, exc, with_locals=self.config.capture_locals)
        if self._ignored is not None and self._is_unwanted_message(record, capture.message):
            return None
        return self._take(capture, work, exc) if capture.message.strip() else None

    def _is_known(self, exc: BaseException, work: Optional[Work], by: str) -> bool:
        """Whether an event tells of it already; then that and the work in which it came up learn who saw it again."""
        began = work.began if work is not None else time.monotonic() - FAILURE_SECONDS
        event_id = seen.known_event(exc, since=began)
        if event_id is None:
            return False
        if work is not None:
            work.log.has_exception, work.log.exception_id = True, event_id or work.log.exception_id
            if sys.exc_info()[1] is exc:
                work.log.handled_id = work.log.exception_id
        if event_id != seen.NOTHING:
            self._merge(event_id, by)
        elif self._listeners:
            self._tell(deciding.IGNORED, exc, why="it came with something that was ignored before")
        return True

    def _merge(self, event_id: str, by: str) -> None:
        self._delivery.see_again(event_id, by)
        if self._listeners:
            self._tell(deciding.MERGED, "what {} saw".format(by), event_id=event_id)

    def _count(self, status: int, route: Optional[str], rule: Rule) -> None:
        self._notice_fork()
        if not self._tallies:
            # Of threads that come here at once, the first one's counts.
            self._tallies.append(tally.Tally())
        self._tallies[0].count(status, route)
        if self._listeners:
            what = "{} on {}".format(status, route or tally.NO_ROUTE)
            self._tell(deciding.COUNTED, what, rule=rule.name, why=rule.reason)

    def _take(self, capture: Capture, work: Optional[Work], exc: Optional[BaseException] = None) -> Optional[str]:
        """From here on the failure is accounted for: queued, delivered, or dropped with a reason."""
        self._notice_fork()
        own_id = capture.event_id
        if exc is not None:
            # Before anything waits: another thread, or greenlet, may be about to report the same.
            seen.mark(exc, own_id)
        capturing.add_surroundings(capture, work, self.config, exc)
        event_id = self._delivery.put(capture, None if work is None else work.log)
        if exc is not None and event_id != own_id:
            seen.mark(exc, event_id)
        if work is not None:
            handled = sys.exc_info()[1]
            for log in scope.logs_of(work):
                log.note(event_id, capture.message, has_exception=exc is not None)
                if handled is not None:
                    log.handled_id = event_id
            if handled is not None:
                seen.note_beside(handled, event_id)
        if self._listeners:
            self._tell(deciding.CAPTURED if event_id == own_id else deciding.COUNTED, capture, event_id=event_id)
        return event_id

    def _dropped(self, reason: str, count: int) -> None:
        self._tell(deciding.DROPPED, "{} event(s)".format(count), why=reason)

    def _tell(self, outcome: str, what: object, **details: Optional[str]) -> None:
        """Tell those who listen; what happens because of that is not told in turn."""
        if _telling.get():
            return
        token = _telling.set(True)
        try:
            with _safety.guarded():
                # It may be collected, as what a program prints is: no secrets go there, either.
                decision = deciding.Decision(outcome, self.scrubber.text(capturing.named(what)), **details)
                for listener in tuple(self._listeners):
                    listener(decision)
        finally:
            _telling.reset(token)

    def _render(self, draft: Draft) -> Optional[Parcel]:
        """What was captured as it travels, or None if a step drops it. Called in the sending thread."""
        self._compare()
        keep_ids_ready()
        prepared = self._steps.run(draft.event(), self.origin)
        return None if prepared is None else packing.packed(prepared, self._head())

    def _compare(self) -> None:
        """Find out, once, what is new since an earlier start, for all events to tell. For a thread of ours."""
        if self._has_compared:
            return
        self._has_compared = True
        folder = self._delivery.folder
        found = {} if folder is None else changes.since_last_start(folder, self.origin.release, time.time())
        if found:
            self.origin = replace(self.origin, contexts={**self.origin.contexts, "changes": found})

    def _again(self, body: Wire) -> Optional[Wire]:
        """What a process left that died before it was asked and scrubbed, or None if it is not to be sent."""
        return self._steps.again(body)

    def _stub_of(self, draft: Draft) -> Stub:
        return capturing.stub_of(draft, self.scrubber)

    def _head(self) -> Wire:
        """What all events say; the same object as long as the same is said."""
        origin, head = self._told_head
        if origin is not self.origin:
            origin, head = self._told_head = (self.origin, self.origin.head())
        return head

    def _disk(self, voice: Voice) -> Optional[Disk]:
        if not self.config.spool:
            return None
        return disks.Disk(self.config.spool, self._folder_name, self._head, self._stub_of, voice.no_room)

    def _folder_name(self) -> str:
        return spools.folder_name(self.config.service_name, self.config.environment, self.config.platform_url)

    def _notice_fork(self) -> None:
        # Some servers (uWSGI) fork without telling Python, so that no hook runs.
        if self.origin.pid != os.getpid():
            self.become_child()

    def become_child(self) -> None:
        """After a fork: what is queued is the parent's; locks, connections, threads and counts begin anew here."""
        heir = hosting.is_heir_of(self.origin.pid)
        self.origin = replace(self.origin, pid=os.getpid(), instance_id=new_id())
        self._began = time.monotonic()
        if self._watch is not None:
            self._watch.let_go()
        self._lost.clear()
        for made in self._made[:1]:
            made.become_child(heir=heir)
        for counted in self._tallies[:1]:
            counted.clear()
        for said in self._words[:1]:
            said.begin_anew()
        if not self._closed:
            for begin in self._begin_in_child:
                begin()


def _seconds(given: object) -> float:
    """How long may be waited, of what somebody has given for it."""
    if not isinstance(given, (int, float)) or given != given:  # noqa: PLR0124 - which is how "nan" shows
        return EXIT_SECONDS
    return float(max(0.0, min(given, LONGEST_SECONDS)))


def no_stats() -> Dict[str, object]:
    """What ``Client.stats`` says where no client is."""
    counts = dict.fromkeys(("captured", "delivered", "queued", "recovered", "spooled"), 0)
    memory = _safety.attempt(lambda: machine.memory(), None)  # noqa: PLW0108 - to ask for it may fail: it loads a module
    return {**counts, "dropped": {}, "last_error": None, "uptime": 0.0, "memory": memory}


def http_transport(config: Config, trust: Optional[Trust] = None) -> HttpTransport:
    """A connection of its own to the platform."""
    return transports.HttpTransport(
        config.platform_url, config.api_key, config.proxy, trust or transports.Trust(config.ca_file)
    )


# Set where a decision is being told.
_telling: ContextVar[bool] = ContextVar("aiops_sdk_telling", default=False)


# The current client: the one piece of state that the package keeps.

_current: Optional[Client] = None


def current() -> Optional[Client]:
    """The client that ``init()`` made, or None before it and after ``close()``."""
    return _current


def make_current(client: Optional[Client]) -> Optional[Client]:
    """Let ``current()`` give this client, and return the one it gave before."""
    global _current
    before, _current = _current, client
    return before


def _is_task(work: Optional[Work]) -> bool:
    """Whether this is done for nobody who waits for an answer."""
    return work is not None and not work.serves


def _answered(work: Optional[Work]) -> Optional[BaseException]:
    """The exception that a handler is turning into an answer at this moment: what it logs is about that."""
    handled = sys.exc_info()[1]
    if work is None or handled is None or not work.answers(handled):
        return None
    return handled if noise.exception_rule(handled, in_request=True) is None else None


def _autopsy(remains: Remains) -> List[Dict[str, object]]:
    """The event that tells of a process's death, if it is to be told."""
    found = postmortem.verdict(remains, postmortem.surroundings())
    return [] if found is None else [postmortem.body_of(found, remains)]


def _origin(config: Config) -> Origin:
    return Origin(
        service=config.service_name,
        environment=config.environment,
        host=_host(),
        pid=os.getpid(),
        instance_id=new_id(),
        sdk_version=__version__,
        release=config.release or releases.of_checkout(),
        contexts=_surroundings(),
    )


def _host() -> str:
    """The machine's name, which is what ``socket.gethostname()`` says, but without loading the network."""
    if sys.platform == "win32":
        import platform

        return platform.node()
    return os.uname().nodename


def _surroundings() -> Mapping[str, Mapping[str, object]]:
    """What is the same for every event of a process: the interpreter and the system."""
    if sys.platform != "win32":
        system = os.uname()
        os_name, os_version = system.sysname, system.release
    else:
        windows = sys.getwindowsversion()
        os_name, os_version = "Windows", "{}.{}.{}".format(windows.major, windows.minor, windows.build)
    return {
        "runtime": {"name": sys.implementation.name, "version": "{}.{}.{}".format(*sys.version_info[:3])},
        "os": {"name": os_name, "version": os_version},
    }


def _follow_forks(client: Client) -> None:
    """Make the client fit for each forked child. Python keeps the hook for ever, so it must not keep the client."""
    if not hasattr(os, "register_at_fork"):
        return
    reference = weakref.ref(client)

    def in_child() -> None:
        living = reference()
        if living is not None and not hosting.is_unnumbered_child_of(living.origin.pid):
            with _safety.guarded():
                living.become_child()

    os.register_at_fork(after_in_child=in_child)
