"""SQL statements that go through SQLAlchemy, as breadcrumbs: the statement without its parameters. On by ``capture_sql``."""

from __future__ import annotations

import time

from sqlalchemy import event
from sqlalchemy.engine.base import Engine

from aiops_sdk import _safety, saying

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


def install(client: Client) -> Callable[[], None]:
    """Note each statement; the returned function ends it."""
    kept = client.config.max_breadcrumbs

    def before(_connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        if context is not None:
            context._aiops_sdk_began = time.monotonic()

    def after(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        began = getattr(context, "_aiops_sdk_began", None)
        took = None if began is None else time.monotonic() - began
        _safety.attempt(lambda: saying.statement_run(statement, took, kept), None)

    listeners = (("before_cursor_execute", before), ("after_cursor_execute", after))
    for name, listener in listeners if kept else ():
        event.listen(Engine, name, listener)

    def undo() -> None:
        for name, listener in listeners:
            if event.contains(Engine, name, listener):
                event.remove(Engine, name, listener)

    return undo
