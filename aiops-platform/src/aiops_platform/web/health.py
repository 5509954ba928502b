"""How the platform itself is, in words: from the same numbers as `aiops stats` and `/metrics` tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiops_platform.web import words

_LATE = 10.0
_REFUSED = "refused_"
_MEANINGS: Mapping[str, str] = {
    "accepted": "reports that were answered 202: they are on disk",
    "digested": "reports that were digested, those among them that came twice",
    "duplicates": "events that had been digested before, and did not count again",
    "buried": "reports that nobody could read, kept with the reason",
    "stored_events": "events in the store; counts go on without them",
    "intake_depth": "reports and batches that wait to be digested",
    "intake_aside": "of these, those that wait until the store is put right",
    "intake_oldest_seconds": "seconds for which the oldest of them has waited",
    "intake_bytes": "what the intake takes on disk, in bytes",
    "intake_held_bytes": "of these, what is in use: so much of its budget is taken",
    "store_bytes": "what the store takes on disk, in bytes",
    "fixes_asked": "fixes that were asked for, or suggested, by people and policies",
    "fixes_succeeded": "of these, those that the service says have succeeded",
    "fixes_failed": "those that failed, took too long, died in the middle, or of which nobody has told",
    "fixes_mended": "times that what a fix was for has not come back, though it would have",
    "fixes_not_mended": "times that it has",
    "fixes_unproven": "times that nothing tells which of the two",
    "worker_running": "1 while there is a worker, which digests, and does not stand still",
}
_LINKS: Mapping[str, str] = {"buried": "/buried"}


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One thing of the platform in a word or two; `name` is that of the number behind it."""

    name: str
    title: str
    value: str
    is_bad: bool = False

    @property
    def link(self) -> str:
        """Where the number stands with its meaning."""
        return f"/platform#{self.name}"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A running number, what it means, and where what it counts can be looked at."""

    name: str
    title: str
    value: str
    meaning: str
    link: str


def in_short(numbers: Mapping[str, int | float]) -> tuple[Sign, ...]:
    """What one looks at first; nothing where there are no numbers."""
    if not numbers:
        return ()
    lag, waiting = float(numbers.get("intake_oldest_seconds", 0)), int(numbers.get("intake_depth", 0))
    refused = sum(int(number) for name, number in numbers.items() if name.startswith(_REFUSED))
    signs = [
        Sign(
            name="intake_oldest_seconds",
            title="Behind by",
            value=words.lasting(timedelta(seconds=lag)) if waiting else "nothing",
            is_bad=waiting > 0 and lag > _LATE,
        ),
        Sign(name="intake_depth", title="Waiting", value=f"{waiting:,}"),
        Sign(name="stored_events", title="Stored events", value=words.short(int(numbers.get("stored_events", 0)))),
        Sign(name="store_bytes", title="Store", value=words.memory(numbers.get("store_bytes", 0))),
        Sign(name="refused", title="Refused so far", value=words.short(refused)),
    ]
    if not numbers.get("worker_running", 1):
        signs.insert(0, Sign(name="worker_running", title="Worker", value="does not run, or stands still", is_bad=True))
    return tuple(signs)


def in_full(numbers: Mapping[str, int | float]) -> tuple[Number, ...]:
    """Every number there is, those that people know first."""
    return tuple(_told(numbers))


def _told(numbers: Mapping[str, int | float]) -> Iterator[Number]:
    for name in (*(each for each in _MEANINGS if each in numbers), *sorted(set(numbers) - set(_MEANINGS))):
        value = numbers[name]
        yield Number(
            name=name,
            title=name.replace("_", " "),
            value=f"{value:,}" if isinstance(value, int) else f"{value:,.1f}",
            meaning=_MEANINGS.get(name, _refusal(name)),
            link=_LINKS.get(name, ""),
        )


def _refusal(name: str) -> str:
    return "reports that were not taken, for this reason" if name.startswith(_REFUSED) else ""
