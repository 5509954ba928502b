"""The figures as Markdown: a row for each that was measured, ours beside the others', and what is promised of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = float | str  # a figure, or why there is none
NAMES = {"ours": "ours", "bugsink": "Bugsink"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: the figure's name, what people read, and the limit that we promise, from below or from above."""

    key: str
    title: str
    digits: int = 0
    least: float | None = None
    most: float | None = None
    compared: bool = True

    @property
    def promised(self) -> str:
        """As people read it."""
        if self.least is not None:
            return f"≥ {self.least:,g}"
        if self.most is not None:
            return f"≤ {self.most:,g}" if self.most else "0"
        return ""

    def meets(self, value: float) -> bool:
        """Whether this keeps the promise."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


ROWS = [
    Row(key="accepted short", title="accepted/s, durable, one event of 2 KB a request", least=4_000),
    Row(key="accepted long", title="accepted/s, 20 KB, gzip", least=2_000),
    Row(key="accepted batch", title="accepted events/s in batches of 100 (2 KB each)", least=10_000),
    Row(key="digested short", title="digested/s, end to end, 2 KB", least=2_500),
    Row(key="digested long", title="digested/s, end to end, 20 KB", least=1_500),
    Row(key="digested batch", title="digested/s, end to end, in batches"),
    Row(key="cpu short", title="CPU per event, all processes, 2 KB, ms", digits=2, most=0.6),
    Row(key="cpu long", title="CPU per event, all processes, 20 KB, ms", digits=2, most=0.6),
    Row(key="cpu batch", title="CPU per event, all processes, in batches, ms", digits=2),
    Row(key="p50", title="p50 of the answer at 100/s, 20 KB, ms", digits=1, most=5),
    Row(key="p99", title="p99 of the answer at 100/s, 20 KB, ms", digits=1, most=20),
    Row(key="kill rounds", title="kill -9 of everything under load, rounds", compared=False),
    Row(key="kill acknowledged", title="– events acknowledged in them", compared=False),
    Row(key="kill lost", title="– of them lost", most=0, compared=False),
    Row(key="kill twice", title="– counted twice", most=0, compared=False),
    Row(key="quota accepted", title="one loop against the stock quotas: events acknowledged", compared=False),
    Row(key="quota refused", title="– answered 429 or 503", compared=False),
    Row(key="quota dropped", title="– acknowledged, then dropped", most=0, compared=False),
    Row(key="stored long", title="stored per 20 KB event, indexes included, bytes", most=2_500),
    Row(key="stored first", title="– of a project's first 2,500"),
    Row(key="stored short", title="stored per 2 KB event, bytes"),
    Row(key="beats accepted", title="heartbeats/s accepted, 1,000 services"),
    Row(key="beats", title="heartbeats/s, end to end", least=4_000),
    Row(key="cpu beat", title="CPU per heartbeat, ms", digits=2),
    Row(key="memory short", title="memory of all processes, busy with 2 KB, MB", most=150),
    Row(key="memory long", title="memory of all processes, busy with 20 KB, MB", most=150),
    Row(key="memory batch", title="memory of all processes, busy with batches, MB", most=150),
    Row(key="growth stored", title="digest over a large store: events in it"),
    Row(key="growth few", title="– CPU of the worker per event over some ten thousand, ms", digits=3),
    Row(key="growth many", title="– over the large store, ms", digits=3),
    Row(key="growth cpu", title="– CPU, large : small", digits=2, most=1.3),
    Row(key="growth seconds", title="– time, large : small", digits=2),
    Row(key="load short", title="the load generator's own CPU per request, 2 KB, µs", compared=False),
    Row(key="load long", title="the load generator's own CPU per request, 20 KB, µs", compared=False),
]


def page(figures: Mapping[str, Mapping[str, Value]], servers: list[str]) -> str:
    """The table. ``figures`` are by server, then by the row's key."""
    others = [name for name in servers if name != "ours"]
    compared = [f"ours : {NAMES[name]}" for name in others]
    lines = [_line(["", *(NAMES[name] for name in servers), *compared, "promised", ""])]
    lines.append("|---|" + "---:|" * (len(servers) + len(others)) + "---|---|")
    measured = {key for name in servers for key, value in figures[name].items() if not isinstance(value, str)}
    lines += [_line(_cells(row, figures, servers, others)) for row in ROWS if row.key in measured]
    reasons = [
        f"- {NAMES[name]}, {key}: n/a: {value}"
        for name in servers
        for key, value in figures[name].items()
        if isinstance(value, str)
    ]
    return "\n".join(lines + (["", *reasons] if reasons else []))


def _cells(row: Row, figures: Mapping[str, Mapping[str, Value]], servers: list[str], others: list[str]) -> list[str]:
    known = {name: value for name in servers if isinstance(value := figures[name].get(row.key), float)}
    ours, verdict = known.get("ours"), ""
    ratios = [""] * len(others)
    if ours is not None:
        if row.promised:
            verdict = "yes" if row.meets(ours) else "**no**"
        if row.compared:
            ratios = [f"{ours / known[name]:.3g}" if known.get(name) else "" for name in others]
    cells = [f"{known[name]:,.{row.digits}f}" if name in known else "–" for name in servers]
    return [row.title, *cells, *ratios, row.promised, verdict]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
