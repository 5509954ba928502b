"""What is wrong with a search, where, and what would be right."""

from aiops_platform.core.errors import PlatformError


class SearchError(PlatformError):
    """A text that is no search: `position` is the character (from 0 on) at which that shows."""

    def __init__(self, why: str, position: int) -> None:
        super().__init__(why)
        self.why = why
        self.position = position
