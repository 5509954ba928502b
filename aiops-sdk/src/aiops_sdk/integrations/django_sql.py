"""SQL statements of Django, as breadcrumbs: the statement without its parameters. On by ``capture_sql``."""

from __future__ import annotations

import functools
import time

from django.db.backends.utils import CursorWrapper

from aiops_sdk import _safety, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

    from aiops_sdk.client import Client


# Where both of its methods end that run statements, with those who watch them in between.
_NAMES = ("_execute", "_executemany")


def install(client: Client) -> Callable[[], None]:
    """Note each statement; the returned function ends it."""
    active = [client.config.max_breadcrumbs]
    before = {name: vars(CursorWrapper)[name] for name in _NAMES if name in vars(CursorWrapper)}
    ours = {name: _noting(method, active) for name, method in before.items()}
    for name, method in ours.items():
        setattr(CursorWrapper, name, method)

    def undo() -> None:
        active.clear()
        for name, method in ours.items():
            # Where somebody has wrapped ours since, it stays below theirs and does nothing.
            if vars(CursorWrapper).get(name) is method:
                setattr(CursorWrapper, name, before[name])

    return undo


def _noting(method: Callable[..., Any], active: List[int]) -> Callable[..., Any]:
    @functools.wraps(method)
    def noting(self: Any, sql: Any, *args: Any, **named: Any) -> Any:
        began = time.monotonic()
        try:
            return method(self, sql, *args, **named)
        finally:
            if active and active[0]:
                took = time.monotonic() - began
                _safety.attempt(lambda: saying.statement_run(sql, took, active[0]), None)

    return noting
