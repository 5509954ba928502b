"""`aiops project …`: which projects there are, another one, another name."""

from argparse import Namespace

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


def show_all(settings: Settings, _: Namespace) -> int:
    """Prints a table."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        found = assembly.people(platform).projects()
    print_table(("SHORT NAME", "NAME"), [(each.slug, each.name) for each in found])
    return 0


def add(settings: Settings, given: Namespace) -> int:
    """Prints the short name alone, so that scripts can use it. The first project's admins are its admins."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        print(assembly.people(platform).add_project(given.name, None, utc_now()).slug)
    return 0


def rename(settings: Settings, given: Namespace) -> int:
    """The short name stays. Raises UnknownProjectError."""
    check_started(settings)
    with assembly.opened(settings) as platform:
        project_id = assembly.project_called(given.slug, platform.database)
        made = assembly.people(platform).rename_project(project_id, given.name)
    print(f"{made.slug} is called {made.name} now")
    return 0
