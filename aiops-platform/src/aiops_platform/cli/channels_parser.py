"""How `aiops channels …` is said."""

from collections.abc import Callable
from typing import Any


def add_channels(commands: Any, add: Callable[..., Any], late: Callable[[str], Any]) -> None:
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
    test.add_argument("channel", metavar="CHANNEL", help="its number or name, as `aiops channels list` shows it")
