"""Where a command acts: in the data folder of this machine, or with `--url` on a platform elsewhere, by its API."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.client import ApiError, Client
from aiops_platform.core.errors import PlatformError
from aiops_platform.settings import Settings

_NOT_THERE = 404

Place = TypeVar("Place")
Found = TypeVar("Found")


class NoTokenError(PlatformError):
    """A platform elsewhere is asked with a token."""


@contextmanager
def place_of(
    settings: Settings,
    given: Namespace,
    *,
    here: Callable[[assembly.Opened], Place],
    elsewhere: Callable[[Client], Place],
) -> Iterator[Place]:
    """The place that is meant. Raises NeverStartedError, NoTokenError and what else keeps it from being reached."""
    if given.url is not None:
        yield elsewhere(client_of(given))
        return
    check_started(settings)
    with assembly.opened(settings) as platform:
        yield here(platform)


def client_of(given: Namespace) -> Client:
    """For the platform of `--url`. Raises NoTokenError."""
    if not given.token:
        raise NoTokenError(
            "Set AIOPS_TOKEN to an API token of that platform: there, `aiops token create NAME` makes one"
        )
    return Client(given.url, given.token)


def found(ask: Callable[[], Found]) -> Found | None:
    """What was asked for, or None where there is no such thing. Raises ApiError for any other refusal."""
    try:
        return ask()
    except ApiError as error:
        if error.status != _NOT_THERE:
            raise
        return None


def is_there(do: Callable[[], object]) -> bool:
    """Does it; whether there was such a thing. Raises ApiError for any other refusal."""
    return found(lambda: (do(),)) is not None
