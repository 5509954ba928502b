"""What people say of fixes, where it makes no sense."""

from aiops_platform.core.errors import PlatformError


class FixError(PlatformError):
    """Cannot be asked or kept like this; the message says why. `field` is the one that is wrong, `at` where in it."""

    def __init__(self, field: str, why: str, at: int | None = None) -> None:
        super().__init__(why)
        self.field = field
        self.at = at


class UnfitEventError(FixError):
    """An event does not say what is to be a parameter; the next one may."""

    def __init__(self, why: str) -> None:
        super().__init__("params", why)


class NotWaitingError(FixError):
    """It waits for nobody's yes or no: it never did, or somebody has decided, or its time is over."""

    def __init__(self, fix_id: int, state: str) -> None:
        super().__init__("fix", f"Fix {fix_id} waits for nobody: it is {state.replace('_', ' ')}")


class NotTakenBackError(FixError):
    """It was sent, or has ended: nothing of it can be taken back."""

    def __init__(self, fix_id: int, state: str) -> None:
        why = "what a service was sent, nobody can take back" if state in ("sent", "running") else "that is its end"
        super().__init__("fix", f"Fix {fix_id} cannot be cancelled: it is {state.replace('_', ' ')}, and {why}")
