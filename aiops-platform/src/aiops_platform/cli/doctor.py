"""`aiops doctor`: looks after what the platform stands on, changes nothing, and says what to do."""

from argparse import Namespace

from aiops_platform.settings import Settings


def run(settings: Settings, _: Namespace) -> int:
    """1 when something needs attention."""
    print(settings.data)
    return 0
