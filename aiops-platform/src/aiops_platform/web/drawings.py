"""Small pictures as SVG paths, made on the server: sparklines, bars, a job's runs. Pure geometry."""

from collections.abc import Mapping, Sequence

STRIP = 20


def bars(counts: Sequence[int], *, width: int, height: int) -> str:
    """One path with a bar for each count, the highest as high as the picture; nothing is drawn for a zero.

    Any count above zero shows: at least 2 units high.
    """
    highest = max(counts, default=0)
    if not highest:
        return ""
    step = width / len(counts)
    broad = max(step - 1, step * 0.7)
    drawn = []
    for index, count in enumerate(counts):
        if count:
            tall = max(2, round(height * count / highest))
            drawn.append(f"M{_number(index * step)} {height}v-{tall}h{_number(broad)}v{tall}z")
    return "".join(drawn)


def strip(runs: Sequence[tuple[str, float | None]], *, height: int = 20) -> Mapping[str, str]:
    """The last runs, given the newest first, as `STRIP` bars of 6 units with a gap of 2, the newest at the right end.

    For each way in which runs stand, one path. A bar is as high as its run was long, a third of the height at least; one whose
    duration nobody knows has the whole height.
    """
    longest = max((duration for _, duration in runs[:STRIP] if duration), default=0.0)
    drawn: dict[str, list[str]] = {}
    for index, (standing, duration) in enumerate(runs[:STRIP]):
        share = 1.0 if duration is None or not longest else max(1 / 3, duration / longest)
        tall = _number(height * share)
        drawn.setdefault(standing, []).append(f"M{(STRIP - 1 - index) * 8} {height}v-{tall}h6v{tall}z")
    return {standing: "".join(each) for standing, each in drawn.items()}


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
