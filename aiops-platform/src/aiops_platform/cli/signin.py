"""`aiops signin`: a link that signs a browser in."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.process.clock import utc_now
from aiops_platform.process.lock import holder_of
from aiops_platform.process.locks import DOOR_LOCK, SERVE_LOCK
from aiops_platform.settings import Settings


def run(settings: Settings, _: Namespace) -> int:
    """Prints the link alone, so that scripts can use it."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        link = platform.access.create_signin(utc_now())
    print(f"{settings.public_url or running_address(settings) or settings.address()}/signin/{link}")
    print("It works once, within 15 minutes.", file=sys.stderr)
    say_if_none_runs(settings)
    return 0


def say_if_none_runs(settings: Settings) -> None:
    """What was made waits for a platform; perhaps another folder was meant."""
    if running_address(settings) is None:
        hint = f"No platform runs on {settings.data} now: start it with `aiops serve`, or name its folder with --data."
        print(hint, file=sys.stderr)


def running_address(settings: Settings) -> str | None:
    """Where the platform that holds this folder says it is; None when none does."""
    for name in (SERVE_LOCK, DOOR_LOCK):
        holder = holder_of(settings.data / name)
        if holder is not None:
            return str(holder.get("url", settings.address()))
    return None
