"""``aiops-sdk run``: starts a program with the SDK attached, in the place of the command, so that all that ends it is its own."""

from __future__ import annotations

import os
import shutil
import sys

from aiops_sdk import attaching
from aiops_sdk.cli import CommandError
from aiops_sdk.config import Config, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Mapping, Sequence


# As shells have it.
NOT_EXECUTABLE = 126
NOT_FOUND = 127


def run(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Become the program that ``words`` name. Returns only where a process cannot become another one: its exit status.

    Without a key the program runs all the same, without the SDK. Raises ``CommandError`` if there is no such program.
    """
    command = command_line(words, environ)
    try:
        Config.load(environ=environ)
    except ConfigError as error:
        attaching.say(attaching.without(str(error)))
        variables = dict(environ)
    else:
        variables = attached(environ)
    sys.stdout.flush()
    try:
        return _become(command, variables)
    except OSError as error:
        raise CommandError(
            "{} cannot be run: {}.".format(command[0], error.strerror or error), NOT_EXECUTABLE
        ) from error


def command_line(words: Sequence[str], environ: Mapping[str, str]) -> List[str]:
    """What to run: the whole path of a program, with its arguments. A script and ``-m`` are for this Python."""
    given = list(words[1:] if words[:1] == ["--"] else words)
    if not given:
        raise CommandError("Which program? For example: aiops-sdk run python app.py", 2)
    name = given[0]
    if name == "-m":
        return [sys.executable, *given]
    path = shutil.which(name, path=environ.get("PATH"))
    if path is not None:
        return [path, *given[1:]]
    if name.endswith(".py") and os.path.isfile(name):
        return [sys.executable, *given]
    if name.startswith("-"):
        raise CommandError("{} is no program. Options of the program come after its name.".format(name), 2)
    if os.path.isfile(name):
        raise CommandError(
            "{} may not be executed: chmod +x {}, or name its interpreter.".format(name, name), NOT_EXECUTABLE
        )
    raise CommandError(
        "There is no program {!r} on PATH. Is the environment active in which it is installed?".format(name), NOT_FOUND
    )


def attached(environ: Mapping[str, str]) -> Dict[str, str]:
    """The same environment, in which each Python that starts attaches the SDK to what it runs."""
    earlier = environ.get("PYTHONPATH")
    # An empty entry means something, too: the folder in which one is.
    entries = [entry for entry in earlier.split(os.pathsep) if entry != attaching.FOLDER] if earlier else []
    return {**environ, "PYTHONPATH": os.pathsep.join([attaching.FOLDER, *entries])}


def _become(command: Sequence[str], environ: Mapping[str, str]) -> int:
    if os.name != "nt":
        os.execve(command[0], list(command), dict(environ))  # noqa: S606 - the user's own command, and no shell
    # Windows starts another process instead, and would not wait for it.
    import subprocess

    return subprocess.call(list(command), env=dict(environ))  # noqa: S603 - as above
