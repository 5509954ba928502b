"""`aiops erase --user ID`: one person's data out of what is stored."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.settings import Settings
from aiops_platform.storage.erasing import erase

_COPIES = ("store.before-*.db", "before-restore-*", "damaged-*")


class NobodyError(PlatformError):
    """No person was named."""


def run(settings: Settings, given: Namespace) -> int:
    """Says what was changed, and where more may be. Raises PlatformErrors."""
    check_started(settings)
    identity = given.user.strip()
    if not identity:
        raise NobodyError("Name the person as your services do: --user 7, --user ada@example.com")
    with assembly.opened(settings) as platform:
        done = erase(platform.database, identity, _say_progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{done.events} events and texts in {done.incidents} incidents were written anew, {done.buried} buried reports dropped."
    )
    print(
        "Numbers are as they were. Backups made earlier hold the data still, and so may what services have yet to send."
    )
    if not done.is_log_empty:
        print("What was there may still be read in store.db-wal, which is in use: run this again.")
    intake = settings.data / "intake.db"
    if intake.exists() and (waiting := intake_numbers(intake)["intake_depth"]):
        print(f"{waiting} reports wait to be digested: run this again when they are.")
    for copy in [each for kind in _COPIES for each in sorted(settings.data.glob(kind))]:
        print(f"{copy} was made earlier, too: remove it when you need it no more.")
    return 0


def _say_progress(looked: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{looked:,} events looked at", end="", file=sys.stderr, flush=True)
