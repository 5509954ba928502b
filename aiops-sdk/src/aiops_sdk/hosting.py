"""What the server allows under which this process runs. uWSGI alone is asked: it forks without telling Python."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def threads_may_start() -> bool:
    """False under uWSGI without ``--enable-threads``, and in a process that uWSGI is still going to fork.

    The workers of the latter would inherit the interpreter's lock in the state in which a thread of ours left it, and wait
    for ever for a thread that they have not got.
    """
    server = uwsgi()
    if server is None or not hasattr(server, "masterpid"):
        return True
    if not has_threads(server):
        return False
    master: int = server.masterpid()
    if master:
        return os.getpid() != master
    return bool(server.worker_id() > 0 or server.numproc == 1)


def is_heir_of(parent: int) -> bool:
    """Whether this process is the one that sends what its parent said.

    uWSGI's first process loads the application, forks, and never runs Python again. Its first worker is the heir; should
    that be replaced, the next one says the same things again, under the same ids.
    """
    server = uwsgi()
    if server is None or not hasattr(server, "masterpid"):
        return False
    return bool(server.worker_id() == 1 and server.masterpid() == parent)


def is_unnumbered_child_of(parent: int) -> bool:
    """Whether uWSGI has just forked this process and will call its own hook once it has given it its number."""
    server = uwsgi()
    if server is None or not hasattr(server, "masterpid"):
        return False
    return bool(server.worker_id() == 0 and server.mule_id() == 0 and server.masterpid() == parent)


def has_threads(server: Any) -> bool:
    """Whether uWSGI was told to let go of the interpreter's lock while it waits, without which no thread gets its turn."""
    return "enable-threads" in server.opt or "threads" in server.opt


def uwsgi() -> Any:
    """The module that uWSGI puts into the interpreters that it runs; None elsewhere."""
    return sys.modules.get("uwsgi")
