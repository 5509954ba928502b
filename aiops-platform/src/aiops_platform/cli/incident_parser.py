"""What can be typed about incidents."""

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aiops_platform.cli.moments import moment, number

_SORTS: Final = ("newest", "matters", "count", "people", "first-seen")
_STATES: Final = ("open", "resolved", "muted", "all")
_SHOWN: Final = "as `aiops incidents list` shows it"
_Add = Callable[..., ArgumentParser]


def add_incidents(commands: Any, add: _Add, late: Callable[[str], Any]) -> None:
    """Adds `aiops incidents …`; `add` makes a command, `late` names what it does."""
    what = "see what is broken, and settle it"
    incidents = commands.add_parser("incidents", help=what, description=what[0].upper() + what[1:] + ".")
    incidents.set_defaults(command=lambda *_: incidents.print_help() or 0)
    verbs = incidents.add_subparsers(title="commands", metavar="COMMAND")
    here_or_there = partial(_add_with_json, verbs, add)
    _add_reading(here_or_there, late)
    _add_settling(here_or_there, late)
    _add_saying(here_or_there, late)


def _add_with_json(verbs: Any, add: _Add, name: str, command: Any, what: str) -> ArgumentParser:
    parser = add(verbs, name, command, what)
    parser.add_argument("--json", action="store_true", help="a line of JSON each, for scripts")
    return parser


def _add_reading(add: _Add, late: Callable[[str], Any]) -> None:
    listed = add("list", late("finding:show_all"), "show incidents, those first that are open and new")
    _add_finding(listed)
    listed.add_argument("--sort", choices=_SORTS, default="newest", help="what comes first (default: newest)")
    listed.add_argument(
        "--from", dest="since", type=moment, metavar="TIME", help="with events since: 2026-11-22, 24h, 7d"
    )
    listed.add_argument("--to", dest="until", type=moment, metavar="TIME", help="with events before")
    listed.add_argument("--most", type=number, default=25, metavar="NUMBER", help="so many (default: 25)")
    tail = add("tail", late("finding:tail"), "print incidents as events come to them, until Ctrl-C")
    _add_finding(tail)
    tail.set_defaults(sort="newest", since=None, until=None, most=100)
    show = add("show", late("incidents:show"), "show one with its newest event, as Markdown")
    show.add_argument("number", metavar="NUMBER", type=number, help=_SHOWN)


def _add_finding(parser: ArgumentParser) -> None:
    parser.add_argument(
        "query", metavar="QUERY", nargs="*", help="a search, as on the pages: 'service:shop !env:staging count:>100'"
    )
    parser.add_argument("--state", choices=_STATES, help="(default: open, unless QUERY says which)")
    parser.add_argument("--service", metavar="NAME", help="of this service")
    parser.add_argument("--environment", metavar="NAME", help="of this environment")
    parser.add_argument("--text", metavar="TEXT", help="with these words in type, message, place, path or tags")


def _add_settling(add: _Add, late: Callable[[str], Any]) -> None:
    def act(name: str, what: str) -> ArgumentParser:
        parser = add(name, late(f"incident_acts:{name}"), what)
        parser.epilog = _EXAMPLES.format(name)
        return _with_several(parser)

    resolve = act("resolve", "they are mended; each reopens when its error returns")
    when = resolve.add_mutually_exclusive_group()
    when.add_argument("--in-next", action="store_true", help="in the release after the newest one known")
    when.add_argument(
        "--in", dest="in_release", metavar="RELEASE", help="in this release; the older ones go on failing"
    )
    mute = act("mute", "they only count, until what comes first, or for good")
    length = mute.add_mutually_exclusive_group()
    length.add_argument("--until", type=moment, metavar="TIME", help="2026-12-01, or 2026-12-01T08:00 (UTC)")
    length.add_argument("--for", dest="lasts", metavar="SPAN", help="30min, 8h, 7d")
    mute.add_argument("--events", type=number, metavar="NUMBER", help="until so many more events came")
    mute.add_argument("--within", metavar="SPAN", help="with --events: until so many come within 10min, 1h, 1d")
    mute.add_argument("--next-release", action="store_true", help="until a newer release appears, and it happens again")
    act("reopen", "they are to be looked at again")
    assign = act("assign", "somebody cares for them from now on")
    assign.add_argument("--to", metavar="WHO", required=True, help="the name of a member of the project, or the number")
    act("unassign", "nobody cares for them any more")
    act("delete", "they go, with all that is kept of them; after 15 minutes for good")
    undo = add("undo", late("incident_acts:undo"), "undo what was done to many, as it was printed then")
    undo.add_argument("name", metavar="ID", help="good for 15 minutes; what has gone on since is left alone")


_EXAMPLES: Final = """examples:
  aiops incidents {0} 7 12
  aiops incidents {0} --all 'service:shop type:ValueError'
"""


def _with_several(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("numbers", metavar="NUMBER", type=number, nargs="*", help=_SHOWN)
    parser.add_argument(
        "--all", metavar="QUERY", help="all that match this search, at most 10,000; says first how many"
    )
    parser.add_argument("--state", choices=_STATES, help="with --all (default: open, unless QUERY says which)")
    parser.add_argument("--yes", action="store_true", help="with --all: do it without asking")
    return parser


def _add_saying(add: _Add, late: Callable[[str], Any]) -> None:
    comment = add("comment", late("incident_acts:comment"), "say something about one")
    comment.add_argument("number", metavar="NUMBER", type=number, help=_SHOWN)
    comment.add_argument("text", metavar="TEXT", nargs="+", help="in Markdown")
    merge = add("merge", late("incident_acts:merge"), "they are one problem: the others become parts of the first")
    merge.add_argument("number", metavar="INTO", type=number, help="the one that stays")
    merge.add_argument("parts", metavar="NUMBER", type=number, nargs="+", help="those that become parts of it")
    merge.add_argument("--why", default="", metavar="TEXT", help="why they are one problem")
    unmerge = add("unmerge", late("incident_acts:unmerge"), "parts are by themselves again")
    unmerge.add_argument("numbers", metavar="NUMBER", type=number, nargs="+", help="the parts")
