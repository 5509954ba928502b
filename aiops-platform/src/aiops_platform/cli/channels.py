"""`aiops channels …`: the ways to tell people of a project: which there are, a new one, and whether it works."""

import sys
from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.backoff import Sent, said
from aiops_platform.core.channels import KINDS, Channel, ChannelKind
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings

_HEAD = ("NUMBER", "NAME", "KIND", "TO", "STATE")


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
        channel = _meant(desk, platform.project_id, given.channel)
        outcome = desk.try_out(
            platform.project_id, channel.id, project=settings.project, by=COMMAND_LINE.name, now=utc_now()
        )
    if isinstance(outcome, Sent):
        print(f"'{channel.name}' has taken it: {said(outcome)}".rstrip(": "))
        return 0
    print(f"'{channel.name}' has not taken it: {said(outcome) if outcome else 'it is gone'}", file=sys.stderr)
    return 1


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


def _meant(desk: ChannelDesk, project_id: int, said_: str) -> Channel:
    for each in desk.all(project_id):
        if said_ in (str(each.id), each.name):
            return each
    raise WrongChannelError(f"There is no channel '{said_}': `aiops channels list` shows those there are")


def _state(channel: Channel) -> str:
    if not channel.is_enabled:
        return f"disabled: {channel.disabled_why}"
    return f"failing, {channel.failures} in a row" if channel.failures else "enabled"
