"""The command `aiops`: reads what was typed, does it, and says in one sentence what went wrong."""

import errno
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from aiops_platform.cli.output import speak_to_nobody
from aiops_platform.cli.parser import make_parser
from aiops_platform.core.errors import PlatformError
from aiops_platform.settings import Settings

# Nobody's mistake: a full disk, one that fails, a quota.
_FULL = (errno.ENOSPC, errno.EDQUOT)
_OF_THE_DISK = (*_FULL, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0, 1 for what cannot be done, 2 for what cannot be understood."""
    parser = make_parser()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help()
        return 0
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # An old terminal may not know "…"; that is no reason to fail.
            stream.reconfigure(errors="replace")
    # See no-color.org. A token is no argument: others see those in the list of processes.
    given.is_colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    given.token = os.environ.get("AIOPS_TOKEN", "").strip()
    # What is made here is for this user's eyes only: databases and the server secret.
    umask_before = os.umask(0o077)
    try:
        settings = Settings.load(vars(given), os.environ)
        # A part of `aiops serve` leaves it to that one.
        for name, meant in Settings.slips({} if vars(given).get("lifeline") else os.environ).items():
            print(f"aiops: {name} is no setting: is {meant} meant?", file=sys.stderr)
        code: int = given.command(settings, given)
        print(end="", flush=True)
    except PlatformError as error:
        print(f"aiops: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("aiops: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough (`aiops key list | head -1`).
        speak_to_nobody()
        return 0
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        where = f" ({error.filename})" if error.filename else ""
        how = ". Make room there, then try again" if error.errno in _FULL else ""
        print(f"aiops: it cannot be written: {error.strerror}{where}{how}", file=sys.stderr)
        speak_to_nobody()
        return 1
    finally:
        os.umask(umask_before)
    return code
