"""What can be typed about jobs."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from aiops_platform.cli.moments import number


def add_jobs(commands: Any, add: Callable[..., ArgumentParser], late: Callable[[str], Any]) -> None:
    """Adds `aiops jobs …`; `add` makes a command, `late` names what it does."""
    what = "see how jobs stand, and leave one alone for a while"
    jobs = commands.add_parser("jobs", help=what, description=what[0].upper() + what[1:] + ".")
    jobs.set_defaults(command=lambda *_: jobs.print_help() or 0)
    verbs = jobs.add_subparsers(title="commands", metavar="COMMAND")
    listed = add(verbs, "list", late("jobs:show_all"), "show every job, those in trouble first")
    listed.add_argument("--json", action="store_true", help="a line of JSON each, for scripts")
    for name, command, said in (
        ("show", "show", "show one: what is expected of it, how it stands, its last runs"),
        ("pause", "pause", "judge one no longer, until it is resumed; its incident is resolved"),
        ("resume", "resume", "judge one again, from now on"),
        ("delete", "delete", "forget one with its runs; it makes itself again when it is heard of"),
    ):
        verb = add(verbs, name, late(f"jobs:{command}"), said)
        verb.add_argument("number", metavar="NUMBER", type=number, help="as `aiops jobs list` shows it")
        if name == "show":
            verb.add_argument("--json", action="store_true", help="as JSON, for scripts")
