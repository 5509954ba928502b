"""Attaches the SDK to a program in which nothing was changed: ``aiops-sdk run`` starts it, and Python calls ``attach`` first.

Whatever goes wrong here, the program runs, and one line on standard error says that it runs without the SDK.
"""

from __future__ import annotations

import os
import sys

from aiops_sdk import _safety, modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence


#: The folder to put on the path.
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "path")

#: Programs that install and build others: what fails in them is nobody's service.
TOOLS = frozenset(
    (
        *("pip", "pipx", "ensurepip", "easy_install", "get-pip", "uv", "poetry", "pdm", "conda", "pyproject-build"),
        *("venv", "virtualenv", "compileall", "py_compile", "_in_process"),
        *("aiops-sdk", "aiops_sdk"),
    )
)
# Python's own helpers run by a line of code; one that is forked into workers is no mere helper.
_HELPERS = ("from multiprocessing.resource_tracker ", "from multiprocessing.semaphore_tracker ")
_WITH_VALUE = frozenset("WX")


def attach() -> None:
    """Begin to report, unless this is a program for which that makes no sense. Raises nothing."""
    name = program(_command_line())
    if name is None or _plain(name) in TOOLS:
        return
    if _is_uwsgi(name):
        # It forks without telling Python, and can be asked about that only once its module is there.
        _safety.attempt(lambda: modules.when_loaded("uwsgi", "masterpid", lambda _: _begin()), None)
    else:
        _begin()


def say(line: str) -> None:
    """Tell people something, in one line on standard error, where there is one."""

    def write() -> None:
        sys.stderr.write("aiops-sdk: " + " ".join(line.split()) + "\n")
        # Until Python 3.9 it may be kept back, and is lost where another program follows in this process.
        sys.stderr.flush()

    _safety.attempt(write, None)


def without(why: str) -> str:
    """What to say where a program runs without the SDK."""
    return "{} The program runs without it.".format(why)


def _begin() -> None:
    _safety.attempt(_init, None)


def _init() -> None:
    import aiops_sdk
    from aiops_sdk.config import ConfigError

    try:
        aiops_sdk.init()
    except ConfigError as error:
        say(without(str(error)))
    except Exception as error:
        say(without("The SDK could not begin ({}: {}).".format(type(error).__name__, error)))
        raise


def program(command: Sequence[str]) -> Optional[str]:
    """The name of what a Python was started for: a script's, a module's, empty for code and a prompt, None for a helper."""
    rest = list(command[1:])
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            return os.path.basename(word)
        if word.startswith("--"):
            continue
        for place, letter in enumerate(word[1:], 2):
            if letter in "cm":
                value = word[place:] or (rest[0] if rest else "")
                return value if letter == "m" else None if value.startswith(_HELPERS) else ""
            if letter in _WITH_VALUE:
                if not word[place:]:
                    del rest[:1]
                break
    return ""


def _plain(name: str) -> str:
    """Without what a version or a system adds: ``pip3.11`` and ``pip.exe`` are ``pip``."""
    for ending in (".py", ".exe", ".__main__"):
        if name.endswith(ending):
            name = name[: -len(ending)]
    return name.rstrip("0123456789.")


def _is_uwsgi(name: str) -> bool:
    # The one that has a Python in it, or the one that is a module of Python.
    return os.path.basename(sys.executable or "").startswith("uwsgi") or _plain(name) in ("uwsgi", "pyuwsgi")


def _command_line() -> List[str]:
    """All of it, also what Python takes away from ``sys.argv``."""
    whole: List[str] = getattr(sys, "orig_argv", [])
    if whole:
        return whole
    try:
        with open("/proc/self/cmdline", "rb") as file:
            words = file.read().split(b"\0")[:-1]
    except OSError:
        return ["", *getattr(sys, "argv", [])]
    return [os.fsdecode(word) for word in words]
