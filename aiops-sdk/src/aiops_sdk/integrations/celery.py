"""Celery's pool processes: what they captured is sent before they end, which they do by ``os._exit``, past ``atexit``.

A task that fails needs nothing: Celery logs it, with its exception.
"""

from __future__ import annotations

from aiops_sdk import _safety, modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Say goodbye when Celery says that a pool process ends; the returned function ends it."""
    undos: List[Callable[[], None]] = []

    def say_goodbye(**_: object) -> None:
        _safety.attempt(lambda: client.close(client.exit_seconds), False)

    def connect(signals: Any) -> None:
        ending = signals.worker_process_shutdown
        ending.connect(say_goodbye, weak=False)
        undos.append(lambda: _disconnect(ending, say_goodbye))

    undos.append(modules.when_loaded("celery.signals", "worker_process_shutdown", connect))

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _disconnect(signal: Any, receiver: Callable[..., None]) -> None:
    signal.disconnect(receiver)
