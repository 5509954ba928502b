"""The same with all incidents that match: how many those are is said first, and how it can be undone after."""

import sys
from argparse import Namespace
from typing import Final

import msgspec

from aiops_platform.cli.finding import print_rows, wanted_of
from aiops_platform.cli.places import Doing, Place
from aiops_platform.core.acts import MOST, ActKind
from aiops_platform.core.errors import PlatformError
from aiops_platform.process.clock import utc_now
from aiops_platform.web import words

_SHOWN: Final = 5
_ASKED: Final = {
    ActKind.RESOLVE: "Resolve",
    ActKind.REOPEN: "Reopen",
    ActKind.MUTE: "Mute",
    ActKind.ASSIGN: "Assign",
    ActKind.DELETE: "Delete",
}


class NotMeantError(PlatformError):
    """Nobody has said that all of them are meant."""


def do_with_all(place: Place, what: Doing, given: Namespace) -> int:
    """Says which they are, asks whether that is meant, does it, and says how to undo it. Raises NotMeantError."""
    wanted = wanted_of(given.all, given.state, most=_SHOWN)
    rows, total = place.find(wanted)
    if not total:
        raise NotMeantError("Nothing like that is there: `aiops incidents list` takes the same search, and --state")
    if total > MOST:
        raise NotMeantError(f"{total:,} match, and at most {MOST:,} are changed at once: look for fewer")
    many = words.many(total, "incident")
    if not given.yes:
        print_rows(rows, utc_now(), is_colored=False, file=sys.stderr)
        if total > len(rows):
            print(f"… and {total - len(rows):,} more", file=sys.stderr)
        _ask(f"{_ASKED[what.kind]} {many}?", many)
    meant, changed, name = place.act_on_all(wanted, what)
    if given.json:
        print(msgspec.json.encode({"meant": meant, "changed": changed, "undo": name}).decode())
        return 0
    rest = "" if changed == meant else f" of {meant:,}; the others stood so already"
    print(f"{changed:,} changed{rest}")
    if changed:
        print(f"undo it within 15 minutes with: aiops incidents undo {name}")
    return 0


def _ask(question: str, many: str) -> None:
    if not sys.stdin.isatty():
        raise NotMeantError(f"{many} match: --yes does it")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NotMeantError("Nothing was changed")
