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
    _add_policies(verbs, add, late)
    add(verbs, "stop-all", late("fixes:stop_all"), "ask for nothing any more, and cancel what was not sent")
    add(verbs, "allow", late("fixes:allow"), "fixes may be asked for again")
    add(verbs, "export", late("fixes:export"), "write every step of every fix to standard output, a line of JSON each")


def _add_policies(verbs: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    what = "say which incidents are answered with which fixer"
    policies = verbs.add_parser("policies", help=what, description=what[0].upper() + what[1:] + ".")
    policies.set_defaults(command=lambda *_: policies.print_help() or 0)
    verbs = policies.add_subparsers(title="commands", metavar="COMMAND")
    listed = add(verbs, "list", late("fix_policies:show_all"), "show what is done about which incidents")
    listed.add_argument("--json", action="store_true", help="a line of JSON each, for scripts")
    show = _which(add(verbs, "show", late("fix_policies:show"), "show one, with its guard rails, and why it is paused"))
    show.add_argument("--json", action="store_true", help="as JSON, for scripts")
    make = add(verbs, "make", late("fix_policies:make"), "make a policy; prints its number alone")
    make.add_argument("name", metavar="NAME", help="as people call it: 'Mend the pool'")
    _add_settings(make, is_new=True)
    change = _which(
        add(verbs, "set", late("fix_policies:change"), "change one, and end its pause; what is not said stays")
    )
    change.add_argument("--name", metavar="NAME", help="as people call it from now on")
    _add_settings(change, is_new=False)
    _which(
        add(verbs, "resume", late("fix_policies:resume"), "end its pause after a failure, or that of `aiops … pause`")
    )
    _which(
        add(verbs, "pause", late("fix_policies:pause"), "switch it off, and cancel what it asked for and was not sent")
    )
    _which(add(verbs, "delete", late("fix_policies:delete"), "take it away, and cancel what was not sent"))


def _add_settings(parser: ArgumentParser, *, is_new: bool) -> None:
    def add(option: str, metavar: str, said: str, **more: Any) -> None:
        parser.add_argument(option, metavar=metavar, help=said, **more)

    add("--match", "SEARCH", "which incidents: 'service:shop type:PoolError'", required=is_new)
    add("--fixer", "FIXER", "as `aiops fixes offered` shows it", required=is_new)
    again = "; say it again for each" if is_new else "; NAME= takes it away"
    add(
        "--param",
        "NAME=VALUE",
        f"a parameter; NAME==tag.pool is a field of the event{again}",
        action="append",
        default=[],
    )
    parser.add_argument(
        "--mode", choices=("suggest", "ask", "automatic"), help="what it does about them" + _usual(is_new, "suggest")
    )
    add("--environment", "NAME", "only there; '' is everywhere", action="append", default=[])
    add("--cool-down", "SPAN", "not for the same service again within 10min, 2h" + _usual(is_new, "10min"))
    add("--per-hour", "MANY", "at most so often in an hour" + _usual(is_new, "4"), type=number)
    add("--per-day", "MANY", "at most so often in a day" + _usual(is_new, "20"), type=number)
    add("--at-once", "MANY", "at most so many at a time" + _usual(is_new, "1"), type=number)
    add("--watch", "SPAN", "how long the incident is watched afterwards" + _usual(is_new, "10min"))
    for option, said, usual in (
        ("--stop-after-failure", "whether a fix that fails pauses it", "yes"),
        ("--resolve", "whether an incident that was mended is resolved", "no"),
        ("--enabled", "whether it does anything", "yes"),
    ):
        parser.add_argument(option, choices=("yes", "no"), help=said + _usual(is_new, usual))


def _usual(is_new: bool, said: str) -> str:
    return f" (default: {said})" if is_new else ""


def _which(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("number", metavar="NUMBER", type=number, help="as `aiops fixes policies list` shows it")
    return parser
