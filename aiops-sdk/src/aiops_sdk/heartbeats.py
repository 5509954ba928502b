"""Signs of life: one at once, then one every 30 seconds, in a thread and on a connection of their own.

So a beat never waits behind events, and whatever goes wrong with one beat, the next one comes. What is said of jobs goes
the same way, because a beat finds out whether the platform understands it.
"""

from __future__ import annotations

import time

from aiops_sdk import _safety
from aiops_sdk.delivery.bell import Bell
from aiops_sdk.frozen import replace
from aiops_sdk.loading import LOADER, late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional

    from aiops_sdk.client import Client
    from aiops_sdk.delivery import link as links
    from aiops_sdk.delivery import transport as transports
    from aiops_sdk.delivery import words as wording
    from aiops_sdk.delivery.transport import Outcome, Transport
    from aiops_sdk.delivery.words import Word
else:
    links, transports, wording = late("delivery.link", "delivery.transport", "delivery.words")


PATH = "/v1/sdk/heartbeat"
INTERVAL = 30.0
PAUSES = (1.0, 2.0)

# A forked child that lives shorter than this (a daemon's middle process, a fork before an exec) does not beat.
CHILD_PAUSE = 1.0


# A beat that is under way when the client closes: who takes it within this time also hears that it was the last one.
UNDER_WAY = 0.5

# How often somebody looks who waits for what was said of jobs.
POLL = 0.005

# By now a program has set up its own handlers: how it would end can be seen.
SETTLED = 4.0


class Heartbeats:
    """Beats for one client until it closes; the last beat of a clean end says that it is the last."""

    def __init__(self, client: Client, transport: Optional[Transport] = None, interval: float = INTERVAL) -> None:
        self._client = client
        self._made = transport
        self._interval = interval
        self._bell = Bell()
        self._ended = Bell()
        self._closing = False
        self._running = False
        self._arrived = False
        #: A beat is under way: nobody knows yet whether the platform takes it.
        self._sending = False
        #: The last beat did not get through: then nothing else would now.
        self._failed = False
        #: The last beat is some seconds old.
        self._is_settled = False
        #: Until when (monotonic) the platform wants to hear nothing.
        self._not_before = 0.0

    def start(self, pause: float = 0.0) -> None:
        """Begin beating after ``pause`` seconds; never waits."""
        if not self._running:
            self._running = _safety.start_thread("aiops-heartbeats", lambda: self._run(pause))

    def start_in_child(self) -> None:
        """After a fork only the calling thread is left: begin anew, and leave the connection to the parent."""
        if self._made is not None:
            self._made.abandon()
        self._bell, self._ended = Bell(), Bell()
        self._running = self._arrived = self._failed = self._closing = self._sending = False
        self.start(CHILD_PAUSE)

    def begin(self) -> None:
        """The client closes: send the last beat now, if the platform took the one before."""
        self._closing = True
        self._bell.ring()

    def wake(self) -> None:
        """Something is to be said of a job: say it now, if the platform can be told. Never waits."""
        self._bell.ring()

    def say_of_jobs(self, seconds: float) -> bool:
        """Wait until all is said that was said of jobs, or given up, for that so many seconds at most. Whether it is."""
        deadline = time.monotonic() + seconds
        self._bell.ring()
        while self._words_left() and self._running and time.monotonic() < deadline:
            time.sleep(POLL)
        return not self._words_left()

    def _words_left(self) -> bool:
        words = self._client.words
        return words is not None and words.left()

    def wait(self, deadline: float) -> None:
        """Until the last beat is out, or until ``deadline``; a platform that did not take the last one is not waited for."""
        if self._running and self._sending and not self._has_something_to_say():
            self._ended.wait(min(UNDER_WAY, deadline - time.monotonic()))
        if self._running and self._has_something_to_say():
            self._ended.wait(deadline - time.monotonic())
        elif not self._running and self._words_wait() and time.monotonic() < deadline:
            # No thread could be had. Nobody else says it.
            _safety.attempt(self._say_last, None)
            self._transport().close()

    def _run(self, pause: float) -> None:
        try:
            self._bell.wait(pause)
            _safety.whatever(LOADER.load_all, None)
            while not self._closing:
                self._is_settled, due = False, time.monotonic() + self._interval
                _safety.whatever(self._client.keep_alive, None)
                if not self._client.link.is_barred(time.monotonic()):
                    _safety.whatever(self._beat, None)
                self._rest(time.monotonic() + min(SETTLED, self._interval))
                if not self._closing:
                    self._is_settled = True
                    _safety.whatever(self._client.keep_alive, None)
                    self._rest(max(due, self._not_before))
            if self._has_something_to_say():
                _safety.whatever(self._say_last, None)
            self._transport().close()
        finally:
            self._running = False
            self._ended.ring()

    def _rest(self, until: float) -> None:
        """Sleep until then (monotonic), or until the client closes. What is said of jobs meanwhile goes out."""
        while not self._closing:
            _safety.whatever(self._send_words, None)
            now, due = time.monotonic(), until
            words = self._client.words
            if words is not None and words.wait() and words.due() > now:
                due = min(until, words.due())
            if now >= until or (now >= self._not_before and self._has_news()):
                return
            self._bell.wait(due - now)

    def _has_news(self) -> bool:
        """Whether the next beat does not wait for its time, because a fix has ended, or there are other fixers than before."""
        fixes = self._client.fixes
        if fixes is None or self._client.link.is_barred(time.monotonic()):
            return False
        return fixes.has_news() if self._is_settled else fixes.is_urgent()

    def _has_something_to_say(self) -> bool:
        return self._arrived or (self._words_wait() and not self._failed)

    def _words_wait(self) -> bool:
        words = self._client.words
        return words is not None and words.wait()

    def _say_last(self) -> None:
        """The last beat; and, if need be after it, because it tells what the platform can, the last words on jobs."""
        knows = self._client.link.can(links.JOBS)
        if knows:
            self._send_words()
        outcome = self._send()
        self._arrived = isinstance(outcome, transports.Accepted)
        self._client.link.learn(outcome)
        if self._client.fixes is not None:
            self._client.fixes.heard(outcome, closing=True)
        if not knows:
            self._send_words()

    def _send_words(self) -> None:
        """As many as the platform takes now. One that does not know jobs is not kept waiting for."""
        words, link, now = self._client.words, self._client.link, time.monotonic()
        if words is None or not words.wait() or link.is_barred(now):
            return
        if link.can(links.JOBS):
            words.send(self._send_word, now, hurried=self._closing)
        elif self._arrived:
            words.give_up(wording.UNSUPPORTED)

    def _send_word(self, word: Word) -> Outcome:
        import json

        body = replace(word, job=self._client.scrubber.text(word.job)).to_wire(self._client.origin, time.time())
        return self._transport().send(wording.PATH, json.dumps(body).encode("ascii"))

    def _beat(self) -> None:
        """One beat, with three tries."""
        self._sending = True
        try:
            self._try()
        finally:
            self._sending = False

    def _try(self) -> None:
        outcome = self._send()
        for pause in PAUSES:
            # A platform that asks for more time than that gets the next beat.
            if not isinstance(outcome, transports.Retry) or (outcome.after or 0.0) > pause or self._closing:
                break
            self._bell.wait(pause)
            outcome = self._send()
        self._arrived = isinstance(outcome, transports.Accepted)
        self._failed = not self._arrived
        if isinstance(outcome, transports.Retry) and outcome.after is not None:
            self._not_before = time.monotonic() + min(outcome.after, links.LONGEST)
        self._pass_on(outcome)

    def _pass_on(self, outcome: Outcome) -> None:
        """Events go the same way. And a service that nobody hears must not look alive to whoever reads its log."""
        voice, fixes = self._client.voice, self._client.fixes
        if fixes is not None:
            _safety.attempt(lambda: fixes.heard(outcome, closing=self._closing), None)
        if isinstance(outcome, transports.Accepted):
            voice.heard()
            self._client.heard(outcome)
            return
        if isinstance(outcome, transports.Barred):
            self._client.link.bar(outcome)
        if isinstance(outcome, transports.Barred) and outcome.unauthorized:
            voice.unauthorized()
        elif not self._closing:
            voice.unheard(outcome.why)

    def _transport(self) -> Transport:
        """A connection of its own, made by the thread that uses it."""
        if self._made is None:
            self._made = self._client.connection()
        return self._made

    def _send(self) -> Outcome:
        import json
        from datetime import datetime, timezone

        from aiops_sdk.event import Beat

        beat = Beat(
            at=datetime.now(timezone.utc),
            base_url=self._client.base_url,
            interval=self._interval,
            closing=self._closing,
            stats=self._client.stats(),
        )
        told, fixes = self._client.scrubber.body(beat.to_wire(self._client.origin)), self._client.fixes
        if fixes is not None:
            # Scrubbed already: the names of parameters are no names of secrets.
            nothing: Dict[str, object] = {}
            told.update(_safety.attempt(fixes.for_beat, nothing))
        body = json.dumps(told).encode("ascii")
        return self._transport().send(PATH, body, compress=self._client.link.can(links.GZIP))


class Silence(Heartbeats):
    """Instead of heartbeats, where the process stands still between two pieces of work: only jobs are spoken of.

    What the platform can is asked, once, with a beat that is the last one as well: so nothing is owed after it.
    """

    def say_of_jobs(self, seconds: float) -> bool:
        """Say what waits, and wait for that so many seconds at most. Whether all is said."""
        if self._words_wait() and not self._running and time.monotonic() >= self._not_before:
            self._ended, self._closing = Bell(), True
            self._running = _safety.start_thread("aiops-jobs", self._say)
        if self._running:
            self._ended.wait(seconds)
        return not self._words_wait()

    def start_in_child(self) -> None:
        """After a fork: the connection is the parent's."""
        if self._made is not None:
            self._made.abandon()
        self._running = self._arrived = self._failed = False

    def wait(self, deadline: float) -> None:
        """Until all is said, or until ``deadline``."""
        self.say_of_jobs(deadline - time.monotonic())
        if self._made is not None and not self._running:
            self._made.close()

    def _say(self) -> None:
        try:
            if not self._client.link.can(links.JOBS):
                _safety.whatever(self._ask, None)
            _safety.whatever(self._send_words, None)
            if self._words_wait():
                # It would be no better at once, and each call would wait for it.
                self._not_before = time.monotonic() + self._interval
        finally:
            self._running = False
            self._ended.ring()

    def _ask(self) -> None:
        outcome = self._send()
        self._arrived = isinstance(outcome, transports.Accepted)
        self._pass_on(outcome)


def install(client: Client, transport: Optional[Transport] = None, interval: float = INTERVAL) -> Heartbeats:
    """Let the client's process beat, also its forked children, until the client closes."""
    beats = Heartbeats(client, transport, interval)
    client.in_forked_child(beats.start_in_child)
    client.say_at_close(beats)
    client.wake = beats.wake
    client.say_of_jobs_now = beats.say_of_jobs
    beats.start()
    return beats


def install_silence(client: Client) -> None:
    """Let nothing beat; what is said of jobs goes out with ``flush``, and at the end."""
    silence = Silence(client)
    client.in_forked_child(silence.start_in_child)
    client.say_at_close(silence)
    client.say_of_jobs_now = silence.say_of_jobs
