"""What the SDK costs and what it loses, beside the others, measured here and now: `make bench-sdk`, or this file.

    python bench/sdk/run.py            everything, about half an hour
    python bench/sdk/run.py --quick    a look, under a minute once the environments are there
    python bench/sdk/run.py --only ours,sentry --rows capture,Flask
    python bench/sdk/run.py --write    everything, into RESULTS.md beside this file

It makes a virtual environment for each SDK, in its newest version, under .venvs/; it needs a package index for that, and
after that nothing but the loopback interface.
"""

from __future__ import annotations

import argparse
import datetime
import shlex
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import cost
import leaks
import loss
import table
from children import Bench, FailedError, prepare
from environments import OURS, REQUIREMENTS, Installed, NotInstalledError, installed
from sink import Loop

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from reporting import Progress, add_write, listed, machine, publish, stopwatch  # noqa: E402 (what all benches share lies beside them)

SDKS = [sdk for sdk in REQUIREMENTS if sdk != "none"]
AT_ONCE = 8

_ABOUT_SECRETS = (
    "One failing request with 23 secrets in its headers, cookie, query and body, in variables, messages, log lines and the "
    "environment, and 9 values that only look like some. Ours with variables and bodies turned on."
)


def main() -> int:
    """Measure what was asked for, and print the tables."""
    options = _options()
    progress = stopwatch()
    chosen = ["ours", *(sdk for sdk in options.only if sdk != "ours")]
    environments, missing = _install(["none", *chosen], options.ours, progress)
    sdks = [sdk for sdk in chosen if sdk in environments]
    with TemporaryDirectory(prefix="bench-code-") as code:
        bench = Bench(loop=Loop(), code=Path(code))
        prepare(bench.code)
        effort = cost.QUICK if options.quick else cost.FULL
        figures = (
            {}
            if options.rows and not set(options.rows) - {"loss", "secrets"}
            else _costs(bench, environments, sdks, effort=effort, rows=options.rows, progress=progress)
        )
        faults = loss.QUICK if options.quick else loss.FULL
        outcomes = (
            {} if options.rows and "loss" not in options.rows else _losses(bench, environments, sdks, faults, progress)
        )
        left = {} if options.rows and "secrets" not in options.rows else _leaks(bench, environments, sdks, progress)
    text = _page(
        environments, missing, sdks, figures=figures, outcomes=outcomes, left=left, faults=faults, quick=options.quick
    )
    publish(text, options.write, progress)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a look: fewer repetitions, three of the faults")
    parser.add_argument(
        "--only", type=listed(SDKS), default=SDKS, help=f"some of {','.join(SDKS)}; ours is always there"
    )
    rows = [one.name for one in cost.MEASUREMENTS] + ["loss", "secrets"]
    parser.add_argument("--rows", type=listed(rows), default=[], help=f"some of {','.join(rows)}")
    parser.add_argument(
        "--ours", default=str(OURS), metavar="FROM", help="what ours is installed from: a folder, a wheel"
    )
    add_write(parser, HERE)
    return parser.parse_args()


def _install(sdks: list[str], ours: str, progress: Progress) -> tuple[dict[str, Installed], dict[str, str]]:
    found, missing = {}, {}
    for sdk in sdks:
        try:
            found[sdk] = installed(sdk, ours)
            progress(f"installed: {found[sdk].versions}")
        except NotInstalledError as why:
            if sdk in ("none", "ours"):
                raise SystemExit(f"{sdk} could not be installed: {why}") from why
            missing[sdk] = str(why)
            progress(f"{sdk} could not be installed: {why}")
    return found, missing


def _costs(
    bench: Bench,
    environments: dict[str, Installed],
    sdks: list[str],
    *,
    effort: cost.Effort,
    rows: list[str],
    progress: Progress,
) -> dict[str, dict[str, table.Value]]:
    """Rounds on the outside, so that whatever the machine does in a minute falls on every SDK."""
    taken: dict[str, dict[str, list[float]]] = {sdk: {} for sdk in sdks}
    failed: dict[str, dict[str, table.Value]] = {sdk: {} for sdk in sdks}
    wanted = [one for one in cost.MEASUREMENTS if not rows or one.name in rows]
    for number in range(effort.rounds):
        for measurement in wanted:
            if measurement.once and number:
                continue
            for sdk in sdks:
                try:
                    found = measurement.take(bench, environments[sdk], environments["none"], effort)
                except FailedError as why:
                    failed[sdk][measurement.name] = str(why)
                    progress(f"{sdk}, {measurement.name}: {why}")
                    continue
                for row, value in found.items():
                    taken[sdk].setdefault(row, []).append(value)
                said = ", ".join(f"{row} {value:,.2f}" for row, value in found.items())
                progress(f"round {number + 1}, {sdk}: {said}")
    return {
        sdk: {**failed[sdk], **{row: statistics.median(values) for row, values in taken[sdk].items()}} for sdk in sdks
    }


def _losses(
    bench: Bench, environments: dict[str, Installed], sdks: list[str], faults: list[loss.Fault], progress: Progress
) -> dict[str, dict[str, str]]:
    """All SDKs at a time: here nothing is timed but exits, and nearly all of it is waiting."""
    outcomes: dict[str, dict[str, str]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for fault in faults:
            running = {sdk: pool.submit(loss.suffer, bench, environments[sdk], fault) for sdk in sdks}
            outcomes[fault.name] = {}
            for sdk, result in running.items():
                try:
                    outcomes[fault.name][sdk] = _cell(result.result(), fault)
                except FailedError as why:
                    outcomes[fault.name][sdk] = f"n/a: {why}"
            progress(f"{fault.name}: {outcomes[fault.name]}")
    return outcomes


def _leaks(
    bench: Bench, environments: dict[str, Installed], sdks: list[str], progress: Progress
) -> dict[str, dict[str, str]]:
    """How many of the planted values arrived."""
    left: dict[str, dict[str, str]] = {row: {} for row in leaks.ROWS}
    for sdk in sdks:
        try:
            found = leaks.leak(bench, environments[sdk])
        except FailedError as why:
            for row in leaks.ROWS:
                left[row][sdk] = f"n/a: {why}"
            continue
        for row, values in zip(leaks.ROWS, (found.secrets, found.harmless), strict=True):
            left[row][sdk] = str(len(values))
        progress(f"{sdk}: left {found.secrets}, remained {found.harmless}")
    return left


def _cell(outcome: loss.Outcome, fault: loss.Fault) -> str:
    if "requests" in fault.name:
        return str(outcome.requests)
    cell = str(outcome.arrived) + (f" ({outcome.twice} twice)" if outcome.twice else "")
    if fault.exits:
        cell += f"; > {loss.EXIT_DEADLINE:.0f} s" if outcome.killed else f"; {outcome.seconds:.1f} s"
    return cell


def _page(
    environments: dict[str, Installed],
    missing: dict[str, str],
    sdks: list[str],
    *,
    figures: dict[str, dict[str, table.Value]],
    outcomes: dict[str, dict[str, str]],
    left: dict[str, dict[str, str]],
    faults: list[loss.Fault],
    quick: bool,
) -> str:
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        "# What the SDK costs and loses, beside the others",
        f"Command: `python bench/sdk/run.py {shlex.join(sys.argv[1:])}`".rstrip("` ")
        + "`"
        + f" · {today} · {machine()}",
        "Each SDK ran in a fresh process against a platform of its own protocol on the loopback interface; rounds are "
        "interleaved; figures are medians. Each occurrence is a distinct error with the same stack, but for the burst."
        + (" **A quick look: too short to be quoted.**" if quick else ""),
    ]
    if figures:
        parts += ["## Cost", table.costs(figures, sdks)]
    if outcomes:
        parts += [
            "## Loss",
            "How many of the captured events arrived (and the seconds that the end of the process took).",
            table.losses(outcomes, sdks, [fault.name for fault in faults]),
        ]
    if left:
        parts += [
            "## Secrets",
            _ABOUT_SECRETS,
            table.losses(left, sdks, list(leaks.ROWS)),
        ]
    parts += ["## How each was set up", "\n".join(_set_up(environments, missing, sdks))]
    return "\n\n".join(parts) + "\n"


def _set_up(environments: dict[str, Installed], missing: dict[str, str], sdks: list[str]) -> list[str]:
    lines = []
    for sdk in sdks:
        text = (HERE / "sdks" / f"{sdk}.py").read_text(encoding="utf-8")
        lines.append(f"- **{table.NAMES[sdk]}** ({environments[sdk].versions}): {_setup_in(text)}")
    return lines + [f"- **{table.NAMES[sdk]}**: n/a, could not be installed: {why}" for sdk, why in missing.items()]


def _setup_in(text: str) -> str:
    """The SETUP of an SDK's file, which cannot be imported here."""
    import ast

    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SETUP":
            return str(ast.literal_eval(node.value))
    return ""


if __name__ == "__main__":
    sys.exit(main())
