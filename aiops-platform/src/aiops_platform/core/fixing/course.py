"""The course of a fix: its turn comes, it is sent, and ends as the service tells, or as nobody does. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from aiops_platform.core.event import FixResult
from aiops_platform.core.fixing import requests
from aiops_platform.core.fixing.fix import FAILURES, UNDECIDED, UNDER_WAY, Fix, FixState, Proof, Way
from aiops_platform.core.service import ServiceName
from aiops_platform.core.text import one_line, paragraph

#: What waits for its turn, or for a process to do it, is asked for no more after this time.
PATIENCE: Final = timedelta(minutes=10)
#: What waits for people.
UNDECIDED_FOR: Final = timedelta(days=1)
#: So long after its deadline a result may still be on its way.
GRACE: Final = timedelta(seconds=90)
#: For a request to arrive and to begin, beside what the fixer takes: pushed, or carried by heartbeats at this pace.
_TO_ARRIVE: Final = timedelta(seconds=60)
_BEATS: Final = 4
_LOOK: Final = timedelta(seconds=1)
_LOOK_AT_UNDECIDED: Final = timedelta(seconds=10)
_NEARLY: Final = 2.5
_VALUE_LIMIT: Final = 8_192
_ERROR_LIMIT: Final = 1_000
_TRACE_LIMIT: Final = 8_192
_LOG_LIMIT: Final = 16_384
_TOLD: Final = frozenset(
    {
        FixState.RUNNING,
        FixState.SUCCEEDED,
        FixState.FAILED,
        FixState.TIMED_OUT,
        FixState.INTERRUPTED,
        FixState.BUSY,
        FixState.REFUSED,
    }
)
#: These were judged without a word of the service: what it tells later goes before them.
_GUESSED: Final = frozenset({FixState.UNKNOWN, FixState.EXPIRED, FixState.CANCELLED})
_ON_THE_WAY: Final = frozenset({FixState.QUEUED, FixState.SENT})
_SAID: Final[Mapping[FixState, str]] = {
    FixState.SUCCEEDED: "",
    FixState.FAILED: "it raised",
    FixState.TIMED_OUT: "it did not end in time, and may go on",
    FixState.INTERRUPTED: "its process died in the middle of it",
    FixState.BUSY: "another one of this name was running: it was not begun",
    FixState.REFUSED: "the service did not take it: its log says why",
}


def moved(fix: Fix, state: FixState, now: datetime, why: str = "") -> Fix:
    """The fix in this state from now on; one that ends has ended now."""
    ended = replace(fix, state=state, state_since=now, why=why, due_at=None)
    return replace(ended, ended_at=ended.ended_at or now) if ended.is_ended else replace(ended, ended_at=None)


def queued(fix: Fix, now: datetime) -> Fix:
    """It is to be done, as soon as its turn comes."""
    return replace(moved(fix, FixState.QUEUED, now), due_at=now)


def undecided(fix: Fix, state: FixState, now: datetime) -> Fix:
    """It waits for somebody."""
    return replace(moved(fix, state, now), due_at=now + _LOOK_AT_UNDECIDED)


def still_undecided(fix: Fix, now: datetime, *, is_open: bool) -> Fix:
    """It waits on, as long as its incident is open, and not for ever."""
    if not is_open:
        return moved(fix, FixState.CANCELLED, now, "the incident is not open any more")
    if now - fix.state_since >= UNDECIDED_FOR:
        return moved(fix, FixState.EXPIRED, now, "nobody has decided within a day")
    return replace(fix, due_at=now + _LOOK_AT_UNDECIDED)


def waits(fix: Fix, now: datetime, why: str) -> Fix:
    """Its turn has not come: it is looked at again, or has waited for too long."""
    if now >= _last_start(fix):
        return moved(fix, FixState.EXPIRED, now, f"it was not sent: {why}")
    return replace(fix, due_at=now + _LOOK, why=why)


def pushed(fix: Fix, named: ServiceName, *, off: float, now: datetime) -> Fix:
    """Its turn has come: it is to be pushed, once."""
    deadline = now + _TO_ARRIVE + timedelta(seconds=fix.timeout)
    body = requests.body_of(fix, named, deadline=deadline, off=off, instance=None)
    # Looked at again when it can have been pushed for long: where nobody pushes, it is carried.
    return replace(fix, way=Way.PUSHED, body=body, instance=None, deadline=deadline, why="", due_at=now + _TO_ARRIVE)


def carried(fix: Fix, named: ServiceName, instance: str, *, off: float, interval: int, now: datetime) -> Fix:
    """Its turn has come: it goes with the next heartbeat of this instance.

    Also what was to be pushed and certainly was not done: then its body names an instance now.
    """
    wait = max(_TO_ARRIVE, timedelta(seconds=_BEATS * interval))
    deadline = now + wait + timedelta(seconds=fix.timeout)
    body = requests.body_of(fix, named, deadline=deadline, off=off, instance=instance)
    return replace(
        fix, way=Way.CARRIED, body=body, instance=instance, deadline=deadline, why="", due_at=now + _LOOK, sent_at=None
    )


def is_carriable(fix: Fix, now: datetime) -> bool:
    """Whether the door may hand it out: to be sent, or sent and nobody has told that it arrived."""
    if fix.way is not Way.CARRIED or fix.deadline is None:
        return False
    # What was sent already may have arrived; what was not, must have the time that it takes.
    return now < (_last_start(fix) if fix.state is FixState.QUEUED else fix.deadline) and fix.state in _ON_THE_WAY


def sent(fix: Fix, now: datetime) -> Fix:
    """It is sent from now on: it may be done, whatever is heard of it."""
    first = fix if fix.state is FixState.SENT else moved(fix, FixState.SENT, now)
    due = None if fix.deadline is None else fix.deadline + GRACE
    return replace(first, sent_at=fix.sent_at or now, attempts=fix.attempts + 1, due_at=due)


def lost(fix: Fix, now: datetime) -> Fix:
    """Nobody has told of it in time: what became of it is not known."""
    why = "it had begun, and nobody has told how it ended" if fix.state is FixState.RUNNING else _UNHEARD
    return moved(fix, FixState.UNKNOWN, now, why)


_UNHEARD: Final = "it was sent, and nobody has told what became of it: it may have been done"


def heard(fix: Fix, told: FixResult, *, off: float, at: datetime) -> Fix:
    """The fix after what a beat tells of it; the same one where that is no news, or about something else.

    `off` is what the service's clock is ahead of ours, in seconds; `at` when the beat was received.
    """
    state = FixState(told.state) if told.state in _TOLD else None
    if state is None or not _is_about(fix, told):
        return fix
    if fix.is_ended and (fix.state not in _GUESSED or state is FixState.RUNNING):
        return fix
    if state is FixState.RUNNING:
        if fix.state is FixState.RUNNING:
            return fix
        begun = replace(moved(fix, state, at), began_at=_began(told, off, fix, at), instance=_by(told, fix))
        return replace(begun, due_at=None if fix.deadline is None else fix.deadline + GRACE)
    began = _began(told, off, fix, at) if told.began_at else fix.began_at
    duration = told.duration if told.duration is not None and 0 <= told.duration < 1e9 else None
    ended = at if began is None or duration is None else min(at, began + timedelta(seconds=duration))
    after = replace(
        moved(replace(fix, ended_at=ended), state, at, _why(state, told)),
        began_at=began,
        duration=duration,
        instance=_by(told, fix),
        result=_result(told),
        sent_at=fix.sent_at or began,
    )
    # What it has mended, or what follows from its failure, is to be seen.
    return replace(after, proof=Proof.WATCHING if state is FixState.SUCCEEDED else None, due_at=at)


def has_begun_unheard(fix: Fix, after: Fix) -> bool:
    """Whether its end is the first that was heard of its beginning: it was over before a beat could tell."""
    return after.is_ended and fix.began_at is None and after.began_at is not None


def is_failure(fix: Fix) -> bool:
    """Whether a policy that is to stop after a failure stops."""
    return fix.state in FAILURES or fix.proof is Proof.NOT_MENDED or was_impossible(fix)


def was_impossible(fix: Fix) -> bool:
    """Whether it was refused here and never sent: what was asked cannot be said in a request."""
    return fix.state is FixState.REFUSED and fix.sent_at is None


def may_be_cancelled(fix: Fix) -> bool:
    """Whether it is certain that it was not sent."""
    return fix.state in UNDECIDED or fix.state is FixState.QUEUED


def off_by(timestamp: float | None, received_at: datetime) -> float:
    """What is to be added to our clock to have a client's, by the time that its beat says; 0 where they nearly agree."""
    off = 0.0 if timestamp is None else timestamp - received_at.timestamp()
    return off if _NEARLY < abs(off) < timedelta(days=366).total_seconds() else 0.0


def _last_start(fix: Fix) -> datetime:
    """From when on it is not to be sent any more, if it was not."""
    if fix.way is not Way.CARRIED or fix.deadline is None:
        return fix.state_since + PATIENCE
    return fix.deadline - timedelta(seconds=fix.timeout)


def _is_about(fix: Fix, told: FixResult) -> bool:
    """Whether it is what was asked for. What was never to be sent, nobody can have done."""
    was_sent = fix.body is not None or fix.state in UNDER_WAY
    is_same = told.fix in (None, fix.fixer) and told.incident in (None, str(fix.incident_id))
    return was_sent and is_same and told.request == fix.request


def _began(told: FixResult, off: float, fix: Fix, at: datetime) -> datetime:
    if told.began_at is None:
        return fix.began_at or at
    try:
        began = told.began_at.astimezone(UTC) - timedelta(seconds=off)
    except OverflowError:
        return at
    return min(max(began, fix.asked_at), at)


def _by(told: FixResult, fix: Fix) -> str | None:
    return (one_line(told.instance, 200) if told.instance else None) or fix.instance


def _why(state: FixState, told: FixResult) -> str:
    said = one_line(told.error or "", _ERROR_LIMIT)
    return ": ".join(part for part in (_SAID.get(state, ""), said) if part)


def _result(told: FixResult) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if told.value is not None and len(msgspec.json.encode(told.value)) <= _VALUE_LIMIT:
        found["value"] = told.value
    if told.error:
        found["error"] = one_line(told.error, _ERROR_LIMIT)
    if told.stack_trace:
        found["stack_trace"] = paragraph(told.stack_trace[-_TRACE_LIMIT:], _TRACE_LIMIT)
    if told.log:
        found["log"] = paragraph(told.log[-_LOG_LIMIT:], _LOG_LIMIT)
    return found
