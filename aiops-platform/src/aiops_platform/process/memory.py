"""Memory: what has been loaded stays, and what was needed for a moment goes back to the system."""

import ctypes
import gc
from contextlib import suppress


def settle() -> None:
    """What has been loaded so far stays as long as the process: the collector is not to go through it again and again.

    Takes a tenth of a second, which no answer is to wait for later on. For the end of a start, and before a fork: what
    the collector has not touched is in memory once.
    """
    gc.collect()
    give_back()
    gc.freeze()


def give_back() -> None:
    """What has been freed goes back to the system. By itself the C library keeps it, for what may come.

    Takes some milliseconds. Where the C library knows no such thing, nothing happens.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
