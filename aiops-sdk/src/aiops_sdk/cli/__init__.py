"""The command ``aiops-sdk``: reads what was typed, does it, and says in one sentence what went wrong."""

from __future__ import annotations

import argparse
import os
import sys

from aiops_sdk._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Optional, Sequence


class CommandError(Exception):
    """What was asked for cannot be done; the message says why, and what to do. ``status`` is the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Returns the exit status: 0, 1 for what cannot be done or is not in order, 2 for what cannot be understood."""
    for stream in (sys.stdout, sys.stderr):
        # An old terminal may not know a character; that is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["run"] and words[1:2] not in (["-h"], ["--help"]):
        # What comes after it is the program's, and none of our options.
        given = argparse.Namespace(command="run", program=words[1:])
    else:
        given = _parser().parse_args(words)
    try:
        return _do(given, os.environ)
    except CommandError as error:
        print("aiops-sdk: {}".format(error), file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return 130


def _do(given: argparse.Namespace, environ: Mapping[str, str]) -> int:
    # Each is loaded when it is asked for.
    if given.command == "run":
        from aiops_sdk.cli import running

        return running.run(given.program, environ)
    if given.command == "doctor":
        from aiops_sdk.cli import doctor

        return doctor.examine(environ)
    from aiops_sdk.cli import trial

    return trial.send_test(environ)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aiops-sdk",
        description="Crashes, error responses, error logs and heartbeats of a Python service, sent to an AIOps platform.",
        epilog="All settings are environment variables: AIOPS_API_KEY, AIOPS_PLATFORM_URL, AIOPS_SERVICE_NAME, AIOPS_ENV …",
    )
    parser.add_argument("--version", action="version", version="aiops-sdk {}".format(__version__))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run",
        help="run a program with the SDK attached, without a change of its code",
        description="Runs a program with the SDK attached: python app.py, gunicorn shop:app, celery -A shop worker, "
        "app.py, or -m module. Python programs that it starts are attached, too.",
    )
    run.add_argument("program", nargs="...", metavar="PROGRAM", help="the program and its arguments")
    commands.add_parser(
        "doctor",
        help="look whether everything is in order, and say what to do",
        description="Looks at the key, the way to the platform, the disk and the surroundings, and says what to do. It "
        "sends no event. The exit status is 1 if something fails.",
    )
    commands.add_parser(
        "send-test",
        help="send a test event, and say where it can be seen",
        description="Sends one test event in the name of this service, and says where it can be seen.",
    )
    return parser
