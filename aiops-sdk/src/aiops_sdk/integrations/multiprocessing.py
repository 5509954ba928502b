"""The end of a ``multiprocessing`` child: what it captured is sent before it goes.

Such a child leaves by ``os._exit``, past everything registered with ``atexit``; only multiprocessing's own list of last
things is run, and that is emptied when the child begins.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

from aiops_sdk.client import Client

# After everything that the program itself does at the end.
PRIORITY = -100


def install(client: Client) -> Callable[[], None]:
    """Let each child send what it has, within the usual time; the returned function ends it."""
    active = [True]

    def follow() -> None:
        # Loaded already wherever a child of it can begin; a program that does not use it does not pay for it.
        util: Any = sys.modules.get("multiprocessing.util")
        if util is not None and active:
            util.register_after_fork(client, lambda _: util.Finalize(None, say_goodbye, exitpriority=PRIORITY))

    def say_goodbye() -> None:
        if active:
            client.close(client.exit_seconds)

    follow()
    client.in_forked_child(follow)
    return active.clear
