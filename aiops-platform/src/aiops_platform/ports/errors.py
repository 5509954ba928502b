"""What cannot be used now: every port says so with these."""

from aiops_platform.core.errors import PlatformError


class StoreUnavailableError(PlatformError):
    """The store cannot be read or written now: busy, or its disk is full. What was asked for has not happened."""


class StoreDamagedError(StoreUnavailableError):
    """A part of the store's file cannot be read any more. What lies elsewhere in it can."""


class IntakeUnavailableError(PlatformError):
    """The intake could not keep the parcels: its disk is full or failing, it is busy, or too much waits already."""
