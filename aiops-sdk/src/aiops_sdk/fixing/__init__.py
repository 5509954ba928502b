"""Functions that mend a service when the platform asks for it: registered here, asked for with a signature, run once.

Loaded only by programs that register one.
"""

from __future__ import annotations

import _thread

from aiops_sdk import _safety, client
from aiops_sdk.fixing import declaring
from aiops_sdk.fixing.desk import Desk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Mapping, Optional, TypeVar

    from aiops_sdk.client import Client

    Function = TypeVar("Function", bound=Callable[..., object])

_installing = _thread.allocate_lock()


def fixer(
    name: str,
    *,
    description: Optional[str] = None,
    params: Optional[Mapping[str, object]] = None,
    each_instance: bool = False,
    timeout: float = declaring.USUAL,
) -> Callable[[Function], Function]:
    """Let the platform ask for this function, by this name, when something is wrong::

        @aiops_sdk.fixer("recycle-db-pool", description="Close all connections; new ones are made as needed.")
        def recycle(pool: str = "main"): ...

    Sync or async. Its parameters are of the types that its annotations say, or ``params`` does: ``str``, ``int``,
    ``float``, ``bool``, a ``Literal`` of texts; one without a default is needed. ``description`` is what people read before
    they press the button, else the first paragraph of the docstring. ``each_instance`` says that it is to be done in each
    process of the service, and not in one of them; ``timeout`` how many seconds it may take.

    The function is given back as it is. A name that is registered again is the newer function's, and where that is
    another function the log says so. Raises ``TypeError`` for
    what cannot be a fixer.
    """

    def register(function: Function) -> Function:
        made = declaring.declared(
            name, function, description=description, params=params, each_instance=each_instance, timeout=timeout
        )
        declaring.REGISTRY.add(made)
        running = client.current()
        if running is not None:
            _safety.attempt(lambda: install(running), None)
        return function

    return register


def install(running: Client) -> None:
    """Let fixers be asked for through this client, unless its process stands still between two pieces of work."""
    with _installing:
        if running.fixes is None and not running.config.freezes:
            desk = Desk(running, declaring.REGISTRY)
            running.fixes = desk
            running.in_forked_child(desk.become_child)
