"""The figures as Markdown: rows are what was measured, columns are the SDKs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = float | str  # a figure, or why there is none
Promise = Callable[[float, Mapping[str, float]], bool]  # whether our figure keeps it, given the others' by SDK
NAMES = {
    "ours": "ours", "published": "0.1.6", "sentry": "Sentry", "rollbar": "Rollbar", "honeybadger": "Honeybadger",
    "bugsnag": "Bugsnag", "elastic": "Elastic", "logfire": "Logfire",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: the figure's name, what people read, its unit, and what is promised of it."""

    key: str
    title: str
    digits: int = 0
    more_is_better: bool = False
    target: str = ""
    meets: Promise | None = None
    compared: bool = True


def _at_most(limit: float) -> Promise:
    """A promise that looks at nobody else."""
    return lambda ours, _: ours <= limit


def _a_quarter_of_the_best(ours: float, others: Mapping[str, float]) -> bool:
    return ours <= min(others.values(), default=float("inf")) / 4


def _far_below_both(ours: float, others: Mapping[str, float]) -> bool:
    return ours <= others.get("published", 0) / 8 and ours <= others.get("sentry", 0) / 40


ROWS = [
    Row(key="import", title="`import`, bare, ms", digits=1, target="≤ 1/4 of the best", meets=_a_quarter_of_the_best),
    Row(
        key="import after Flask", title="`import` after Flask, ms", digits=1, target="≤ 1/4 of the best",
        meets=_a_quarter_of_the_best,
    ),
    Row(key="init()", title="`init()`, ms", digits=2, target="≤ 2 ms", meets=_at_most(2)),
    Row(
        key="capture 10", title="capture on the calling thread, 10 frames, µs", target="≤ 1/8 of 0.1.6, ≤ 1/40 of Sentry",
        meets=_far_below_both,
    ),
    Row(key="capture 10, CPU", title="– of that, CPU of that thread, µs"),
    Row(
        key="capture 40", title="capture on the calling thread, 40 frames, µs", target="≤ 1/8 of 0.1.6, ≤ 1/40 of Sentry",
        meets=_far_below_both,
    ),
    Row(key="capture 40, CPU", title="– of that, CPU of that thread, µs"),
    Row(
        key="CPU per event", title="process CPU per event, all threads, 10 frames, µs", target="≤ 1/4 of Logfire",
        meets=lambda ours, others: ours <= others.get("logfire", 0) / 4,
    ),
    Row(key="burst in the caller", title="burst of 10,000 of one error: time in the caller, s", digits=2, target="< 1 s", meets=_at_most(1)),
    Row(
        key="burst counted", title="– of them counted by the platform, %", digits=1, more_is_better=True, target="100 %",
        meets=lambda ours, _: round(ours, 6) == 100, compared=False,
    ),
    Row(key="burst sent", title="– events sent for them", target="a few dozen", meets=_at_most(48), compared=False),
    Row(key="logger.info", title="`logger.info` added, µs", digits=2, target="not measurable", meets=_at_most(0.2), compared=False),
    Row(key="Flask request", title="Flask request that succeeds, CPU added, µs", digits=1, target="≤ 5 µs", meets=_at_most(5)),
    Row(key="Flask crash", title="Flask view that raises, added, ms", digits=2, target="≤ 0.5 ms", meets=_at_most(0.5)),
    Row(key="Flask crash, CPU", title="– process CPU added, sending included, ms", digits=2),
    Row(
        key="events/s", title="delivery, events/s", more_is_better=True, target="≥ 5 times the best",
        meets=lambda ours, others: ours >= 5 * max(others.values(), default=0),
    ),
    Row(key="bytes per event", title="bytes on the wire per event, 10 frames, heads included", target="≤ 150", meets=_at_most(150)),
    Row(key="events per request", title="– events per request", digits=1, more_is_better=True, compared=False),
    Row(key="memory started", title="memory after import and `init()`, MB", digits=1),
    Row(key="memory after captures", title="memory added by 1,000 captures, MB", digits=1, target="≤ 3 MB", meets=_at_most(3)),
    Row(key="memory in all", title="memory added in all, MB", digits=1),
]  # fmt: skip


def costs(figures: Mapping[str, Mapping[str, Value]], sdks: list[str]) -> str:
    """The table of costs. ``figures`` are by SDK, then by the row's key."""
    lines = [_line(["", *(NAMES[sdk] for sdk in sdks), "ours : best", "promised", ""])]
    lines.append("|---|" + "---:|" * (len(sdks) + 1) + "---|---|")
    measured = {key for sdk in sdks for key in figures[sdk]}
    lines += [_line(_cells(row, figures, sdks)) for row in ROWS if row.key in measured]
    reasons = [line for sdk in sdks for line in _reasons(sdk, figures[sdk])]
    return "\n".join(lines + (["", *reasons] if reasons else []))


def _reasons(sdk: str, figures: Mapping[str, Value]) -> list[str]:
    """Why some figures are not there, each reason once."""
    rows: dict[str, list[str]] = {}
    for row, value in figures.items():
        if isinstance(value, str):
            rows.setdefault(value, []).append(row)
    return [f"- {NAMES[sdk]}, {', '.join(names)}: n/a: {why}" for why, names in rows.items()]


def _cells(row: Row, figures: Mapping[str, Mapping[str, Value]], sdks: list[str]) -> list[str]:
    values = {sdk: figures[sdk].get(row.key, "not measured") for sdk in sdks}
    known = {sdk: value for sdk, value in values.items() if not isinstance(value, str)}
    others = {sdk: value for sdk, value in known.items() if sdk != "ours"}
    ratio = verdict = ""
    if "ours" in known:
        if others and row.compared:
            ratio = _ratio(known["ours"], max(others.values()) if row.more_is_better else min(others.values()))
        if row.meets is not None and (others or "of" not in row.target):
            verdict = "yes" if row.meets(known["ours"], others) else "**no**"
    cells = [f"{known[sdk]:,.{row.digits}f}" if sdk in known else "n/a" for sdk in sdks]
    return [row.title, *cells, ratio, row.target, verdict]


def _ratio(ours: float, best: float) -> str:
    if ours <= 0 or best <= 0:
        return ""
    return f"{ours / best:.2f}" if ours < 10 * best else f"{ours / best:.0f}"


def losses(outcomes: Mapping[str, Mapping[str, str]], sdks: list[str], faults: list[str]) -> str:
    """The table of losses, whose cells are made where they are measured. ``outcomes`` are by fault, then by SDK."""
    lines = [_line(["", *(NAMES[sdk] for sdk in sdks)]), "|---|" + "---:|" * len(sdks)]
    lines += [_line([fault, *(outcomes[fault].get(sdk, "") for sdk in sdks)]) for fault in faults]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
