"""Writes the page on the search language, from its table of fields: `python tools/search_page.py --write`.

Without `--write` it says whether the page is the one that would be written.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

from aiops_platform.core import rising  # noqa: E402 - beside the path of the repository
from aiops_platform.core.affected import MOST_PEOPLE  # noqa: E402
from aiops_platform.core.search import LONGEST, MOST_BYTES, fields  # noqa: E402
from aiops_platform.core.search.parser import DEEPEST, MOST_TERMS  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "search.md"

INTRODUCTION = """\
# How to find incidents

Made from the code by `tools/search_page.py`: the fields are those of `aiops_platform.core.search.fields`. The same language
is understood by the box above the list of incidents, which completes it while you type (arrows choose, Enter or Tab takes,
Escape leaves), by [`/api/v1/incidents?query=…`](../guides/api.md#look-at-incidents), and by
[`aiops incidents list`](../guides/platform.md#start).

```
timeout service:shop -env:staging
is:regressed OR is:rising
type:*Timeout* count:>100 last-seen:<1d
(status:5xx OR kind:exception) -assigned:me "could not connect"
```

- Words must all be found, each anywhere in the type, the message, the place, the path or the value of a tag. Words
  in quotes stand together.
- `field:value` asks for one thing, without a space between. A value with spaces or brackets stands in quotes:
  `env:"on site"`.
- `-`, `!` or `NOT` before a word, a field or a bracket is the opposite. (Before the first word a shell takes `-` for an option.)
- `OR` between two is one of them at least; what stands side by side, with or without `AND`, binds closer. Brackets say otherwise.
- `*` stands for any text. After a backslash a star, a quote or a backslash is itself.
- Capital letters make no difference, but in the values of tags and releases, and in `AND`, `OR` and `NOT`.
- Unless the search says which states are meant (`state:`, `is:open`, …), open incidents are listed; the tabs above the list
  change that.

There is room for {longest} characters ({bytes} bytes) and {terms} words and fields, {deepest} deep in each other. What cannot be read is said
with the character at which that shows.

## Fields

| field | finds incidents | for example |
|---|---|---|
"""

AFTER = """
`message`, `path` and `place` look for a part of the text; with a star, and in all other fields, the whole text is compared.

{choices}
## Times

`first-seen:<2d` is less than two days ago, `>2d` longer ago; units are `m`, `h`, `d` and `w`. A day compares as a whole, in UTC:
`first-seen:2026-11-20` is on that day, `>=2026-11-20` from its beginning on, `>2026-11-20` after its end. A moment is written
`last-seen:>=2026-11-20T03:14`.

The time beside the box (the last 24 hours, 7, 14 or 90 days, or from one day to another) is something else: it lists what
had events in that time, and counts, trend, first and last seen, `count:` and the chart are then those within it. Events over time are
counted by the hour, so a time begins and ends with whole hours.

## In which order

By when an incident was last or first seen, by events, by people, or by *what matters now*: of the open ones first what
[rises](#what-rises), then what was first seen in the last 24 hours, then what was reopened in the last 24 hours, then all others;
among equals the last seen first. Only sorted by *last seen* do open ones stand before muted and resolved ones.

## What rises

An incident rises when, in the present hour and the one before, it had at least {least} events, at least {factor:.0f} times as many as
usual, and more than chance makes of the usual (five standard deviations of a Poisson process). What is usual is its mean of the
last {days} days, or of the same hours of those days where that is higher: a rush that comes each morning is none. Nor does rise
what was as busy in more than one of fifty hours of those days, for it comes in bursts; and what is known for less than a day is
new. The row says how many times as many as usual there are.

## Whom it touched

Of each incident up to {people:,} people are counted exactly, beyond that it is "{people:,}+". Who somebody is says the `user` of an event: its id,
else its mail address, else its name; an IP address only where there is nothing else. The platform keeps hashes of these and
no names; so `user:` takes no star, and [erasing a person](../guides/operating.md#erase-a-person) takes theirs away, while the numbers stay.
"""


def page() -> str:
    """The page."""
    rows = [_row(field) for field in (*fields.FIELDS, fields.TAG_FIELD)]
    return (
        INTRODUCTION.format(longest=LONGEST, bytes=MOST_BYTES, terms=MOST_TERMS, deepest=DEEPEST)
        + "\n".join(rows)
        + "\n"
        + AFTER.format(
            choices="\n".join(filter(None, map(_choices, fields.FIELDS))),
            least=rising.LEAST,
            factor=rising.FACTOR,
            days=rising.PAST.days,
            people=MOST_PEOPLE,
        )
    )


def _row(field: fields.Field) -> str:
    names = ", ".join(f"`{name}:`" for name in (field.name, *(name for name in field.also if "_" not in name)))
    examples = ", ".join(f"`{example}`" for example in field.examples)
    return f"| {names} | {field.meaning} | {examples} |"


def _choices(field: fields.Field) -> str:
    told = [f"`{word}` ({said})" if said else f"`{word}`" for word, said in (field.choices or {}).items()]
    more = ", or any tag as in `tag.shop`" if field.kind is fields.Kind.FIELD else ""
    return f"`{field.name}:` takes {', '.join(told)}{more}.\n" if told else ""


def main() -> int:
    """Write it, or compare it."""
    text = page()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(
            f"{PAGE.relative_to(ROOT)} is not what the code says: python tools/search_page.py --write", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
