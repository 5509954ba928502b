"""What fails in Litestar's apps: each is listened to at its class. What it handles itself shows while it answers."""

from __future__ import annotations

from aiops_sdk import asgi, modules
from aiops_sdk.listening import Ears

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from aiops_sdk.client import Client


def install(_: Client) -> Callable[[], None]:
    """Listen to all apps of this process; the returned function ends it."""
    return modules.hook(("litestar.app", "Litestar", _listen))


def _listen(app: Any) -> Callable[[], None]:
    kind = app.Litestar
    return modules.replace(kind, "__call__", asgi.watched(kind.__call__, "litestar", Ears()))
