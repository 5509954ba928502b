"""`aiops scrub …`: what is secret besides what is everywhere; the worker hides it from then on."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.scrubbing.rules import RuleKind, checked
from aiops_platform.settings import Settings
from aiops_platform.storage import scrub_rules

# Of a value, so much is shown.
_BEGINNING = 2


class UnknownRuleError(PlatformError):
    """There is no such rule."""


def show(settings: Settings, _: Namespace) -> int:
    """Prints the rules; values only by how they begin."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = scrub_rules.rules_of(platform.database, platform.project_id)
    for kind, text in found:
        shown = text if kind is RuleKind.NAME else f"{text[:_BEGINNING]}… ({len(text)} characters)"
        print(f"{kind:<5}  {shown}")
    if not found:
        print("Nothing besides what is hidden everywhere.", file=sys.stderr)
    return 0


def add(settings: Settings, given: Namespace) -> int:
    """Raises WrongRuleError."""
    check_started(settings)
    kind, text = _rule(given)
    with assembly.opened(settings) as platform:
        scrub_rules.add(platform.database, platform.project_id, kind, checked(kind, text))
    print(f"From now on hidden by this {kind}, in what is digested. What is stored already stays as it is.")
    return 0


def remove(settings: Settings, given: Namespace) -> int:
    """Raises UnknownRuleError."""
    check_started(settings)
    kind, text = _rule(given)
    with assembly.opened(settings) as platform:
        if not scrub_rules.remove(platform.database, platform.project_id, kind, text.strip()):
            raise UnknownRuleError(f"Nothing is hidden by this {kind}: `aiops scrub list` shows what is")
    print(f"No longer hidden by this {kind}.")
    return 0


def _rule(given: Namespace) -> tuple[RuleKind, str]:
    if given.name is not None:
        return RuleKind.NAME, given.name
    # What is typed stands in the history of a shell, and in the list of processes.
    return RuleKind.VALUE, sys.stdin.read() if given.value == "-" else given.value
