"""`aiops channels …`: the ways to tell people of a project: which there are, what is made of each, whether it works."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.backoff import Sent, said
from aiops_platform.core.channels import KINDS, Channel, ChannelKind, Delivery
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web.cut import shortened

_HEAD = ("NUMBER", "NAME", "KIND", "TO", "STATE")
_SENT = ("NUMBER", "WHEN", "STANDS", "WHAT", "ANSWER")
_MOST = 50


class WrongChannelError(PlatformError):
    """There is no such channel or kind, or it cannot be said like this."""


def show_all(settings: Settings, _given: Namespace) -> int:
    """Prints the channels; of their settings only enough to know them by."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = assembly.channel_desk(settings, platform).all(platform.project_id)
    if found:
        print_table(_HEAD, [(str(each.id), each.name, each.kind.value, each.hint, _state(each)) for each in found])
    else:
        print("There is no channel: nobody is told anything.", file=sys.stderr)
    return 0


def add(settings: Settings, given: Namespace) -> int:
    """Adds a channel; prints its number, and the secret of one that signs. Raises ChannelError and WrongChannelError."""
    check_started(settings)
    kind, said_ = _kind(given.kind), dict(_setting(text) for text in given.settings)
    with assembly.opened(settings) as platform:
        desk = assembly.channel_desk(settings, platform)
        channel, secret = desk.add(platform.project_id, given.name, kind, said_, by=COMMAND_LINE.name, now=utc_now())
    print(channel.id)
    if secret is not None:
        print(secret)
    return 0


def try_out(settings: Settings, given: Namespace) -> int:
    """Sends a test, and says what came of it. Raises WrongChannelError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        desk = assembly.channel_desk(settings, platform)
        channel = meant(desk, platform.project_id, given.channel)
        outcome = desk.try_out(
            platform.project_id, channel.id, project=settings.project, by=COMMAND_LINE.name, now=utc_now()
        )
    if isinstance(outcome, Sent):
        print(f"'{channel.name}' has taken it: {said(outcome)}".rstrip(": "))
        return 0
    print(f"'{channel.name}' has not taken it: {said(outcome) if outcome else 'it is gone'}", file=sys.stderr)
    return 1


def change(settings: Settings, given: Namespace) -> int:
    """Gives a channel another name or other settings; what is not said stays. Raises ChannelError and WrongChannelError."""
    said_ = dict(_setting(text) for text in given.settings)
    with _opened(settings, given) as (desk, channel):
        desk.change(channel.project_id, channel.id, given.name or channel.name, said_)
    print(f"'{given.name or channel.name}' is changed.")
    return 0


def enable(settings: Settings, given: Namespace) -> int:
    """It is sent to again. Raises WrongChannelError."""
    return _switch(settings, given, on=True)


def disable(settings: Settings, given: Namespace) -> int:
    """It is sent nothing. Raises WrongChannelError."""
    return _switch(settings, given, on=False)


def renew_secret(settings: Settings, given: Namespace) -> int:
    """Prints another secret, alone; the last one signs beside it for a day. Raises WrongChannelError."""
    with _opened(settings, given) as (desk, channel):
        secret = desk.new_secret(channel.project_id, channel.id, utc_now())
    if secret is None:
        raise WrongChannelError(f"'{channel.name}' does not sign what it sends: only a webhook has a secret")
    print(secret)
    return 0


def deliveries(settings: Settings, given: Namespace) -> int:
    """Prints the last deliveries of a channel, the newest first. Raises WrongChannelError."""
    with _opened(settings, given) as (desk, channel):
        found = desk.deliveries(channel.project_id, channel.id, limit=_MOST)
    if found:
        print_table(_SENT, [_delivery(each) for each in found])
    else:
        print("Nothing was sent there yet.", file=sys.stderr)
    return 0


def send_again(settings: Settings, given: Namespace) -> int:
    """Has what failed sent again: one delivery, or all. Raises ChannelError and WrongChannelError."""
    with _opened(settings, given) as (desk, channel):
        many = desk.send_again(channel.project_id, channel.id, given.delivery, utc_now())
    if given.delivery is not None and not many:
        raise WrongChannelError(
            f"'{channel.name}' has no delivery {given.delivery} that has failed: `aiops channels deliveries` shows them"
        )
    print(f"{many} {'is' if many == 1 else 'are'} sent again.")
    return 0


@contextmanager
def _opened(settings: Settings, given: Namespace) -> Iterator[tuple[ChannelDesk, Channel]]:
    check_started(settings)
    with assembly.opened(settings) as platform:
        desk = assembly.channel_desk(settings, platform)
        yield desk, meant(desk, platform.project_id, given.channel)


def _switch(settings: Settings, given: Namespace, *, on: bool) -> int:
    with _opened(settings, given) as (desk, channel):
        desk.switch(channel.project_id, channel.id, on=on, by=COMMAND_LINE.name, now=utc_now())
    print(f"'{channel.name}' is {'enabled' if on else 'disabled'}.")
    return 0


def _delivery(each: Delivery) -> tuple[str, ...]:
    stands = "sent" if each.sent_at is not None else "failed" if each.failed_at is not None else "waits"
    status = "" if each.status is None else str(each.status)
    answered = shortened(f"{status} {each.answer}".strip(), 60)
    return (str(each.id), f"{each.created_at:%Y-%m-%d %H:%M}", stands, shortened(each.title, 60), answered)


def _kind(text: str) -> ChannelKind:
    try:
        return ChannelKind(text)
    except ValueError:
        raise WrongChannelError(f"There is no kind '{text}': take one of {', '.join(ChannelKind)}") from None


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        names = sorted({each.name for kind in KINDS.values() for each in kind.settings})
        raise WrongChannelError(f"Say each setting as NAME=VALUE; there are {', '.join(names)}")
    # What is secret need not stand in the list of processes.
    return name, sys.stdin.readline().strip() if value == "-" else value


def meant(desk: ChannelDesk, project_id: int, said_: str) -> Channel:
    """The channel of that number or name. Raises WrongChannelError."""
    for each in desk.all(project_id):
        if said_ in (str(each.id), each.name):
            return each
    raise WrongChannelError(f"There is no channel '{said_}': `aiops channels list` shows those there are")


def _state(channel: Channel) -> str:
    if not channel.is_enabled:
        return f"disabled: {channel.disabled_why}"
    return f"failing, {channel.failures} in a row" if channel.failures else "enabled"
