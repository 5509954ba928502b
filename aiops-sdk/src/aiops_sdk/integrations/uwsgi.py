"""uWSGI: its forks and its ends, of which Python's own hooks hear only if an option says so."""

from __future__ import annotations

import logging
import os

from aiops_sdk import _safety, hosting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


_log = logging.getLogger("aiops_sdk")


def install(client: Client) -> Callable[[], None]:
    """Begin anew in each worker, and send what it has before it ends; the returned function ends it."""
    server = hosting.uwsgi()
    if server is None or not hasattr(server, "masterpid"):
        return lambda: None
    if not hosting.has_threads(server):
        _log.warning(
            "uWSGI runs without threads, so events are sent only when a worker ends, and there are no heartbeats. "
            "Start it with --enable-threads."
        )
    active = [True]

    def begin() -> None:
        if active and client.origin.pid != os.getpid():
            with _safety.guarded():
                client.become_child()

    def say_goodbye() -> None:
        if active:
            _safety.whatever(lambda: client.close(client.exit_seconds), False)

    undos = [_chain(server, "post_fork_hook", begin), _chain(server, "atexit", say_goodbye)]

    def undo() -> None:
        active.clear()
        for each in undos:
            each()

    return undo


def _chain(server: Any, name: str, ours: Callable[[], None]) -> Callable[[], None]:
    """Under this name uWSGI finds the one function that it calls: let it be ours, after the one that was there."""
    earlier = getattr(server, name, None)

    def both() -> None:
        try:
            if earlier is not None:
                earlier()
        finally:
            ours()

    setattr(server, name, both)

    def undo() -> None:
        if getattr(server, name, None) is not both:
            return
        if earlier is not None:
            setattr(server, name, earlier)
        else:
            # With None in its place uWSGI would call that.
            delattr(server, name)

    return undo
