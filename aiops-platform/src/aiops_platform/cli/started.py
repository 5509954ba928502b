"""Whether a platform was ever started on the folder: commands that only look must not make one."""

from aiops_platform.core.errors import PlatformError
from aiops_platform.settings import Settings


class NeverStartedError(PlatformError):
    """There is nothing in this folder."""


def check_started(settings: Settings) -> None:
    """Raises NeverStartedError."""
    if not (settings.data / "store.db").exists():
        raise NeverStartedError(f"No platform was ever started on {settings.data}: name its folder with --data")
