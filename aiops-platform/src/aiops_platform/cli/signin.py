"""`aiops signin`: a link that signs a browser in."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import User
from aiops_platform.ports import People
from aiops_platform.process.clock import utc_now
from aiops_platform.process.locks import address_in
from aiops_platform.settings import Settings


class UnknownUserError(PlatformError):
    """There is nobody with this address or number."""


def run(settings: Settings, given: Namespace) -> int:
    """Prints the link alone, so that scripts can use it. Raises UnknownUserError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        user = None if given.user is None else found(assembly.people(platform), given.user)
        link = platform.access.create_signin(utc_now(), None if user is None else user.id)
    print(f"{link_base(settings)}/signin/{link}")
    print("It works once, within 15 minutes.", file=sys.stderr)
    say_if_none_runs(settings)
    return 0


def found(people: People, email_or_id: str) -> User:
    """Whoever is meant. Raises UnknownUserError."""
    # An address has an @, a number has none.
    number = int(email_or_id) if email_or_id.isascii() and email_or_id.isdigit() and len(email_or_id) < 19 else None
    user = people.user_with_email(email_or_id) if number is None else people.user(number)
    if user is None:
        raise UnknownUserError(
            f"Nobody here has the address or number '{email_or_id}': `aiops user list` shows who there is"
        )
    return user


def link_base(settings: Settings) -> str:
    """What links to the platform begin with."""
    return settings.public_url or running_address(settings) or settings.address()


def say_if_none_runs(settings: Settings) -> None:
    """What was made waits for a platform; perhaps another folder was meant."""
    if running_address(settings) is None:
        hint = f"No platform runs on {settings.data} now: start it with `aiops serve`, or name its folder with --data."
        print(hint, file=sys.stderr)


def running_address(settings: Settings) -> str | None:
    """Where the platform that holds this folder says it is; None when none does."""
    return address_in(settings.data)
