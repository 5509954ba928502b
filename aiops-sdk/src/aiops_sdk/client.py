"""The client: the only object with state. It joins scope, steps and delivery, and decides what is captured at all.

Integrations hand it what they saw. None of its methods raises into them, and none waits for the network except
``flush``, ``close`` and ``deliver_now``.
"""

from __future__ import annotations

import logging
import os
import time
import weakref
from dataclasses import replace
from typing import Callable, Dict, List, Optional

from aiops_sdk import _safety, capturing, noise, scope, seen, steps
from aiops_sdk._version import __version__
from aiops_sdk.config import Config
from aiops_sdk.delivery import Delivery, Parcel, Transport, Voice, encode
from aiops_sdk.event import Event, Origin, new_id
from aiops_sdk.scope import RequestScope

EXIT_SECONDS = 2.0


class Client:
    """Captures what happens in one process and sends it to one platform.

    ``transport`` replaces HTTP: anything with ``send(path, body) -> Outcome``. Making a client starts nothing:
    its sending thread starts with the first event.
    """

    def __init__(self, config: Config, transport: Optional[Transport] = None) -> None:
        self.config = config
        self.origin = _origin(config)
        self.voice = Voice(config.platform_url)
        self.exit_seconds = EXIT_SECONDS
        self._delivery = Delivery(config, transport, self.voice)
        self._surroundings = capturing.surroundings()
        self._detected_base_url: Optional[str] = None
        self._undos: List[Callable[[], None]] = []
        self._last_words: List[LastWords] = []
        self._after_fork: List[Callable[[], None]] = []
        self._closed = False
        _follow_forks(self)

    # What the integrations call.

    def capture_exception(
        self, exc: BaseException, *, source: str = "manual", mechanism: str = "manual"
    ) -> Optional[str]:
        """Report an exception. The event's id, or None if it is noise, was captured before, or belongs to a silent request."""
        with _safety.guarded() as allowed:
            if allowed and isinstance(exc, BaseException):
                return self._exception(exc, source, mechanism)
        return None

    def capture_http_error(
        self,
        *,
        status_code: int,
        message: str,
        error_type: str,
        stack_trace: str = "",
        request: Optional[RequestScope] = None,
    ) -> Optional[str]:
        """Report an answer that says "failed". Whether the status counts, and whether the failure is known, is the caller's."""
        with _safety.guarded() as allowed:
            request = request or scope.current_request()
            if allowed and not _is_silent(request):
                event = capturing.http_event(status_code, message, error_type, stack_trace)
                return self._take(event, request)
        return None

    def capture_log(self, record: logging.LogRecord) -> Optional[str]:
        """Report a log record, whatever its level; one that carries an exception that was captured before is not reported."""
        with _safety.guarded() as allowed:
            if allowed and not self._closed:
                return self._log(record)
        return None

    def saw_base_url(self, url: str) -> None:
        """The address at which this service was reached; the first one counts, unless one is configured."""
        with _safety.guarded():
            self._notice_fork()
            if self._detected_base_url is None and url:
                self._detected_base_url = str(url).rstrip("/")

    @property
    def base_url(self) -> Optional[str]:
        """Where this service can be called back, as far as known."""
        return self.config.base_url or self._detected_base_url

    # Delivery.

    def deliver_now(self, event_id: str, timeout: float) -> bool:
        """Let this event go before all others, and wait until its fate is decided. True when nothing is left to wait for."""
        return self._delivery.hasten(event_id, timeout)

    def flush(self, timeout: float = EXIT_SECONDS) -> bool:
        """Wait until everything captured is delivered or given up. False when the time was not enough."""
        return self._delivery.flush(timeout)

    def close(self, timeout: float = EXIT_SECONDS) -> bool:
        """Undo every hook, send what is queued within ``timeout`` seconds in all, and stop. Harmless when repeated."""
        if self._closed:
            return True
        self._closed = True
        deadline = time.monotonic() + timeout
        for undo in reversed(self._undos):
            with _safety.guarded():
                undo()
        for words in self._last_words:
            words.begin()
        done = self._delivery.close(deadline)
        for words in self._last_words:
            words.wait(deadline)
        return done

    def stats(self) -> Dict[str, object]:
        """``captured``, ``delivered``, ``dropped`` (by reason) and ``queued``: captured is always the sum of the others."""
        return self._delivery.stats()

    # What init() adds.

    def on_close(self, undo: Callable[[], None]) -> None:
        """Call ``undo`` when the client closes, last added first."""
        self._undos.append(undo)

    def say_at_close(self, words: "LastWords") -> None:
        """Let ``words`` say something at the end, within the time that the end may take."""
        self._last_words.append(words)

    def in_forked_child(self, begin: Callable[[], None]) -> None:
        """Call ``begin`` in each forked child, after this client was made fit for it. It must not wait."""
        self._after_fork.append(begin)

    # Inside.

    def _exception(self, exc: BaseException, source: str, mechanism: str) -> Optional[str]:
        request = scope.current_request()
        if _is_silent(request) or noise.is_noisy_exception(exc):
            return None
        if seen.known_event(exc, request):
            return None
        return self._take(capturing.exception_event(exc, source, mechanism), request, exc)

    def _log(self, record: logging.LogRecord) -> Optional[str]:
        request = scope.current_request()
        exc = capturing.exception_of(record)
        if _is_silent(request) or noise.is_noisy_record(record):
            return None
        if exc is not None and (noise.is_noisy_exception(exc) or seen.known_event(exc, request)):
            return None
        event = capturing.log_event(record, exc)
        return self._take(event, request, exc) if event.message.strip() else None

    def _take(
        self, event: Event, request: Optional[RequestScope], exc: Optional[BaseException] = None
    ) -> Optional[str]:
        """From here on the event is counted: delivered, dropped with a reason, or queued."""
        self._notice_fork()
        if exc is not None:
            seen.mark(exc, event.event_id)
        if request is not None:
            request.log.note(event.event_id, event.message, has_exception=exc is not None)
            event = capturing.with_request(event, request)
        event = replace(event, contexts={**self._surroundings, **event.contexts})
        self._delivery.put(event.event_id, event.signal_type, lambda: self._parcel(event))
        return event.event_id

    def _parcel(self, event: Event) -> Optional[Parcel]:
        prepared = steps.run(event)
        return None if prepared is None else encode(prepared, self.origin)

    def _notice_fork(self) -> None:
        # Some servers (uWSGI) fork without telling Python, so that no hook runs.
        if self.origin.pid != os.getpid():
            self.become_child()

    def become_child(self) -> None:
        """What is queued belongs to the parent; locks, threads, connections and counts begin anew here."""
        self.origin = replace(self.origin, pid=os.getpid(), instance_id=new_id())
        self._delivery.become_child()
        if not self._closed:
            for begin in self._after_fork:
                begin()
