"""``aiops-sdk doctor``: looks at everything between a program and its platform, a line for each. It sends no event."""

from __future__ import annotations

from aiops_sdk.cli import choices, keeping, surroundings, way
from aiops_sdk.cli.findings import FAILS, WARNING
from aiops_sdk.config import Config, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, Mapping

    from aiops_sdk.cli.findings import Finding


def examine(environ: Mapping[str, str]) -> int:
    """Print what was found. The exit status: 1 if something fails."""
    counts: Dict[str, int] = {FAILS: 0, WARNING: 0}
    for finding in _findings(environ):
        counts[finding.verdict] = counts.get(finding.verdict, 0) + 1
        # At once: the next one may have to wait for a network.
        print(finding.line(), flush=True)
    print()
    if counts[FAILS]:
        print("Not in order: what fails keeps this service from being heard.")
        return 1
    print(
        "In order. 'aiops-sdk send-test' sends a test event." if not counts[WARNING] else "It works; mind the warnings."
    )
    return 0


def _findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    yield from surroundings.look(environ)
    try:
        config = Config.load(environ=environ)
    except ConfigError as error:
        yield choices.unusable(error)
        return
    yield from choices.look(config, environ)
    yield from keeping.look(config)
    yield from way.look(config)
