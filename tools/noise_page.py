"""Writes the page on what is never reported, from the rules and the corpus: `python tools/noise_page.py --write`.

Names and reasons come from `aiops_sdk.noise`, examples from the corpus that the tests hold the rules to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "aiops-sdk" / "tests"))

from corpus import reading  # noqa: E402 - it is in no distribution

from aiops_sdk import noise  # noqa: E402 - as above

PAGE = ROOT / "docs" / "reference" / "noise.md"
EXAMPLES = 3

Case = reading.RequestCase | reading.TaskCase | reading.LineCase

INTRODUCTION = """\
# What is never reported, and why

Made from the code by `tools/noise_page.py`: the rules are those of `aiops_sdk.noise`, the examples come from the corpus
of {silent} requests, tasks and log lines that must stay silent, and {heard} that must not, which the tests send through
real frameworks, Celery and real loggers.

Each rule has a name. With `AIOPS_DEBUG=1` (or `init(debug=True)`) the process writes one line for each decision to
standard error, and the name and the reason are in it:

```
aiops_sdk: captured ZeroDivisionError: division by zero as 0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f
aiops_sdk: merged what http saw into 0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f
aiops_sdk: counted 404 on /orders/<int:id>, rule expected-answer: {expected}
aiops_sdk: ignored 503 on /health, rule health-path: {health}
```

In a test, `aiops_sdk.testing.capture_events()` has the same in `events.ignored`. What you never want to hear of besides
is an [option](sdk-options.md): `skip_paths` for requests, `ignore_errors` for exceptions and messages.
"""

TITLES = {
    noise.REQUESTS: "Requests",
    noise.ANSWERS: "Answers",
    noise.EXCEPTIONS: "Exceptions",
    noise.TASKS: "Tasks of a queue",
    noise.LINES: "Log lines",
}

SAID = {
    noise.REQUESTS: """\
Such a request stays silent even when its view crashes, and so does all that is logged meanwhile. A thread that it
starts is on its own.
""",
    noise.ANSWERS: """\
Reported are {statuses}. All others from 400 on are counted by status and route; `stats()` and the heartbeats tell how
many there were, under `answers`, so that a jump can be seen.
""",
    noise.EXCEPTIONS: """\
They are known by their class, which need not be installed, and those of connections by whose connection broke: one to
your database is an incident.
""",
    noise.TASKS: """\
So Celery's tasks say it. What the rules above say of clients does not hold in a task or a job, unless it is run in the
midst of a request: no client waits for it, and `DisallowedHost`, say, tells that the program asked itself under a wrong name.
""",
    noise.LINES: """\
Nothing below `ERROR` is an incident. A logger's name counts as a whole, with its children: `werkzeug.serving` is
werkzeug's, `werkzeug_shop` is yours. A line that carries, or quotes, an exception of the rules above is silent by that
rule.
""",
}

COVERS = {
    noise.QUIET_METHOD: noise.QUIET_METHODS,
    noise.HEALTH_PATH: noise.HEALTH_PATHS,
    noise.STATIC_FILE: [f".{extension}" for extension in noise.STATIC_EXTENSIONS],
    noise.SCANNER: [
        *[f"/{folder}" for folder in noise.SCANNED_FOLDERS],
        *[f".{extension}" for extension in noise.SCANNED_EXTENSIONS],
    ],
    noise.QUIET_LOGGER: noise.QUIET_LOGGERS,
    noise.ACCESS_LOG: noise.ACCESS_LOGGERS,
}


def main() -> int:
    """Compare, or write with `--write`."""
    made = page()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(made, "utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text("utf-8") != made:
        print(f"{PAGE.name} is not what the rules say: python tools/noise_page.py --write", file=sys.stderr)
        return 1
    return 0


def page() -> str:
    """The whole page."""
    silent: list[Case] = [*reading.requests("silent"), *reading.tasks("silent"), *reading.lines("silent")]
    heard: list[Case] = [*reading.requests("heard"), *reading.tasks("heard"), *reading.lines("heard")]
    parts = [
        INTRODUCTION.format(
            silent=len(silent),
            heard=len(heard),
            expected=noise.EXPECTED_ANSWER.reason,
            health=noise.HEALTH_PATH.reason,
        )
    ]
    statuses = [str(status) for status in sorted(noise.FAILURE_STATUSES)]
    for about, title in TITLES.items():
        said = SAID[about].format(statuses=", ".join(statuses[:-1]) + " and " + statuses[-1])
        parts.append(f"## {title}\n\n{said}")
        parts.append(_table([rule for rule in noise.RULES if rule.about == about], silent))
    parts.append("## What only looks like it, and is reported\n")
    parts.append(_list(heard))
    return "\n".join(parts)


def _table(rules: list[noise.Rule], cases: list[Case]) -> str:
    lines = ["| rule | why | for example |", "|---|---|---|"]
    for rule in rules:
        examples = _examples(case.text for case in cases if case.rule == rule.name)
        lines.append(f"| `{rule.name}` | {rule.reason} | {examples} |")
    lines.append("")
    for rule in rules:
        if rule in COVERS:
            lines += [f"`{rule.name}` covers " + ", ".join(f"`{each}`" for each in sorted(COVERS[rule])) + ".", ""]
    return "\n".join(lines)


def _list(cases: list[Case]) -> str:
    reasons = dict.fromkeys(case.why for case in cases)
    lines = [f"- {why}: {_examples(case.text for case in cases if case.why == why)}" for why in reasons]
    return "\n".join(lines) + "\n"


def _examples(texts: Iterable[str]) -> str:
    """A few that differ, spread over all of them."""
    found = list(texts)
    some = [text.partition(" as not-http")[0] for text in found[:: max(1, len(found) // EXAMPLES)][:EXAMPLES]]
    return ", ".join("`{}`".format(text.replace("|", "·").replace("`", "'")) for text in some)


if __name__ == "__main__":
    sys.exit(main())
