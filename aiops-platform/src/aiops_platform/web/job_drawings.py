"""The durations of a job's runs as bars: one path for each way in which they stand, and lines for its limits. Pure geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STEP = 8
_LEAST = 30
HEIGHT = 96


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Bars of the last runs, the newest at the right end; `lines` are heights of limits by their names, from above.

    `longest` is what the whole height stands for, in seconds.
    """

    width: int
    paths: Mapping[str, str]
    lines: Mapping[str, float]
    longest: float


def durations(runs: Sequence[tuple[str, float | None]], limits: Mapping[str, float]) -> Durations:
    """Of runs given the newest first. One whose duration nobody knows is a low bar; each that is known shows.

    A limit that is far above all runs is not drawn: it would make them all flat.
    """
    longest = max((duration for _, duration in runs if duration), default=0.0)
    shown = {name: limit for name, limit in limits.items() if longest and limit <= 2 * longest}
    top = max([longest, *shown.values()]) or 1.0
    # Few runs are as narrow as many.
    places = max(len(runs), _LEAST)
    drawn: dict[str, list[str]] = {}
    for index, (standing, duration) in enumerate(runs):
        tall = 3.0 if not duration else max(3.0, HEIGHT * duration / top)
        at = (places - 1 - index) * _STEP
        drawn.setdefault(standing, []).append(f"M{at} {HEIGHT}v-{tall:.0f}h6v{tall:.0f}z")
    return Durations(
        width=places * _STEP - 2,
        paths={standing: "".join(each) for standing, each in drawn.items()},
        lines={name: round(HEIGHT * (1 - limit / top), 1) for name, limit in shown.items()},
        longest=top if longest else 0.0,
    )
