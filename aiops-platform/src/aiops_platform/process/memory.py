"""Memory that was needed for a moment."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """What has been freed goes back to the system. By itself the C library keeps it, for what may come.

    Takes some milliseconds. Where the C library knows no such thing, nothing happens.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
