"""How well our rule groups, beside others: pairwise precision and recall over the table of cases. `make bench-grouping`.

Prints the page that is committed as RESULTS.md; `--write` writes it.
"""

import argparse
import datetime
import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rules
import score

from aiops_platform.core import grouping
from aiops_platform.core.event import Event

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUGSINK = "bugsink==2.6.1"
_COMMAND = "make bench-grouping"
_ABOUT_GLITCHTIP = (
    "title, culprit and kind as they are: written anew from the behaviour of GlitchTip 5, which is not on PyPI "
    "(`rules.glitchtip`)"
)
_ABOUT_SENTRY = (
    "the frames in the app, each with its line of code, of all exceptions of the chain; the message only where there is "
    "no stack: written anew from its documentation, without the rules that its server adds for known libraries and "
    "without its model of similarity (`rules.sentry`)"
)
_ABOUT = (
    "Each event was recorded from a real library ([how](README.md)). A case stands for a service, for no incident spans "
    "two. **Precision**: of the pairs of events that a rule put into one incident, the share that belongs together. "
    "**Recall**: of the pairs that belong together, the share that it put into one."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """An event of the table. `case` stands for a service: incidents belong to one. `problem` is which it must be."""

    case: str
    problem: str
    client: str
    python: str
    call: str
    event: Event


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """What a rule makes of the table; `about` says which rule it is."""

    name: str
    about: str
    keys: Sequence[str]


def table(name: str) -> list[Line]:
    """All events of a file, in the order of their cases."""
    told = [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]
    return [
        Line(
            case=each["case"],
            problem=each["problem"],
            client=each["client"],
            python=each["python"],
            call=each["call"],
            event=rules.event_of(each["body"]),
        )
        for each in told
    ]


def main() -> int:
    """Group the tables by each rule, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the page to RESULTS.md")
    parser.add_argument("--without-bugsink", action="store_true", help="install nothing")
    arguments = parser.parse_args()
    page = _page(table("unseen.jsonl"), table("table.jsonl"), with_bugsink=not arguments.without_bugsink)
    sys.stdout.write(page)
    if arguments.write:
        (HERE / "RESULTS.md").write_text(page, encoding="utf-8")
    return 0


def _grouped(lines: Sequence[Line], *, with_bugsink: bool) -> list[Grouped]:
    """By every rule, ours first."""
    written_anew: list[tuple[str, str, rules.Rule]] = [
        ("GlitchTip", _ABOUT_GLITCHTIP, rules.glitchtip),
        ("Sentry, as documented", _ABOUT_SENTRY, rules.sentry),
    ]
    about = f"version {grouping.GROUPING_VERSION} of the rule in `aiops_platform.core.grouping`"
    return [
        Grouped(name="ours", about=about, keys=[rules.ours(line.event) for line in lines]),
        *([_bugsink(lines)] if with_bugsink else []),
        *(
            Grouped(name=name, about=about, keys=[rule(line.event) for line in lines])
            for name, about, rule in written_anew
        ),
    ]


def _bugsink(lines: Sequence[Line]) -> Grouped:
    """Asks Bugsink itself, installed in an environment of its own."""
    environment = ROOT / ".venvs" / "grouping-bugsink"
    python = str(environment / "bin/python")
    if not (environment / "made").exists():
        uv = str(ROOT / ".venv/bin/uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, BUGSINK], check=True)
        (environment / "made").touch()
    said = "".join(json.dumps(rules.as_sentry(line.event)) + "\n" for line in lines)
    asked = subprocess.run(
        [python, str(HERE / "bugsink_keys.py")], input=said, capture_output=True, text=True, check=True, timeout=300
    )
    keys = [json.loads(line) for line in asked.stdout.splitlines()]
    return Grouped(
        name="Bugsink", about=f"`{BUGSINK}` from PyPI, its own functions, mechanism {asked.stderr}", keys=keys
    )


def _page(unseen: Sequence[Line], seen: Sequence[Line], *, with_bugsink: bool) -> str:
    by_unseen = _grouped(unseen, with_bugsink=with_bugsink)
    by_seen = _grouped(seen, with_bugsink=with_bugsink)
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    version = importlib.metadata.version("aiops-platform")
    parts = [
        "# How well events are grouped, beside others",
        f"Command: `{_COMMAND}` · {today} · aiops-platform {version}, Python {sys.version.partition(' ')[0]}",
        _ABOUT,
        "## Cases that our rule was not made with",
        _extent(unseen),
        _figures(unseen, by_unseen),
        "What ours gets wrong:",
        _mistakes(unseen, by_unseen[0]),
        "## Cases that it was improved on",
        _extent(seen),
        _figures(seen, by_seen),
        "What ours gets wrong:",
        _mistakes(seen, by_seen[0]),
        "## Which rule is which",
        "\n".join(f"- **{each.name}**: {each.about}" for each in by_seen),
    ]
    return "\n\n".join(parts) + "\n"


def _extent(lines: Sequence[Line]) -> str:
    problems = {(line.case, line.problem) for line in lines}
    return f"{len({case for case, _ in problems})} cases, {len(problems)} problems, {len(lines)} events."


def _figures(lines: Sequence[Line], found: Sequence[Grouped]) -> str:
    chosen = {"": ("new", "old"), ", only what the new client sent": ("new",)}
    rows = ["| | precision | recall | problems in one incident | pairs of problems mixed up |", "|---|--:|--:|--:|--:|"]
    for suffix, clients in chosen.items():
        problems = [(line.case, line.problem) for line in lines if line.client in clients]
        for each in found:
            keys = [(line.case, key) for line, key in zip(lines, each.keys, strict=True) if line.client in clients]
            scored = score.score(problems, keys)
            whole = len(set(problems)) - len(score.split(problems, keys))
            rows.append(
                f"| {each.name}{suffix} | {scored.precision:.3f} | {scored.recall:.3f} | {whole} of {len(set(problems))} "
                f"| {len(score.merged(problems, keys))} |"
            )
    return "\n".join(rows)


def _mistakes(lines: Sequence[Line], grouped: Grouped) -> str:
    problems = [(line.case, line.problem) for line in lines]
    keys = [(line.case, key) for line, key in zip(lines, grouped.keys, strict=True)]
    said = []
    for case, problem in score.split(problems, keys):
        calls: dict[str, Line] = {}
        for line, key in zip(lines, grouped.keys, strict=True):
            if (line.case, line.problem) == (case, problem):
                calls.setdefault(key, line)
        shown = ", ".join(f"`{line.call}` ({line.client}, {line.python})" for line in list(calls.values())[:4])
        said.append(f"- One problem, {len(calls)} incidents: {case}: {shown}")
    for (case, one), (_, other) in score.merged(problems, keys):
        calls_of = {line.problem: line.call for line in lines if line.case == case}
        said.append(f"- Two problems, one incident: {case}: `{calls_of[one]}`, `{calls_of[other]}`")
    return "\n".join(said) or "Nothing in this table."


if __name__ == "__main__":
    sys.exit(main())
