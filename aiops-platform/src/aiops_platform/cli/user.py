"""`aiops user …`: who may come in, and what each may do. All of it also while the platform runs."""

import sys
from argparse import Namespace
from datetime import datetime
from getpass import getpass

from aiops_platform import assembly
from aiops_platform.cli.signin import found, link_base, say_if_none_runs
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.people import COMMAND_LINE, Member, PeopleError, Role
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


def show_all(settings: Settings, _: Namespace) -> int:
    """Prints a table, admins first."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        members = assembly.people(platform).members(platform.project_id)
    print_table(("ID", "NAME", "EMAIL", "ROLE", "COMES IN BY", "LAST SEEN"), [_row(each) for each in members])
    if not members:
        print("Nobody is here yet: `aiops signin` prints a link for the first admin.", file=sys.stderr)
    return 0


def invite(settings: Settings, given: Namespace) -> int:
    """Prints the link alone, so that scripts can use it."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        link = assembly.people(platform).invite(
            platform.project_id, Role(given.role), email=given.email, by=COMMAND_LINE.name, now=utc_now()
        )
    print(f"{link_base(settings)}/invited/{link}")
    print("It works once, within 7 days.", file=sys.stderr)
    say_if_none_runs(settings)
    return 0


def add(settings: Settings, given: Namespace) -> int:
    """They have no password yet: what gives them one is said."""
    check_started(settings)
    name = given.name or given.email.partition("@")[0]
    with assembly.opened(settings) as platform:
        user = assembly.people(platform).add_member(
            platform.project_id, email=given.email, name=name, role=Role(given.role), now=utc_now()
        )
    print(f"{user.name} is {Role(given.role).called} now")
    if not user.has_password:
        hint = f"`aiops user password {user.email}` gives them a password, `aiops signin --user {user.email}` a link."
        print(hint, file=sys.stderr)
    return 0


def password(settings: Settings, given: Namespace) -> int:
    """Asks for it, or reads it from standard input; or prints a link with which they choose it themselves."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        people = assembly.people(platform)
        user = found(people, given.email)
        if given.link:
            people.drop_password(user.id)
            link = platform.access.create_signin(utc_now(), user.id)
            print(f"{link_base(settings)}/signin/{link}")
            print("It works once, within 15 minutes. Their account's page asks for another password.", file=sys.stderr)
            return 0
        if user.email is None:
            raise PeopleError(f"{user.name} has no e-mail address to sign in with: `aiops signin` prints a link")
        people.set_password(user.id, _asked())
    print(f"{user.name} has another password. Their sessions have ended.")
    return 0


def role(settings: Settings, given: Namespace) -> int:
    """From now on they may do this."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        people = assembly.people(platform)
        member = people.set_role(platform.project_id, found(people, given.email).id, Role(given.role))
    print(f"{member.user.name} is {member.role.called} now")
    return 0


def remove(settings: Settings, given: Namespace) -> int:
    """Their sessions and tokens end."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        people = assembly.people(platform)
        member = people.remove_member(platform.project_id, found(people, given.email).id, utc_now())
    print(f"Removed: {member.user.name}. What they did stays with their name.")
    return 0


def _row(member: Member) -> tuple[str, ...]:
    user = member.user
    how = "password" if user.is_complete else "links"
    return (str(user.id), user.name, user.email or "–", member.role, how, _time(member.seen_at))


def _time(at: datetime | None) -> str:
    return "never" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass("Password: ")
    if getpass("Once more: ") != first:
        raise PeopleError("These were two different ones: nothing was changed")
    return first
