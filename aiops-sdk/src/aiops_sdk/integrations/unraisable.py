"""Exceptions that cannot be raised anywhere: in ``__del__``, in weak references' callbacks, in generators that are closed."""

from __future__ import annotations

import sys

from aiops_sdk import client as clients
from aiops_sdk import scope
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from typing import Callable, Optional

    from aiops_sdk import noise
    from aiops_sdk.client import Client
else:
    (noise,) = late("noise")


def install(client: Client) -> Callable[[], None]:
    """Report what Python could only print, then let the earlier hook print it; the returned function ends it."""
    earlier = sys.unraisablehook
    active = [True]

    def hook(args: UnraisableHookArgs) -> None:
        try:
            if active and clients.current() is client:
                _capture(client, args.exc_value)
        finally:
            earlier(args)

    sys.unraisablehook = hook

    def undo() -> None:
        active.clear()
        if sys.unraisablehook is hook:
            sys.unraisablehook = earlier

    return undo


def _capture(client: Client, exc: Optional[BaseException]) -> None:
    # While the interpreter is taken apart, what fails is mostly what has lost its modules. A warning that was turned
    # into an error (an unclosed file, say) stays a warning.
    if sys.is_finalizing() or exc is None or issubclass(type(exc), Warning) or noise.is_cancellation(exc):
        return
    # The garbage collector calls wherever it happens to run: that is nobody's request.
    with scope.outside():
        client.capture_exception(exc, source="process", mechanism="unraisable")
