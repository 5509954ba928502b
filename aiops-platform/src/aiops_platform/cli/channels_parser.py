"""How `aiops channels …` is said."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from aiops_platform.cli.moments import number


def add_channels(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    """The command and its verbs."""
    what = "say how people are told"
    channels = commands.add_parser("channels", help=what, description=what[0].upper() + what[1:] + ".")
    channels.set_defaults(command=lambda *_: channels.print_help() or 0)
    verbs = channels.add_subparsers(title="commands", metavar="COMMAND")
    add(verbs, "list", late("channels:show_all"), "show the channels, and how each stands")
    new = add(verbs, "add", late("channels:add"), "add a channel; prints its number, and the secret of a webhook")
    new.add_argument("kind", metavar="KIND", help="mail, webhook, slack, discord, teams, ntfy, pagerduty or apprise")
    new.add_argument("name", metavar="NAME", help="as people call it: 'ops chat'")
    new.add_argument(
        "settings", metavar="SETTING=VALUE", nargs="+", help="url=https://… or to=ana@example.com; url=- reads it"
    )
    test = add(verbs, "test", late("channels:try_out"), "send a test, and say what came of it")
    _which(test)
    change = add(verbs, "change", late("channels:change"), "another name or other settings; what is not said stays")
    _which(change)
    change.add_argument("settings", metavar="SETTING=VALUE", nargs="*", help="as of `aiops channels add`")
    change.add_argument("--name", metavar="NAME", help="as people call it from now on")
    _which(add(verbs, "enable", late("channels:enable"), "send to it again"))
    _which(add(verbs, "disable", late("channels:disable"), "send it nothing"))
    _which(
        add(
            verbs,
            "secret",
            late("channels:renew_secret"),
            "make another secret of a webhook; it is printed alone, and the last one signs beside it for a day",
        )
    )
    quiet = add(verbs, "quiet", late("quiet:hours"), "say when it is quiet; without times, show when it is")
    _which(quiet)
    quiet.add_argument("begin", metavar="BEGIN", nargs="?", help="from this time on: 22:00")
    quiet.add_argument("end", metavar="END", nargs="?", help="until then: 07:00")
    quiet.add_argument(
        "--zone", metavar="ZONE", default="UTC", help="by the clocks of Europe/Berlin, say (default: UTC)"
    )
    quiet.add_argument("--all", action="store_true", help="what is critical waits, too")
    quiet.add_argument("--never", action="store_true", help="it is never quiet")
    _which(add(verbs, "deliveries", late("channels:deliveries"), "show what was sent to it, and what it answered"))
    again = add(verbs, "send-again", late("channels:send_again"), "send again what failed: one delivery, or all")
    _which(again)
    what_failed = again.add_mutually_exclusive_group(required=True)
    what_failed.add_argument("delivery", metavar="NUMBER", type=number, nargs="?", help="as `deliveries` shows it")
    what_failed.add_argument("--all", action="store_true", help="everything that failed")


def _which(parser: ArgumentParser) -> None:
    parser.add_argument("channel", metavar="CHANNEL", help="its number or name, as `aiops channels list` shows it")
