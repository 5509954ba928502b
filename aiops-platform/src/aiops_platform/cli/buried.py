"""`aiops buried …`: what was taken in and could not be digested; look at it, and have it digested again."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.signin import say_if_none_runs
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.parcel import legible
from aiops_platform.settings import Settings

_SHOWN = 100


class UnknownBuriedError(PlatformError):
    """There is no such parcel."""


def show_all(settings: Settings, _: Namespace) -> int:
    """Prints a table, the newest first."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = assembly.reads(platform).buried(platform.project_id, page=1, per_page=_SHOWN)
    for row in found.rows:
        print(
            f"{row.id:>6}  {row.received_at.astimezone():%Y-%m-%d %H:%M}  {row.kind:<9}  {row.size:>8,} B  {row.reason}"
        )
    if found.total > len(found.rows):
        print(f"… and {found.total - len(found.rows)} older ones", file=sys.stderr)
    if not found.rows:
        print("Nothing is buried.", file=sys.stderr)
    return 0


def show(settings: Settings, given: Namespace) -> int:
    """Prints the reason, and what came. Raises UnknownBuriedError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = assembly.reads(platform).buried_parcel(platform.project_id, given.number)
    if found is None:
        raise _unknown(given.number)
    print(f"received {found.row.received_at.astimezone():%Y-%m-%d %H:%M:%S}, {found.row.kind}", file=sys.stderr)
    print(f"buried because {found.row.reason}", file=sys.stderr)
    print(legible(found.body))
    return 0


def retry(settings: Settings, given: Namespace) -> int:
    """Hands one, or all, back to the digest. Raises UnknownBuriedError."""
    check_started(settings)
    with assembly.opened(settings) as platform, assembly.reviving(settings, platform) as revive:
        if given.number is None:
            many = revive.all(platform.project_id)
        elif revive.one(platform.project_id, given.number):
            many = 1
        else:
            raise _unknown(given.number)
    print(f"{many} to be digested again. What still cannot be is listed by `aiops buried list`.")
    say_if_none_runs(settings)
    return 0


def _unknown(number: int) -> UnknownBuriedError:
    return UnknownBuriedError(f"Nothing is buried under the number {number}: `aiops buried list` shows what is")
