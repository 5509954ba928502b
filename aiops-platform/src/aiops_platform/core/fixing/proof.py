"""Whether a fix has mended its incident: by whether that came back, and whether it could have. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core.fixing.exercise import Exercise
from aiops_platform.core.fixing.fix import Proof

#: If it came so often in as long a time before, that it did not since is no chance: of random failures, one in twenty.
ENOUGH: Final = 3
_LOOK: Final = timedelta(seconds=1)
#: So many intervals a heartbeat may take.
_BEATS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is known of an incident since a fix of it ended. Times are by our clock.

    `again`: how often its problem came since then; `before`: in as long a time before. `ran_well`: how often the job of it
    has run well since. `heard_at`: the newest heartbeat of its service, which comes every `interval` seconds. `exercise`:
    how its place was used since, if it has one and the service tells; `came`: how often the problem came, up to the fix,
    since the processes began that tell it.
    """

    ended_at: datetime
    watch: timedelta
    again: int
    before: int
    ran_well: int
    heard_at: datetime | None
    interval: int
    is_resolved: bool = False
    exercise: Exercise | None = None
    came: int = 0


@dataclass(frozen=True)
class Judged:
    """What that proves, why, and when to look again where it is open still."""

    proof: Proof
    why: str = ""
    look_at: datetime | None = None


def judged(seen: Watched, now: datetime) -> Judged:
    """What is known by now of a fix that succeeded."""
    span = _span(seen.watch)
    if seen.again:
        return Judged(Proof.NOT_MENDED, f"it came back {_times(seen.again)} after the fix")
    until = seen.ended_at + seen.watch
    if now < until:
        return Judged(Proof.WATCHING, look_at=min(until, now + _LOOK))
    if seen.heard_at is None or seen.heard_at < until:
        # What was reported until then may still wait to be read; a beat that came after it tells that it does not.
        if now < until + timedelta(seconds=_BEATS * seen.interval):
            return Judged(Proof.WATCHING, look_at=now + _LOOK)
        return Judged(Proof.UNPROVEN, f"it has not come back, but its service was not heard for all of the {span}")
    return _of_one_that_stayed_away(seen, span)


def _of_one_that_stayed_away(seen: Watched, span: str) -> Judged:
    """Whether it could have come back."""
    if seen.ran_well:
        return Judged(Proof.MENDED, f"its job ran well {_times(seen.ran_well)} since, within {span}")
    if seen.before >= ENOUGH:
        return Judged(
            Proof.MENDED, f"it came {_times(seen.before)} in the {span} before, and not once in the {span} since"
        )
    used = seen.exercise if seen.exercise is not None and seen.exercise.route else None
    needed = 0 if used is None else used.needed(seen.came)
    if used is not None and used.good >= needed:
        return Judged(Proof.MENDED, f"{used.place} answered {used.good:,} requests since without it")
    if seen.is_resolved:
        return Judged(Proof.MENDED, f"it was resolved, and has not come back within {span}")
    tells = f"it came only {_times(seen.before)} in as long a time before"
    if used is not None:
        tells += f", and {used.place} answered {used.good:,} of the {needed:,} requests that would tell it"
    return Judged(Proof.UNPROVEN, f"it has not come back within {span}; {tells}, so that tells little")


def _times(many: int) -> str:
    return "once" if many == 1 else f"{many:,} times"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
