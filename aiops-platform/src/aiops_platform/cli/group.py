"""`aiops group …`: a project's own rules for grouping, to be tried on what is stored before the worker follows them."""

import sys
from argparse import Namespace
from pathlib import Path

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.group_rules import Tried
from aiops_platform.pipeline.ruling import Refused
from aiops_platform.settings import Settings


class WrongRulesError(PlatformError):
    """What was given is no file that can be read, or its rules are not understood."""


def show(settings: Settings, _: Namespace) -> int:
    """Prints the rules as they were written, so that they can be set again."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        text = assembly.ruling(platform).group_rules(platform.project_id)
    if text:
        print(text)
    else:
        print("There are no rules: events are grouped by what went wrong and where.", file=sys.stderr)
    return 0


def try_out(settings: Settings, given: Namespace) -> int:
    """Raises WrongRulesError."""
    check_started(settings)
    text = _read(given.file)
    with assembly.opened(settings) as platform:
        done = assembly.ruling(platform).rehearse(platform.project_id, text)
    if isinstance(done, Refused):
        raise _wrong(done)
    print(f"Tried on the last {_many(done.looked, 'stored event')}; nothing was changed.")
    for each in done.tried:
        print(f"line {each.rule.line}: {each.rule.text}\n  {_told(each)}")
    return 0


def put(settings: Settings, given: Namespace) -> int:
    """Raises WrongRulesError."""
    check_started(settings)
    text = _read(given.file)
    if given.file == "-" and not text.strip():
        raise WrongRulesError(
            "Nothing came on standard input, nothing was changed: to have no rules, give an empty file"
        )
    with assembly.opened(settings) as platform:
        done = assembly.ruling(platform).set_group_rules(platform.project_id, text)
    if isinstance(done, Refused):
        raise _wrong(done)
    kept = f"{_many(len(done.rules), 'rule')} kept, for" if done.rules else "There are no rules any more, for"
    print(f"{kept} what is digested from now on. Events that are stored stay in their incidents.")
    return 0


def _told(each: Tried) -> str:
    if not each.events:
        return "would match none of them"
    numbers = ", ".join(f"#{number}" for number in each.examples) + (
        ", …" if each.incidents > len(each.examples) else ""
    )
    return (
        f"would match {each.events:,} of them, now in {_many(each.incidents, 'incident')} ({numbers}), "
        f"and make {_many(each.becoming, 'incident')} of them"
    )


def _many(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise WrongRulesError(f"'{file}' cannot be read: {cause}") from cause


def _wrong(refused: Refused) -> WrongRulesError:
    lines = [f"  line {each.line}: {each.why}" if each.line else f"  {each.why}" for each in refused.problems]
    return WrongRulesError("\n".join(["These rules are not understood; nothing was changed.", *lines]))
