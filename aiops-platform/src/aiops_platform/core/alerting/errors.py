"""What is wrong with a setting of alerts, in which field and where, and what would be right."""

from aiops_platform.core.errors import PlatformError


class AlertingError(PlatformError):
    """A setting that makes no sense: `name` is its field, `position` the character at which that shows, where one does."""

    def __init__(self, name: str, why: str, position: int | None = None) -> None:
        super().__init__(why)
        self.name = name
        self.why = why
        self.position = position
