"""What becomes of a delivery and its channel after an attempt: done, tried again after a longer pause, or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from aiops_platform.core.text import paragraph

# A receiver that is down for a day is told everything; after that somebody has to look.
GIVES_UP_AFTER: Final = timedelta(hours=24)
LONGEST_PAUSE: Final = timedelta(hours=1)
LONGEST_ASKED: Final = timedelta(hours=6)
LONGEST_ANSWER: Final = 500
_FIRST_PAUSE: Final = timedelta(seconds=5)
_GROWS_BY: Final = 3.0
_MOST_ATTEMPTS: Final = 60
# Not given up before: the day may have passed while nothing ran, or on a clock that leapt.
_FEWEST_ATTEMPTS: Final = 4
_REFUSALS_IN_A_ROW: Final = 5
# Others wait this long at most for a channel that failed with one message: it may have been the message.
_CHANNEL_RESTS: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Sent:
    """The receiver has it. `status` is its number for that, `answer` what it said."""

    status: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Retry:
    """It may succeed later; `after` so many seconds at the soonest, where the receiver asked for that.

    After `most_failures` of the channel in a row it is disabled: where nobody says whether it can ever succeed.
    """

    answer: str
    status: int | None = None
    after: float | None = None
    most_failures: int | None = None


@dataclass(frozen=True)
class Refused:
    """The receiver will not take it. `for_good`: nor any other one, the channel is wrong."""

    answer: str
    status: int | None = None
    for_good: bool = False


Outcome: TypeAlias = Sent | Retry | Refused


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How it stood before the attempt: the delivery's attempts with this one, and the channel's failures without it."""

    wanted_at: datetime
    attempts: int
    failures: int
    failing_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How it stands after: exactly one of `sent`, `failed` and `due_at` is said of the delivery; the rest is the channel's.

    The channel rests until `not_before`; with `disabled_why` it is disabled. What others are told of that is `told_why`,
    without what the receiver said: that may be anything, and the others are somebody else.
    """

    sent: bool = False
    failed: bool = False
    due_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    not_before: datetime | None = None
    disabled_why: str = ""
    told_why: str = ""


def judge(outcome: Outcome, standing: Standing, now: datetime, jitter: float) -> Verdict:
    """What follows from an attempt. `jitter` is a random number from 0 to 1."""
    if isinstance(outcome, Sent):
        return Verdict(sent=True)
    failures, since = standing.failures + 1, standing.failing_since or now
    if isinstance(outcome, Refused):
        if not outcome.for_good and failures < _REFUSALS_IN_A_ROW:
            return Verdict(failed=True, failures=failures, failing_since=since)
        why = "it refused for good" if outcome.for_good else f"it failed {failures} times in a row"
        return _given_up(outcome, why, failures, since)
    if outcome.most_failures is not None and failures >= outcome.most_failures:
        return _given_up(outcome, f"it failed {failures} times in a row", failures, since)
    due = _next(outcome, standing, now, jitter)
    if due is None:
        hours = f"{GIVES_UP_AFTER.total_seconds() / 3600:.0f}"
        return _given_up(outcome, f"nothing could be sent for {hours} hours", failures, since)
    # A receiver that says how long it wants to rest means all of its messages.
    rests = due if outcome.after is not None else min(due, now + _CHANNEL_RESTS)
    return Verdict(due_at=due, failures=failures, failing_since=since, not_before=rests)


def pause(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many attempts: three times longer each time up to an hour, and a quarter more or less."""
    longest = min(_FIRST_PAUSE * _GROWS_BY ** min(attempts - 1, 10), LONGEST_PAUSE)
    return longest * (0.75 + jitter / 2)


def said(outcome: Outcome) -> str:
    """What the receiver said, for people, in a line or a few."""
    number = "" if outcome.status is None else f"{outcome.status} "
    return paragraph(f"{number}{outcome.answer}".strip(), LONGEST_ANSWER)


def _given_up(outcome: Outcome, why: str, failures: int, since: datetime) -> Verdict:
    told = why if outcome.status is None else f"{why}, with status {outcome.status}"
    whole = f"{why}: {said(outcome)}"
    return Verdict(failed=True, failures=failures, failing_since=since, disabled_why=whole, told_why=told)


def _next(outcome: Retry, standing: Standing, now: datetime, jitter: float) -> datetime | None:
    # A clock that was ahead when it was wanted must not make it wait for that long.
    end = min(standing.wanted_at, now) + GIVES_UP_AFTER
    is_over = now >= end
    if (is_over and standing.attempts >= _FEWEST_ATTEMPTS) or standing.attempts >= _MOST_ATTEMPTS:
        return None
    wait = pause(standing.attempts, jitter)
    if outcome.after is not None:
        wait = max(wait, timedelta(seconds=min(max(outcome.after, 0.0), LONGEST_ASKED.total_seconds())))
    return now + wait if is_over else min(now + wait, end)
