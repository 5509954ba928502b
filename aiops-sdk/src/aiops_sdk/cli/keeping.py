"""The folder in which undelivered events outlive the process."""

from __future__ import annotations

import os

from aiops_sdk.cli.findings import ok, warning
from aiops_sdk.delivery import journal as journals
from aiops_sdk.delivery import spool as spools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List

    from aiops_sdk.cli.findings import Finding
    from aiops_sdk.config import Config


def look(config: Config) -> Iterator[Finding]:
    """The folder that would be taken, made if it was not there, and what lies in it."""
    if not spools.IS_POSSIBLE:
        yield warning("spool", "this system has no locks that end with their process: nothing is kept on disk")
        return
    if not config.spool:
        yield warning("spool", "off: what cannot be delivered before a process ends is lost (AIOPS_SPOOL)")
        return
    name = spools.folder_name(config.service_name, config.environment, config.platform_url)
    problems: List[str] = []
    for candidate in config.spool:
        folder = os.path.join(candidate, name)
        try:
            spools.make_folder(folder)
            lies = _contents(folder)
        except OSError as error:
            problems.append("{} ({})".format(folder, error.strerror or error))
            continue
        yield ok("spool", "{}: {}", folder, lies)
        return
    yield warning(
        "spool",
        "no folder can be used, so nothing is kept on disk: {}. Set AIOPS_SPOOL to one that this user can write",
        ", ".join(problems),
    )


def _contents(folder: str) -> str:
    names = os.listdir(folder)
    stored = [one for one in (spools.Stored.from_name(folder, name) for name in names) if one is not None]
    count = sum(one.occurrences for one in stored)
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in names)
    journal_count = sum(name.endswith(journals.JOURNAL) for name in names)
    return "{} event(s) wait to be sent, {} journal(s) of processes that run or died, {:,} bytes".format(
        count, journal_count, size
    )
