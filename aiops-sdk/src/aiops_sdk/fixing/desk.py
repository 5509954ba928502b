"""Where requests arrive, whichever way they came: verified, done once, and told of until the platform knows how they ended."""

from __future__ import annotations

import _thread
import hmac
import json
import os
import time

from aiops_sdk import _safety
from aiops_sdk.delivery import spool, transport
from aiops_sdk.event import rfc3339
from aiops_sdk.fixing import pushed, requests, signing
from aiops_sdk.fixing.answered import Answered
from aiops_sdk.fixing.pushed import Answer
from aiops_sdk.fixing.records import RUNNING, Records
from aiops_sdk.fixing.running import Run
from aiops_sdk.fixing.signing import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, Awaitable, Callable, Dict, Iterable, List, Mapping, Optional

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from aiops_sdk.client import Client
    from aiops_sdk.fixing.declaring import Fixer, Registry
    from aiops_sdk.fixing.records import Record
    from aiops_sdk.fixing.requests import Asked, FixRequest
    from aiops_sdk.fixing.running import Outcome

#: Seconds after a beat was accepted. Then nobody knows whether the key is in force still.
FRESH = 300.0
#: Results that one heartbeat tells.
MOST_TOLD = 10
REFUSED = "refused"
BUSY = "busy"


class Desk:
    """The fixers of one client's service. Its methods may be called from any thread, and raise nothing into the host."""

    path = pushed.PATH

    def __init__(self, client: Client, registry: Registry, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._registry = registry
        self._secrets = (signing.secret_of(client.config.api_key),)
        #: The key's project, as the platform names it; None until it has, and after it has refused the key.
        self._project: Optional[str] = None
        self._heard_at = 0.0
        self._accepted = 0
        self._refused: Dict[str, int] = {}
        self._told_version = -1
        self._begin()

    def _begin(self) -> None:
        config = self._client.config
        name = spool.folder_name(config.service_name, config.environment, config.platform_url)
        self._records = Records(config.spool, name, self._client.origin.instance_id)
        self._lock = _thread.RLock()
        self._busy: Dict[str, str] = {}
        #: What the platform does not know yet, by request: of those that run, too.
        self._untold: Dict[str, Record] = {}
        self._under_way: Dict[str, Record] = {}
        self._is_urgent = False
        self._answered = Answered()
        #: The loop that serves the app, once one was met.
        self.loop: Optional[asyncio.AbstractEventLoop] = None

    def become_child(self) -> None:
        """After a fork: what runs, and what is to be told, is the parent's."""
        self._records.abandon()
        self._begin()

    # What the heartbeats ask.

    def for_beat(self) -> Dict[str, object]:
        """The fields that a beat has because of this."""
        with self._lock:
            # Whatever comes of this beat: what it does not tell, the next one does, at its time.
            self._is_urgent, self._told_version = False, self._registry.version
        if not _safety.attempt(self._open, False):
            # Without a record nothing keeps a request from being done twice: so nothing can be asked for.
            return {}
        none: List[Record] = []
        for record in _safety.attempt(self._records.adopt, none):
            self._note(str(record.get("request")), record, urgent=False)
        with self._lock:
            # What has ended goes before what runs still.
            first = sorted(self._untold.items(), key=lambda item: item[1].get("state") == RUNNING)
            self._under_way = dict(first[:MOST_TOLD])
            told = [_told(record) for record in self._under_way.values()]
        scrub = self._client.scrubber.text
        fixers = [{**each.told(), "description": scrub(each.description)} for each in self._registry.all()]
        said: Dict[str, object] = {"fixers": fixers, "answered": self._answered.told(scrub)}
        return {**said, "fixes": told} if told else said

    def answered(self, method: str, route: str) -> None:
        """A request was answered well: where a problem was, that tells whether it could have come back."""
        self._answered.count(method, route)

    def _open(self) -> bool:
        with self._lock:
            return self._records.open()

    def is_urgent(self) -> bool:
        """Whether something has ended of which no beat has told yet."""
        return self._is_urgent

    def has_news(self) -> bool:
        """Whether that, or fixers have been registered of which no beat has told yet."""
        return self._is_urgent or self._told_version != self._registry.version

    def heard(self, outcome: transport.Outcome, *, closing: bool = False) -> None:
        """How a beat went. What its answer carries is begun."""
        if isinstance(outcome, transport.Barred) and outcome.unauthorized:
            self._project = None
        if not isinstance(outcome, transport.Accepted):
            return
        self._project, self._heard_at = outcome.project, self._clock()
        with self._lock:
            told, self._under_way = self._under_way, {}
            for request, record in told.items():
                # It may have ended since.
                if record.get("state") != RUNNING and self._untold.get(request) is record:
                    del self._untold[request]
                    _safety.attempt(lambda request=request: self._records.told(request), None)  # type: ignore[misc]  # bound now
        if not closing:
            for carried in outcome.fixes:
                _safety.attempt(lambda carried=carried: self._take(carried), None)  # type: ignore[misc]  # as above

    def _take(self, carried: transport.Carried) -> None:
        headers = {
            signing.ID: carried.id,
            signing.TIMESTAMP: carried.timestamp,
            signing.SIGNATURE: carried.signature,
        }
        try:
            told = self._handle(headers, carried.body.encode("utf-8", "surrogatepass"), is_pushed=False)
            if told.get("state") not in (None, RUNNING):
                # Somebody who asks again does not know it.
                self._note(carried.id, told, urgent=False)
        except RefusedError as refused:
            self._count(refused.reason)
            if signing.is_id(carried.id) and self._knows_nothing_of(carried.id):
                self._note(carried.id, {"request": carried.id, "state": REFUSED}, urgent=False)

    def _knows_nothing_of(self, request: str) -> bool:
        return request not in self._untold and _safety.attempt(lambda: self._records.find(request) is None, False)

    # What is pushed.

    def push(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to what was posted here. ``headers`` are known by their names in small letters."""
        if self._client.origin.pid != os.getpid():
            # Some servers fork without telling Python.
            self._client.become_child()
        try:
            told = self._handle(headers, body, is_pushed=True)
        except RefusedError as refused:
            self._count(refused.reason)
            return pushed.REFUSED
        text = json.dumps(told).encode("ascii")
        signed = signing.signed(self._secrets[0], str(told["request"]), int(self._clock()), text)
        return Answer(202 if told.get("state") == RUNNING else 200, text, signed)

    def answer_wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """As a WSGI app would."""
        return pushed.answer_wsgi(self.push, environ, start_response)

    def answer_asgi(self, connection: Any, receive: Any, send: Any) -> Awaitable[None]:
        """As an ASGI app would."""
        return pushed.answer_asgi(self.push, connection, receive, send)

    def meet_loop(self) -> None:
        """To be called where the app's loop runs."""
        if self.loop is None:
            import asyncio

            self.loop = asyncio.get_running_loop()

    def stats(self) -> Dict[str, object]:
        """How many requests were taken, and how many refused, by reason."""
        return {"accepted": self._accepted, "refused": dict(self._refused)}

    # Inside.

    def _handle(self, headers: Mapping[str, str], body: bytes, *, is_pushed: bool) -> Record:
        """What is to be answered. Raises ``RefusedError``."""
        if len(body) > requests.LARGEST:
            raise RefusedError("size")
        now = self._clock()
        message_id = signing.verify(self._secrets, headers, body, now)
        project = self._project if abs(now - self._heard_at) <= FRESH else None
        asked = requests.read(message_id, body, self._client.origin, project)
        if asked.type == requests.CHALLENGE:
            return self._prove(asked)
        return self._fix(requests.fix_in(asked), now, is_pushed=is_pushed)

    def _prove(self, asked: Asked) -> Record:
        challenge = requests.challenge_in(asked)
        configured, origin = self._client.config.base_url, self._client.origin
        if configured is not None and challenge.address != configured.rstrip("/"):
            raise RefusedError("address")
        return {
            "type": "proof",
            "request": asked.id,
            "challenge": challenge.challenge,
            "address": challenge.address,
            "project": self._project,
            "service": origin.service,
            "environment": origin.environment,
            "instance": origin.instance_id,
        }

    def _fix(self, request: FixRequest, now: float, *, is_pushed: bool) -> Record:
        try:
            with self._lock:
                if not self._records.open():
                    raise RefusedError("records")
                known = self._records.find(request.id)
                if known is not None:
                    return self._again(request, known)
                return self._start(request, self._checked(request, now, is_pushed=is_pushed), now)
        except OSError:
            raise RefusedError("records") from None

    def _checked(self, request: FixRequest, now: float, *, is_pushed: bool) -> Fixer:
        fixer = self._registry.find(request.fix)
        if fixer is None:
            raise RefusedError("fix")
        fixer.check(request.params)
        # Who pushes does not know which process answers; in the answer to a beat somebody in particular is meant.
        if is_pushed and (request.instance is not None or fixer.each_instance):
            raise RefusedError("instance")
        if not is_pushed and request.instance != self._client.origin.instance_id:
            raise RefusedError("instance")
        if now >= request.deadline:
            raise RefusedError("deadline")
        return fixer

    def _again(self, request: FixRequest, known: Record) -> Record:
        """A request that came before is answered with what came of it, if it is the same, byte for byte."""
        if not hmac.compare_digest(str(known.get("digest")), request.digest):
            raise RefusedError("replay")
        return _told(known)

    def _start(self, request: FixRequest, fixer: Fixer, now: float) -> Record:
        """Begin it; the lock is held."""
        record: Record = {
            "request": request.id,
            "incident": request.incident,
            "fix": request.fix,
            "instance": self._client.origin.instance_id,
            "state": RUNNING,
            "began_at": _moment(now),
            "digest": request.digest,
        }
        if not self._records.claim(request.id, record):
            return self._again(request, self._records.find(request.id) or {})
        self._accepted += 1
        if fixer.name in self._busy:
            return _told(self._end(record, {"state": BUSY}))
        self._busy[fixer.name] = request.id
        self._note(request.id, record, urgent=False)
        seconds = min(fixer.timeout, request.deadline - now)
        Run(
            fixer,
            request.params,
            request=request.id,
            seconds=seconds,
            loop=self.loop,
            ended=lambda outcome: self._ended(record, outcome),
            free=lambda: self._free(fixer.name),
        ).start()
        return _told(record)

    def _free(self, name: str) -> None:
        with self._lock:
            self._busy.pop(name, None)

    def _ended(self, record: Record, outcome: Outcome) -> None:
        self._end(record, _safety.attempt(lambda: self._scrubbed(outcome), {"state": outcome.state}))

    def _end(self, record: Record, told: Dict[str, object]) -> Record:
        ended = {**record, **told}
        request = str(record["request"])
        # Told all the same, where the disk does not take it.
        _safety.attempt(lambda: self._records.write(request, ended), None)
        self._note(request, ended)
        return ended

    def _scrubbed(self, outcome: Outcome) -> Dict[str, object]:
        told, scrubber = outcome.told(), self._client.scrubber
        return {name: each if name == "state" else scrubber.value(name, each) for name, each in told.items()}

    def _note(self, request: str, record: Record, *, urgent: bool = True) -> None:
        with self._lock:
            self._untold[request] = record
            self._is_urgent = self._is_urgent or urgent
        wake = self._client.wake
        if urgent and wake is not None:
            wake()

    def _count(self, reason: str) -> None:
        with self._lock:
            known = reason in self._refused
            self._refused[reason] = self._refused.get(reason, 0) + 1
        if not known:
            _say_refused(reason)


def _say_refused(reason: str) -> None:
    import logging

    logging.getLogger("aiops_sdk").warning(
        "A request to run a fixer was refused, and nothing was run. What was wrong: %s. stats() counts those that follow.",
        reason,
    )


def _told(record: Record) -> Record:
    """A record as the platform is told of it."""
    return {"type": "result", **{name: each for name, each in record.items() if name not in ("digest", "owner")}}


def _moment(at: float) -> str:
    from datetime import datetime, timezone

    return rfc3339(datetime.fromtimestamp(at, timezone.utc))
