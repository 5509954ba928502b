"""What can be typed about fixes."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from aiops_platform.cli.moments import number


def add_fixes(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    """Adds `aiops fixes …`; `add` makes a command, `late` names what it does."""
    what = "ask services to mend themselves, say yes or no, and stop it all"
    fixes = commands.add_parser("fixes", help=what, description=what[0].upper() + what[1:] + ".")
    fixes.set_defaults(command=lambda *_: fixes.print_help() or 0)
    verbs = fixes.add_subparsers(title="commands", metavar="COMMAND")
    listed = add(verbs, "list", late("fixes:show_all"), "show what was asked for, the newest first; at most a hundred")
    states = ("waiting", "unended", "ended", "all")
    listed.add_argument("--state", choices=states, default="all", help="those that stand so (default: all)")
    listed.add_argument("--json", action="store_true", help="a line of JSON each, for scripts")
    show = add(verbs, "show", late("fixes:show"), "show one: how it stands, and what the service told of it")
    show.add_argument("number", metavar="NUMBER", type=number, help="as `aiops fixes list` shows it")
    show.add_argument("--json", action="store_true", help="as JSON, for scripts")
    add(verbs, "offered", late("fixes:offered"), "show the fixers that services offer, and what came of them")
    ask = add(verbs, "ask", late("fixes:ask"), "ask an incident's service for a fixer; prints the fix's number alone")
    ask.add_argument("incident", metavar="INCIDENT", type=number, help="as `aiops incidents list` shows it")
    ask.add_argument("fixer", metavar="FIXER", help="as `aiops fixes offered` shows it")
    ask.add_argument("params", metavar="NAME=VALUE", nargs="*", help="its parameters")
    for name, said in (
        ("approve", "say yes to what is suggested or waits"),
        ("decline", "say no to it"),
        ("cancel", "take back what was not sent yet"),
    ):
        verb = add(verbs, name, late(f"fixes:{name}"), said)
        verb.add_argument("number", metavar="NUMBER", type=number, help="as `aiops fixes list` shows it")
    add(verbs, "policies", late("fixes:policies"), "show what is done about which incidents")
    add(verbs, "stop-all", late("fixes:stop_all"), "ask for nothing any more, and cancel what was not sent")
    add(verbs, "allow", late("fixes:allow"), "fixes may be asked for again")
    add(verbs, "export", late("fixes:export"), "write every step of every fix to standard output, a line of JSON each")
