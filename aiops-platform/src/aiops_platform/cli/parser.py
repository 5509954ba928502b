"""What can be typed, and help that teaches it."""

from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any, TypeAlias

from aiops_platform import __version__
from aiops_platform.cli.channels_parser import add_channels
from aiops_platform.cli.fix_parser import add_fixes
from aiops_platform.cli.incident_parser import add_incidents
from aiops_platform.cli.job_parser import add_jobs
from aiops_platform.cli.moments import moment, number
from aiops_platform.cli.oncall_parser import add_oncall
from aiops_platform.cli.people_parser import add_people
from aiops_platform.cli.suggesting import SuggestingParser
from aiops_platform.settings import Settings, default_data

Command: TypeAlias = Callable[[Settings, Namespace], int]

_TEACHING = """\
The platform that aiops-sdk reports to: crashes, HTTP errors and silence of your services become incidents.

start here:
  aiops serve                   run it; the first start prints a sign-in link and what to add to your app
  aiops serve --data ./aiops    keep everything in that folder

while it runs, in another terminal:
  aiops signin                  print a link that signs a browser in, once, within 15 minutes
  aiops user invite             print a link that makes a colleague a member; list, add, password, role, remove
  aiops project add "Web shop"  keep things apart: most commands take --project web-shop
  aiops key create shop         let a service report; prints the key alone, so that scripts can use it
  aiops key list                which keys there are, and when they were last used
  aiops key replace shop        a new one under its name; the old one works until it is revoked
  aiops key revoke shop         let it report no longer
  aiops token create laptop     let an API client read and act
  aiops doctor                  look after folder, databases, disk and parts
  aiops incidents list          what is broken; show, resolve, mute and assign take a number from there
  aiops incidents tail          the same as it comes, until Ctrl-C; both take a search: 'service:shop is:new'
  aiops stats                   how much came in, and what became of it
  aiops scrub add --name iban   hide what is secret with you, besides what is hidden everywhere
  aiops group try rules.txt     what rules of your own for grouping would do with what is stored
  aiops maintenance start       expect silence and failures for 30 minutes; stop, list
  aiops channels add slack …    tell people; list, test
  aiops alerts list             what fires; ack takes a number from there
  aiops rotas list              who is on call; escalation says who is told next
  aiops fixes list              what services were asked to mend; ask, approve, stop-all
  aiops buried list             what came in and could not be digested, and why
  aiops export events           every stored event, a line of JSON each
  aiops backup aiops.tar        all of it into one file, also while it runs
"""
_SETTINGS = """\
Each option is also a setting: AIOPS_SERVER_DATA, _HOST, _PORT, _PUBLIC_URL. The others have no option:
AIOPS_SERVER_MAX_BODY, _MAX_BATCH, _MAX_INTAKE and _MAX_STORE (bytes of a report, of a batch, that may wait, that may
be kept), _KEY_RATE and _SERVICE_RATE (reports a second), _API_RATE (requests a second of one API token),
_INCIDENT_EVENTS and _RETENTION_DAYS (what is kept, and for how long), _LOG_FORMAT (plain or json), _SMTP_URL and
_MAIL_FROM (mail), _ALLOW_PRIVATE_TARGETS (where channels may send to), _FIXES (no stops all fixes) and _SECRET.
"""


def make_parser() -> ArgumentParser:
    """The parser. `command` in its result is the function to call, with the settings and the result; or None."""
    parser = SuggestingParser(
        prog="aiops",
        description=_TEACHING,
        epilog="`aiops COMMAND --help` says more about each.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aiops-platform {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_serve(commands)
    signin = _add(commands, "signin", _late("signin:run"), "print a link that signs a browser in", project=False)
    signin.add_argument("--user", metavar="EMAIL", help="as whom (default: the admin who came first)")
    add_people(commands, _add, _late)
    _add_credentials(commands, "key", "credentials:KEYS", "let services report")
    _add_credentials(commands, "token", "credentials:TOKENS", "let API clients read and act")
    _add(commands, "doctor", _late("doctor:run"), "look after folder, databases, disk and parts", project=False)
    stats = _add(
        commands,
        "stats",
        _late("stats:run"),
        "say how much came in, what became of it, what it takes on disk",
        project=False,
    )
    stats.add_argument("--json", action="store_true", help="as one flat JSON object, for scripts")
    add_incidents(commands, _add_somewhere, _late)
    add_jobs(commands, _add_somewhere, _late)
    _add_export(commands)
    _add_buried(commands)
    _add_scrub(commands)
    _add_group(commands)
    _add_watching(commands)
    erase = _add(
        commands, "erase", _late("erase:run"), "take one person's data out of every event; numbers stay", project=False
    )
    erase.add_argument("--user", required=True, metavar="ID", help="their id, mail address, name or IP address")
    backup = _add(
        commands,
        "backup",
        _late("backup:make"),
        "write all that is known into one file, also while it runs",
        project=False,
    )
    backup.add_argument("file", metavar="FILE", help="a tar; one that is there is replaced once the new one is whole")
    restore = _add(
        commands, "restore", _late("backup:restore"), "put a backup into a folder that nothing runs on", project=False
    )
    restore.add_argument("file", metavar="FILE", help="what `aiops backup` has written")
    restore.add_argument("--force", action="store_true", help="even into a folder in use: what is there is put aside")
    _add(
        commands,
        "migrate",
        _late("parts:migrate"),
        "bring the database to this version (serve does it by itself)",
        project=False,
    )
    _add_parts(commands)
    return parser


def _late(name: str) -> Command:
    # A store and a web server take a second to import: help, and commands that need neither, do without.
    def command(settings: Settings, given: Namespace) -> int:
        code: int = resolve_name(f"aiops_platform.cli.{name}")(settings, given)
        return code

    return command


def _add(
    commands: Any, name: str, command: Command, what: str, more: str = "", *, project: bool = True
) -> ArgumentParser:
    parser: ArgumentParser = commands.add_parser(
        name,
        help=what,
        description=what[0].upper() + what[1:] + "." + more,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", metavar="DIR", help=f"the data folder (default: {default_data()})")
    if project:
        parser.add_argument("--project", metavar="NAME", help="the project, as `aiops project list` shows it")
    parser.set_defaults(command=command)
    return parser


def _add_serve(commands: Any) -> None:
    parser = _add(commands, "serve", _late("serve:run"), "run the platform: one command, one Ctrl-C", project=False)
    _add_address(parser)
    parser.add_argument(
        "--one-process",
        action="store_true",
        help="for machines with little memory: a quarter less, but answers are slower while much comes in",
    )
    parser.epilog = (
        _SETTINGS
        + """
examples:
  aiops serve
  aiops serve --data /var/lib/aiops --port 8000
  aiops serve --host 0.0.0.0 --public-url https://aiops.example.com
"""
    )


def _add_somewhere(verbs: Any, name: str, command: Command, what: str) -> ArgumentParser:
    parser = _add(verbs, name, command, what)
    parser.add_argument(
        "--url", metavar="URL", help="on the platform at this address, with the API token in AIOPS_TOKEN"
    )
    return parser


def _add_export(commands: Any) -> None:
    export = commands.add_parser("export", help="write out what is stored", description="Write out what is stored.")
    export.set_defaults(command=lambda *_: export.print_help() or 0)
    kinds = export.add_subparsers(title="what", metavar="WHAT")
    parser = _add(
        kinds,
        "events",
        _late("export:events"),
        "write every stored event to standard output, a line of JSON each",
        project=False,
    )
    parser.add_argument("--jsonl", action="store_true", help="JSON lines: the only form there is")
    parser.add_argument("--since", type=moment, metavar="TIME", help="received then or later: 2026-11-22, 24h, 7d")
    parser.add_argument("--until", type=moment, metavar="TIME", help="received before")
    parser.add_argument("--service", metavar="NAME", help="of this service")
    parser.add_argument("--environment", metavar="NAME", help="of this environment")
    parser.add_argument("--incident", type=number, metavar="NUMBER", help="of this incident")


def _add_buried(commands: Any) -> None:
    what = "see what was taken in and could not be digested, and have it digested again"
    buried = commands.add_parser("buried", help=what, description=what[0].upper() + what[1:] + ".")
    buried.set_defaults(command=lambda *_: buried.print_help() or 0)
    verbs = buried.add_subparsers(title="commands", metavar="COMMAND")
    _add(verbs, "list", _late("buried:show_all"), "show what is buried, and why")
    show = _add(verbs, "show", _late("buried:show"), "show one as it came")
    show.add_argument("number", metavar="NUMBER", type=number, help="as `aiops buried list` shows it")
    retry = _add(verbs, "retry", _late("buried:retry"), "digest one again, or all")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("number", metavar="NUMBER", type=number, nargs="?", help="as `aiops buried list` shows it")
    which.add_argument("--all", action="store_true", help="everything that is buried")


def _add_scrub(commands: Any) -> None:
    what = "hide more than what is secret everywhere, before anything is stored"
    scrub = commands.add_parser("scrub", help=what, description=what[0].upper() + what[1:] + ".")
    scrub.set_defaults(command=lambda *_: scrub.print_help() or 0)
    verbs = scrub.add_subparsers(title="commands", metavar="COMMAND")
    _add(verbs, "list", _late("scrub:show"), "show what else is hidden; values only by how they begin")
    for name, said in (("add", "hide this, too"), ("remove", "hide this no longer")):
        which = _add(verbs, name, _late(f"scrub:{name}"), said).add_mutually_exclusive_group(required=True)
        which.add_argument("--name", metavar="WORD", help="what stands under names that contain this word")
        which.add_argument(
            "--value", metavar="TEXT", help="this text, wherever it stands; - reads it from standard input"
        )


def _add_group(commands: Any) -> None:
    what = "say yourself which events are one incident, by rules"
    group = commands.add_parser("group", help=what, description=what[0].upper() + what[1:] + ".")
    group.set_defaults(command=lambda *_: group.print_help() or 0)
    verbs = group.add_subparsers(title="commands", metavar="COMMAND")
    _add(verbs, "show", _late("group:show"), "print the rules as they were written")
    for name, command, said in (
        ("try", "try_out", "say what rules would do with the newest events that are stored; change nothing"),
        ("set", "put", "put rules in the place of those there are, for what is digested from then on"),
    ):
        file = _add(verbs, name, _late(f"group:{command}"), said)
        file.add_argument(
            "file", metavar="FILE", help="one rule in a line: type:TimeoutError -> timeout; - is standard input"
        )


def _add_watching(commands: Any) -> None:
    _add_maintenance(commands)
    _add_services(commands)
    add_channels(commands, _add, _late)
    _add_alerts(commands)
    add_oncall(commands, _add, _late)
    add_fixes(commands, _add_somewhere, _late)


def _add_maintenance(commands: Any) -> None:
    what = "say when silence and failures are expected"
    windows = commands.add_parser("maintenance", help=what, description=what[0].upper() + what[1:] + ".")
    windows.set_defaults(command=lambda *_: windows.print_help() or 0)
    verbs = windows.add_subparsers(title="commands", metavar="COMMAND")
    start = _add_somewhere(
        verbs, "start", _late("maintenance:start"), "begin a window, or prolong the same one; prints its number alone"
    )
    start.add_argument("name", metavar="NAME", nargs="?", default="Deploy", help="what it is for (default: Deploy)")
    start.add_argument("--for", dest="lasts", metavar="SPAN", default="30min", help="10min, 2h, 1d (default: 30min)")
    start.add_argument("--service", metavar="NAME", action="append", default=[], help="this one; all, if none is named")
    start.add_argument("--environment", metavar="NAME", action="append", default=[], help="likewise")
    start.add_argument("--until-deploy", action="store_true", help="or until a deploy of such a service is told")
    stop = _add_somewhere(verbs, "stop", _late("maintenance:stop"), "end a window, or cancel it")
    stop.add_argument("number", metavar="NUMBER", type=number, help="as `aiops maintenance list` shows it")
    _add_somewhere(verbs, "list", _late("maintenance:show_all"), "show the windows that are not over")


def _add_services(commands: Any) -> None:
    what = "see how services stand, and leave one alone for a while"
    services = commands.add_parser("services", help=what, description=what[0].upper() + what[1:] + ".")
    services.set_defaults(command=lambda *_: services.print_help() or 0)
    verbs = services.add_subparsers(title="commands", metavar="COMMAND")
    _add_somewhere(verbs, "list", _late("services:show_all"), "show every service that beats, silent ones first")
    pause = _add_somewhere(verbs, "pause", _late("services:pause"), "no silence of it is told")
    resume = _add_somewhere(verbs, "resume", _late("services:resume"), "watch it again; silence counts from then on")
    for each in (pause, resume):
        each.add_argument("number", metavar="NUMBER", type=number, help="as `aiops services list` shows it")
    pause.add_argument("--for", dest="lasts", metavar="SPAN", help="10min, 2h, 1d (default: until it is resumed)")


def _add_alerts(commands: Any) -> None:
    what = "show what fires, and say that somebody cares"
    alerts = commands.add_parser("alerts", help=what, description=what[0].upper() + what[1:] + ".")
    alerts.set_defaults(command=lambda *_: alerts.print_help() or 0)
    verbs = alerts.add_subparsers(title="commands", metavar="COMMAND")
    show = _add_somewhere(verbs, "list", _late("alerts:show_all"), "show what fires, the newest first")
    states = ("firing", "acknowledged", "over", "all")
    show.add_argument("--state", choices=states, default="firing", help="those that stand so (default: firing)")
    over = _add(
        verbs, "hand-over", _late("alerts:hand_over"), "have another project told of the platform's own troubles"
    )
    over.add_argument("to", metavar="PROJECT", help="as `aiops project list` shows it")
    ack = _add_somewhere(verbs, "ack", _late("alerts:acknowledge"), "nobody is told of it again but that it is over")
    ack.add_argument("number", metavar="NUMBER", type=number, help="as `aiops alerts list` shows it")


def _add_parts(commands: Any) -> None:
    door = _add_part(commands, "api", _late("parts:api"), "run only the door: reports, pages, API")
    _add_address(door)
    door.add_argument("--listen", type=int, action="append", default=[], help=SUPPRESS)
    _add_part(commands, "work", _late("parts:work"), "run only the worker: reports become incidents")


def _add_part(commands: Any, name: str, command: Command, what: str) -> ArgumentParser:
    about = "\n`aiops serve` runs both parts, and starts again what dies."
    parser = _add(commands, name, command, what, about, project=False)
    # How the supervisor hands over what it holds.
    parser.add_argument("--lifeline", type=int, help=SUPPRESS)
    return parser


def _add_address(parser: ArgumentParser) -> None:
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1; 0.0.0.0 for all)")
    parser.add_argument("--port", help="the port to listen on (default: 8400; 0 takes a free one)")
    parser.add_argument("--public-url", metavar="URL", help="the address for links, if it differs: behind a proxy")


def _add_credentials(commands: Any, name: str, kind: str, what: str) -> None:
    parser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(command=lambda *_: parser.print_help() or 0)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    create = _add(verbs, "create", _late(f"{kind}.create"), f"make a {name}; it is printed alone, and never again")
    create.add_argument("name", metavar="NAME", help="what it is for: shop, ci, laptop")
    _add(verbs, "list", _late(f"{kind}.list"), f"show every {name}, but not its text")
    if name == "token":
        create.add_argument(
            "--read-only",
            dest="scope",
            action="store_const",
            const="read",
            default="act",
            help="it may read, and not act",
        )
    if name == "key":
        create.add_argument(
            "--ping",
            dest="kind",
            action="store_const",
            const="ping",
            default="report",
            help="it may only ping: it stands in the addresses that jobs ask for",
        )
        replace = _add(
            verbs, "replace", _late(f"{kind}.replace"), "make a new one under its name; both work until you revoke one"
        )
        replace.add_argument("name", metavar="NAME-OR-ID", help="as `aiops key list` shows it")
    revoke = _add(verbs, "revoke", _late(f"{kind}.revoke"), f"make a {name} useless at once")
    revoke.add_argument("name", metavar="NAME-OR-ID", help=f"as `aiops {name} list` shows it")
