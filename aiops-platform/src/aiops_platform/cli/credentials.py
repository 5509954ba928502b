"""`aiops key …` and `aiops token …`: make, show, revoke. All of it also while the platform runs."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops_platform import assembly
from aiops_platform.cli.signin import say_if_none_runs
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.access import ApiKey, ApiToken, KeyKind, Scope
from aiops_platform.core.errors import PlatformError
from aiops_platform.ports import Access
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


class UnknownCredentialError(PlatformError):
    """There is no such key or token in force."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the commands do, for keys or for tokens."""

    word: str
    make: Callable[[Access, int, Namespace, datetime], str]
    all: Callable[[Access, int], Sequence[ApiKey | ApiToken]]
    end: Callable[[Access, int, str, datetime], ApiKey | ApiToken | None]
    renew: Callable[[Access, int, str, datetime], str | None] = lambda *_: None

    def create(self, settings: Settings, given: Namespace) -> int:
        """Prints the text alone, so that scripts can use it."""
        with assembly.opened(settings) as platform:
            print(self.make(platform.access, platform.project_id, given, utc_now()))
        if sys.stderr.isatty():
            print(f"This {self.word} is not shown again.", file=sys.stderr)
        say_if_none_runs(settings)
        return 0

    def replace(self, settings: Settings, given: Namespace) -> int:
        """Prints the text of the new one alone. Raises UnknownCredentialError."""
        check_started(settings)
        with assembly.opened(settings) as platform:
            text = self.renew(platform.access, platform.project_id, given.name, utc_now())
        if text is None:
            raise self._unknown(given.name)
        print(text)
        if sys.stderr.isatty():
            print(
                f"The {self.word} before it is in force until you revoke it: `aiops {self.word} list`.", file=sys.stderr
            )
        return 0

    def list(self, settings: Settings, _: Namespace) -> int:
        """Prints a table; revoked ones come last."""
        check_started(settings)
        with assembly.opened(settings) as platform:
            found = sorted(self.all(platform.access, platform.project_id), key=lambda each: each.revoked_at is not None)
        print_table(
            ("ID", "NAME", self.word.upper(), "MAY", "CREATED", "LAST USED", ""), [_row(each) for each in found]
        )
        return 0

    def revoke(self, settings: Settings, given: Namespace) -> int:
        """Raises UnknownCredentialError."""
        check_started(settings)
        with assembly.opened(settings) as platform:
            revoked = self.end(platform.access, platform.project_id, given.name, utc_now())
        if revoked is None:
            raise self._unknown(given.name)
        print(f"Revoked: {revoked.name} ({revoked.hint})")
        return 0

    def _unknown(self, name: str) -> UnknownCredentialError:
        return UnknownCredentialError(
            f"No {self.word} in force is called '{name}': `aiops {self.word} list` shows those there are"
        )


KEYS = Kind(
    word="key",
    make=lambda access, project, given, now: access.create_key(project, given.name, now, KeyKind(given.kind)),
    all=lambda access, project: access.keys(project),
    end=lambda access, project, name, now: access.revoke_key(project, name, now),
    renew=lambda access, project, name, now: access.replace_key(project, name, now),
)
TOKENS = Kind(
    word="token",
    make=lambda access, project, given, now: access.create_token(project, given.name, now, Scope(given.scope)),
    all=lambda access, project: access.tokens(project),
    end=lambda access, project, name, now: access.revoke_token(project, name, now),
)


_MAY = {Scope.READ: "read", Scope.ACT: "read and act"}


def _row(each: ApiKey | ApiToken) -> tuple[str, ...]:
    revoked = "" if each.revoked_at is None else f"revoked {_time(each.revoked_at)}"
    may = (
        each.kind.value
        if isinstance(each, ApiKey)
        else _MAY[each.scope] + (f", for {each.owner}" if each.owner else "")
    )
    return (str(each.id), each.name, each.hint, may, _time(each.created_at), _time(each.last_used_at), revoked)


def _time(at: datetime | None) -> str:
    return "never" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"
