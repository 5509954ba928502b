"""`aiops scrub …`: what is secret besides what is everywhere; the worker hides it from then on."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.scrubbing.rules import RuleKind, WrongRuleError, told
from aiops_platform.settings import Settings


class UnknownRuleError(PlatformError):
    """There is no such rule."""


def show(settings: Settings, _: Namespace) -> int:
    """Prints the rules; values only by how they begin."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = assembly.hiding(platform).rules(platform.project_id)
    for kind, text in found:
        print(f"{kind:<5}  {told(kind, text)}")
    if not found:
        print("Nothing besides what is hidden everywhere.", file=sys.stderr)
    return 0


def add(settings: Settings, given: Namespace) -> int:
    """Raises WrongRuleError."""
    check_started(settings)
    kind, text = _rule(given)
    with assembly.opened(settings) as platform:
        assembly.hiding(platform).add(platform.project_id, kind, text)
    print(f"From now on hidden by this {kind}, in what is digested. What is stored already stays as it is.")
    return 0


def remove(settings: Settings, given: Namespace) -> int:
    """Raises UnknownRuleError."""
    check_started(settings)
    kind, text = _rule(given)
    with assembly.opened(settings) as platform:
        if not assembly.hiding(platform).remove(platform.project_id, kind, text):
            raise UnknownRuleError(f"Nothing is hidden by this {kind}: `aiops scrub list` shows what is")
    print(f"No longer hidden by this {kind}.")
    return 0


def _rule(given: Namespace) -> tuple[RuleKind, str]:
    if given.name is not None:
        return RuleKind.NAME, given.name
    if given.value != "-":
        return RuleKind.VALUE, given.value
    # What is typed stands in the history of a shell, and in the list of processes.
    try:
        return RuleKind.VALUE, sys.stdin.read()
    except UnicodeDecodeError as cause:
        raise WrongRuleError("What came on standard input is no text") from cause
