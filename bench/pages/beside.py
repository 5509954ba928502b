"""The table of both servers' pages, and in plain words what it compares."""

from __future__ import annotations

from collections.abc import Mapping

from looking import Both
from theirs import Made


def told(both: Mapping[str, Both], made: Made, *, events: int, times: int, version: str, our_bytes: int) -> str:
    """The section as Markdown."""
    would = events / made.digested * made.seconds / 60
    all_of_it = f"{would / 60:,.0f} hours" if would > 90 else f"{would:,.0f} minutes"
    said = (
        f"The same pages in Bugsink {version} (gunicorn with four workers over SQLite, as its own page has it), over as many events "
        f"in as many issues, with the same times, states and counts: each page {times} times, ours and theirs in turns, after two looks "
        "that do not count. **Its store was not filled by Bugsink alone.** "
        f"It has digested {made.digested:,} of the same recorded events itself, in {made.seconds:.0f} s (all would have taken "
        f"{all_of_it}); the rest are copies of those, made in its own SQLite with new ids, orders and times, with its counts of "
        "issues, hours and tags, its turning points and its groupings; its pages were looked at to show these counts. Of the copies "
        "only the first, the last and each fiftieth of an issue have the whole body, the others one without variables and lines of "
        f"source: that keeps it at {made.bytes / 1e9:.2g} GB (ours, with every body whole, has {our_bytes / 1e9:.2g}), and is to its "
        "advantage. It draws 250 issues on a page and we 25; it groups by type and message, so that its issues have the titles "
        "of those that it digested."
    )
    lines = [
        "| page | ours, ms | Bugsink, ms | times as long | ours, kB | Bugsink, kB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, each in both.items():
        if each.ours.status != 200 or each.theirs.status != 200:
            lines.append(f"| {name} | answered {each.ours.status} | answered {each.theirs.status} | | | |")
            continue
        lines.append(
            f"| {name} | {each.ours.median * 1000:.1f} | {each.theirs.median * 1000:.1f} | {each.times:.1f} | "
            f"{each.ours.size / 1000:.1f} | {each.theirs.size / 1000:.1f} |"
        )
    return "\n## Beside Bugsink\n\n" + said + "\n\n" + "\n".join(lines) + "\n"
