"""What can be typed about people and projects."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

_ROLES = ("viewer", "member", "admin")
_WHOM = "their e-mail address, or their number in `aiops user list`"


def add_people(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    """Adds `aiops user …` and `aiops project …`; `add` makes a command, `late` names what it does."""
    verbs = _group(commands, "user", "say who may come in, and what each may do")
    add(verbs, "list", late("user:show_all"), "show the people of a project, and what each may do")
    invite = add(verbs, "invite", late("user:invite"), "print a link that makes somebody a member, once, within 7 days")
    invite.add_argument("email", metavar="EMAIL", nargs="?", help="for this address and no other")
    _add_role(invite)
    new = add(verbs, "add", late("user:add"), "make somebody a member, without an invitation")
    new.add_argument("email", metavar="EMAIL", help="what they sign in with")
    new.add_argument("--name", metavar="NAME", help="(default: what stands before the @)")
    _add_role(new)
    password = add(
        verbs, "password", late("user:password"), "give somebody another password; their sessions end", project=False
    )
    password.add_argument("email", metavar="EMAIL", help=_WHOM)
    password.add_argument("--link", action="store_true", help="print a link instead: they choose it themselves")
    role = add(verbs, "role", late("user:role"), "change what a member may do")
    role.add_argument("email", metavar="EMAIL", help=_WHOM)
    role.add_argument("role", choices=_ROLES, help="a viewer reads, a member acts, an admin rules")
    remove = add(verbs, "remove", late("user:remove"), "take somebody out of a project; what they did keeps their name")
    remove.add_argument("email", metavar="EMAIL", help=_WHOM)

    verbs = _group(commands, "project", "keep things apart: services, incidents, keys, rules and people")
    add(verbs, "list", late("project:show_all"), "show every project", project=False)
    new = add(verbs, "add", late("project:add"), "make one; its short name is printed alone", project=False)
    new.add_argument("name", metavar="NAME", help="such as 'Web shop'")
    rename = add(verbs, "rename", late("project:rename"), "give one another name; the short one stays", project=False)
    rename.add_argument("slug", metavar="SHORT-NAME", help="as `aiops project list` shows it")
    rename.add_argument("name", metavar="NAME", help="such as 'Web shop'")


def _group(commands: Any, name: str, what: str) -> Any:
    parser = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    parser.set_defaults(command=lambda *_: parser.print_help() or 0)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


def _add_role(parser: ArgumentParser) -> None:
    parser.add_argument("--role", choices=_ROLES, default="member", help="(default: member)")
