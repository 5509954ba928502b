"""`aiops fixes …`: services are asked to mend themselves; here, or with `--url` on a platform elsewhere."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Literal, Protocol, TypeAlias

import msgspec

from aiops_platform import assembly
from aiops_platform.api.fix_shapes import (
    STATES,
    FixerResource,
    FixResource,
    FixSwitch,
    fix_list,
    fix_resource,
    fixer_list,
    switch_resource,
)
from aiops_platform.cli.elsewhere import found as found_there
from aiops_platform.cli.elsewhere import place_of
from aiops_platform.cli.table import print_table
from aiops_platform.client import Client
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.fixing import fixer as fixers
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.fix import Wanted
from aiops_platform.core.fixing.fixer import Fixer
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.fixing import FixDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings
from aiops_platform.web import fix_words, words
from aiops_platform.web.cut import shortened

_MOST = 100
_HEAD = ("NUMBER", "STATE", "FIXER", "WHERE", "INCIDENT", "ASKED", "BY")
_OFFERED = ("FIXER", "WHERE", "NOW", "TRIED", "MENDED", "NOT", "DOES")

_State: TypeAlias = Literal["waiting", "unended", "ended", "all"]
_Verb: TypeAlias = Literal["approve", "decline", "cancel"]


class UnknownFixError(PlatformError):
    """There is no such fix, incident or fixer."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints what was asked for."""
    with _place_of(settings, given) as place:
        found = place.fixes(given.state)
    if given.json:
        for each in found:
            print(msgspec.json.encode(each).decode())
    elif found:
        print_table(_HEAD, [_row(each) for each in found])
    else:
        print("Nothing waits for anybody." if given.state == "waiting" else "There are no such fixes.", file=sys.stderr)
    return 0


def show(settings: Settings, given: Namespace) -> int:
    """Prints one fix. Raises UnknownFixError."""
    with _place_of(settings, given) as place:
        fix = place.fix(given.number)
    if fix is None:
        raise _unknown(given.number)
    if given.json:
        print(msgspec.json.encode(fix).decode())
        return 0
    print(f"Fix {fix.id}: {fix.fixer} of {fix.service} ({fix.environment}), {_stands(fix)}")
    if fix.why:
        print(fix.why)
    print(f"For incident {fix.incident_id}: {shortened(fix.incident, 100)}")
    print(f"Asked for by {fix.asked_by} at {words.exactly(fix.asked_at)}")
    for name, value in fix_words.params(fix.params):
        print(f"  {name} = {shortened(value, 200)}")
    for title, text in fix_words.told(fix.result):
        print(f"\n{title}\n{text}")
    return 0


def offered(settings: Settings, given: Namespace) -> int:
    """Prints what services offer."""
    with _place_of(settings, given) as place:
        found = place.offered()
    if found:
        print_table(_OFFERED, [_offer(each) for each in found])
    else:
        print("No service has offered a fixer yet: see docs/guides/fixers.md.", file=sys.stderr)
    return 0


def ask(settings: Settings, given: Namespace) -> int:
    """Asks for a fix; prints its number, or one for each instance. Raises FixError and UnknownFixError."""
    said = dict(_param(text) for text in given.params)
    with _place_of(settings, given) as place:
        where = place.where(given.incident)
        if where is None:
            raise UnknownFixError(
                f"There is no incident {given.incident}: `aiops incidents list` shows those there are"
            )
        mine = [each for each in place.offered() if (each.service, each.environment) == where]
        fixer = next((each for each in mine if each.name == given.fixer), None)
        if fixer is None:
            known = ", ".join(each.name for each in mine) or "none"
            raise UnknownFixError(f"{where[0]} ({where[1]}) offers no fixer '{given.fixer}', but {known}")
        typed = fixers.params_from(Fixer(name=fixer.name, params=fixers.params_of(fixer.params)), said)
        for each in place.ask(given.incident, fixer.name, typed):
            print(each.id)
    return 0


def approve(settings: Settings, given: Namespace) -> int:
    """Says yes to it. Raises UnknownFixError."""
    return _decide(settings, given, "approve")


def decline(settings: Settings, given: Namespace) -> int:
    """Says no to it. Raises UnknownFixError."""
    return _decide(settings, given, "decline")


def cancel(settings: Settings, given: Namespace) -> int:
    """Takes it back. Raises FixError and UnknownFixError."""
    return _decide(settings, given, "cancel")


def stop_all(settings: Settings, given: Namespace) -> int:
    """Nothing is asked for any more."""
    with _place_of(settings, given) as place:
        place.stop_all()
    print("Stopped: nothing is asked for. What runs already cannot be stopped from here. `aiops fixes allow` ends it.")
    return 0


def allow(settings: Settings, given: Namespace) -> int:
    """Fixes may be asked for again. Raises FixError."""
    with _place_of(settings, given) as place:
        place.allow()
    print("Fixes may be asked for again.")
    return 0


def export(settings: Settings, given: Namespace) -> int:
    """Writes the audit log."""
    with _place_of(settings, given) as place:
        for line in place.audit():
            sys.stdout.buffer.write(line.rstrip(b"\n") + b"\n")
    sys.stdout.buffer.flush()
    return 0


class _Place(Protocol):
    """All may raise PlatformErrors; None is what is not there."""

    def fixes(self, state: _State) -> Sequence[FixResource]: ...
    def fix(self, number: int) -> FixResource | None: ...
    def offered(self) -> Sequence[FixerResource]: ...
    def where(self, incident: int) -> tuple[str, str] | None: ...
    def ask(self, incident: int, fixer: str, params: Mapping[str, object]) -> Sequence[FixResource]: ...
    def decide(self, number: int, verb: _Verb) -> FixResource | None: ...
    def stop_all(self) -> FixSwitch: ...
    def allow(self) -> FixSwitch: ...
    def audit(self) -> Iterator[bytes]: ...


def _place_of(settings: Settings, given: Namespace) -> AbstractContextManager[_Place]:
    def here(platform: assembly.Opened) -> _Place:
        return _Here(platform, assembly.fix_desk(settings, platform.database))

    return place_of(settings, given, here=here, elsewhere=_Elsewhere)


class _Here:
    def __init__(self, platform: assembly.Opened, desk: FixDesk) -> None:
        self._platform = platform
        self._project = platform.project_id
        self._desk = desk

    def fixes(self, state: _State) -> Sequence[FixResource]:
        return fix_list(self._desk.reads.page(self._project, states=STATES.get(state), limit=_MOST)).items

    def fix(self, number: int) -> FixResource | None:
        row = self._desk.reads.one(self._project, number)
        return None if row is None else fix_resource(row)

    def offered(self) -> Sequence[FixerResource]:
        reads = self._desk.reads
        return fixer_list(reads.offered(self._project, utc_now()), reads.effects(self._project)).items

    def where(self, incident: int) -> tuple[str, str] | None:
        found = assembly.reads(self._platform).incident(self._project, incident, utc_now())
        return None if found is None else (found.row.service, found.row.environment)

    def ask(self, incident: int, fixer: str, params: Mapping[str, object]) -> Sequence[FixResource]:
        asked = self._desk.ask(self._project, incident, Wanted(fixer, params), COMMAND_LINE, utc_now())
        return [found for each in asked or () if (found := self.fix(each.id or 0)) is not None]

    def decide(self, number: int, verb: _Verb) -> FixResource | None:
        decide: Callable[..., object] = getattr(self._desk, verb)
        return None if decide(self._project, number, COMMAND_LINE, utc_now()) is None else self.fix(number)

    def stop_all(self) -> FixSwitch:
        self._desk.stop_all(self._project, COMMAND_LINE, utc_now())
        return switch_resource(self._desk.reads.stopped(self._project))

    def allow(self) -> FixSwitch:
        self._desk.allow(self._project, COMMAND_LINE, utc_now())
        return switch_resource(self._desk.reads.stopped(self._project))

    def audit(self) -> Iterator[bytes]:
        return self._desk.reads.audit_lines(self._project)


class _Elsewhere:
    def __init__(self, client: Client) -> None:
        self._client = client

    def fixes(self, state: _State) -> Sequence[FixResource]:
        return list(islice(self._client.fixes.all(state), _MOST))

    def fix(self, number: int) -> FixResource | None:
        return found_there(lambda: self._client.fixes.one(number))

    def offered(self) -> Sequence[FixerResource]:
        return self._client.fixes.offered()

    def where(self, incident: int) -> tuple[str, str] | None:
        found = found_there(lambda: self._client.incident(incident))
        return None if found is None else (found.service, found.environment)

    def ask(self, incident: int, fixer: str, params: Mapping[str, object]) -> Sequence[FixResource]:
        return self._client.fixes.ask(incident, fixer, params)

    def decide(self, number: int, verb: _Verb) -> FixResource | None:
        decide: Callable[[int], FixResource] = getattr(self._client.fixes, verb)
        return found_there(lambda: decide(number))

    def stop_all(self) -> FixSwitch:
        return self._client.fixes.stop_all()

    def allow(self) -> FixSwitch:
        return self._client.fixes.allow()

    def audit(self) -> Iterator[bytes]:
        return self._client.fixes.audit()


def _decide(settings: Settings, given: Namespace, verb: _Verb) -> int:
    with _place_of(settings, given) as place:
        fix = place.decide(given.number, verb)
    if fix is None:
        raise _unknown(given.number)
    print(f"Fix {fix.id} is {fix.state.replace('_', ' ')}.")
    return 0


def _unknown(number: int) -> UnknownFixError:
    return UnknownFixError(f"There is no fix {number}: `aiops fixes list` shows those there are")


def _param(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise FixError("params", f"Say each parameter as NAME=VALUE: '{shortened(text, 60)}' is none")
    return name, value


def _row(fix: FixResource) -> Sequence[str]:
    return (
        str(fix.id),
        _stands(fix),
        shortened(fix.fixer, 40),
        shortened(f"{fix.service} {fix.environment}", 40),
        f"#{fix.incident_id}",
        f"{fix.asked_at:%Y-%m-%d %H:%M}",
        shortened(fix.policy or fix.asked_by, 40),
    )


def _stands(fix: FixResource) -> str:
    said = fix.proof if fix.proof is not None else fix.state
    return said.replace("_", " ")


def _offer(fixer: FixerResource) -> Sequence[str]:
    return (
        fixer.name,
        shortened(f"{fixer.service} {fixer.environment}", 40),
        "offered" if fixer.instances else "gone",
        str(fixer.tried),
        str(fixer.mended),
        str(fixer.not_mended),
        shortened(fixer.description, 60),
    )
