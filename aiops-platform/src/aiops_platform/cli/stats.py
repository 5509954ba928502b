"""`aiops stats`: what came in, what became of it, and what it takes on disk. Cheap enough to be asked twice a second."""

import json
from argparse import Namespace

from aiops_platform.cli.started import check_started
from aiops_platform.intake.glance import intake_numbers
from aiops_platform.settings import Settings
from aiops_platform.storage.glance import store_numbers


def run(settings: Settings, given: Namespace) -> int:
    """One flat object, or a table for people. Raises PlatformErrors."""
    check_started(settings)
    # The intake first: what is digested between the two looks is then told twice; the other way it would look lost.
    numbers = intake_numbers(settings.data / "intake.db")
    numbers |= store_numbers(settings.data / "store.db")
    if given.json:
        print(json.dumps(numbers))
        return 0
    width = max(map(len, numbers))
    for name, number in numbers.items():
        print(f"{name.replace('_', ' '):<{width}}  {number:>15,}")
    return 0
