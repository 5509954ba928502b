"""What can be typed about escalation and about who is on call."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any


def add_oncall(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    """Adds `aiops escalation …` and `aiops rotas …`; `add` makes a command, `late` names what it does."""
    _add_escalation(commands, add, late)
    _add_rotas(commands, add, late)


def _add_escalation(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    what = "say who is told next while nobody acknowledges an alert"
    parser = commands.add_parser("escalation", help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(command=lambda *_: parser.print_help() or 0)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    add(verbs, "list", late("escalation:show_all"), "show the steps, and the rules that tell by them")
    put = add(verbs, "set", late("escalation:put"), "keep steps under a name; prints their number alone")
    put.add_argument("name", metavar="NAME", help="those of that name are replaced")
    put.add_argument(
        "steps", metavar="MINUTES=WHO", nargs="+", help="0='#ops' 10=rota:Nights 30=all; the first is at once"
    )
    use = add(verbs, "use", late("escalation:use"), "have a rule tell by these steps")
    use.add_argument("rule", metavar="RULE", help="its name or number")
    use.add_argument("policy", metavar="STEPS", nargs="?", help="their name or number; without them: all channels")
    delete = add(verbs, "delete", late("escalation:delete"), "take steps away; rules that name them tell all channels")
    delete.add_argument("policy", metavar="STEPS", help="their name or number")


def _add_rotas(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    what = "say who is on call when, and who stands in"
    parser = commands.add_parser("rotas", help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(command=lambda *_: parser.print_help() or 0)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    add(verbs, "list", late("rotas:show_all"), "show the rotas, and who is on call")
    put = add(verbs, "set", late("rotas:put"), "keep a rota under a name; prints its number alone")
    put.add_argument("name", metavar="NAME", help="the one of that name is replaced; who stands in stays")
    put.add_argument(
        "people", metavar="PERSON=CHANNEL", nargs="+", help="in the order of their turns: Ana=1 'Ben=ops chat'"
    )
    put.add_argument("--first", metavar="DAY", help="the first turn begins on this day (default: this week's Monday)")
    put.add_argument("--at", metavar="TIME", default="09:00", help="when turns are handed over (default: 09:00)")
    put.add_argument("--zone", metavar="ZONE", default="UTC", help="by the clocks of Europe/Berlin, say (default: UTC)")
    stand_in = add(verbs, "stand-in", late("rotas:stand_in"), "somebody is on call, whosever turn it is")
    stand_in.add_argument("rota", metavar="ROTA", help="its name or number")
    stand_in.add_argument("who", metavar="PERSON", help="somebody of the rota")
    stand_in.add_argument("since", metavar="SINCE", help="2026-12-24T08:00, by the clocks of the rota's zone")
    stand_in.add_argument("until", metavar="UNTIL", help="likewise")
    delete = add(verbs, "delete", late("rotas:delete"), "take a rota away")
    delete.add_argument("rota", metavar="ROTA", help="its name or number")
